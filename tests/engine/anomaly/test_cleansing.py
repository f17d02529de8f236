"""Training requests that may be an attacker's: set aside where there are too many, left alone where there are not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import doubted_by
from engine.anomaly.models.web_requests import MODEL
from engine.anomaly.rarity import Rarity
from engine.anomaly.web.cleansing import suspects
from engine.anomaly.web.requests import request_of


def _ordinary() -> pa.Table:
    return MODEL.observe(MODEL.sample(seed=5, count=2500))


def test_ordinary_life_is_left_alone() -> None:
    assert doubted_by(MODEL.fit(_ordinary(), seed=1)) == 0


def test_attacks_in_the_training_cost_little() -> None:
    ordinary = _ordinary()
    fresh = MODEL.attacks(MODEL.observe(MODEL.sample(seed=6, count=800)), seed=9)
    poison = MODEL.attacks(ordinary, seed=3).slice(0, int(0.03 * ordinary.num_rows))
    clean, spoiled = (MODEL.fit(table, seed=1) for table in (ordinary, pa.concat_tables([ordinary, poison])))
    assert doubted_by(spoiled) >= 0.6 * poison.num_rows
    level = float(np.quantile(clean.score(ordinary).values, 0.99))
    before, after = (float((model.score(fresh).values > level).mean()) for model in (clean, spoiled))
    assert after >= before - 0.02


def test_an_attackers_value_that_stays_in_the_training_vouches_for_no_other() -> None:
    search = [f"/search?id={number % 90 + 10}&lang=1{number}" for number in range(800)]
    shop = [f"/shop?id={number % 90 + 10}&wine={('rioja', 'merlot')[number % 2]}" for number in range(180)]
    loud = [f"/search?id={number + 10}' or 1=1--&lang=10&debug={number}" for number in range(30)]
    quiet = [f"/shop?id={number + 10}&wine=chianti" for number in range(3)]
    clean, spoiled = (
        MODEL.fit(_asked(targets), seed=1) for targets in (search + shop + quiet, search + shop + loud + quiet)
    )
    probe = _asked(["/shop?id=50&wine=chianti", "/shop?id=50&wine=merlot"])
    assert 0 < doubted_by(spoiled) <= len(loud)
    assert clean.score(probe).values.tolist() == [0.0, 0.0]  # with no sign of poison, three alike are what people do
    attack, usual = spoiled.score(probe).values.tolist()
    assert attack > 4.0
    assert usual == 0.0


def _asked(targets: list[str]) -> pa.Table:
    count = len(targets)
    return MODEL.observe(
        pa.table(
            {
                "@timestamp": pa.array([number * 1_000_000 for number in range(count)], pa.timestamp("us", tz="UTC")),
                "event.id": [f"e{number}" for number in range(count)],
                "source.ip": ["192.0.2.1"] * count,
                "url.domain": ["shop"] * count,
                "http.request.method": ["GET"] * count,
                "url.path": [target.partition("?")[0] for target in targets],
                "url.query": [target.partition("?")[2] for target in targets],
            }
        )
    )


def test_suspects_are_the_strange_ones() -> None:
    ordinary = [request_of("s", "GET", "/a", f"id={number}&lang=sq") for number in range(1000)]
    strange = [request_of("s", "GET", "/a", f"id={number}' or 1=1--&langa=sq") for number in range(40)]
    found = suspects(Counter([*ordinary, *strange]), 1)
    assert found >= set(strange)
    assert not found & set(ordinary)


def test_only_what_stands_apart_is_doubted() -> None:
    apart = Rarity.of([{"on"}] * 500 + [{"off"}] * 480 + [{"x"}] * 4 + [{"y"}] * 6)
    even = Rarity.of([{str(number % 100)} for number in range(1000)])
    assert apart.outlying(0.05) == 10
    assert not apart.knows("x", apart.outlying(0.05))
    assert even.outlying(0.05) == 0
    assert apart.doubting(0.05).counts == {"on": 500, "off": 480}
    assert apart.doubting(0.05).seen == apart.seen
    assert even.doubting(0.05) is even

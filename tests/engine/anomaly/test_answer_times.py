"""Answer times: a slow service stands out from its own past, a slow neighbour does not matter, nothing looks ahead."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import State
from engine.anomaly.models.answer_times import MODEL

_TEN = 600_000_000


def answers(milliseconds: dict[str, list[float]]) -> pa.Table:
    """Return six answers of each service in each ten minutes; the lists hold one duration a window."""
    rows = [
        (window * _TEN + place * 1_000_000, service, int(duration * 1e6 * (1 + place / 100)))
        for service, durations in milliseconds.items()
        for window, duration in enumerate(durations)
        for place in range(6)
    ]
    return pa.table(
        {
            "event.id": [f"e{number}" for number in range(len(rows))],
            "@timestamp": pa.array([1_800_000_000_000_000 + row[0] for row in rows]).cast(pa.timestamp("us", "UTC")),
            "service.name": [row[1] for row in rows],
            "event.duration": pa.array([row[2] for row in rows], pa.int64()),
        }
    )


def ordinary(seed: int, windows: int) -> list[float]:
    return np.random.default_rng(seed).lognormal(4.0, 0.2, windows).tolist()


def test_a_service_that_slows_down_stands_out_from_its_own_past() -> None:
    fitted = MODEL.fit(MODEL.observe(answers({"tax": ordinary(1, 200), "map": ordinary(2, 200)})), seed=1)
    rows = MODEL.observe(answers({"tax": [*ordinary(3, 60), 900.0], "map": [20 * x for x in ordinary(4, 61)]}))
    found = fitted.score(rows)
    names, last = rows.column("kulla.entity").to_pylist(), rows.column("@timestamp").to_pylist()[-1]
    at_end = {
        name: score
        for name, moment, score in zip(names, rows.column("@timestamp").to_pylist(), found.values, strict=True)
        if moment == last
    }
    assert at_end["tax"] > at_end["map"] + 4  # the map was always as slow as that
    terms = fitted.explain(rows, next(n for n in range(rows.num_rows - 2, rows.num_rows) if names[n] == "tax"))
    assert terms[0].name == "answers slower"
    assert terms[0].value.startswith("9")


def test_what_comes_later_changes_no_observation() -> None:
    whole = ordinary(5, 80)
    early, all_of_it = (MODEL.observe(answers({"tax": part})) for part in (whole[:50], whole))
    assert all_of_it.slice(0, 50).drop(["kulla.events"]).equals(early.drop(["kulla.events"]))


def test_too_little_past_is_no_answer_and_few_answers_are_no_median() -> None:
    fitted = MODEL.fit(MODEL.observe(answers({"tax": ordinary(1, 200)})), seed=1)
    young = MODEL.observe(answers({"new": ordinary(6, 10)}))
    assert set(fitted.score(young).states.tolist()) == {State.LEARNING}
    assert MODEL.observe(answers({"tax": ordinary(6, 3)}).slice(0, 4)).num_rows == 0

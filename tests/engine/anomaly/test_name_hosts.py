"""Hosts by the names they ask for: names nobody here asked for count, even where they exist and look like words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.anomaly.artefacts import pack, unpack
from engine.anomaly.models.name_hosts import MODEL, NameHostsFitted
from engine.anomaly.names.generators import chained, of_syllables
from engine.anomaly.names.judging import FIGURES, NameJudge
from engine.anomaly.tables import observations

INDIFFERENT = NameJudge(pieces={}, figures=(0.0,) * len(FIGURES), centres=(0.0,) * len(FIGURES), base=0.0)
_TEXTS = pa.list_(pa.string())


def hours(labels: list[list[str]]) -> pa.Table:
    return observations(
        time=np.arange(len(labels), dtype=np.int64),
        entity=[f"host{number % 5}" for number in range(len(labels))],
        events=[["e"]] * len(labels),
        columns={
            "labels": pa.array(labels, type=_TEXTS),
            "missing": pa.array([[]] * len(labels), type=_TEXTS),
        },
    )


def fitted() -> NameHostsFitted:
    usual = [f"usual{number}" for number in range(20)]
    return NameHostsFitted.of(INDIFFERENT, 1.0, hours([[*usual, f"once{hour}"] for hour in range(100)]))


def test_names_that_nobody_here_asked_for_stand_out_though_they_exist() -> None:
    ordinary = [f"usual{number}" for number in range(20)]
    table = hours([[*ordinary, "fresh"], [*ordinary, *(f"garden{number}door" for number in range(12))]])
    one, many = fitted().score(table).values
    assert many > one + 10
    assert one < 3  # one name in an hour is new all the time
    first = fitted().explain(table, 1)[0]
    assert first.name == "names that nobody here asked for"
    assert first.value.startswith("garden0door, garden1door")


def test_names_are_kept_as_hashes_alone_and_the_model_comes_back() -> None:
    parts = pack(fitted().content())
    assert not any(b"usual7" in part for part in parts.values())
    again = MODEL.restore(unpack(parts))
    table = hours([["usual1", "fresh1", "fresh2"]])
    assert again.score(table).values.tobytes() == fitted().score(table).values.tobytes()


def test_made_up_names_are_as_many_as_were_asked_for_and_of_letters() -> None:
    chance = np.random.default_rng(1)
    spoken, alike = of_syllables(200, chance), chained(200, ["mountain", "fountain", "river", "window"], chance)
    assert (len(spoken), len(alike)) == (200, 200)
    assert all(name.isalpha() and 5 <= len(name) <= 40 for name in [*spoken, *alike])
    assert not chained(5, [], chance)

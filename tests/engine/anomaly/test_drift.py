"""Drift: told where scores go beyond calibration, or far more or less has to be judged; else the model is ready."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engine.anomaly.budget import Calibration, groups_of
from engine.anomaly.drift import LEAST, Tallies
from engine.anomaly.frame import Scores, State
from engine.anomaly.tables import observations

DAY = 86_400_000_000
A_DAY = 400


def days(first: int, count: int, *, a_day: int = A_DAY, shift: float = 0.0, learning: bool = False) -> Tallies:
    chance = np.random.default_rng(3)
    tallies = Tallies()
    for day in range(first, first + count):
        table, scores = scored(day, a_day, chance, shift)
        if learning:
            scores = Scores(values=scores.values, states=np.zeros(a_day, dtype=np.uint8))
        tally(tallies, table, scores)
    return tallies


def tally(tallies: Tallies, table: pa.Table, scores: Scores) -> None:
    tallies.count(calibration(), table, scores, groups_of(table, scores))


def scored(day: int, count: int, chance: np.random.Generator, shift: float) -> tuple[pa.Table, Scores]:
    table = observations(
        time=np.full(count, day * DAY + 5),
        entity=[str(number) for number in range(count)],
        events=[["e"]] * count,
        columns={},
    )
    return table, Scores(values=chance.exponential(2.0, count) + shift, states=np.full(count, 1, dtype=np.uint8))


def calibration() -> Calibration:
    chance = np.random.default_rng(4)
    return Calibration(largest=np.sort(chance.exponential(2.0, 4000)), count=4000, per_day=A_DAY)


def test_a_model_that_fits_is_ready() -> None:
    assert days(100, 8).fit(calibration(), 107).state == State.READY


@pytest.mark.parametrize("how", [{"shift": 3.0}, {"a_day": 4 * A_DAY}, {"a_day": A_DAY // 4}])
def test_a_model_drifts_where_scores_or_what_it_sees_have_changed(how: dict[str, int]) -> None:
    assert days(100, 8, **how).fit(calibration(), 107).state == State.DRIFTING


def test_the_first_day_of_which_a_part_was_seen_is_no_drift() -> None:
    tallies = days(100, 1, a_day=A_DAY // 4)
    chance = np.random.default_rng(5)
    for day in (101, 102):
        tally(tallies, *scored(day, A_DAY, chance, 0.0))
    assert tallies.fit(calibration(), 101).state == State.READY, "no whole day is over yet"
    found = tallies.fit(calibration(), 102)
    assert (found.state, found.a_day) == (State.READY, A_DAY)


def test_too_little_to_say_is_learning() -> None:
    assert days(100, 1, a_day=LEAST - 1).fit(calibration(), 100).state == State.LEARNING
    assert days(100, 3, learning=True).fit(calibration(), 102).state == State.LEARNING
    assert Tallies().fit(calibration(), 5).state == State.LEARNING


def test_an_hour_that_comes_in_pieces_counts_once() -> None:
    whole, pieces = Tallies(), Tallies()
    table, scores = scored(100, A_DAY, np.random.default_rng(1), 0.0)
    later = scored(101, 1, np.random.default_rng(1), 0.0)
    for tallies, times in ((whole, 1), (pieces, 3)):
        for _ in range(times):
            tally(tallies, table, scores)
        tally(tallies, *later)
    assert whole.days[100][:2] == pieces.days[100][:2] == [A_DAY, whole.days[100][1]]


def test_tallies_are_kept_for_five_weeks_and_come_back() -> None:
    tallies = days(100, 40)
    assert len(tallies.days) == 35
    assert Tallies.from_json(tallies.to_json()) == tallies
    assert Tallies.from_json("[1]") == Tallies()

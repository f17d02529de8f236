"""The alert budget: conformal p-values, thresholds that keep their promise, and false-discovery control."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.anomaly.budget import Calibration, Discoveries, benjamini_hochberg, groups_of, lot_of, shares
from engine.anomaly.frame import Scores, State
from engine.anomaly.tables import observations

DAY = 86_400_000_000


def table(entities: list[str], stamps: list[int]) -> pa.Table:
    return observations(
        time=np.array(stamps, dtype=np.int64), entity=entities, events=[["e"]] * len(entities), columns={}
    )


def scores(values: list[float], states: list[int] | None = None) -> Scores:
    return Scores(values=np.array(values), states=np.array(states or [State.READY] * len(values), dtype=np.uint8))


def calibration(values: list[float], days: float = 1.0) -> Calibration:
    return Calibration(largest=np.sort(np.array(values)), count=len(values), per_day=len(values) / days)


def test_an_entity_in_an_hour_is_one_group_with_its_largest_score() -> None:
    rows = table(["a", "a", "b", "a"], [0, 1, 2, 3_600_000_000])
    found = groups_of(rows, scores([1.0, 5.0, 2.0, 3.0]))
    assert found.of_row.tolist() == [0, 0, 1, 2]
    assert found.largest.tolist() == [5.0, 2.0, 3.0]


def test_what_cannot_be_judged_is_in_no_group() -> None:
    found = groups_of(table(["a", "b"], [0, 1]), scores([9.0, 1.0], [State.LEARNING, State.READY]))
    assert found.of_row.tolist() == [-1, 0]


@settings(max_examples=40)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=200), st.floats(-60, 120))
def test_p_values_fall_with_the_score_and_never_reach_zero(values: list[float], score: float) -> None:
    known = calibration(values)
    assert 0.0 < known.p_value(score) <= 1.0
    assert known.p_value(score + 1.0) <= known.p_value(score)


@pytest.mark.parametrize("budget", [2.0, 10.0, 40.0])
def test_the_realised_budget_is_what_was_promised(budget: float) -> None:
    chance = np.random.default_rng(3)
    known = calibration(chance.exponential(3.0, 200_000).tolist(), days=100)
    threshold = known.threshold(budget)
    fresh = chance.exponential(3.0, 200_000)
    assert float((fresh >= threshold).sum()) / 100 == pytest.approx(budget, rel=0.2)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(-1, 6), st.floats(0.0, 1.0))
def test_a_lot_divides_those_that_score_alike_and_no_others(values: list[int], score: int, lot: float) -> None:
    known = calibration([float(value) for value in values])
    drawn, whole = known.p_value(float(score), lot), known.p_value(float(score))
    assert known.p_value(score + 0.5) <= drawn <= whole
    if score not in values:
        assert drawn == whole


def test_lots_are_even_and_always_the_same() -> None:
    drawn = [lot_of("m", f"e{number}", 7) for number in range(4000)]
    assert all(0.0 < lot <= 1.0 for lot in drawn)
    assert np.histogram(drawn, bins=4, range=(0, 1))[0] == pytest.approx(1000, rel=0.1)
    assert lot_of("m", "e1", 7) == lot_of("m", "e1", 3_599_999_999) != lot_of("m", "e1", 3_600_000_000)
    assert lot_of("m", "e1", 7) != lot_of("n", "e1", 7)
    assert 0.0 < lot_of("m", "\ud800", 0) <= 1.0


def test_where_many_score_alike_the_budget_is_met_by_lot() -> None:
    chance = np.random.default_rng(3)
    known = calibration(chance.integers(0, 3, 3000).astype(float).tolist(), days=10)
    fresh = chance.integers(0, 3, 30_000).astype(float).tolist()
    given = sum(known.by_chance(score, lot_of("m", f"e{number}", 0)) <= 20.0 for number, score in enumerate(fresh))
    assert given / 100 == pytest.approx(20.0, rel=0.2)
    assert not any(known.by_chance(score) <= 20.0 for score in fresh)


def test_nothing_is_let_through_without_calibration_or_budget() -> None:
    empty = Calibration(largest=np.zeros(0), count=0, per_day=0.0)
    assert math.isinf(empty.threshold(10))
    assert math.isinf(calibration([1.0]).threshold(0.0))


def test_the_budget_is_shared() -> None:
    assert shares(10, ["a", "b"]) == {"a": 5.0, "b": 5.0}


def test_false_discoveries_stay_at_the_rate_and_real_ones_are_found() -> None:
    chance = np.random.default_rng(5)
    decisions = Discoveries(rate=0.1)
    false = real = 0
    for number in range(4000):
        is_real = number % 20 == 7
        p_value = 1e-9 if is_real else float(chance.random())
        if decisions.decide(p_value):
            real += is_real
            false += not is_real
    assert real == 200
    assert false / (real + false) <= 0.1


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])

"""Rarity, lengths and gauges: what is surprising, and how much."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.anomaly.rarity import Gauge, Lengths, Rarity
from engine.anomaly.shrinkage import Categories, Rates, tail_bits


def test_what_is_new_all_the_time_surprises_less_than_what_never_is() -> None:
    closed = Rarity.of([{"on"}] * 50 + [{"off"}] * 50)
    open_ended = Rarity.of([{str(number)} for number in range(100)])
    assert closed.chance("strange", 0.5) < 0.05
    assert open_ended.chance("strange", 0.5) > 0.9


def test_little_data_leans_on_the_layer_above() -> None:
    few = Rarity.of([{"a"}, {"a"}])
    assert few.chance("b", 0.9) > 0.5
    assert few.chance("b", 0.001) < 0.2


def test_an_end_that_was_often_met_is_harder_than_one_met_once() -> None:
    hard = Lengths(counts={16: 500})
    soft = Lengths(counts=dict.fromkeys(range(5, 55), 10))
    assert hard.chance(17, 0.5) < soft.chance(56, 0.5)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.floats(0, 40), st.floats(0, 5))
def test_a_gauge_never_falls_and_keeps_small_things_small(held: list[float], raw: float, more: float) -> None:
    gauge = Gauge.of(held)
    assert 0.0 <= gauge.read(raw) <= gauge.read(raw + more) + 1e-9
    assert gauge.read(raw) <= 2 * raw + 1e-9


def test_layers_of_a_surprise_sum_to_the_entitys_own() -> None:
    known = Categories.of([("ann", "tax", "mail")] * 30 + [("ben", "tax", "mail")] * 30 + [("ben", "tax", "shell")] * 5)
    of_new, of_known = known.bits("carl", "tax", "shell"), known.bits("ann", "tax", "shell")
    assert sum(of_new) < sum(of_known)  # a newcomer is judged as the peers are, an old hand by her own past
    assert Categories.from_json(known.to_json()) == known


def test_a_rate_is_judged_by_the_entity_as_it_becomes_known() -> None:
    rates = Rates.of([("busy", "", 50.0)] * 40 + [("quiet", "", 1.0)] * 40)
    assert sum(rates.bits("busy", "", 60)) < sum(rates.bits("quiet", "", 60))
    assert Rates.from_json(rates.to_json()) == rates


@pytest.mark.parametrize(("count", "rate", "shape"), [(1, 2.0, 3.0), (7, 2.0, 3.0), (40, 3.0, 1.5)])
def test_tails_are_those_of_the_negative_binomial(count: int, rate: float, shape: float) -> None:
    success = rate / (rate + shape)
    below = sum(
        math.exp(
            math.lgamma(k + shape)
            - math.lgamma(shape)
            - math.lgamma(k + 1)
            + shape * math.log1p(-success)
            + k * math.log(success)
        )
        for k in range(count)
    )
    assert tail_bits(count, rate, shape) == pytest.approx(-math.log2(1 - below), rel=1e-5)

"""What counts of the points in which a request departs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.anomaly.web.values import OF_VALUE
from engine.anomaly.web.weighing import allowance_of, reassurance, strangest, weighed
from tests.engine.anomaly.plain_requests import weighed_of

BITS = st.floats(min_value=0.0, max_value=40.0)
PATHS = st.lists(BITS, min_size=4, max_size=6)
VALUES = st.integers(0, 4).flatmap(lambda n: st.lists(BITS, min_size=n * OF_VALUE, max_size=n * OF_VALUE))


def _value(*bits: float) -> list[float]:
    return [*bits, *[0.0] * (OF_VALUE - len(bits))]


def _weighed(structure: list[float], values: list[float]) -> list[tuple[int, float]]:
    """Return the places of the points that count, and what they count."""
    starts = [0, *range(len(structure), len(structure) + len(values), OF_VALUE)]
    points = [structure, *(values[start : start + OF_VALUE] for start in range(0, len(values), OF_VALUE))]
    which = list(map(strangest, points))
    causes = [(bits[first], bits[following]) for bits, (first, following) in zip(points, which, strict=True)]
    return [
        (starts[cause] + place, bits)
        for cause, *counted in weighed(causes, allowance_of(len(structure) + len(values)))
        for place, bits in zip(which[cause], counted, strict=True)
        if bits
    ]


def _sum(structure: list[float], values: list[float]) -> float:
    return math.fsum(bits for _, bits in _weighed(structure, values))


@given(structure=PATHS, values=VALUES)
def test_what_counts_is_what_its_definition_says(structure: list[float], values: list[float]) -> None:
    assert _weighed(structure, values) == weighed_of(structure, values)


def test_nothing_counts_below_what_is_taken_off_for_looking_at_many_points() -> None:
    assert _weighed([2.0] * 4, []) == []
    assert _sum([10.0, 0.0, 0.0, 0.0], []) == 8.0


def test_of_one_value_the_two_strangest_points_count() -> None:
    two = _sum([0.0] * 4, _value(12.0, 10.0))
    assert _sum([0.0] * 4, _value(12.0, 10.0, 9.0, 9.0)) == two


def test_the_strangest_value_counts_whole_and_the_next_half() -> None:
    values = [*_value(12.0), *_value(16.0)]
    allowance = math.log2(4 + len(values))
    found = _weighed([0.0] * 4, values)
    assert found == [
        (4 + OF_VALUE, pytest.approx(16.0 - allowance)),
        (4, pytest.approx((12.0 - allowance) / 2)),
    ]


def test_a_path_is_one_cause_among_the_values() -> None:
    allowance = math.log2(4 + OF_VALUE)
    found = _weighed([0.0, 20.0, 0.0, 0.0], _value(12.0))
    assert found == [
        (1, pytest.approx(20.0 - allowance)),
        (4, pytest.approx((12.0 - allowance) / 2)),
    ]


@given(structure=PATHS, values=VALUES, data=st.data(), more=st.floats(0.0, 20.0))
def test_more_that_departs_never_makes_a_sum_smaller(
    structure: list[float], values: list[float], data: st.DataObject, more: float
) -> None:
    place = data.draw(st.integers(0, len(structure) + len(values) - 1))
    after = [*structure, *values]
    after[place] += more
    cut = len(structure)
    assert _sum(after[:cut], after[cut:]) >= _sum(structure, values) - 1e-9


@given(structure=PATHS, values=VALUES, clients=st.integers(1, 1000))
def test_many_clients_take_back_no_more_than_path_and_names_gave(
    structure: list[float], values: list[float], clients: int
) -> None:
    found = _weighed(structure, values)
    of_path = math.fsum(bits for place, bits in found if place < len(structure))
    back = reassurance(of_path, clients)
    assert -of_path - 1e-9 <= back <= 0.0
    assert clients > 1 or back == 0.0

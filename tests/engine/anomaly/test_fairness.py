from __future__ import annotations

import pytest

from engine.anomaly.fairness import JOINED, rates, wilson


def test_small_groups_are_joined_and_left_out_where_they_stay_small() -> None:
    rows = [("big", n < 2) for n in range(100)] + [("small", True)] * 12 + [("tiny", False)] * 9
    assert [rate.group for rate in rates(rows)] == [JOINED, "big"]
    assert [rate.group for rate in rates(rows[:-9])] == ["big"]


def test_a_group_that_is_alerted_on_far_more_often_is_marked() -> None:
    found = {
        rate.group: rate
        for rate in rates([("day", n < 4) for n in range(400)] + [("night", n < 12) for n in range(60)])
    }
    assert found["night"].differs
    assert (found["night"].alerts, found["night"].count) == (12, 60)
    alike = rates([("day", n < 4) for n in range(400)] + [("night", n < 1) for n in range(60)])
    assert not any(rate.differs for rate in alike)


def test_wilson() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 50)
    assert (round(low, 4), round(high, 4)) == (0.0435, 0.2136)
    assert wilson(0, 10)[0] == pytest.approx(0.0)

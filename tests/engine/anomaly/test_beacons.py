"""Beacons: what few calls, spread over the day, tell beside the same number in office hours."""

from __future__ import annotations

import numpy as np
import pytest

from engine.anomaly.models.beacons import around_the_clock


def day(period: float, first: float, last: float, loss: float, seed: int) -> tuple[list[float], int]:
    """Return the gaps and the hours touched of calls every `period` seconds between two hours, give or take half."""
    chance, moments, moment = np.random.default_rng(seed), [], first * 3600.0
    while moment < last * 3600.0:
        if chance.random() >= loss:
            moments.append(moment)
        moment += period * (1 + 0.5 * chance.uniform(-1, 1))
    return np.diff(moments).tolist(), len({int(one // 3600) for one in moments})


@pytest.mark.parametrize("seed", range(5))
def test_slow_beacons_of_which_half_is_lost_go_around_the_clock(seed: int) -> None:
    assert around_the_clock(*day(2400.0, 0, 24, 0.5, seed)) > 0.75
    assert around_the_clock(*day(600.0, 0, 24, 0.5, seed)) > 0.9


@pytest.mark.parametrize(("period", "loss"), [(60.0, 0.0), (600.0, 0.1), (1800.0, 0.1), (3000.0, 0.0)])
def test_office_hours_do_not_however_few_the_calls(period: float, loss: float) -> None:
    assert around_the_clock(*day(period, 8, 17, loss, 3)) < 0.55


def test_what_calls_every_few_seconds_is_judged_by_its_hours() -> None:
    assert around_the_clock([10.0] * 400, 9) == pytest.approx(9 / 24)
    assert around_the_clock([10.0] * 400, 24) == pytest.approx(1.0)
    assert around_the_clock([], 1) < 0.1

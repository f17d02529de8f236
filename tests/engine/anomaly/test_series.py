"""Departures of a series are causal, and NAB's scoring gives its fixed points."""

from __future__ import annotations

import numpy as np
import pytest

from engine.anomaly.evaluation.nab_eval import Series, score
from engine.anomaly.series import MEMORY, departure, departures


def test_what_comes_later_changes_nothing() -> None:
    values = np.random.default_rng(1).normal(10, 1, 300)
    assert departures(values)[:200].tobytes() == departures(values[:200]).tobytes()


def test_the_last_departure_of_a_series_is_that_of_its_last_value() -> None:
    values = (
        np.random.default_rng(3).normal(10, 1, MEMORY + 300).round(1)
    )  # longer than the memory, with values that come again
    found = departures(values)
    for place in (25, MEMORY - 1, MEMORY, MEMORY + 1, MEMORY + 299):
        assert found[place] == departure(values[max(0, place - MEMORY) : place + 1].tolist()), place


def test_a_jump_and_a_drop_depart() -> None:
    values = np.random.default_rng(2).normal(10, 1, 300)
    values[250], values[280] = 40.0, -20.0
    found = departures(values)
    assert found[[250, 280]].min() > 10 * np.median(found[100:250]) + 1


def test_fixed_points_of_the_score() -> None:
    series = Series(values=np.zeros(1000), found=np.zeros(1000), windows=((500, 549), (800, 849)))
    assert score(series, []) == -2.0
    assert score(series, [500, 800]) == 2.0
    assert 1.0 < score(series, [549, 800]) < 1.1
    assert score(series, [500, 800, 300]) == pytest.approx(2.0 - 0.11)

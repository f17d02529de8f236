"""The keeper of the budget: what is given stays near what was promised, whatever the calibration was worth."""

from __future__ import annotations

import numpy as np
import pytest

from engine.anomaly.keeping import MOST, REACH, Keeper, loosest

DAY = 86_400_000_000
BUDGET = 10.0


def given(keeper: Keeper, off: float, days: int, seed: int = 1) -> int:
    """Run days in which `off` times as many groups come at each level as calibration expects; count the alerts."""
    chance = np.random.default_rng(seed)
    moments = np.sort(chance.integers(0, days * DAY, int(off * loosest(BUDGET) * days)))
    rates = chance.random(len(moments)) * loosest(BUDGET)
    decisions = [
        keeper.decide(int(moment), by_chance=float(rate), share=BUDGET)
        for moment, rate in zip(moments, rates, strict=True)
    ]
    return sum(one.alert for one in decisions)


@pytest.mark.parametrize("off", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_the_budget_is_kept_whatever_the_calibration_was_worth(off: float) -> None:
    assert given(Keeper(budget=BUDGET, at=0), off, 21) / 21 == pytest.approx(BUDGET, rel=0.2)


def test_a_flood_raises_thresholds_by_three_bits_and_no_more() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    for second in range(5000):
        keeper.decide(second * 1_000_000, by_chance=1e-6, share=BUDGET)
    assert keeper.decide(DAY // 2, by_chance=0.9 * BUDGET / 2**MOST, share=BUDGET).alert
    assert keeper.balance >= -MOST * REACH * BUDGET


def test_quiet_weeks_are_not_saved_up() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    keeper.decide(100 * DAY, by_chance=1e-6, share=BUDGET)
    assert keeper.balance <= MOST * REACH * BUDGET


def test_a_kept_state_goes_on_as_if_it_had_not_been_put_away() -> None:
    one, other = Keeper(budget=BUDGET, at=0), Keeper(budget=BUDGET, at=0)
    given(one, 2.0, 2)
    given(other, 2.0, 2)
    other = Keeper.from_json(other.to_json(), BUDGET)
    later = [(2 * DAY + number * DAY // 50, 0.3 * number) for number in range(100)]
    for moment, rate in later:
        assert one.decide(moment, by_chance=rate, share=BUDGET) == other.decide(moment, by_chance=rate, share=BUDGET)
    assert Keeper.from_json("nonsense", BUDGET) == Keeper(budget=BUDGET)


def test_discoveries_are_marked_among_alerts_alone() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    chance = np.random.default_rng(2)
    marked = []
    for number in range(2000):
        real = number % 25 == 3
        rate = 1e-7 if real else float(chance.random()) * loosest(BUDGET)
        decision = keeper.decide(number * DAY // 40, by_chance=rate, share=BUDGET)
        assert decision.alert or not decision.discovery
        if decision.discovery:
            marked.append(real)
    assert sum(marked) >= 70
    assert marked.count(False) / len(marked) <= 0.2

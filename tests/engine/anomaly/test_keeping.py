"""The keeper of the budget: what is given stays near what was promised, whatever the calibration was worth."""

from __future__ import annotations

import numpy as np
import pytest

from engine.anomaly.keeping import MOST, OWN, PAID, REACH, Decision, Keeper, loosest

DAY = 86_400_000_000
BUDGET = 10.0


def decide(
    keeper: Keeper, moment: int, by_chance: float, *, share: float = BUDGET, model: str = "a", entity: object = ""
) -> Decision:
    return keeper.decide(moment, by_chance=by_chance, share=share, model=model, entity=str(entity))


def given(keeper: Keeper, off: float, days: int, seed: int = 1) -> int:
    """Run days in which `off` times as many groups come at each level as calibration expects; count the alerts."""
    chance = np.random.default_rng(seed)
    moments = np.sort(chance.integers(0, days * DAY, int(off * loosest(BUDGET) * days)))
    rates = chance.random(len(moments)) * loosest(BUDGET)
    decisions = [
        decide(keeper, int(moment), float(rate), model=f"m{number % 12}", share=BUDGET, entity=number)
        for number, (moment, rate) in enumerate(zip(moments, rates, strict=True))
    ]
    return sum(one.alert for one in decisions)


@pytest.mark.parametrize("off", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_the_budget_is_kept_whatever_the_calibration_was_worth(off: float) -> None:
    assert given(Keeper(budget=BUDGET, at=0), off, 21) / 21 == pytest.approx(BUDGET, rel=0.2)


def test_a_flood_raises_thresholds_by_three_bits_and_no_more() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    for second in range(5000):
        decide(keeper, second * 1_000_000, 1e-6, model=f"m{second % 12}", entity=second)
    assert decide(keeper, DAY // 2, 0.9 * BUDGET / 2**MOST, model="m1", entity="another").alert
    assert keeper.balance >= -MOST * REACH * BUDGET


def test_quiet_weeks_are_not_saved_up() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    decide(keeper, 100 * DAY, 1e-6)
    assert keeper.balance <= MOST * REACH * BUDGET


def test_a_kept_state_goes_on_as_if_it_had_not_been_put_away() -> None:
    one, other = Keeper(budget=BUDGET, at=0), Keeper(budget=BUDGET, at=0)
    given(one, 2.0, 2)
    given(other, 2.0, 2)
    other = Keeper.from_json(other.to_json(), BUDGET)
    later = [(2 * DAY + number * DAY // 50, 0.3 * number) for number in range(100)]
    for moment, rate in later:
        assert decide(one, moment, rate) == decide(other, moment, rate)
    assert Keeper.from_json("nonsense", BUDGET) == Keeper(budget=BUDGET)


def test_discoveries_are_marked_among_alerts_alone() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    chance = np.random.default_rng(2)
    marked = []
    for number in range(2000):
        real = number % 25 == 3
        rate = 1e-7 if real else float(chance.random()) * loosest(BUDGET)
        decision = decide(keeper, number * DAY // 40, rate, entity=number)
        assert decision.alert or not decision.discovery
        if decision.discovery:
            marked.append(real)
    assert sum(marked) >= 70
    assert marked.count(False) / len(marked) <= 0.2


def test_what_goes_on_about_one_entity_is_shown_and_raises_no_level_further() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    found = [decide(keeper, second * 1_000_000, 1e-6, entity="srv-1") for second in range(500)]
    assert all(one.alert for one in found)
    assert [one.free for one in found] == [False] * PAID + [True] * (500 - PAID)
    assert keeper.balance == pytest.approx(-PAID, abs=0.1)


def test_a_repetition_waits_for_no_looser_level_than_that_of_a_day_without_attacks() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    for number in range(PAID):
        decide(keeper, number, 1e-6, entity="srv-1")
    for number in range(100):
        decide(keeper, 1000 + number, 1e-6, model=f"m{number % 12}", entity=number)
    rate = 0.9 * BUDGET
    assert decide(keeper, 2000, rate, entity="srv-1").alert
    assert not decide(keeper, 2000, 1.1 * BUDGET, entity="srv-1").alert
    assert not decide(keeper, 2000, rate, entity="srv-2").alert
    assert not decide(keeper, 2000, rate, model="b", entity="srv-1").alert  # another model says something new


def test_after_a_day_an_entity_is_paid_for_again() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    for number in range(PAID):
        assert not decide(keeper, number, 1e-6, entity="srv-1").free
    assert decide(keeper, DAY // 2, 1e-6, entity="srv-1").free
    assert not decide(keeper, 2 * DAY, 1e-6, entity="srv-1").free


def test_a_flood_of_one_model_about_many_entities_costs_the_others_two_bits() -> None:
    keeper, share = Keeper(budget=BUDGET, at=0), BUDGET / 12
    for number in range(5000):
        decide(keeper, number * 1_000, 1e-6, share=share, model="spraying", entity=number)
    level = 0.8 * share / 2**OWN  # the alert that reaches the bound is still paid by all
    assert decide(keeper, 6_000_000, level, share=share, model="wiper", entity="srv-1").alert
    assert not decide(keeper, 6_000_000, level, share=share, model="spraying", entity="srv-1").alert
    assert decide(keeper, 6_000_000, 0.9 * share / 2**MOST, share=share, model="spraying", entity="srv-2").alert


def test_the_state_stays_small_whatever_is_named() -> None:
    keeper = Keeper(budget=BUDGET, at=0)
    for number in range(5000):
        decide(keeper, number, 1e-6, entity="x" * 1000 + str(number))
    assert len(keeper.to_json()) < 200_000


def test_a_state_that_an_earlier_release_kept_goes_on() -> None:
    found = Keeper.from_json('{"at": 7, "balance": -3.0, "tests": [0, 0, []]}', BUDGET)
    assert (found.at, found.balance, found.paid, found.spent) == (7, -3.0, {}, {})

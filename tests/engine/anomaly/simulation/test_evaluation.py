from __future__ import annotations

from functools import cache

from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.simulated import FED_BY, Outcome, Plan, outcome
from engine.anomaly.evaluation.simulated_eval import rows
from engine.anomaly.registry import all_models
from engine.anomaly.simulation.scenarios import own_scenarios
from engine.anomaly.simulation.world import STREAMS

WIPERS = {"wiper", "wiper-by-system-tool"}


@cache
def small() -> Outcome:
    return outcome(5, Plan(scale=0.05, fit=10, calibrate=4, test=9), ["file-changes"])


def test_every_model_of_a_scenario_is_fed() -> None:
    assert {name for scenario in own_scenarios() for name in scenario.models} <= set(FED_BY)
    assert set(FED_BY) <= {model.name for model in all_models()}
    assert set(FED_BY.values()) == set(STREAMS)


def test_a_wiper_is_found_within_twenty_seconds() -> None:
    (wiper,) = [one for one in small().found if one.scenario == "wiper"]
    assert wiper.in_time
    assert wiper.minutes is not None
    assert 0 < wiper.minutes * 60 <= 20
    assert wiper.alerts >= 1


def test_a_model_finds_nothing_of_what_it_does_not_read() -> None:
    assert not [one.scenario for one in small().found if one.in_time and one.scenario not in WIPERS]


def test_alerts_about_nothing_are_not_counted_as_found() -> None:
    item = small()
    assert item.alerts_a_day >= item.about_nothing["file-changes"]
    told = {row.metric: row.kulla for row in rows([item])}
    assert told[metrics.WIPER] == f"{wiper_seconds(item):.1f}"
    assert told[metrics.ABUSER] == "not found"


def wiper_seconds(item: Outcome) -> float:
    return next(one.minutes * 60 for one in item.found if one.scenario == "wiper" and one.minutes is not None)

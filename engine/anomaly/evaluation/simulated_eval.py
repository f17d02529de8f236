"""Rows of the table for the simulated ministry: recall at the budget, the three deadlines, and the promise kept.

Baselines: there is no public data for these threats and no vendor publishes figures, so nothing stands beside kulla's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.metrics import filled
from engine.anomaly.evaluation.row import Row
from engine.anomaly.evaluation.simulated import Found, Outcome, Plan, outcome

PLAN = Plan(scale=0.1, budget=10.0)
_SEEDS = 2
_DEADLINES = (
    ("spray-one-try-a-day", metrics.SPRAY, 60.0, "24"),
    ("registry-abuser", metrics.ABUSER, 1440.0, "7 (5 working days)"),
    ("wiper", metrics.WIPER, 1 / 60.0, "20"),
)


def evaluate_simulated(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return the rows; no folder is read, and no generic detector knows these threats. About two CPU minutes."""
    del folder, generic
    found = [outcome(1_000 + seed + number, PLAN) for number in range(_SEEDS)]
    return rows(found)


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the rows of these outcomes."""
    people = f"{10_000 * PLAN.scale:,.0f} people, {len(outcomes)} unseen seeds"
    attacks = [one for item in outcomes for one in item.found if one.attack]
    apart = [one for item in outcomes for one in item.alone if one.attack]
    crowds = [one for item in outcomes for one in item.found if not one.attack]
    nothing = math.fsum(math.fsum(item.about_nothing.values()) for item in outcomes) / len(outcomes)
    quiet = " ".join(f"{item.quiet:.1f}" for item in outcomes)
    alerted = sum(one.alerts > 0 for one in crowds)
    simulated = partial(Row, data=f"simulated ministry ({people})", part="unseen seeds", note=people)
    found = [
        simulated(
            metric=filled(metrics.IN_TIME, budget=f"{PLAN.budget:.0f}"),
            kulla=_in_time(attacks),
            bar="85 % of each scenario",
        ),
        simulated(
            metric=filled(metrics.APART, budget=f"{PLAN.budget:.0f}"),
            kulla=_in_time(apart),
            bar="85 % of each scenario",
        ),
        simulated(metric=metrics.QUIET, kulla=quiet, bar=f"{PLAN.budget:.0f} within 20 %"),
        simulated(metric=metrics.ABOUT_NOTHING, kulla=f"{nothing:.1f}", bar=f"{PLAN.budget:.0f} at most"),
        simulated(metric=metrics.CROWDS, kulla=f"{alerted} of {len(crowds)}", bar="0"),
    ]
    for scenario, metric, unit, bar in _DEADLINES:
        minutes = [one.minutes for one in attacks if one.scenario == scenario]
        known = [value for value in minutes if value is not None]
        told = f"{max(known) / unit:.1f}" if known else "not found"
        told += f"; {len(minutes) - len(known)} not found" if 0 < len(known) < len(minutes) else ""
        found.append(simulated(metric=metric, kulla=told, bar=bar))
    return found


def _in_time(attacks: Sequence[Found]) -> str:
    names = {one.scenario for one in attacks}
    shares = [[one.in_time for one in attacks if one.scenario == name] for name in names]
    worst = min(sum(times) / len(times) for times in shares)
    return f"{sum(one.in_time for one in attacks)} of {len(attacks)}; worst scenario {worst:.0%}"

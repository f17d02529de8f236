"""Recall by scenario at a budget, delay, and the promised alerts, on simulated ministries of several seeds.

python -m tests.bench.models.simulated --seeds 121-123 --scale 0.1 --budget 10

What is measured stands in `engine.anomaly.evaluation.simulated`.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from engine.anomaly.evaluation.simulated import FED_BY, Outcome, Plan, outcome


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--models", default=",".join(FED_BY))
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    plan = Plan(scale=given.scale, budget=given.budget)
    found = []
    for seed in range(int(first), int(last or first) + 1):
        found.append(outcome(seed, plan, given.models.split(",")))
        print(f"seed {seed}", file=sys.stderr)
    print(f"{datetime.now(UTC):%Y-%m-%d} seeds {given.seeds}, scale {given.scale}, budget {given.budget} alerts a day")
    report(found)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


def report(outcomes: Sequence[Outcome]) -> None:
    names = sorted({(not one.attack, one.scenario) for item in outcomes for one in item.found})
    for benign, name in names:
        rows = [one for item in outcomes for one in item.found if one.scenario == name]
        minutes = sorted(one.minutes for one in rows if one.minutes is not None and one.in_time)
        middle = f"{minutes[len(minutes) // 2]:8.1f}" if minutes else "       -"
        count = sum(one.alerts > 0 if benign else one.in_time for one in rows)
        word = "alerted on" if benign else "found"
        best = " ".join(f"{one.best:.0f}" for one in rows)
        alone = [one for item in outcomes for one in item.alone if one.scenario == name]
        apart = sum(one.alerts > 0 if benign else one.in_time for one in alone)
        print(
            f"{name:24s} {count:3d} of {len(rows):2d} {word}, {apart:3d} by itself, median {middle} minutes, "
            f"best scores {best}"
        )
    for title, found in (
        ("same days", [item.found for item in outcomes]),
        ("apart", [item.alone for item in outcomes]),
    ):
        attacks = [one for every in found for one in every if one.attack]
        print(f"all attacks, {title}: {sum(one.in_time for one in attacks)} of {len(attacks)} in time")
    nothing = [math.fsum(item.about_nothing.values()) for item in outcomes]
    each = " ".join(f"{value:.1f}" for value in nothing)
    print(f"alerts a day {np.mean([item.alerts_a_day for item in outcomes]):.1f}", end="; ")
    print(f"about nothing injected {np.mean(nothing):.1f} (by seed {each})")
    print(
        "alerts a day in the same days without attacks, by seed " + " ".join(f"{item.quiet:.1f}" for item in outcomes)
    )
    for title, values in (
        ("about nothing by model", [item.about_nothing for item in outcomes]),
        ("levels in bits", [item.levels for item in outcomes]),
        ("CPU seconds a seed", [item.cpu for item in outcomes]),
    ):
        mean = {name: float(np.mean([value[name] for value in values])) for name in values[0]}
        parts = ", ".join(f"{name} {value:.1f}" for name, value in mean.items())
        print(f"{title}: {math.fsum(mean.values()):.0f} in all; {parts}")


if __name__ == "__main__":
    main()

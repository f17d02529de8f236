"""The models of behaviour on the simulated ministry: recall by scenario at a budget, delay, and the promised alerts.

    python -m tests.bench.models.simulated --seeds 101-105 --scale 0.3 --budget 10

Each seed is a ministry of its own. The models are fitted to its first 14 days, the level that holds the budget is set
on the days after (nothing injected in either), and then every scenario is put into the last days once. Alerts are
taken as they come: one for each model and entity a day, above the level. A scenario is found where an alert of one of
its models names one of its entities, or rests on one of its events, before its deadline.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import ENTITY, EVENTS, TIME, Fitted, Model
from engine.anomaly.registry import model_called
from engine.anomaly.simulation.injecting import Injection
from engine.anomaly.simulation.scenarios import own_scenarios
from engine.anomaly.simulation.sheets import row_of
from engine.anomaly.simulation.world import Simulation
from engine.anomaly.tables import times

FED_BY = {
    "spraying": ("signins",),
    "sessions": ("signins",),
    "novelty": ("logons",),
    "fan-out": ("flows",),
    "processes": ("processes",),
    "outbound": ("flows",),
    "tunnels": ("names",),
    "lookups": ("lookups",),
    "file-changes": ("files",),
    "traffic": ("traffic",),
    "silence": ("sources",),
    "templates": ("lines",),
}
DAY = 86_400_000_000


@dataclass(slots=True)
class Tables:
    """Days of one stream as tables, with the injection each event belongs to."""

    simulation: Simulation
    truth: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    def day(self, stream: str, number: int) -> pa.Table:
        sheet = self.simulation.day(number, [stream])[stream]
        self.truth[stream, number] = sheet.truth
        return sheet.table()

    def injection(self, event_id: str) -> int:
        name, day, row = row_of(event_id)
        return int(self.truth[name, day][row])


def observed(model: Model, tables: Tables, days: Sequence[int]) -> Iterator[pa.Table]:
    """Yield the observations of days as a run would make them: whole windows, with the model's look back."""
    (stream,) = FED_BY[model.name]
    size = model.window // timedelta(microseconds=1)
    back = getattr(model, "lookback", timedelta()) // timedelta(microseconds=1)
    kept: pa.Table | None = None
    done = 0
    for place, number in enumerate(days):
        part = tables.day(stream, number)
        kept = part if kept is None else pa.concat_tables([kept, part], promote_options="default").unify_dictionaries()
        end = tables.simulation.today(number + 1).midnight
        until = end // size * size if place + 1 < len(days) else end + size
        moments = times(kept)
        table = model.observe(kept.filter(pa.array(moments < until)))
        ends = times(table)
        yield table.filter(pa.array((ends > done) & (ends <= until)))
        done = until
        kept = kept.filter(pa.array(moments >= until - back))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of the simulation: at the end of its window (microseconds)."""

    model: str
    entity: str
    time: int
    score: float
    injection: int
    why: str = ""


def alerts_of(model: Model, fitted: Fitted, tables: Tables, days: Sequence[int]) -> list[Alert]:
    """Return every observation that scores at all, the best of an entity in a window, with its injection."""
    found: list[Alert] = []
    for table in observed(model, tables, days):
        scores = fitted.score(table)
        floor = 4.0
        rows = np.flatnonzero(scores.values > floor)
        if not len(rows):
            continue
        part = table.take(pa.array(rows))
        for place, (entity, ids, moment) in enumerate(
            zip(part.column(ENTITY).to_pylist(), part.column(EVENTS).to_pylist(), times(part).tolist(), strict=True)
        ):
            numbers = [tables.injection(event) for event in ids]
            hit = max((number for number in numbers if number >= 0), default=-1)
            found.append(
                Alert(model=model.name, entity=entity, time=moment, score=float(scores.values[rows[place]]), injection=hit)
            )
    return found


def concerns(alert: Alert, injection: Injection) -> bool:
    """Tell whether an alert is about an injection: by its events, or by who is named."""
    if not injection.start <= alert.time <= injection.end + DAY:
        return False
    if alert.injection == injection.number:
        return True
    return any(_names(alert.entity, value) for values in injection.entities.values() for value in values)


def _names(entity: str, value: str) -> bool:
    return entity == value or (entity.endswith("/24") and value.startswith(entity.rpartition(".")[0] + "."))


def daily(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the first alert of each model and entity in a day, in order of time."""
    seen: set[tuple[str, str, int]] = set()
    found = []
    for alert in sorted(alerts, key=lambda one: one.time):
        key = (alert.model, alert.entity, alert.time // DAY)
        if key not in seen:
            seen.add(key)
            found.append(alert)
    return found


def bests(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the highest alert of each model and entity in a day."""
    found: dict[tuple[str, str, int], Alert] = {}
    for alert in alerts:
        key = (alert.model, alert.entity, alert.time // DAY)
        if key not in found or found[key].score < alert.score:
            found[key] = alert
    return list(found.values())


def levels(alerts: Sequence[Alert], budget: float, days: int, names: Sequence[str]) -> dict[str, float]:
    """Return each model's level so that together they give the budget: an equal part for each model.

    A part that a model does not use is given to the others. Levels lie between the alert that is still within and the
    next, at the geometric middle, and are never under the model's highest score by more than the part allows.
    """
    scores = {name: sorted((one.score for one in bests(alerts) if one.model == name), reverse=True) for name in names}
    part = budget / len(names) * days
    return {name: _level(values, part) for name, values in scores.items()}


def _level(values: Sequence[float], part: float) -> float:
    whole = max(1, round(part))
    if len(values) <= whole:
        return 8.0
    return max(8.0, (values[whole - 1] + values[whole]) / 2)


def run(seed: int, scale: float, budget: float, *, learn: int, hold: int, test: int, only: Sequence[str]) -> dict[str, object]:
    """Return what was found in one ministry."""
    names = [name for name in FED_BY if not only or name in only]
    plain = Simulation.of(seed, scale=scale)
    scenarios = own_scenarios()
    injected = plain.with_scenarios(scenarios, learn + hold, learn + hold + test, seed=seed)
    calm, hot, spent = [], [], {}
    for name in names:
        model = model_called(name)
        began = time.process_time()
        ordinary = pa.concat_tables(observed(model, Tables(plain), range(learn)), promote_options="default")
        fitted = model.fit(ordinary, seed=seed)
        calm += alerts_of(model, fitted, Tables(plain), range(learn, learn + hold))
        calm_after = alerts_of(model, fitted, Tables(injected), range(learn + hold, learn + hold + test))
        hot += calm_after
        spent[name] = round(time.process_time() - began, 1)
    level = levels(calm, budget, hold, names)
    shown = daily([one for one in hot if one.score >= level[one.model]])
    return {"seed": seed, "cpu": spent, "levels": level, **judged(shown, injected.injections, hot, level, test)}


def judged(
    shown: Sequence[Alert], injections: Sequence[Injection], hot: Sequence[Alert], level: dict[str, float], test: int
) -> dict[str, object]:
    """Return what was found, when, and how many alerts were about nothing."""
    found: dict[str, object] = {}
    about: set[int] = set()
    for injection in injections:
        mine = [one for one in shown if concerns(one, injection)]
        about |= {id(one) for one in mine}
        right = [one for one in mine if one.model in injection.scenario.models and one.time <= injection.deadline + 1]
        best = max((one.score for one in hot if concerns(one, injection) and one.model in injection.scenario.models), default=0)
        first = min((one.time for one in right), default=None)
        found[injection.scenario.name] = {
            "found": first is not None,
            "minutes": None if first is None else round((first - injection.start) / 60e6, 1),
            "best": round(best, 1),
            "alerts": len(mine),
        }
    others = [one for one in shown if id(one) not in about]
    by_model: dict[str, int] = defaultdict(int)
    for one in others:
        by_model[one.model] += 1
    return {"scenarios": found, "alerts_a_day": len(shown) / test, "others_a_day": len(others) / test, "others": by_model}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--budget", type=float, default=10.0)
    parser.add_argument("--learn", type=int, default=14)
    parser.add_argument("--hold", type=int, default=7)
    parser.add_argument("--test", type=int, default=10)
    parser.add_argument("--models", default="")
    parser.add_argument("-v", action="store_true")
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    only = [name for name in given.models.split(",") if name]
    results = []
    for seed in range(int(first), int(last or first) + 1):
        one = run(seed, given.scale, given.budget, learn=given.learn, hold=given.hold, test=given.test, only=only)
        results.append(one)
        if given.v:
            print(json.dumps(one), file=sys.stderr)
    report(results, given, only)


def report(results: Sequence[dict[str, object]], given: argparse.Namespace, only: Sequence[str]) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d} seeds {given.seeds}, scale {given.scale}, budget {given.budget} a day")
    names = sorted({name for one in results for name in one["scenarios"]})
    for name in names:
        rows = [one["scenarios"][name] for one in results if name in one["scenarios"]]
        minutes = sorted(row["minutes"] for row in rows if row["minutes"] is not None)
        middle = f"{minutes[len(minutes) // 2]:10.1f}" if minutes else "         -"
        best = " ".join(f"{row['best']:.0f}" for row in rows[:8])
        print(f"{name:26s} {sum(row['found'] for row in rows):3d}/{len(rows):<3d} median minutes {middle}   best {best}")
    shown = [one["alerts_a_day"] for one in results]
    others = [one["others_a_day"] for one in results]
    print(f"alerts a day {np.mean(shown):.1f}; about nothing injected {np.mean(others):.1f} ({min(others):.1f} to {max(others):.1f})")
    total: dict[str, float] = defaultdict(float)
    for one in results:
        for model, count in one["others"].items():
            total[model] += count / given.test / len(results)
    print("by model:", ", ".join(f"{name} {value:.2f}" for name, value in sorted(total.items())))
    level = {name: np.mean([one["levels"][name] for one in results]) for name in results[0]["levels"]}
    print("levels:", ", ".join(f"{name} {value:.1f}" for name, value in level.items()))
    cpu = {name: np.mean([one["cpu"][name] for one in results]) for name in results[0]["cpu"]}
    print(f"CPU seconds a seed {math.fsum(cpu.values()):.0f}:", ", ".join(f"{name} {value:.0f}" for name, value in cpu.items()))


if __name__ == "__main__":
    main()

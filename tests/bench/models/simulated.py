"""The models of behaviour on the simulated ministry: recall by scenario at a budget, delay, and the promised alerts.

    python -m tests.bench.models.simulated --seeds 101-105 --scale 0.3 --budget 10

Each seed is a ministry of its own. The models are fitted to its first 14 days and calibrated on the 7 after, as
`kulla models train` does it; nothing is injected in either. The budget is shared among the models
(`engine.anomaly.budget`), then every scenario is put into the last days once. Alerts come as they do at night: one for
an entity in an hour, above the level. A scenario is found where an alert of one of its models names one of its
entities, or rests on one of its events, before its deadline; every other alert is about nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.anomaly.budget import HOUR, Calibration, shares
from engine.anomaly.frame import ENTITY, EVENTS, TIME, Fitted, Model, Scores
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
    """What stands out: one entity in one hour, at the end of its first window there (microseconds)."""

    model: str
    entity: str
    time: int
    score: float
    injection: int


@dataclass(slots=True, kw_only=True)
class Watch:
    """One fitted model over some days: what it scored, for the calibration, and everything above the floor."""

    name: str
    observations: list[pa.Table] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)
    raised: list[Alert] = field(default_factory=list)

    def calibration(self) -> Calibration:
        values = np.concatenate([part.values for part in self.scores])
        states = np.concatenate([part.states for part in self.scores])
        return Calibration.of(pa.concat_tables(self.observations), Scores(values=values, states=states))


FLOOR = 4.0


def watched(model: Model, fitted: Fitted, tables: Tables, days: Sequence[int]) -> Watch:
    """Return what a model makes of days."""
    found = Watch(name=model.name)
    for table in observed(model, tables, days):
        scores = fitted.score(table)
        found.observations.append(table.select([TIME, ENTITY]))
        found.scores.append(scores)
        rows = np.flatnonzero(scores.values > FLOOR)
        part = table.take(pa.array(rows))
        columns = (part.column(ENTITY).to_pylist(), part.column(EVENTS).to_pylist(), times(part).tolist())
        for row, entity, ids, moment in zip(rows.tolist(), *columns, strict=True):
            hit = max((number for event in ids if (number := tables.injection(event)) >= 0), default=-1)
            score = float(scores.values[row])
            found.raised.append(Alert(model=model.name, entity=entity, time=moment, score=score, injection=hit))
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


def hourly(raised: Sequence[Alert], level: Mapping[str, float]) -> list[Alert]:
    """Return the alerts as a person gets them: the first of each model, entity and hour, in order of time."""
    seen: set[tuple[str, str, int]] = set()
    found = []
    for alert in sorted(raised, key=lambda one: one.time):
        key = (alert.model, alert.entity, alert.time // HOUR)
        if alert.score >= level[alert.model] and key not in seen:
            seen.add(key)
            found.append(alert)
    return found


def run(
    seed: int, scale: float, budget: float, *, learn: int, hold: int, test: int, only: Sequence[str]
) -> dict[str, object]:
    """Return what was found in one ministry."""
    names = [name for name in FED_BY if not only or name in only]
    plain = Simulation.of(seed, scale=scale)
    scenarios = own_scenarios()
    injected = plain.with_scenarios(scenarios, learn + hold, learn + hold + test, seed=seed)
    hot: list[Alert] = []
    spent: dict[str, float] = {}
    level: dict[str, float] = {}
    part = shares(budget, names)
    for name in names:
        model = model_called(name)
        began = time.process_time()
        ordinary = pa.concat_tables(observed(model, Tables(plain), range(learn)), promote_options="default")
        fitted = model.fit(ordinary, seed=seed)
        calm = watched(model, fitted, Tables(plain), range(learn, learn + hold))
        level[name] = calm.calibration().threshold(part[name])
        hot += watched(model, fitted, Tables(injected), range(learn + hold, learn + hold + test)).raised
        spent[name] = round(time.process_time() - began, 1)
    return {"seed": seed, "cpu": spent, "levels": level, **judged(hourly(hot, level), injected.injections, hot, test)}


def judged(
    shown: Sequence[Alert], injections: Sequence[Injection], hot: Sequence[Alert], test: int
) -> dict[str, object]:
    """Return what was found, when, and how many alerts were about nothing."""
    found: dict[str, object] = {}
    about: set[int] = set()
    for injection in injections:
        mine = [one for one in shown if concerns(one, injection)]
        about |= {id(one) for one in mine}
        right = [one for one in mine if one.model in injection.scenario.models and one.time <= injection.deadline + 1]
        models = injection.scenario.models or tuple(FED_BY)
        best = max((one.score for one in hot if one.model in models and concerns(one, injection)), default=0)
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
    counts = {"alerts_a_day": len(shown) / test, "others_a_day": len(others) / test}
    return {"scenarios": found, **counts, "others": by_model}


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
        count = sum(row["found"] for row in rows)
        alerts = sum(row["alerts"] for row in rows)
        print(f"{name:26s} {count:3d}/{len(rows):<3d} median minutes {middle}   alerts {alerts:4d}   best {best}")
    shown = [one["alerts_a_day"] for one in results]
    others = [one["others_a_day"] for one in results]
    print(f"alerts a day {np.mean(shown):.1f}; about nothing injected {np.mean(others):.1f}", end=" ")
    print(f"({min(others):.1f} to {max(others):.1f})")
    total: dict[str, float] = defaultdict(float)
    for one in results:
        for model, count in one["others"].items():
            total[model] += count / given.test / len(results)
    print("by model:", ", ".join(f"{name} {value:.2f}" for name, value in sorted(total.items())))
    level = {name: np.mean([one["levels"][name] for one in results]) for name in results[0]["levels"]}
    print("levels:", ", ".join(f"{name} {value:.1f}" for name, value in level.items()))
    cpu = {name: np.mean([one["cpu"][name] for one in results]) for name in results[0]["cpu"]}
    parts = ", ".join(f"{name} {value:.0f}" for name, value in cpu.items())
    print(f"CPU seconds a seed {math.fsum(cpu.values()):.0f}: {parts}")


if __name__ == "__main__":
    main()

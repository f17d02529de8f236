"""Models of behaviour on the simulated ministry: scenarios found at a budget, how soon, and alerts about nothing.

Each seed is a ministry of its own. The models are fitted to its first days and calibrated on the ones after, as
`kulla models train` does it; nothing is injected in either. Then every scenario is put into the last days once. Alerts
come as they do at night: one for an entity in an hour, let through by the keeper of the budget. A
scenario is found where an alert of one of its models names one of its entities, or rests on one of its events, before
its deadline; every other alert is about nothing. The budget is
measured on the same days without any scenario: with them, attacks a day fill it many times over.

Recall is told twice: with all scenarios in the same days, where each raises the levels for the others, and of each by
itself, in days that hold nothing else. The second takes the observations of the quiet days and puts those that are
about the scenario in their place; what another scenario did to them (a host that both use) stays in them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.budget import HOUR, Calibration, lot_of, shares
from engine.anomaly.frame import ENTITY, EVENTS, TIME, Fitted, Model, Scores, lookback_of
from engine.anomaly.keeping import Keeper, loosest
from engine.anomaly.registry import model_called
from engine.anomaly.simulation.injecting import Injection
from engine.anomaly.simulation.scenarios import own_scenarios
from engine.anomaly.simulation.sheets import row_of
from engine.anomaly.simulation.world import Simulation
from engine.anomaly.tables import times

FED_BY: Final[Mapping[str, str]] = {
    "spraying": "signins",
    "sessions": "signins",
    "novelty": "logons",
    "fan-out": "flows",
    "processes": "processes",
    "outbound": "flows",
    "tunnels": "names",
    "lookups": "lookups",
    "file-changes": "files",
    "traffic": "traffic",
    "silence": "sources",
    "templates": "lines",
}
"""The stream of the simulation that each model reads."""
_DAY = 24 * HOUR
_FLOOR = 4.0  # bits under which nothing is remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of the ministry, alerts a day, and how many days: to fit, to calibrate, and with scenarios in them."""

    scale: float = 0.1
    budget: float = 10.0
    fit: int = 14
    calibrate: int = 7
    test: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one scenario: found in time or not, after how many minutes, and the best score about it."""

    scenario: str
    attack: bool
    in_time: bool
    minutes: float | None
    best: float
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One seed: its scenarios, all alerts a day, those about nothing by model, levels, and CPU seconds by model.

    `quiet` is how many alerts a day come in the same days without any scenario: what the budget promises. `alone` are
    the scenarios each by itself.
    """

    seed: int
    found: tuple[Found, ...]
    alone: tuple[Found, ...]
    alerts_a_day: float
    quiet: float
    about_nothing: Mapping[str, float]
    levels: Mapping[str, float]
    cpu: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    """One observation that stands out; `injection` is the one that its events belong to, -1 for none."""

    model: str
    entity: str
    time: int
    score: float
    injection: int


@dataclass(slots=True)
class _Days:
    """Days of one ministry as tables, with the injection that each event belongs to."""

    simulation: Simulation
    _truth: dict[tuple[str, int], NDArray[np.int32]] = field(default_factory=dict)

    def table(self, stream: str, number: int) -> pa.Table:
        sheet = self.simulation.day(number, [stream])[stream]
        self._truth[stream, number] = sheet.truth
        return sheet.table()

    def injection(self, event_id: str) -> int:
        name, day, row = row_of(event_id)
        return int(self._truth[name, day][row])


def observed(model: Model, simulation: Simulation, first: int, after: int) -> Iterator[pa.Table]:
    """Yield the observations of days as a run makes them: whole windows, with what the model looks back to."""
    yield from _observed(model, _Days(simulation), first, after)


def _observed(model: Model, days: _Days, first: int, after: int) -> Iterator[pa.Table]:
    size = model.window // timedelta(microseconds=1)
    back = lookback_of(model) // timedelta(microseconds=1)
    kept: pa.Table | None = None
    done = days.simulation.today(first).midnight
    for number in range(max(0, first - -(-back // _DAY)), after):
        part = days.table(FED_BY[model.name], number)
        kept = part if kept is None else pa.concat_tables([kept, part], promote_options="default").unify_dictionaries()
        end = days.simulation.today(number + 1).midnight
        until = end // size * size if number + 1 < after else end + size
        moments = times(kept)
        if number >= first:
            table = model.observe(kept.filter(pa.array(moments < until)))
            ends = times(table)
            yield table.filter(pa.array((ends > done) & (ends <= until)))
            done = until
        kept = kept.filter(pa.array(moments >= until - back))


def _calibrated(model: Model, fitted: Fitted, days: _Days, first: int, after: int) -> Calibration:
    observations: list[pa.Table] = []
    scores: list[Scores] = []
    for table in _observed(model, days, first, after):
        observations.append(table.select([TIME, ENTITY]))
        scores.append(fitted.score(table))
    joined = Scores(
        values=np.concatenate([part.values for part in scores]), states=np.concatenate([part.states for part in scores])
    )
    return Calibration.of(pa.concat_tables(observations), joined)


def _raised(model: Model, fitted: Fitted, days: _Days, first: int, after: int) -> Iterator[_Raised]:
    for table in _observed(model, days, first, after):
        values = fitted.score(table).values
        rows = np.flatnonzero(values > _FLOOR)
        part = table.take(pa.array(rows))
        columns = (part.column(ENTITY).to_pylist(), part.column(EVENTS).to_pylist(), times(part).tolist())
        for row, entity, ids, moment in zip(rows.tolist(), *columns, strict=True):
            hit = max((number for event in ids if (number := days.injection(event)) >= 0), default=-1)
            yield _Raised(model=model.name, entity=entity, time=moment, score=float(values[row]), injection=hit)


def outcome(seed: int, plan: Plan, names: Sequence[str] = tuple(FED_BY)) -> Outcome:
    """Return what the models find in the ministry of a seed."""
    plain = Simulation.of(seed, scale=plan.scale)
    first = plan.fit + plan.calibrate
    injected = plain.with_scenarios(own_scenarios(), first, first + plan.test, seed=seed)
    hot: list[_Raised] = []
    calm: list[_Raised] = []
    known: dict[str, Calibration] = {}
    cpu: dict[str, float] = {}
    part = shares(plan.budget, names)
    for name in names:
        model, began = model_called(name), time.process_time()
        fitted = model.fit(pa.concat_tables(observed(model, plain, 0, plan.fit)), seed=seed)
        known[name] = _calibrated(model, fitted, _Days(plain), plan.fit, first)
        hot += _raised(model, fitted, _Days(injected), first, first + plan.test)
        calm += _raised(model, fitted, _Days(plain), first, first + plan.test)
        cpu[name] = time.process_time() - began
    begin = injected.today(first).midnight
    telling, usual = (
        [one for one in every if known[one.model].by_chance(one.score) <= loosest(part[one.model])]
        for every in (hot, calm)
    )
    shown, quiet, *each = (
        _hourly(every, known, part, Keeper(budget=plan.budget, at=begin))
        for every in (telling, usual, *(_with(one, telling, usual) for one in injected.injections))
    )
    about = [one for one in shown if any(_concerns(one, injection) for injection in injected.injections)]
    nothing = Counter(one.model for one in shown) - Counter(one.model for one in about)
    return Outcome(
        seed=seed,
        found=tuple(_found(one, shown, hot) for one in injected.injections),
        alone=tuple(_found(one, given, hot) for one, given in zip(injected.injections, each, strict=True)),
        alerts_a_day=len(shown) / plan.test,
        quiet=len(quiet) / plan.test,
        about_nothing={name: nothing[name] / plan.test for name in names},
        levels={name: known[name].threshold(part[name]) for name in names},
        cpu=cpu,
    )


def _hourly(
    raised: Sequence[_Raised], known: Mapping[str, Calibration], part: Mapping[str, float], keeper: Keeper
) -> list[_Raised]:
    """Return the alerts as a person gets them: the first of each model, entity and hour that is let through.

    `raised` is what could be let through at all (see `loosest`).
    """
    seen: dict[tuple[str, str, int], _Raised] = {}
    for one in sorted(raised, key=lambda item: item.time):
        key = (one.model, one.entity, one.time // HOUR)
        lot = lot_of(one.model, one.entity, one.time)
        share, by_chance = part[one.model], known[one.model].by_chance(one.score, lot)
        if key in seen:
            continue
        decision = keeper.decide(one.time, by_chance=by_chance, share=share, model=one.model, entity=one.entity)
        if decision.alert:
            seen[key] = one
    return list(seen.values())


def _with(injection: Injection, telling: Sequence[_Raised], usual: Sequence[_Raised]) -> list[_Raised]:
    """Return what stands out in the days that hold this scenario and no other."""
    mine = [one for one in telling if _concerns(one, injection)]
    taken = {(one.model, one.entity, one.time) for one in mine}
    return [*(one for one in usual if (one.model, one.entity, one.time) not in taken), *mine]


def _concerns(one: _Raised, injection: Injection) -> bool:
    """Tell whether an alert is about an injection: by its events, or by whom it names."""
    if not injection.start <= one.time <= injection.end + _DAY:
        return False
    if one.injection == injection.number:
        return True
    return any(_names(one.entity, value) for values in injection.entities.values() for value in values)


def _names(entity: str, value: str) -> bool:
    return entity == value or (entity.endswith("/24") and value.startswith(entity.rpartition(".")[0] + "."))


def _found(injection: Injection, shown: Sequence[_Raised], hot: Sequence[_Raised]) -> Found:
    models = injection.scenario.models or tuple(FED_BY)
    mine = [one for one in shown if _concerns(one, injection)]
    first = min((one.time for one in mine if one.model in models), default=None)
    minutes = None if first is None else (first - injection.start) / 60e6
    scores = [one.score for one in hot if one.model in models and _concerns(one, injection)]
    return Found(
        scenario=injection.scenario.name,
        attack=injection.scenario.kind == "attack",
        in_time=first is not None and first <= injection.deadline,
        minutes=minutes,
        best=max(scores, default=0.0),
        alerts=len(mine),
    )

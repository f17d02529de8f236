"""Injections: a scenario with its cast chosen, its start fixed and its rows made; and how they enter a day's sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.casting import Cast, cast_of, resolved, values_of
from engine.anomaly.simulation.chance import stream
from engine.anomaly.simulation.ministry import Ministry
from engine.anomaly.simulation.rhythm import DAY_US, OFFICE, Today
from engine.anomaly.simulation.scenarios import Scenario, Step
from engine.anomaly.simulation.sheets import Column, Integers, Sheet, Words, merged, sheet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Injection:
    """One scenario at one time: its number (as in `Sheet.truth`), when it runs (microseconds, UTC), and about whom.

    `entities` are the values of the truth's fields, by which alerts are compared with it.
    """

    number: int
    scenario: Scenario
    start: int
    end: int
    cast: Cast
    entities: Mapping[str, frozenset[str]]

    @property
    def deadline(self) -> int:
        """Return until when it has to be found."""
        return self.start + _micros(self.scenario.within)


def planned(
    ministry: Ministry, scenarios: Sequence[Scenario], days: Sequence[Today], *, seed: int
) -> tuple[Injection, ...]:
    """Return one injection of each scenario, which starts on one of these days and is over by their end.

    Scenarios that are longer than the days are left out.
    """
    found: list[Injection] = []
    last = days[-1].midnight + DAY_US
    for number, scenario in enumerate(scenarios):
        rng = stream(ministry.seed, "injection", scenario.name, seed)
        fitting = [day for day in days if _fits(day, scenario, last)]
        if not fitting:
            continue
        day = fitting[int(rng.integers(len(fitting)))]
        hour = rng.uniform(*scenario.hours)
        start = day.midnight + int(hour * 3_600_000_000)
        chosen = cast_of(ministry, scenario, rng, day)
        truth = {name: frozenset(values_of(template, chosen)) for name, template in scenario.truth.items()}
        end = start + _micros(scenario.lasts)
        made = Injection(number=number, scenario=scenario, start=start, end=end, cast=chosen, entities=truth)
        found.append(made)
    return tuple(found)


def _fits(day: Today, scenario: Scenario, last: int) -> bool:
    if scenario.days != "any" and day.is_working != (scenario.days == "working"):
        return False
    return day.midnight + scenario.hours[1] * 3_600_000_000 + _micros(scenario.lasts) <= last


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def inject(base: Sheet, today: Today, injections: Sequence[Injection]) -> Sheet:
    """Return a day's sheet with what the injections do to it."""
    found = base
    for injection in injections:
        if injection.end <= today.midnight or injection.start >= today.midnight + DAY_US:
            continue
        for place, step in enumerate(injection.scenario.steps):
            if step.stream == base.stream:
                rng = stream(
                    today.ministry.seed, "step", injection.scenario.name, injection.number, place, today.number
                )
                found = _ACTS[step.act](found, today, injection, step, rng)
    return found


def _span(injection: Injection, step: Step) -> tuple[int, int]:
    first = injection.start + _micros(step.after)
    return first, min(first + _micros(step.over), injection.end)


def _added(base: Sheet, today: Today, injection: Injection, step: Step, rng: np.random.Generator) -> Sheet:
    times, members = _moments(today, injection, step, rng)
    if not len(times):
        return base
    columns: dict[str, Column] = {}
    for field, template in step.fields.items():
        values = resolved(template, injection.cast, members, rng)
        if all(isinstance(value, int) for value in values):
            columns[field] = np.array(values, dtype=np.int64)
        else:
            words = {value: place for place, value in enumerate(dict.fromkeys(str(value) for value in values))}
            codes = np.array([words[str(value)] for value in values], dtype=np.int32)
            columns[field] = Words(codes=codes, words=tuple(words))
    constant = {name: value for name, value in base.constant.items() if name not in columns}
    made = sheet(base.stream, constant, times, columns)
    return merged([base, replace(made, truth=np.full(len(made), injection.number, dtype=np.int32))])


def _moments(today: Today, injection: Injection, step: Step, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Return today's instants of a step's rows, and which member of the cast each is about."""
    first, last = _span(injection, step)
    low, high = max(first, today.midnight), min(last, today.midnight + DAY_US)
    if high <= low:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    members = injection.cast.size(step.each) if step.each else 1
    wanted = (
        step.per_day * members * (high - low) / DAY_US if step.per_day else step.rows * (high - low) / (last - first)
    )
    if step.rows and last <= today.midnight + DAY_US and first >= today.midnight:
        count = round(wanted)  # a step within one day has exactly its rows
    else:
        count = int(np.floor(wanted + rng.random()))
    if step.spread == "work":
        times = today.moments(rng, OFFICE, count)
        times = times[(times >= low) & (times < high)]
    elif step.spread == "steady":
        places = (np.arange(count) + rng.uniform(0.4, 0.6, size=count)) / max(1, count)
        times = low + np.asarray(places * (high - low), dtype=np.int64)
    else:
        times = low + np.asarray(rng.random(count) * (high - low), dtype=np.int64)
    order = rng.permutation(members)  # each once before anybody twice
    return times, order[np.arange(len(times)) % members].astype(np.int64)


def _chosen(base: Sheet, injection: Injection, step: Step) -> NDArray[np.bool_]:
    first, last = _span(injection, step)
    rows = (base.times >= first) & (base.times < last)
    for field, template in step.where.items():
        rows &= base.is_value(field, frozenset(values_of(template, injection.cast)))
    return np.asarray(rows, dtype=np.bool_)


def _dropped(base: Sheet, _today: Today, injection: Injection, step: Step, rng: np.random.Generator) -> Sheet:
    return base.take(~(_chosen(base, injection, step) & (rng.random(len(base)) < step.share)))


def _repeated(base: Sheet, _today: Today, injection: Injection, step: Step, rng: np.random.Generator) -> Sheet:
    """Return the sheet with further copies of rows, up to twenty minutes later, some fields of them changed."""
    rows = np.flatnonzero(_chosen(base, injection, step))
    copies = np.floor(step.factor + rng.random(len(rows))).astype(np.int64)
    again = base.take(np.repeat(rows, copies))
    if not len(again):
        return base
    columns = dict(again.columns)
    for field, template in step.fields.items():
        values = [str(value) for value in resolved(template, injection.cast, np.zeros(len(again), dtype=np.int64), rng)]
        codes = np.arange(len(again), dtype=np.int32)
        columns[field] = Words(codes=np.where(np.array(values) == "none", -1, codes).astype(np.int32), words=values)
    later = again.times + rng.integers(20_000_000, 1_200_000_000, size=len(again))
    made = replace(again, times=later, columns=columns, truth=np.full(len(again), injection.number, dtype=np.int32))
    return merged([base, made.take(np.argsort(later, kind="stable"))])


def _scaled(base: Sheet, _today: Today, injection: Injection, step: Step, rng: np.random.Generator) -> Sheet:
    """Return the sheet with other numbers: drawn anew around what the rows before and after had, times the factor."""
    rows = np.flatnonzero(_chosen(base, injection, step))
    if not len(rows):
        return base
    first, _ = _span(injection, step)
    ramp = max(1, _micros(step.ramp))
    part = np.clip((base.times[rows] - first) / ramp, 0.0, 1.0) if step.ramp else np.ones(len(rows))
    columns = dict(base.columns)
    for field, factor in step.factors.items():
        column = columns[field]
        if isinstance(column, Words):
            continue
        usual = np.convolve(np.pad(column[rows].astype(np.float64), 6, mode="edge"), np.full(13, 1 / 13), mode="valid")
        changed = column.copy()
        changed[rows] = rng.poisson(usual * (1.0 + (factor - 1.0) * part))
        columns[field] = changed
    truth = base.truth.copy()
    truth[rows] = injection.number
    return replace(base, columns=columns, truth=truth)


_ACTS = {"add": _added, "drop": _dropped, "repeat": _repeated, "scale": _scaled}

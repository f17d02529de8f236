"""A lower bound on the use-weighted outage of every possible plan, and how the prices behind it are found.

Any prices give a valid bound (`relaxation`); good ones give a high one. They start from the plan: an hour of a skill is
worth what it brings forward. Then they are raised where the cheapest way wants more people than there are before some
time, and lowered where it wants fewer, a fixed number of rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.problem import Problem, Schedule
from playbooks.restoration.relaxation import Numbers, Relaxation

ROUNDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A lower bound in weighted minutes, and on how many minutes a slot of its grid has."""

    cost: float
    slot: int


def lower_bound(problem: Problem, schedule: Schedule, *, rounds: int = ROUNDS) -> Bound:
    """Return a cost that no schedule of the problem can go below; `schedule` is one that plans every job."""
    if not problem.jobs:
        return Bound(cost=0.0, slot=1)
    relaxed = Relaxation(problem, schedule)
    ascent = _Ascent(relaxed, problem, schedule)
    found = max(relaxed.value(np.zeros_like(relaxed.capacity)), ascent.climb(rounds))
    return Bound(cost=min(found, schedule.cost(problem)), slot=relaxed.slot)


class _Ascent:
    """Prices as falls: `falls[k, t]` is by how much the price of skill k falls with slot t; it never rises."""

    def __init__(self, relaxed: Relaxation, problem: Problem, schedule: Schedule) -> None:
        self.relaxed = relaxed
        used = np.zeros_like(relaxed.capacity)
        value = np.zeros_like(relaxed.capacity)
        worth = _worth(problem, schedule)
        for place, start in enumerate(schedule.starts):
            first = start // relaxed.slot
            span = slice(first, first + int(relaxed.slots[place]))
            used[relaxed.skill[place], span] += 1
            value[relaxed.skill[place], span] += worth[place]
        self.team = np.maximum(relaxed.capacity.max(axis=1, keepdims=True), 1)
        self.off = relaxed.capacity == 0
        busy = (used >= relaxed.capacity - 0.5) & ~self.off
        self.first = np.where(busy.any(axis=1), busy.argmax(axis=1), relaxed.count)
        self.falls = _falling(np.where(busy, value / np.maximum(used, 1), 0.0), busy) * relaxed.slot

    def prices(self) -> Numbers:
        """Return the prices that the falls add up to, nothing before a skill is first fully busy."""
        prices = np.cumsum(self.falls[:, ::-1], axis=1)[:, ::-1].copy()
        for skill, first in enumerate(self.first):
            prices[skill, :first] = 0.0
        prices[self.off] = 0.0
        return prices

    def climb(self, rounds: int) -> float:
        """Return the highest bound of all rounds."""
        highest = 0.0
        for number in range(rounds):
            prices = self.prices()
            highest = max(highest, self.relaxed.value(prices))
            over = self.relaxed.excess(prices)
            for skill, first in enumerate(self.first):
                over[skill, :first] = 0.0
            wanted = np.cumsum(over, axis=1) / (self.team * 180)
            self.falls *= np.exp((1 - number / rounds) * np.clip(wanted, -1, 1))
        return highest


def _worth(problem: Problem, schedule: Schedule) -> list[float]:
    """Return per job the weight that its end decides, per minute of work: passed back along jobs that did not wait."""
    jobs, starts = problem.jobs, schedule.starts
    weight = [job.weight for job in jobs]
    for place in range(len(jobs) - 1, -1, -1):
        job = jobs[place]
        ends = [(starts[before] + jobs[before].minutes, before) for before in job.after]
        if ends and max(ends)[0] >= starts[place]:
            weight[max(ends)[1]] += weight[place]
            weight[place] = 0.0
    return [value / max(job.minutes, 1) for value, job in zip(weight, jobs, strict=True)]


def _falling(rates: Numbers, busy: NDArray[np.bool_]) -> Numbers:
    """Return the rates made to fall over time (pool adjacent violators), a little above nothing where one is busy."""
    falling = np.zeros_like(rates)
    for skill in range(len(rates)):
        places = np.flatnonzero(busy[skill])
        if len(places):
            pooled = _pooled(rates[skill, places])
            span = np.arange(places[0], places[-1] + 1)
            falling[skill, span] = np.maximum(np.interp(span, places, pooled), pooled.mean() * 0.02)
    return falling


def _pooled(values: Numbers) -> Numbers:
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (second, many), (first, few) = blocks.pop(), blocks.pop()
            blocks.append(((first * few + second * many) / (few + many), few + many))
    return np.repeat([value for value, _ in blocks], [count for _, count in blocks])

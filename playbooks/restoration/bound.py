"""A lower bound on the use-weighted outage of every possible plan, and how the prices behind it are found.

Any prices give a valid bound (`relaxation`); good ones give a high one. Each skill in turn, the scarcest first, is
given the prices that Horn's blocks have on a single machine as fast as the crew, from about when the crew is first
busy; what raises the bound is kept. Then prices fall faster where the cheapest way wants more people than there are
before some time, and slower where it wants fewer. Everything is counted in rounds, so the bound is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playbooks.restoration.order import blocks
from playbooks.restoration.problem import Problem, Schedule
from playbooks.restoration.relaxation import Numbers, Relaxation

ROUNDS = 30
_EARLIER = (30, 60, 90, 0)  # minutes before the plan has everybody busy
_SHARES = (0.5, 0.1)  # of the prices of a skill that is not the scarcest
_MIXING = 360.0  # minutes of a crew's work that change a price by the most


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A lower bound in weighted minutes, and how many minutes a slot of its grid has."""

    cost: float
    slot: int


def lower_bound(problem: Problem, schedule: Schedule, *, rounds: int = ROUNDS) -> Bound:
    """Return a cost that no schedule of the problem can go below; `schedule` is one that plans every job."""
    if not problem.jobs:
        return Bound(cost=0.0, slot=1)
    search = _Search(problem, schedule)
    search.by_skill()
    search.climb(rounds)
    return Bound(cost=search.highest, slot=search.relaxed.slot)


class _Search:
    """The best prices so far and the bound that they give."""

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        self.problem = problem
        self.relaxed = Relaxation(problem, schedule)
        self.prices = np.zeros_like(self.relaxed.capacity)
        self.highest = self.relaxed.value(self.prices)
        used = np.zeros_like(self.prices)
        for place, start in enumerate(schedule.starts):
            first = start // self.relaxed.slot
            used[self.relaxed.skill[place], first : first + int(self.relaxed.slots[place])] += 1
        self.off = self.relaxed.capacity == 0
        self.busy = (used >= self.relaxed.capacity - 0.5) & ~self.off

    def by_skill(self) -> None:
        """Price the skills one after the other, those longest busy first, twice."""
        order = sorted(np.flatnonzero(self.busy.any(axis=1)).tolist(), key=lambda skill: -self.busy[skill].sum())
        for place, skill in enumerate((*order, *order[1:])):
            shares = _SHARES if place else (1.0,)
            sequence = self._sequence(skill)
            start = int(self.busy[skill].argmax())
            for earlier in _EARLIER if place == 0 else _EARLIER[-2:]:
                full = self._priced(skill, sequence, max(start - earlier // self.relaxed.slot, 0))
                for share in shares:
                    changed = self.prices.copy()
                    changed[skill] = full * share
                    self._try(changed)

    def _try(self, prices: Numbers) -> None:
        value = self.relaxed.value(prices)
        if value > self.highest:
            self.highest, self.prices = value, prices

    def _sequence(self, skill: int) -> tuple[tuple[float, float], ...]:
        jobs, name = self.problem.jobs, self.relaxed.skills[skill]
        work = [float(job.minutes) if job.skill == name else 0.0 for job in jobs]
        found = blocks([job.weight for job in jobs], work, self.relaxed.parents).sequence
        return tuple((ratio, minutes) for ratio, minutes in found if minutes > 0)

    def _priced(self, skill: int, sequence: tuple[tuple[float, float], ...], first: int) -> Numbers:
        """Return the prices of a skill whose crew works through the sequence from slot `first` on."""
        people = self.relaxed.capacity[skill]
        worked = np.cumsum(np.where(np.arange(len(people)) >= first, people, 0.0)) * self.relaxed.slot
        ends = np.cumsum([minutes for _, minutes in sequence])
        ratios = np.array([*(ratio for ratio, _ in sequence), 0.0])
        falls = ratios[np.searchsorted(ends, worked - 1e-9)] * self.relaxed.slot
        found: Numbers = self._prices_of(falls[None, :], [first], [skill])[0]
        return found

    def _prices_of(self, falls: Numbers, firsts: list[int], skills: list[int]) -> Numbers:
        prices = np.cumsum(falls[:, ::-1], axis=1)[:, ::-1].copy()
        for row, (first, skill) in enumerate(zip(firsts, skills, strict=True)):
            prices[row, :first] = 0.0
            prices[row, self.off[skill]] = 0.0
        return prices

    def climb(self, rounds: int) -> None:
        """Change the falls of the prices by what is wanted too much or too little before each slot."""
        skills = list(range(len(self.prices)))
        firsts = [int((row > 0).argmax()) if row.any() else len(row) for row in self.prices]
        falls = self._falls(firsts)
        team = np.maximum(self.relaxed.capacity.max(axis=1, keepdims=True), 1)
        for number in range(rounds):
            prices = self._prices_of(falls, firsts, skills)
            self._try(prices)
            over = self.relaxed.excess(prices)
            for skill, first in enumerate(firsts):
                over[skill, :first] = 0.0
            wanted = np.cumsum(over, axis=1) / (team * _MIXING)
            falls *= np.exp(0.3 * (1 - number / rounds) * np.clip(wanted, -1, 1))

    def _falls(self, firsts: list[int]) -> Numbers:
        """Return by how much the prices fall with each slot; where nobody is on duty, the price after it holds."""
        held = self.prices.copy()
        for skill, row in enumerate(held):
            for slot in range(len(row) - 2, -1, -1):
                if self.off[skill, slot]:
                    row[slot] = row[slot + 1]
        falls = np.maximum(held - np.append(held[:, 1:], np.zeros((len(held), 1)), axis=1), 0.0)
        for skill, first in enumerate(firsts):
            falls[skill, :first] = 0.0
            falls[skill, first:] += 1e-6 * falls[skill].max()
        return falls

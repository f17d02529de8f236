"""A lower bound on the use-weighted outage of every possible plan, and how the prices behind it are found.

Any prices give a valid bound (`relaxation`); good ones give a high one, and so do good shares of what jobs cost that
wait for several others (`sharing`). Each skill gets the prices that Horn's blocks have on a single machine as fast as
its crew, from a first minute on, times a share. First minutes and shares are moved in ever smaller steps, one skill
after the other, those longest busy first, as long as the bound rises. Then prices fall faster where the cheapest way
wants more people than there are before some time, and slower where it wants fewer, and waiting jobs are shared anew.
Everything is counted in tries and rounds, so the bound is the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playbooks.restoration.order import blocks
from playbooks.restoration.problem import Problem, Schedule
from playbooks.restoration.relaxation import Numbers, Relaxation
from playbooks.restoration.sharing import Charges

ROUNDS = 20
TRIES = 90  # of first minutes and shares
_PASSES = 6  # of charges before the first round
_SHARED = 2  # rounds after which they are passed once more
_STEP = 30  # minutes
_WIDEST = 4  # steps' halves that a first minute is moved at the beginning
_MIXING = 360.0  # minutes of a crew's work that change a price by the most


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A lower bound in weighted minutes, and how many minutes a slot of its grid has."""

    cost: float
    slot: int


def lower_bound(problem: Problem, schedule: Schedule, *, tries: int = TRIES, rounds: int = ROUNDS) -> Bound:
    """Return a cost that no schedule of the problem can go below; `schedule` is one that plans every job."""
    if not problem.jobs:
        return Bound(cost=0.0, slot=1)
    search = _Search(problem, schedule, tries)
    search.by_skill()
    search.climb(rounds)
    return Bound(cost=search.highest, slot=search.relaxed.slot)


class _Search:
    """The best prices so far and the bound that they give."""

    def __init__(self, problem: Problem, schedule: Schedule, tries: int) -> None:
        self.problem = problem
        self.relaxed = Relaxation(problem, schedule)
        self.prices = np.zeros_like(self.relaxed.capacity)
        self.highest = self.relaxed.value(self.prices)
        used = np.zeros_like(self.prices)
        for place, start in enumerate(schedule.starts):
            first = start // self.relaxed.slot
            used[self.relaxed.skill[place], first : first + int(self.relaxed.slots[place])] += 1
        self.off = self.relaxed.capacity == 0
        self.left = tries
        self.sequences: dict[int, tuple[tuple[float, float], ...]] = {}
        self.busy = (used >= self.relaxed.capacity - 0.5) & ~self.off

    def by_skill(self) -> None:
        """Look for each skill's first slot and share, beginning a little before the plan has everybody busy."""
        step = max(_STEP // self.relaxed.slot, 1)
        order = sorted(np.flatnonzero(self.busy.any(axis=1)).tolist(), key=lambda skill: -self.busy[skill].sum())
        known = {skill: (int(self.busy[skill].argmax()), 0.0) for skill in order}
        for skill in order[:1]:
            known[skill] = (max(known[skill][0] - 2 * step, 0), 1.0)
            self._try(self._with(skill, known[skill]))
        width = _WIDEST
        while width and self.left > 0:
            found = [self._improve(skill, known, max(width * step // 2, 1), width / 4) for skill in order]
            width = width if any(found) else width // 2

    def _improve(self, skill: int, known: dict[int, tuple[int, float]], step: int, growth: float) -> bool:
        first, share = known[skill]
        moves = [(first, 0.1), (first, 0.4), (max(first - step, 0), 0.2)]
        if share:
            shares = (share * (1 + growth), share / (1 + growth))
            moves = [(max(first - step, 0), share), (first + step, share), *((first, other) for other in shares)]
        better = False
        for move in moves:
            if self.left > 0 and self._try(self._with(skill, move)):
                known[skill], better = move, True
        return better

    def _with(self, skill: int, move: tuple[int, float]) -> Numbers:
        """Return the prices with those of one skill from this first slot on and times this share."""
        if skill not in self.sequences:
            self.sequences[skill] = self._sequence(skill)
        changed = self.prices.copy()
        changed[skill] = self._priced(skill, self.sequences[skill], move[0]) * move[1]
        return changed

    def _try(self, prices: Numbers) -> bool:
        self.left -= 1
        value = self.relaxed.value(prices)
        if value <= self.highest:
            return False
        self.highest, self.prices = value, prices
        return True

    def _sequence(self, skill: int) -> tuple[tuple[float, float], ...]:
        jobs, name = self.problem.jobs, self.relaxed.skills[skill]
        work = [float(job.minutes) if job.skill == name else 0.0 for job in jobs]
        found = blocks([job.weight for job in jobs], work, self.relaxed.after).sequence
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
        self.relaxed.value(self.prices)
        charges = Charges(self.relaxed) if self.relaxed.joins else None
        team = np.maximum(self.relaxed.capacity.max(axis=1, keepdims=True), 1)
        for number in range(rounds):
            prices = self._prices_of(falls, firsts, skills)
            if charges and number % _SHARED == 0:
                self.relaxed.shares = charges.passed(prices, 1 if number else _PASSES)
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

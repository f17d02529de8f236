"""The planning problem with its crews' hours bought at a price: the cheapest way to do every job, and a lower bound.

Lagrangian relaxation of the capacity constraints of the time-indexed formulation (Christofides, Alvarez-Valdes and
Tamarit 1987; Moehring, Schulz, Stork and Uetz 2003). `docs/restoration.md` proves in plain words why no schedule can
cost less than `Relaxation.value`, whatever the prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, gcd

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.order import tree
from playbooks.restoration.problem import Problem, Schedule

Numbers = NDArray[np.float64]
_MOST_SLOTS = 1200
_NEAR = 60.0  # minutes before the last one at which another predecessor bears 1/e of its share


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Jobs of one level, skill and length: their positions, and their followers' positions and shares, grouped by job.

    `least` is what a start in each slot costs by the weight alone, infinite where it is not possible.
    """

    jobs: NDArray[np.int64]
    skill: int
    slots: int
    least: Numbers
    followers: NDArray[np.int64]
    shares: Numbers
    starts: NDArray[np.int64]
    parents: NDArray[np.int64]


class Relaxation:
    """The relaxed problem on a grid of slots.

    What a job costs that waits for several others is shared among them, most for the one that ends last in `schedule`.

    Grid: lengths are rounded down to slots, spans of duty outwards, earliest starts down, so that each schedule of the
    problem is one of the relaxed problem, at no higher cost.
    """

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        jobs = problem.jobs
        self.problem = problem
        self.slot, self.count = _grid(problem, max(schedule.end(problem), 1))
        self.skills = sorted({job.skill for job in jobs})
        self.places = {skill: place for place, skill in enumerate(self.skills)}
        self.skill = np.array([self.places[job.skill] for job in jobs], dtype=np.int64)
        self.slots = np.array([job.minutes // self.slot for job in jobs], dtype=np.int64)
        self.times = np.arange(self.count + 1, dtype=np.float64) * self.slot
        self.teams = self._teams()
        self.capacity = np.zeros((len(self.skills), self.count))
        for places, people in self.teams:
            self.capacity[list(places)] += people
        self._open: dict[tuple[int, int], NDArray[np.bool_]] = {}
        self.heads = self._heads()
        self.weights = np.array([job.weight for job in jobs])
        self.after = [(before,) if before >= 0 else () for before in tree(problem, schedule)]
        self.shares = _shares(problem, schedule)
        self.batches = self._batches()
        self.fixed = float(sum(job.weight * job.minutes for job in jobs))
        self.costs: list[Numbers] = []  # of the last prices, by batch: what a start in each slot costs

    def _teams(self) -> list[tuple[tuple[int, ...], Numbers]]:
        teams: dict[tuple[int, ...], Numbers] = {}
        for worker in self.problem.workers:
            places = tuple(self.places[skill] for skill in worker.skills if skill in self.places)
            if places:
                people = teams.setdefault(places, np.zeros(self.count))
                for start, end in worker.windows:
                    people[start // self.slot : -(-end // self.slot)] += 1
        return sorted(teams.items(), key=lambda item: item[0])

    def _possible(self, skill: int, slots: int) -> NDArray[np.bool_]:
        """Return at which slots somebody of this skill can begin a job of this length and end it within the shift.

        The last slot stands for all later times, and is always possible.
        """
        key = (skill, slots)
        if key not in self._open:
            possible = np.zeros(self.count + 1, dtype=np.bool_)
            for worker in self.problem.workers:
                if self.skills[skill] in worker.skills:
                    for start, end in worker.windows:
                        possible[start // self.slot : max(-(-end // self.slot) - slots + 1, 0)] = True
            possible[-1] = True
            self._open[key] = possible
        return self._open[key]

    def _heads(self) -> NDArray[np.int64]:
        """Return the earliest slot at which each job can begin, were there people without end."""
        heads = np.zeros(len(self.slots), dtype=np.int64)
        for place, job in enumerate(self.problem.jobs):
            earliest = job.ready // self.slot
            for before in job.after:
                earliest = max(earliest, int(heads[before] + self.slots[before]))
            earliest = min(earliest, self.count)
            possible = self._possible(int(self.skill[place]), int(self.slots[place]))
            heads[place] = earliest + int(np.argmax(possible[earliest:]))
        return heads

    def _batches(self) -> list[_Batch]:
        """Return the jobs in batches, those without followers first."""
        jobs, followers = self.problem.jobs, self.problem.followers()
        level = [0] * len(jobs)
        for place in range(len(jobs) - 1, -1, -1):
            level[place] = max((level[follower] + 1 for follower in followers[place]), default=0)
        groups: dict[tuple[int, int, int], list[int]] = {}
        for place in range(len(jobs)):
            groups.setdefault((level[place], int(self.skill[place]), int(self.slots[place])), []).append(place)
        self.roots = np.array([place for place, job in enumerate(jobs) if not job.after], dtype=np.int64)
        return [self._batch(key[1], key[2], groups[key], followers) for key in sorted(groups)]

    def _batch(self, skill: int, slots: int, jobs: list[int], followers: list[list[int]]) -> _Batch:
        parents = [place for place in jobs if followers[place]]
        counts = [len(followers[place]) for place in parents]
        possible = self._possible(skill, slots) & (np.arange(self.count + 1) >= self.heads[jobs, None])
        return _Batch(
            jobs=np.array(jobs, dtype=np.int64),
            skill=skill,
            slots=slots,
            least=np.where(possible, self.weights[jobs, None] * self.times, np.inf),
            followers=np.array([follower for place in parents for follower in followers[place]], dtype=np.int64),
            shares=np.array([self.shares[place, each] for place in parents for each in followers[place]])[:, None],
            starts=np.cumsum([0, *counts[:-1]], dtype=np.int64) if counts else np.zeros(0, dtype=np.int64),
            parents=np.array(parents, dtype=np.int64),
        )

    def value(self, prices: Numbers) -> float:
        """Return a lower bound on the cost of every schedule (weighted minutes), for prices per minute, skill and slot.

        `prices` has a row per skill and a column per slot, none below 0.
        """
        spent = np.zeros((len(self.skills), self.count + 1))
        np.cumsum(prices * self.slot, axis=1, out=spent[:, 1:])
        cheapest = np.empty((len(self.slots), self.count + 1))
        self.costs = []
        for batch in self.batches:
            own = _shifted(spent[batch.skill], batch.slots) - spent[batch.skill]
            cost = batch.least + own
            if len(batch.parents):
                later = np.add.reduceat(cheapest[batch.followers] * batch.shares, batch.starts, axis=0)
                rows = np.searchsorted(batch.jobs, batch.parents)
                cost[rows] += _shifted(later, batch.slots)
            self.costs.append(cost)
            cheapest[batch.jobs] = np.minimum.accumulate(cost[:, ::-1], axis=1)[:, ::-1]
        paid = sum(float(prices[list(places)].max(axis=0) @ people) * self.slot for places, people in self.teams)
        return float(cheapest[self.roots, 0].sum()) + self.fixed - paid

    def usage(self) -> NDArray[np.float64]:
        """Return the people that the cheapest way at the last prices wants, per skill and slot.

        A supergradient where no job waits for several others, else near one: here such a job waits for the last of
        them. Where a team has more than one of the skills, see `excess`.
        """
        earliest = np.zeros(len(self.slots), dtype=np.int64)
        change = np.zeros((len(self.skills), self.count + 2))
        grid = np.arange(self.count + 1)
        for batch, costs in zip(reversed(self.batches), reversed(self.costs), strict=True):
            cost = np.where(grid < earliest[batch.jobs][:, None], np.inf, costs)
            start = cost.argmin(axis=1)
            end = np.minimum(start + batch.slots, self.count)
            np.add.at(change[batch.skill], start, 1.0)
            np.add.at(change[batch.skill], end, -1.0)
            if len(batch.parents):
                rows = np.searchsorted(batch.jobs, batch.parents)
                counts = np.diff(np.append(batch.starts, len(batch.followers)))
                np.maximum.at(earliest, batch.followers, np.repeat(end[rows], counts))
        return np.cumsum(change, axis=1)[:, : self.count]

    def excess(self, prices: Numbers) -> Numbers:
        """Return the people wanted beyond those there are, in minutes per skill and slot."""
        over = self.usage()
        for places, people in self.teams:
            dearest = prices[list(places)].argmax(axis=0)
            for number, place in enumerate(places):
                over[place] -= people * (dearest == number)
        return over * self.slot


def _shares(problem: Problem, schedule: Schedule) -> dict[tuple[int, int], float]:
    """Return for each job and each that waits for it which part of the waiting one's cost it bears; they sum to 1."""
    ends = [start + job.minutes for start, job in zip(schedule.starts, problem.jobs, strict=True)]
    found: dict[tuple[int, int], float] = {}
    for place, job in enumerate(problem.jobs):
        last = max((ends[before] for before in job.after), default=0)
        parts = [exp((ends[before] - last) / _NEAR) for before in job.after]
        found |= {(before, place): part / sum(parts) for before, part in zip(job.after, parts, strict=True)}
    return found


def _shifted(rows: Numbers, slots: int) -> Numbers:
    """Return the rows moved `slots` to the left, their last value kept."""
    if slots == 0:
        return rows
    width = rows.shape[-1]
    moved = np.empty_like(rows)
    moved[..., : max(width - slots, 0)] = rows[..., slots:]
    moved[..., max(width - slots, 0) :] = rows[..., -1:]
    return moved


def _grid(problem: Problem, end: int) -> tuple[int, int]:
    """Return the minutes of a slot and the number of slots up to `end`: exact where that stays small."""
    lengths = [job.minutes for job in problem.jobs]
    slot = 0
    for value in (*lengths, *(job.ready for job in problem.jobs)):
        slot = gcd(slot, value)
    for worker in problem.workers:
        for span in worker.windows:
            slot = gcd(slot, *span)
    slot = max(slot, 1)
    coarsest = -(-end // _MOST_SLOTS)
    if slot < coarsest:
        slot = max(range(coarsest, 2 * coarsest + 30), key=lambda size: (sum(n // size * size for n in lengths), size))
    return slot, -(-end // slot)

"""The planning problem with its crews' hours bought at a price: the cheapest way to do every job, and a lower bound.

Lagrangian relaxation of the capacity constraints of the time-indexed formulation (Christofides, Alvarez-Valdes and
Tamarit 1987; Moehring, Schulz, Stork and Uetz 2003). `docs/restoration.md` proves in plain words why no schedule can
cost less than `Relaxation.value`, whatever the prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp, gcd
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.heads import crew_heads
from playbooks.restoration.order import tree
from playbooks.restoration.problem import Problem, Schedule

Numbers = NDArray[np.float64]
_MOST_SLOTS = 1200
_MOST_CELLS = 12_000_000  # of 8 bytes, in each of some six tables of jobs and slots
_NEAR = 60.0  # minutes before the last one at which another predecessor bears 1/e of its share


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Jobs of one level, skill and length: their positions, and their followers' positions, grouped by job.

    `borne` are the rows of `Relaxation.borne` with what each job bears for each follower. `joins` are the numbers of
    the joins at the batch's own jobs, `joined` the positions of these jobs.
    """

    jobs: NDArray[np.int64]
    skill: int
    slots: int
    followers: NDArray[np.int64]
    borne: NDArray[np.int64]
    starts: NDArray[np.int64]
    parents: NDArray[np.int64]
    joins: NDArray[np.int64]
    joined: NDArray[np.int64]


class Relaxation:
    """The relaxed problem on a grid of slots.

    What a job costs that waits for several others is shared among them: `joins` are the pairs (before, waiting), by
    waiting job, and `shares` has for each which part of every rise of the cost with the slot it bears. At first most
    falls to the one that ends last in `schedule`; `sharing` finds better ones.

    Grid: lengths are rounded down to slots, spans of duty outwards, earliest starts down, so that each schedule of the
    problem is one of the relaxed problem, at no higher cost. The more jobs there are, the fewer slots: the tables stay
    within some 600 MB.
    """

    def __init__(self, problem: Problem, schedule: Schedule) -> None:
        jobs = problem.jobs
        self.problem = problem
        self.slot, self.count, self.exact = _grid(problem, max(schedule.end(problem), 1), _most_slots(problem))
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
        self.joins = [(before, place) for place, job in enumerate(jobs) if len(job.after) > 1 for before in job.after]
        self.shares = np.repeat(_shares(problem, schedule, self.joins), self.count + 1, axis=1)
        self.batches = self._batches()
        self.least = np.empty((len(jobs), self.count + 1))
        for batch in self.batches:
            possible = self._possible(batch.skill, batch.slots) & (
                np.arange(self.count + 1) >= self.heads[batch.jobs, None]
            )
            self.least[batch.jobs] = np.where(possible, self.weights[batch.jobs, None] * self.times, np.inf)
        self.fixed = float(sum(job.weight * job.minutes for job in jobs))
        # Of the last prices: what a start in each slot costs, by batch, and what is borne for an end not before it, by
        # job (for those that it waits for together), then by join.
        self.costs: list[Numbers] = []
        self.borne = np.zeros((len(jobs) + len(self.joins), self.count + 1))

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
        """Return the earliest slot at which each job can begin: after all chains before it, and all their work."""
        duty = np.cumsum(np.pad(self.capacity, ((0, 0), (1, 0))), axis=1) * self.slot
        heads = crew_heads(self.problem, duty, self.skill, self.slots)
        if not self.exact:
            heads = np.maximum(heads - 1, 0)  # work may end within a slot
        for place, job in enumerate(self.problem.jobs):
            earliest = max(job.ready // self.slot, int(heads[place]))
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
        rows = {join: len(jobs) + number for number, join in enumerate(self.joins)}
        return [self._batch(key[1], key[2], groups[key], followers, rows) for key in sorted(groups)]

    def _batch(
        self, skill: int, slots: int, jobs: list[int], followers: list[list[int]], rows: dict[tuple[int, int], int]
    ) -> _Batch:
        parents = [place for place in jobs if followers[place]]
        pairs = [(place, follower) for place in parents for follower in followers[place]]
        joins = [(rows[before, place] - len(self.slots), place) for place in jobs
                 for before in self.problem.jobs[place].after if (before, place) in rows]  # fmt: skip
        return _Batch(
            jobs=np.array(jobs, dtype=np.int64),
            skill=skill,
            slots=slots,
            followers=np.array([follower for _, follower in pairs], dtype=np.int64),
            borne=np.array([rows.get(pair, pair[1]) for pair in pairs], dtype=np.int64),
            starts=np.cumsum([0, *(len(followers[place]) for place in parents[:-1])], dtype=np.int64),
            parents=np.array(parents, dtype=np.int64),
            joins=np.array([number for number, _ in joins], dtype=np.int64),
            joined=np.array([place for _, place in joins], dtype=np.int64),
        )

    def alone(self, prices: Numbers) -> Numbers:
        """Return what a start in each slot costs each job by its own weight and hours, infinite where it cannot be."""
        spent = np.zeros((len(self.skills), self.count + 1))
        np.cumsum(prices * self.slot, axis=1, out=spent[:, 1:])
        found = self.least.copy()
        for batch in self.batches:
            found[batch.jobs] += shifted(spent[batch.skill], batch.slots) - spent[batch.skill]
        return found

    def value(self, prices: Numbers) -> float:
        """Return a lower bound on the cost of every schedule (weighted minutes), for prices per minute, skill and slot.

        `prices` has a row per skill and a column per slot, none below 0.
        """
        alone, borne, self.costs = self.alone(prices), self.borne, []
        for batch in self.batches:
            cost = alone[batch.jobs]
            if len(batch.parents):
                later = np.add.reduceat(borne[batch.borne], batch.starts, axis=0)
                cost[np.searchsorted(batch.jobs, batch.parents)] += shifted(later, batch.slots)
            self.costs.append(cost)
            borne[batch.jobs] = np.minimum.accumulate(cost[:, ::-1], axis=1)[:, ::-1]
            if len(batch.joins):
                rises = np.diff(borne[batch.joined], axis=1, prepend=0.0)
                borne[len(self.slots) + batch.joins] = np.cumsum(rises * self.shares[batch.joins], axis=1)
        paid = sum(float(prices[list(places)].max(axis=0) @ people) * self.slot for places, people in self.teams)
        return float(borne[self.roots, 0].sum()) + self.fixed - paid

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


def _shares(problem: Problem, schedule: Schedule, joins: Sequence[tuple[int, int]]) -> Numbers:
    """Return for each join which part the one before bears; the parts of a waiting job sum to 1."""
    ends = [start + job.minutes for start, job in zip(schedule.starts, problem.jobs, strict=True)]
    found: list[float] = []
    for place, group in groupby(joins, key=itemgetter(1)):
        last = max(ends[before] for before in problem.jobs[place].after)
        parts = [exp((ends[before] - last) / _NEAR) for before, _ in group]
        found += [part / sum(parts) for part in parts]
    return np.array(found)[:, None]


def shifted(rows: Numbers, slots: int) -> Numbers:
    """Return the rows moved `slots` to the left, their last value kept."""
    if slots == 0:
        return rows
    width = rows.shape[-1]
    moved = np.empty_like(rows)
    moved[..., : max(width - slots, 0)] = rows[..., slots:]
    moved[..., max(width - slots, 0) :] = rows[..., -1:]
    return moved


def _most_slots(problem: Problem) -> int:
    """Return how many slots the tables have room for: a row for each job, and for each join of those with several."""
    rows = sum(1 + (len(job.after) if len(job.after) > 1 else 0) for job in problem.jobs)
    return max(min(_MOST_SLOTS, _MOST_CELLS // max(rows, 1)), 1)


def _grid(problem: Problem, end: int, most: int) -> tuple[int, int, bool]:
    """Return the minutes of a slot, how many there are (at most `most`), and whether all times fit.

    Where slots that all times fit do not reach to `end`, they are made longer, or what comes later is left to the last
    one: whichever loses less, of time or of any skill's work.
    """
    slot = 0
    for value in (value for job in problem.jobs for value in (job.minutes, job.ready)):
        slot = gcd(slot, value)
    for worker in problem.workers:
        for span in worker.windows:
            slot = gcd(slot, *span)
    slot = max(slot, 1)
    longer = -(-end // most)
    if slot < longer:
        kept = {size: _kept(problem, size) for size in range(longer, 2 * longer + 30)}
        best = max(kept, key=lambda size: (kept[size], size))
        if kept[best] > slot * most / end:
            return best, -(-end // best), False
    return slot, min(-(-end // slot), most), True


def _kept(problem: Problem, slot: int) -> float:
    """Return which part of its work the skill keeps that loses most when jobs are cut to whole slots."""
    work: dict[str, list[int]] = {}
    for job in problem.jobs:
        whole, cut = work.setdefault(job.skill, [0, 0])
        work[job.skill] = [whole + job.minutes, cut + job.minutes // slot * slot]
    return min((cut / whole for whole, cut in work.values() if whole), default=1.0)

"""Orders of importance: the best that a job opens the way to; and a random order to compare with.

Horn's rule for one machine and precedence in trees (W. A. Horn, Single-machine job sequencing with treelike precedence
ordering and linear delay penalties, SIAM J. Appl. Math. 23, 1972): a job is joined with the jobs below it that make
weight per work the largest. Where a job waits for several others, as services do, its block is joined with the least
urgent of theirs and goes on waiting for the rest, so that it pulls along all that it needs; that is no longer always
the best order. Work is priced by skill, so that the crew which everything waits for counts most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from random import Random

from playbooks.restoration.problem import Problem, Schedule

_TIE = 1e-9  # by which a job of a block is less urgent than the one before it, as they were joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Horn's blocks: the urgency (weight per work) of each job's block, and the blocks in order as (urgency, work)."""

    urgency: tuple[float, ...]
    sequence: tuple[tuple[float, float], ...]


def blocks(weights: Sequence[float], work: Sequence[float], after: Sequence[Sequence[int]]) -> Blocks:
    """Return the blocks; `after` are the jobs that each job waits for. Jobs without work are free."""
    return _Joining(weights, work, after).run()


class _Joining:
    """Blocks that are joined with a block they wait for, the most urgent first, until none is left."""

    def __init__(self, weights: Sequence[float], work: Sequence[float], after: Sequence[Sequence[int]]) -> None:
        self.weight = list(weights)
        self.work = list(work)
        self.after = [list(before) for before in after]
        self.top = list(range(len(after)))
        self.members = [[job] for job in self.top]
        self.version = [0] * len(after)
        self.placed = [False] * len(after)

    def run(self) -> Blocks:
        """Return the blocks when all are placed."""
        urgency = [0.0] * len(self.after)
        sequence: list[tuple[float, float]] = []
        heap = [(-self._ratio(job), job, 0) for job in self.top]
        heapify(heap)
        while heap:
            ratio, job, version = heappop(heap)
            if self.top[job] != job or self.placed[job] or self.version[job] != version:
                continue
            waits = self._waits(job)
            if not waits:
                self.placed[job] = True
                sequence.append((-ratio, self.work[job]))
                for place, member in enumerate(self.members[job]):
                    urgency[member] = -ratio * (1 - place * _TIE)
            else:
                above = self._join(job, waits)
                heappush(heap, (-self._ratio(above), above, self.version[above]))
        return Blocks(urgency=tuple(urgency), sequence=tuple(sequence))

    def _waits(self, job: int) -> set[int]:
        """Return the blocks that a block waits for."""
        found: set[int] = set()
        for before in self.after[job]:
            block = self._find(before)
            if block != job and not self.placed[block]:
                found.add(block)
        return found

    def _join(self, job: int, waits: set[int]) -> int:
        """Join a block with the least urgent of those that it waits for; return that one."""
        above = min(waits, key=lambda block: (self._ratio(block), block)) if len(waits) > 1 else next(iter(waits))
        self.after[above] += waits - {above}
        self.weight[above] += self.weight[job]
        self.work[above] += self.work[job]
        self.members[above] += self.members[job]
        self.top[job] = above
        self.version[above] += 1
        return above

    def _find(self, job: int) -> int:
        while self.top[job] != job:
            self.top[job] = self.top[self.top[job]]
            job = self.top[job]
        return job

    def _ratio(self, job: int) -> float:
        if self.work[job] > 0:
            return self.weight[job] / self.work[job]
        return 1e18 if self.weight[job] > 0 else 0.0


def tree(problem: Problem, schedule: Schedule) -> list[int]:
    """Return for each job the one it waits for last in the schedule, -1 for none."""
    ends = [start + job.minutes for start, job in zip(schedule.starts, problem.jobs, strict=True)]
    return [max(job.after, key=lambda before: (ends[before], before), default=-1) for job in problem.jobs]


def urgencies(problem: Problem, prices: Mapping[str, float]) -> list[float]:
    """Return the urgency of each job: weight per priced minute of work, with the best of what waits for it."""
    work = [max(job.minutes * prices.get(job.skill, 1.0), 1e-6) for job in problem.jobs]
    found = blocks([job.weight for job in problem.jobs], work, [job.after for job in problem.jobs])
    return list(found.urgency)


def stretches(problem: Problem) -> list[list[int]]:
    """Return each job that several others wait for, with the chain of jobs that is there for it alone."""
    followers = problem.followers()
    found: list[list[int]] = []
    for place, waiting in enumerate(followers):
        if len(waiting) > 1:
            stretch = [place]
            before = problem.jobs[place].after
            while len(before) == 1 and len(followers[before[0]]) == 1:
                stretch.append(before[0])
                before = problem.jobs[before[0]].after
            found.append(stretch)
    return found


def by_urgency(urgency: Sequence[float]) -> list[int]:
    """Return all jobs, the most urgent first; equals by position."""
    return sorted(range(len(urgency)), key=lambda number: (-urgency[number], number))


def shuffled(count: int, seed: int) -> list[int]:
    """Return the jobs in a random order."""
    order = list(range(count))
    Random(seed).shuffle(order)  # noqa: S311 # a baseline to compare with, no secret
    return order

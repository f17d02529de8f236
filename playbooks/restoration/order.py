"""Orders of importance: the best that a job opens the way to; and a random order to compare with.

Horn's rule for one machine and precedence in trees (W. A. Horn, Single-machine job sequencing with treelike precedence
ordering and linear delay penalties, SIAM J. Appl. Math. 23, 1972): a job is joined with the jobs below it that make
weight per work the largest. Work is priced by skill, so that the crew which everything waits for counts most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from random import Random

from playbooks.restoration.problem import Problem, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Horn's blocks: the urgency (weight per work) of each job's block, and the blocks in order as (urgency, work)."""

    urgency: tuple[float, ...]
    sequence: tuple[tuple[float, float], ...]


def blocks(weights: Sequence[float], work: Sequence[float], parents: Sequence[int]) -> Blocks:
    """Return the blocks of a forest; `parents` is -1 for roots. Jobs without work are free."""
    return _Joining(weights, work, parents).run()


class _Joining:
    """Blocks that are joined with the block above them, the most urgent first, until none is left."""

    def __init__(self, weights: Sequence[float], work: Sequence[float], parents: Sequence[int]) -> None:
        self.weight = list(weights)
        self.work = list(work)
        self.parents = parents
        self.top = list(range(len(parents)))
        self.members = [[job] for job in self.top]
        self.version = [0] * len(parents)
        self.placed = [False] * len(parents)

    def run(self) -> Blocks:
        """Return the blocks when all are placed."""
        urgency = [0.0] * len(self.parents)
        sequence: list[tuple[float, float]] = []
        heap = [(-self._ratio(job), job, 0) for job in self.top]
        heapify(heap)
        while heap:
            ratio, job, version = heappop(heap)
            if self.top[job] != job or self.placed[job] or self.version[job] != version:
                continue
            above = self._find(self.parents[job]) if self.parents[job] >= 0 else -1
            if above < 0 or self.placed[above]:
                self.placed[job] = True
                sequence.append((-ratio, self.work[job]))
                for member in self.members[job]:
                    urgency[member] = -ratio
            else:
                self._join(job, above)
                heappush(heap, (-self._ratio(above), above, self.version[above]))
        return Blocks(urgency=tuple(urgency), sequence=tuple(sequence))

    def _join(self, job: int, above: int) -> None:
        self.weight[above] += self.weight[job]
        self.work[above] += self.work[job]
        self.members[above] += self.members[job]
        self.top[job] = above
        self.version[above] += 1

    def _find(self, job: int) -> int:
        while self.top[job] != job:
            self.top[job] = self.top[self.top[job]]
            job = self.top[job]
        return job

    def _ratio(self, job: int) -> float:
        if self.work[job] > 0:
            return self.weight[job] / self.work[job]
        return 1e18 if self.weight[job] > 0 else 0.0


def tree(problem: Problem, schedule: Schedule | None = None) -> list[int]:
    """Return for each job the one it waits for last (in `schedule`, or with people without end), -1 for none."""
    ends: list[int] = []
    parents: list[int] = []
    for place, job in enumerate(problem.jobs):
        last = max(job.after, key=lambda before: (ends[before], before), default=-1)
        parents.append(last)
        begins = max(job.ready, ends[last] if last >= 0 else 0)
        ends.append((begins if schedule is None else schedule.starts[place]) + job.minutes)
    return parents


def urgencies(problem: Problem, parents: Sequence[int], prices: Mapping[str, float]) -> list[float]:
    """Return the urgency of each job: weight per priced minute of work, with the best of what waits for it."""
    work = [max(job.minutes * prices.get(job.skill, 1.0), 1e-6) for job in problem.jobs]
    return list(blocks([job.weight for job in problem.jobs], work, parents).urgency)


def by_urgency(urgency: Sequence[float]) -> list[int]:
    """Return all jobs, the most urgent first; equals by position."""
    return sorted(range(len(urgency)), key=lambda number: (-urgency[number], number))


def shuffled(count: int, seed: int) -> list[int]:
    """Return the jobs in a random order."""
    order = list(range(count))
    Random(seed).shuffle(order)  # noqa: S311 # a baseline to compare with, no secret
    return order

"""The planning problem in numbers: jobs that wait for one another, and workers with skills and hours.

Times are whole minutes from the plan's start. Whoever builds a problem lists jobs and workers in an order that does not
depend on how the catalogue was written (by id), so that the same services always get the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One person's uninterrupted work.

    `after` are the positions of the jobs that have to be finished before, all of them smaller than its own; `ready` is
    the earliest start. `weight` is what a minute's delay of its end costs (only going live has one).
    """

    id: str
    skill: str
    minutes: int
    weight: float
    after: tuple[int, ...] = ()
    ready: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A person: skills, and spans of duty `(start, end)`, ascending, apart, the end not included."""

    id: str
    skills: tuple[str, ...]
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Jobs in an order in which none stands before what it waits for, and the workers."""

    jobs: tuple[Job, ...]
    workers: tuple[Worker, ...]

    def followers(self) -> list[list[int]]:
        """Return for each job the positions of the jobs that wait for it."""
        found: list[list[int]] = [[] for _ in self.jobs]
        for position, job in enumerate(self.jobs):
            for before in job.after:
                found[before].append(position)
        return found

    @property
    def total_weight(self) -> float:
        """Return the sum of all weights."""
        return sum(job.weight for job in self.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When each job starts and who does it (both -1 for a job that nobody can do)."""

    starts: tuple[int, ...]
    workers: tuple[int, ...]

    def cost(self, problem: Problem) -> float:
        """Return the weighted sum of the ends in minutes, over the jobs that are planned."""
        pairs = zip(problem.jobs, self.starts, strict=True)
        return sum(job.weight * (start + job.minutes) for job, start in pairs if start >= 0)

    def end(self, problem: Problem) -> int:
        """Return when the last job ends, 0 where none is planned."""
        pairs = zip(problem.jobs, self.starts, strict=True)
        return max((start + job.minutes for job, start in pairs if start >= 0), default=0)


def mean_hours(cost: float, problem: Problem) -> float:
    """Return a cost in weighted minutes as the weighted mean in hours, 0 where nothing has a weight."""
    total = problem.total_weight
    return cost / total / 60 if total else 0.0


def positions(order: Sequence[int]) -> list[int]:
    """Return for each job its place in `order`."""
    places = [0] * len(order)
    for place, job in enumerate(order):
        places[job] = place
    return places

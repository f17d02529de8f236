"""Orders of importance: what hangs on a job, over the work that hangs on it; and two plain orders to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from playbooks.restoration.problem import Problem


def downstream(problem: Problem, *, prices: dict[str, float], sharing: float) -> list[float]:
    """Return the urgency of each job: the weight that waits for it over the priced work until that weight is live.

    A job that waits for several others counts at each of them, divided by their number to the power of `sharing`
    (0: in full everywhere, 1: divided up). `prices` is what a minute of each skill costs: a scarce one more.
    """
    weight = [job.weight for job in problem.jobs]
    work = [prices.get(job.skill, 1.0) * max(job.minutes, 1) for job in problem.jobs]
    for position in range(len(problem.jobs) - 1, -1, -1):
        parents = problem.jobs[position].after
        for parent in parents:
            share = len(parents) ** -sharing
            weight[parent] += weight[position] * share
            work[parent] += work[position] * share
    return [w / p for w, p in zip(weight, work, strict=True)]


def by_urgency(urgency: Sequence[float]) -> list[int]:
    """Return all jobs, the most urgent first; equals by position."""
    return sorted(range(len(urgency)), key=lambda number: (-urgency[number], number))


def shuffled(count: int, seed: int) -> list[int]:
    """Return the jobs in a random order."""
    order = list(range(count))
    Random(seed).shuffle(order)  # noqa: S311 # a baseline to compare with, no secret
    return order

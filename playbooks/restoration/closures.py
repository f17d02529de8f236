"""Another order of importance: service by service, each with all that is still missing for it.

Horn's joining (`order`) is at its best where each service waits for one other. Where services wait for many, it pulls
too much along too early; here the service comes first whose missing work, its own and that of all it waits for, brings
back the most use per priced minute (the principal ideals of Sidney's decomposition: J. B. Sidney, Decomposition
algorithms for single-machine sequencing with precedence relations and deferral costs, Operations Research 23, 1975).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.needs import MOST, Positions, needs
from playbooks.restoration.problem import Problem

_TIE = 1e-6  # by which what comes later is less urgent, at least


def closure_urgencies(problem: Problem, prices: Mapping[str, float], *, most: int = MOST) -> list[float] | None:
    """Return the urgency of each job: the use per priced minute of the service that it is first needed for.

    None where services wait for so much that more than `most` pairs of jobs would have to be looked at.
    """
    before = needs(problem, most)
    if before is None:
        return None
    work = [max(job.minutes * prices.get(job.skill, 1.0), 1e-6) for job in problem.jobs]
    each = np.array([[job.weight for job in problem.jobs], work])
    targets = [place for place, job in enumerate(problem.jobs) if job.weight > 0]
    return _Closures(each, [np.append(before[target], np.int32(target)) for target in targets]).run()


class _Closures:
    """What is still missing for each target: jobs that are placed leave all closures that they are in.

    `each` has the weight (row 0) and the work (row 1) of each job, `closures` the jobs of each target.
    """

    def __init__(self, each: NDArray[np.float64], closures: list[Positions]) -> None:
        self.each, self.closures = each, closures
        sizes = [len(jobs) for jobs in closures]
        jobs = np.concatenate(closures) if closures else np.zeros(0, dtype=np.int32)
        order = np.argsort(jobs, kind="stable")
        # The targets that need a job are those from its first to the next job's first.
        self.targets = np.repeat(np.arange(len(closures), dtype=np.int32), sizes)[order]
        self.first = np.searchsorted(jobs[order], np.arange(each.shape[1] + 1))
        self.missing = np.array([each[:, jobs].sum(axis=1) for jobs in closures]).reshape(-1, 2).T
        self.ratio = self.missing[0] / self.missing[1]

    def run(self) -> list[float]:
        """Return the urgencies when every target is placed, the best first."""
        urgency, left, last = np.zeros(self.each.shape[1]), np.ones(self.each.shape[1], dtype=np.bool_), float("inf")
        for _ in self.closures:
            best = int(self.ratio.argmax())
            fresh = self.closures[best][left[self.closures[best]]]
            last = min(float(self.ratio[best]), last * (1 - _TIE))
            urgency[fresh] = last
            left[fresh] = False
            self._placed(best, fresh)
        return [float(value) for value in urgency]

    def _placed(self, best: int, fresh: Positions) -> None:
        """Take the fresh jobs out of all other closures, and the target out of the choice."""
        self.ratio[best] = -1.0
        shared = fresh[self.first[fresh + 1] - self.first[fresh] > 1]
        if not len(shared):
            return
        touched = [self.targets[self.first[job] : self.first[job + 1]] for job in shared]
        for job, targets in zip(shared, touched, strict=True):
            self.missing[:, targets] -= self.each[:, job, None]
        others = np.unique(np.concatenate(touched))
        others = others[self.ratio[others] >= 0]
        self.ratio[others] = self.missing[0, others] / np.maximum(self.missing[1, others], 1e-9)

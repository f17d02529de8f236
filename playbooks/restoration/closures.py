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

from playbooks.restoration.problem import Problem

_TIE = 1e-6  # by which what comes later is less urgent, at least


def closure_urgencies(problem: Problem, prices: Mapping[str, float]) -> list[float]:
    """Return the urgency of each job: the use per priced minute of the service that it is first needed for."""
    jobs = problem.jobs
    work = [max(job.minutes * prices.get(job.skill, 1.0), 1e-6) for job in jobs]
    each = np.array([[job.weight for job in jobs], work])
    targets = np.flatnonzero(each[0] > 0)
    needs = _needs(problem)[targets]
    columns = needs.T.astype(np.float64)
    shared = columns.sum(axis=1) > 1
    missing = each @ columns  # of each target: the use that its missing work brings back, and that work
    ratio = missing[0] / missing[1]
    placed, urgency, last = np.zeros(len(targets), dtype=np.bool_), np.zeros(len(jobs)), float("inf")
    left = np.ones(len(jobs), dtype=np.bool_)
    for _ in targets:
        best = int(ratio.argmax())
        fresh = np.flatnonzero(needs[best] & left)
        last = min(float(ratio[best]), last * (1 - _TIE))
        urgency[fresh] = last
        left[fresh], placed[best], ratio[best] = False, True, -1.0
        for_others = fresh[shared[fresh]]
        if len(for_others):
            missing -= each[:, for_others] @ columns[for_others]
            ratio = np.where(placed, -1.0, missing[0] / np.maximum(missing[1], 1e-9))
    return [float(value) for value in urgency]


def _needs(problem: Problem) -> NDArray[np.bool_]:
    """Return for each job (row) which jobs have to be done for it, itself among them."""
    found = np.eye(len(problem.jobs), dtype=np.bool_)
    for place, job in enumerate(problem.jobs):
        for before in job.after:
            found[place] |= found[before]
    return found

"""Which jobs have to be done before a job: all that it waits for, and all that these wait for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.problem import Problem

MOST = 30_000_000  # pairs of jobs, of 4 bytes each
Positions = NDArray[np.int32]


def needs(problem: Problem, most: int = MOST) -> list[Positions] | None:
    """Return for each job the positions of the jobs before it, ascending; None for more than `most` pairs in all."""
    found: list[Positions] = []
    left = most
    for job in problem.jobs:
        before = _joined([found[place] for place in job.after], job.after)
        left -= len(before)
        if left < 0:
            return None
        found.append(before)
    return found


def _joined(known: list[Positions], after: tuple[int, ...]) -> Positions:
    own = np.array(after, dtype=np.int32)
    if len(known) < 2:  # its own stands behind all that is before it
        return np.concatenate([*known, own])
    return np.unique(np.concatenate([*known, own]))

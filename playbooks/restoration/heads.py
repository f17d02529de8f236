"""How early a job can begin, because of the crews: all the work that it waits for has to be done by those who can.

A lower bound that prices of hours do not see: where a service waits for ten registries, each hour of the crew brings it
a tenth nearer as prices reckon, but it begins after the last of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.needs import MOST, needs
from playbooks.restoration.problem import Problem

_NEVER = 1 << 40


def crew_heads(
    problem: Problem, duty: NDArray[np.float64], skill: NDArray[np.int64], slots: NDArray[np.int64], *, most: int = MOST
) -> NDArray[np.int64]:
    """Return for each job a slot before which it cannot begin: the first, where jobs need more than `most` others.

    `duty` has a row per skill: the minutes that everybody with the skill is on duty before each slot, and before the
    end of the last. `skill` and `slots` say for each job which row is its own, and how many slots it takes at least.
    """
    count = len(problem.jobs)
    heads = np.zeros(count, dtype=np.int64)
    before = needs(problem, most)
    if before is None:
        return heads
    minutes = np.array([job.minutes for job in problem.jobs], dtype=np.float64)
    tails = np.full((count, len(duty)), _NEVER)  # slots from the end of the last work of a skill, at least
    for place, job in enumerate(problem.jobs):
        if not job.after:
            continue
        needed = np.bincount(skill[before[place]], weights=minutes[before[place]], minlength=len(duty))
        ways = tails[list(job.after)] + slots[list(job.after), None]
        ways[np.arange(len(job.after)), skill[list(job.after)]] = 0
        tails[place] = ways.min(axis=0)
        ends = [int(np.searchsorted(row, minutes)) for row, minutes in zip(duty, needed, strict=True)]
        heads[place] = max((end + int(tail) for end, tail in zip(ends, tails[place], strict=True) if end), default=0)
    return heads

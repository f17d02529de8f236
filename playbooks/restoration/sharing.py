"""Who bears what a job costs that waits for several others: shares that make the bound higher, by moving costs about.

Each job carries, for each one that waits for it, a charge that never falls with the time at which it ends; the one that
waits has the same charge taken off for the time at which it begins. It begins no earlier than the other ends, so that
together they cost no more than before, and the least cost of every job by itself adds up to a lower bound, whatever the
charges. Passing charges from job to job along the order and back, a job's cost divided by the most that it may be asked
for, never lowers that bound (V. Kolmogorov, Convergent tree-reweighted message passing for energy minimization, IEEE
TPAMI 28, 2006; here each pair of jobs has the single term that one waits for the other).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playbooks.restoration.relaxation import Numbers, Relaxation, shifted


class Charges:
    """The charges between jobs; they begin as `Relaxation.value` has last shared the costs."""

    def __init__(self, relaxed: Relaxation) -> None:
        jobs = relaxed.problem.jobs
        rows = {join: len(jobs) + number for number, join in enumerate(relaxed.joins)}
        self.relaxed = relaxed
        self.slots = [int(slots) for slots in relaxed.slots]
        self.pairs = [(before, place) for place, job in enumerate(jobs) for before in job.after]
        self.charges = relaxed.borne[[rows.get(pair, pair[1]) for pair in self.pairs]]
        self.earlier: list[list[int]] = [[] for _ in jobs]  # numbers of the pairs in which a job is the one that waits
        self.later: list[list[int]] = [[] for _ in jobs]
        self.alone = np.zeros_like(relaxed.least)
        self.charged = np.zeros_like(relaxed.least)
        for number, (before, place) in enumerate(self.pairs):
            self.later[before].append(number)
            self.earlier[place].append(number)
            self._add(number, self.charges[number])

    def passed(self, prices: Numbers, passes: int) -> Numbers:
        """Pass charges at these prices to those that wait and back so many times; return the shares of the joins."""
        self.alone = self.relaxed.alone(prices)
        for _ in range(passes):
            for job in range(len(self.slots)):
                if self.later[job]:
                    self._forth(job)
            for job in range(len(self.slots) - 1, -1, -1):
                if self.earlier[job]:
                    self._back(job)
        return self._shares()

    def least(self) -> float:
        """Return the sum of the least costs of all jobs by themselves."""
        return float((self.alone + self.charged).min(axis=1).sum())

    def _add(self, number: int, charge: Numbers) -> None:
        before, place = self.pairs[number]
        self.charged[before] += shifted(charge, self.slots[before])
        self.charged[place] -= charge

    def _change(self, number: int, charge: Numbers) -> None:
        self._add(number, charge - self.charges[number])
        self.charges[number] = charge

    def _share(self, job: int) -> Numbers:
        whole: Numbers = self.alone[job] + self.charged[job]
        return whole / max(len(self.earlier[job]), len(self.later[job]))

    def _forth(self, job: int) -> None:
        share, slots, first = self._share(job), self.slots[job], int(self.relaxed.heads[job])
        for number in self.later[job]:
            least = np.minimum.accumulate(share - shifted(self.charges[number], slots))
            least[:first] = least[first]  # before it can begin, any charge does
            charge = np.full_like(least, -least[0])
            charge[slots:] = -least[: max(0, len(least) - slots)]  # a task may be longer than all slots
            charge[-1] = -least[-1]  # the last slot stands for all later times
            self._change(number, charge)

    def _back(self, job: int) -> None:
        share = self._share(job)
        for number in self.earlier[job]:
            self._change(number, np.minimum.accumulate((share + self.charges[number])[::-1])[::-1])

    def _shares(self) -> NDArray[np.float64]:
        """Return for each join which part of every rise the charges give it, as `Relaxation.shares` holds them."""
        joined = [number for numbers in self.earlier if len(numbers) > 1 for number in numbers]
        rises = np.maximum(np.diff(self.charges[joined], axis=1, prepend=self.charges[joined, :1]), 0.0)
        rises += 1e-9 * rises.sum(axis=1, keepdims=True) + 1e-12  # where nothing rises, as it does on the whole
        starts = np.cumsum([0, *(len(numbers) for numbers in self.earlier if len(numbers) > 1)])[:-1]
        whole = np.add.reduceat(rises, starts, axis=0)
        counts = np.diff(np.append(starts, len(joined)))
        found: NDArray[np.float64] = rises / np.repeat(whole, counts, axis=0)
        return found

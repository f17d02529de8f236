"""The alert budget: how many alerts a day a person can read, and which scores that lets through.

A model's alerts are counted as a person reads them: one for an entity in an hour, however many of its observations
stand out. The p-value of such a group is conformal (Vovk, Gammerman and Shafer, "Algorithmic learning in a random
world", 2005): the share of groups of a calibration window, which the model was not fitted to, whose largest score was
as large. Beyond the largest of them each further bit halves it, which is what a bit is meant to be, and an assumption.

The budget is shared among the models that run; `engine.anomaly.keeping` holds them to it as events come. False
discoveries are controlled by LORD++ (Ramdas, Yang, Wainwright and Jordan, "Online control of the false discovery rate
with decaying memory", 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.frame import ENTITY, Scores, State
from engine.anomaly.tables import coded, grouped, times

HOUR = 3_600_000_000  # microseconds
_DAY = 24 * HOUR
_KEPT = 4096  # largest calibration scores that are kept one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Observations by entity and hour: the group of each row, and the largest score in each group.

    Rows that a model could not judge belong to group -1.
    """

    of_row: NDArray[np.int64]
    largest: NDArray[np.float64]
    first: NDArray[np.int64]


def groups_of(observations: pa.Table, scores: Scores) -> Groups:
    """Return the groups of scored observations."""
    judged = np.flatnonzero(scores.states != State.LEARNING)
    of_row = np.full(observations.num_rows, -1, dtype=np.int64)
    if not judged.size:
        return Groups(of_row=of_row, largest=np.zeros(0), first=np.zeros(0, dtype=np.int64))
    entity, hour = coded(observations, ENTITY)[0][judged], times(observations)[judged] // HOUR
    group, first = grouped([hour, entity])
    largest = np.full(len(first), -np.inf)
    np.maximum.at(largest, group, scores.values[judged])
    of_row[judged] = group
    return Groups(of_row=of_row, largest=largest, first=judged[first])


def lot_of(model: str, entity: str, moment: int) -> float:
    """Return what is drawn for an entity in an hour, above 0 and at most 1: by hash, so that it is drawn once for all.

    `moment` is in microseconds since 1970. Who chooses names to draw well can at best be judged as without a lot.
    """
    key = f"{model}\0{moment // HOUR}\0{entity}".encode(errors="surrogatepass")
    return (int.from_bytes(blake2b(key, digest_size=6).digest(), "big") + 1) / (1 << 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What ordinary groups scored: the largest scores (ascending), of how many, and how many groups there are a day."""

    largest: NDArray[np.float64]
    count: int
    per_day: float

    @classmethod
    def of(cls, observations: pa.Table, scores: Scores) -> Calibration:
        """Return the calibration that these held-out ordinary observations give."""
        found = np.sort(groups_of(observations, scores).largest)
        stamps = times(observations)
        days = max((int(stamps.max()) - int(stamps.min())) / _DAY, 1 / 24) if stamps.size else 1.0
        return cls(largest=found[-_KEPT:], count=len(found), per_day=len(found) / days)

    def p_value(self, score: float, lot: float = 1.0) -> float:
        """Return the conformal p-value of a group's largest score; smaller scores than were kept get 1.

        Where many groups score alike, all of them or none would be let through, and the budget be missed either way:
        with a `lot` (see `lot_of`) so large a share of those that score alike goes before this one (Vovk, Gammerman and
        Shafer's smoothed p-values).
        """
        if not self.count:
            return 1.0
        above = len(self.largest) - int(np.searchsorted(self.largest, score, side="left"))
        if not above:
            return math.exp2(-min(score - float(self.largest[-1]), 60.0)) / (1 + self.count)
        if above == len(self.largest) < self.count:
            return 1.0
        larger = len(self.largest) - int(np.searchsorted(self.largest, score, side="right"))
        return (1 + larger + lot * (above - larger)) / (1 + self.count)

    def by_chance(self, score: float, lot: float = 1.0) -> float:
        """Return how many groups a day of ordinary life have a score as large, and go before this one by lot."""
        return self.p_value(score, lot) * self.per_day

    def threshold(self, per_day: float) -> float:
        """Return the score that so many groups a day reach by chance; none reaches it where there is no calibration."""
        if not self.count or per_day <= 0.0 or not self.per_day:
            return math.inf
        wanted = min(per_day / self.per_day, 1.0)
        allowed = int(wanted * (1 + self.count)) - 1  # calibration groups that may be as large
        if allowed >= 1:
            place = len(self.largest) - min(allowed, len(self.largest))
            return math.nextafter(float(self.largest[place]), math.inf)
        return float(self.largest[-1]) + max(0.0, -math.log2(wanted * (1 + self.count))) + 1e-9


def shares(budget: float, models: Sequence[str]) -> dict[str, float]:
    """Return how many alerts a day each model may give: the same for each."""
    return {name: budget / len(models) for name in models}


_REMEMBERED = 200  # discoveries whose wealth is still spent; what older ones have left is next to nothing


@dataclass(slots=True, kw_only=True)
class Discoveries:
    """LORD++: levels for p-values as they come, so that the false discovery rate stays at `rate`.

    Each discovery earns back some of what was spent; a long time without one makes it stricter.
    """

    rate: float
    wealth: float | None = None
    tests: int = 0
    found: list[int] = field(default_factory=list)
    first: int = 0  # the number of the first discovery, 0 before there is one

    def decide(self, p_value: float) -> bool:
        """Tell whether this p-value is a discovery; call it once for each, in order."""
        self.tests += 1
        start = self.rate / 2 if self.wealth is None else self.wealth
        level = start * _decay(self.tests)
        if self.first:
            level += (self.rate - start) * _decay(self.tests - self.first)
            level += self.rate * math.fsum(_decay(self.tests - when) for when in self.found)
        if p_value > level:
            return False
        if self.first:
            self.found = [*self.found[1 - _REMEMBERED :], self.tests]
        self.first = self.first or self.tests
        return True

    def state(self) -> list[object]:
        """Return its state as JSON; see `of`."""
        return [self.tests, self.first, list(self.found)]

    @classmethod
    def of(cls, rate: float, state: Sequence[object]) -> Discoveries:
        """Return what `state` was taken of; raise `ValueError` or `TypeError` for anything else."""
        tests, first, found = state
        if not isinstance(tests, int) or not isinstance(first, int) or not isinstance(found, list):
            raise TypeError("two numbers and a list are wanted")
        return cls(rate=rate, tests=tests, first=first, found=[int(number) for number in found][-_REMEMBERED:])


def _decay(number: int) -> float:
    """Return the share of wealth that the test `number` after an alert may spend; over all numbers they sum to 1."""
    if number < 1:
        return 0.0
    logarithm = math.log(max(number, 2))
    return 0.0722 * logarithm / (number * math.exp(math.sqrt(math.log(number))))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return the q-value of each p-value: the false discovery rate at which it is still one (1995)."""
    count = len(p_values)
    order = sorted(range(count), key=lambda place: p_values[place])
    found = [1.0] * count
    smallest = 1.0
    for rank in range(count, 0, -1):
        place = order[rank - 1]
        smallest = min(smallest, p_values[place] * count / rank)
        found[place] = smallest
    return found

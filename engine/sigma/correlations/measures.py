"""What is measured over a window that slides along a group's hits: counts, sums, averages, percentiles, rarity.

Hits are added in order of time and removed in the same order. All arithmetic is exact (see `numbers`), so the order of
equal stamps and the place where a run begins make no difference.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Protocol

from engine.events import moved
from engine.sigma.correlations.hits import Hit
from engine.sigma.correlations.numbers import number
from engine.sigma.rules import Correlation

Number = int | Fraction
Reading = tuple[str, Number]  # what was measured: of which value (rarity alone, else empty), and the number


class Measure(Protocol):
    """A number that follows a window."""

    def add(self, hit: Hit) -> None:
        """Take a hit into the window."""

    def remove(self, hit: Hit) -> None:
        """Let a hit go that has left the window."""

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:
        """Yield what is measured at the instant of the hits `now`, which were added last; perhaps nothing."""


def measure_of(item: Correlation) -> Measure:
    """Return the measure that a correlation's type asks for."""
    if item.is_rarity:
        return _Rarity()
    if item.type in {"event_count", "value_count", "temporal"}:
        return _Distinct(item.type)
    if item.type == "temporal_ordered":
        return _Chain(item)
    if item.type in {"value_sum", "value_avg"}:
        return _Sum(averaged=item.type == "value_avg")
    return _Percentile(Fraction(item.percentile or "50"))


class _Distinct:
    """Counts distinct events, values or rules."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._counts: Counter[str] = Counter()

    def _keys(self, hit: Hit) -> Sequence[str]:
        if self._kind == "value_count":
            return hit.values
        return (hit.once if self._kind == "event_count" else hit.rule,)

    def add(self, hit: Hit) -> None:
        for key in self._keys(hit):
            self._counts[key] += 1

    def remove(self, hit: Hit) -> None:
        for key in self._keys(hit):
            _take(self._counts, key)

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:  # noqa: ARG002 - the protocol's
        yield "", len(self._counts)


def _take(counts: Counter[str], key: str) -> bool:
    """Count one down; tell whether none is left."""
    counts[key] -= 1
    if counts[key]:
        return False
    del counts[key]
    return True


class _Rarity:
    """Measures the share, in percent, of each value of the newest hits among all values in the window."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._total = 0

    def add(self, hit: Hit) -> None:
        for value in _new_values(self._events, hit):
            self._counts[value] += 1
            self._total += 1

    def remove(self, hit: Hit) -> None:
        for value in _old_values(self._events, hit):
            _take(self._counts, value)
            self._total -= 1

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:
        for value in dict.fromkeys(value for hit in now for value in hit.values):
            yield value, Fraction(100 * self._counts[value], self._total)


def _new_values(events: Counter[str], hit: Hit) -> Sequence[str]:
    """Return the values of a hit whose event (two rules may match it) is not in the window with them yet."""
    key = "\0".join((hit.event_id, *hit.values))
    events[key] += 1
    return hit.values if events[key] == 1 else ()


def _old_values(events: Counter[str], hit: Hit) -> Sequence[str]:
    return hit.values if _take(events, "\0".join((hit.event_id, *hit.values))) else ()


def _numbers(values: Sequence[str]) -> Iterator[Number]:
    for value in values:
        exact = number(value)
        if exact is not None:
            yield exact.numerator if exact.denominator == 1 else exact


class _Sum:
    """Adds numbers up, or averages them; text that is no number counts for nothing."""

    def __init__(self, *, averaged: bool) -> None:
        self._averaged = averaged
        self._events: Counter[str] = Counter()
        self._sum: Number = 0
        self._count = 0

    def add(self, hit: Hit) -> None:
        for value in _numbers(_new_values(self._events, hit)):
            self._sum += value
            self._count += 1

    def remove(self, hit: Hit) -> None:
        for value in _numbers(_old_values(self._events, hit)):
            self._sum -= value
            self._count -= 1

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:  # noqa: ARG002 - the protocol's
        if self._count:
            yield "", Fraction(self._sum) / self._count if self._averaged else self._sum


class _Percentile:
    """A percentile of numbers, between neighbours by linear interpolation: the 50th is the median."""

    def __init__(self, percent: Fraction) -> None:
        self._part = percent / 100
        self._events: Counter[str] = Counter()
        self._sorted: list[Number] = []

    def add(self, hit: Hit) -> None:
        for value in _numbers(_new_values(self._events, hit)):
            insort(self._sorted, value)

    def remove(self, hit: Hit) -> None:
        for value in _numbers(_old_values(self._events, hit)):
            del self._sorted[bisect_left(self._sorted, value)]

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:  # noqa: ARG002 - the protocol's
        if not self._sorted:
            return
        place = self._part * (len(self._sorted) - 1)
        below = place.numerator // place.denominator
        above = min(below + 1, len(self._sorted) - 1)
        yield "", self._sorted[below] + (place - below) * (self._sorted[above] - self._sorted[below])


class _Chain:
    """Measures the longest chain of rules that matched in the order in which the correlation lists them.

    For each rule and each length it remembers the latest instant at which a chain of that length, ending in that rule,
    began. Equal stamps can be in any order, so they count as in order.
    """

    def __init__(self, item: Correlation) -> None:
        self._order = {rule: number for number, rule in enumerate(item.rules)}
        self._span = timedelta(seconds=item.timespan)
        self._begun: list[list[datetime | None]] = [[None] * (number + 1) for number in range(len(item.rules))]

    def add(self, hit: Hit) -> None:
        number = self._order[hit.rule]
        begun = self._begun[number]
        begun[0] = hit.timestamp
        for length in range(1, number + 1):
            earlier = [self._begun[k][length - 1] for k in range(length - 1, number)]
            begun[length] = max((moment for moment in (begun[length], *earlier) if moment is not None), default=None)

    def remove(self, hit: Hit) -> None:
        """Do nothing: a chain is measured by when it began."""

    def read(self, now: Sequence[Hit]) -> Iterator[Reading]:
        oldest = moved(now[0].timestamp, -self._span)
        lengths = (
            length
            for begun in self._begun
            for length, moment in enumerate(begun, start=1)
            if moment is not None and moment >= oldest
        )
        yield "", max(lengths, default=0)

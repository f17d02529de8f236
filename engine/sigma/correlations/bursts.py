"""Bursts: when a correlation holds for a group, and which of those instants are told.

A group is *hot* at the instant of a hit when the condition holds over the hits in the `timespan` that ends there (its
border included; all hits of one instant are taken together, since their order is unknown). A **burst** begins at a hot
instant before which there was none for longer than the time span: a count that hovers at its threshold is one finding.
Bursts of a rarity are told apart by value. Whether a burst begins at an instant depends on the two time spans before
it alone (and, where something must be absent, on the time up to `settled`), so a run that starts in the middle finds
the same bursts as one that saw everything.

**The id of a burst's alert** is a hash of the rule, its version, the group, the rare value, and the instant at which
the burst began. It does not name the events: one more event in the window, a late one or another of the same second,
leaves the id as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from operator import attrgetter

from engine.alerts import Reason, alert_id
from engine.events import instant
from engine.sigma.correlations.conditions import COMPARE
from engine.sigma.correlations.hits import Group, Hit
from engine.sigma.correlations.measures import Number, measure_of
from engine.sigma.correlations.numbers import shown
from engine.sigma.correlations.occurrences import Occurrence, Occurrences
from engine.sigma.rules import Correlation

SAME = "is the same"  # the predicate of a reason that names a part of the group
MAX_MEMBERS = 500  # hits of a window that a burst names: as many of its beginning as of its end

_WHAT = {
    "event_count": "events",
    "value_count": "distinct values of {fields}",
    "temporal": "different rules",
    "temporal_ordered": "rules in order",
    "value_sum": "sum of {fields}",
    "value_avg": "average of {fields}",
    "value_median": "median of {fields}",
    "value_percentile": "percentile {percentile} of {fields}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A hot instant: the positions of its window's hits (`first` to before `end`), and what was measured."""

    at: datetime
    first: int
    end: int
    begins: bool
    value: str = ""
    number: Number = 0
    occurrence: Occurrence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The window in which a group became hot. `hits` are its first and last ones, of `total`, in order of time.

    `settled` is the instant that has to have passed before nothing that arrives in order of time can undo it.
    """

    correlation: Correlation
    group: Group
    at: datetime
    value: str
    measured: str
    seen: tuple[str, ...]
    absent: tuple[str, ...]
    hits: tuple[Hit, ...]
    total: int
    settled: datetime

    @property
    def id(self) -> str:
        """Return the id of its alert."""
        return burst_id(self.correlation, self.group, self.at, self.value)

    def why(self, names: Mapping[str, str]) -> tuple[Reason, ...]:
        """Say what was measured, in which time, for which group; `names` are those of rules, by id."""
        item = self.correlation
        return (
            Reason(field=" and ".join(item.value_fields), predicate=self._predicate(), value=self._result(names)),
            *(
                Reason(field=name, predicate=SAME, value=value)
                for name, value in zip(item.group_by, self.group, strict=True)
            ),
            *self._left_out(),
        )

    def _predicate(self) -> str:
        item = self.correlation
        fields = " and ".join(item.value_fields)
        if item.terms:
            return f"{item.condition} in {item.timespan} s"
        what = "share in percent of the value of {fields}" if item.is_rarity else _WHAT[item.type]
        return f"{what.format(fields=fields, percentile=item.percentile)} {item.condition} in {item.timespan} s"

    def _result(self, names: Mapping[str, str]) -> str:
        item = self.correlation
        if item.type not in {"temporal", "temporal_ordered"}:
            return f"{self.measured} ({self.value})" if self.value else self.measured
        seen = ", ".join(names.get(rule, rule) for rule in self.seen)
        absent = ", ".join(names.get(rule, rule) for rule in self.absent)
        return f"{self.measured}: {seen}" + (f"; without {absent}" if absent else "")

    def _left_out(self) -> Iterator[Reason]:
        if self.total > len(self.hits):
            listed = f"{self.total}, of which the first and last {len(self.hits)} are named"
            yield Reason(field="", predicate="matches in the window", value=listed)


def burst_id(item: Correlation, group: Group, at: datetime, value: str) -> str:
    """Return the id of the alert of a burst that began at an instant."""
    return alert_id(item.info.id, item.info.version, ("burst", instant(at), value, *group))


def moments(item: Correlation, hits: Sequence[Hit]) -> Iterator[Moment]:
    """Yield the hot instants of one group, whose hits are sorted by `order`."""
    span = timedelta(seconds=item.timespan)
    last: dict[str, datetime] = {}
    for moment in _occurring(item, hits, span) if item.terms else _measured(item, hits, span):
        before = last.get(moment.value)
        last[moment.value] = moment.at
        if before is None or moment.at - before > span:
            yield moment
        else:
            yield replace(moment, begins=False)


def order(item: Correlation, hits: list[Hit]) -> None:
    """Sort the hits of one group: by time, those of one instant by the order of rules."""
    place = {rule: number for number, rule in enumerate(item.rules)}
    hits.sort(key=lambda hit: (hit.timestamp, place[hit.rule], hit.event_id, hit.values, hit.occurrence))


def _instants(hits: Sequence[Hit]) -> Iterator[tuple[datetime, int, int]]:
    """Yield each instant with the positions of its hits."""
    start = 0
    for at, same in groupby(hits, key=attrgetter("timestamp")):
        end = start + sum(1 for _ in same)
        yield at, start, end
        start = end


def _measured(item: Correlation, hits: Sequence[Hit], span: timedelta) -> Iterator[Moment]:
    measure = measure_of(item)
    bounds = [(COMPARE[bound.operator], Fraction(bound.number)) for bound in item.bounds]
    first = 0
    for at, start, end in _instants(hits):
        while at - hits[first].timestamp > span:
            measure.remove(hits[first])
            first += 1
        now = hits[start:end]
        for hit in now:
            measure.add(hit)
        for value, number in measure.read(now):
            if all(compare(number, bound) for compare, bound in bounds):  # type: ignore[arg-type] # int is a rational
                yield Moment(at=at, first=first, end=end, begins=True, value=value, number=number)


def _occurring(item: Correlation, hits: Sequence[Hit], span: timedelta) -> Iterator[Moment]:
    occurrences = Occurrences(item, hits)
    first = 0
    for at, _, end in _instants(hits):
        while at - hits[first].timestamp > span:
            first += 1
        found = occurrences.at(at)
        if found is not None:
            yield Moment(at=at, first=first, end=end, begins=True, number=len(found.hits), occurrence=found)


def resting(item: Correlation, hits: Sequence[Hit], moment: Moment) -> Sequence[int]:
    """Return the positions of the hits on which a moment rests: those with the rare value, those seen, or all."""
    if moment.occurrence is not None:
        return moment.occurrence.hits
    whole = range(moment.first, moment.end)
    return [each for each in whole if moment.value in hits[each].values] if item.is_rarity else whole


def burst(item: Correlation, hits: Sequence[Hit], moment: Moment) -> Burst:
    """Return the burst that begins at a moment of one group's hits."""
    positions = resting(item, hits, moment)
    half = MAX_MEMBERS // 2
    kept = positions if len(positions) <= MAX_MEMBERS else [*positions[:half], *positions[-half:]]
    rules = {hits[position].rule for position in positions}
    certain = moment.at if moment.occurrence is None else moment.occurrence.settled
    waits = (hits[position].settled for position in positions)
    return Burst(
        correlation=item,
        group=hits[moment.first].group,
        at=moment.at,
        value=moment.value,
        measured=shown(Fraction(moment.number)),
        seen=tuple(rule for rule in item.rules if rule in rules),
        absent=moment.occurrence.absent if moment.occurrence else (),
        hits=tuple(hits[position] for position in kept),
        total=len(positions),
        settled=max([certain, *(wait for wait in waits if wait is not None)]),
    )

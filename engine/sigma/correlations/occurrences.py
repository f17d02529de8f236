"""Extended conditions: which rules were seen within a time span, and which were not.

An alternative holds at an instant at which one of the rules to be seen matches (for `temporal_ordered`: the last one),
where the newest match of each lies within the time span. A rule to be absent must have no match in any window of the
time span that holds all of them: from one span before the last to one span after the first. For `temporal_ordered` its
place in `rules` narrows that: between its neighbours, before the first, or after the last.

What must not come after is certain only when its time has passed; `Occurrence.settled` says when.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.events import moved
from engine.sigma.correlations.hits import Hit
from engine.sigma.rules import Correlation, Term


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An extended condition that holds: the positions of its hits, what was absent, and from when on it is sure."""

    hits: tuple[int, ...]
    absent: tuple[str, ...]
    settled: datetime


class Occurrences:
    """Looks for the alternatives of a correlation's condition among the hits of one group, sorted by time."""

    def __init__(self, item: Correlation, hits: Sequence[Hit]) -> None:
        self._item = item
        self._span = timedelta(seconds=item.timespan)
        self._ordered = item.type == "temporal_ordered"
        self._place = {rule: number for number, rule in enumerate(item.rules)}
        times: defaultdict[str, list[datetime]] = defaultdict(list)
        self._positions: defaultdict[str, list[int]] = defaultdict(list)
        for position, hit in enumerate(hits):
            times[hit.rule].append(hit.timestamp)
            self._positions[hit.rule].append(position)
        self._times: Mapping[str, Sequence[datetime]] = times

    def at(self, moment: datetime) -> Occurrence | None:
        """Return what holds at an instant, the surest alternative first."""
        found = [each for term in self._item.terms if (each := self._occurrence(term, moment)) is not None]
        return min(found, key=lambda each: each.settled, default=None)

    def _occurrence(self, term: Term, moment: datetime) -> Occurrence | None:
        chain = self._chain(term, moment) if self._ordered else self._newest(term, moment)
        if chain is None:
            return None
        times = {rule: self._times[rule][number] for rule, number in chain.items()}
        first = min(times.values())
        if first < moved(moment, -self._span):
            return None
        end = moved(first, self._span)
        settled = moment
        for rule in term.absent:
            low, high = self._forbidden(rule, term, times, (moved(moment, -self._span), end))
            if self._matches(rule, low, high):
                return None
            settled = max(settled, high)
        positions = sorted(self._positions[rule][number] for rule, number in chain.items())
        return Occurrence(tuple(positions), term.absent, settled)

    def _newest(self, term: Term, moment: datetime) -> dict[str, int] | None:
        """Return the newest match of each rule; None where one has none, or none is of this instant."""
        found = {}
        for rule in term.seen:
            number = bisect_right(self._times.get(rule, ()), moment) - 1
            if number < 0:
                return None
            found[rule] = number
        return found if any(self._times[rule][number] == moment for rule, number in found.items()) else None

    def _chain(self, term: Term, moment: datetime) -> dict[str, int] | None:
        """Return the newest matches in the order of `rules`, of which the last is of this instant."""
        found: dict[str, int] = {}
        before = moment
        for rule in sorted(term.seen, key=self._place.__getitem__, reverse=True):
            number = bisect_right(self._times.get(rule, ()), before) - 1
            if number < 0 or (not found and self._times[rule][number] != moment):
                return None
            found[rule] = number
            before = self._times[rule][number]
        return found

    def _forbidden(
        self, rule: str, term: Term, times: Mapping[str, datetime], whole: tuple[datetime, datetime]
    ) -> tuple[datetime, datetime]:
        if not self._ordered:
            return whole
        place = self._place[rule]
        earlier = [times[name] for name in term.seen if self._place[name] < place]
        later = [times[name] for name in term.seen if self._place[name] > place]
        return max(earlier, default=whole[0]), min(later, default=whole[1])

    def _matches(self, rule: str, low: datetime, high: datetime) -> bool:
        times = self._times.get(rule, ())
        number = bisect_left(times, low)
        return number < len(times) and times[number] <= high

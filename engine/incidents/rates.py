"""How often each rule fires where and when: counted as alerts come by, kept small, and asked before it is counted.

A series is one rule in one place (see `engine.incidents.noise`). Time goes in windows of five minutes; a window counts
once however many alerts fall in it, for alerts come in clumps and a clump says no more than its first. The expected
rate is a chain of Gamma-Poisson means, each level the prior of the next (empirical Bayes with fixed pseudo-counts):
the rule anywhere, the rule here, at this hour of the day, at this hour of the week.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import repeat

WINDOW = 300  # seconds
DAY = 86_400 // WINDOW  # windows in a day
_HOUR = 3600 // WINDOW
_HOURS_OF_WEEK = 168
_HERE = _HOUR  # windows for which the rule's mean speaks before the place's own rate
_SLOT = 2.0  # windows with an alert for which the level above speaks before an hour's own pace
MAX_SERIES = 50_000  # bounded memory: where there are more, the quarter that was silent longest is forgotten


@dataclass(slots=True)
class Series:
    """One rule in one place: windows in which it fired (in all, and by hour of the week), the most alerts in one."""

    first: int
    last: int
    windows: int = 0
    most: int = 0
    by_hour: dict[int, int] = field(default_factory=dict)

    def at_hour_of_day(self, hour: int) -> int:
        """Return the windows at this hour of any day of the week."""
        return sum(map(self.by_hour.get, range(hour, _HOURS_OF_WEEK, 24), repeat(0)))


@dataclass(slots=True)
class _Rule:
    windows: int = 0
    places: int = 0


class Rates:
    """The rates of all series up to now. Ask (`expected`) before telling (`count`), lest an alert expect itself."""

    def __init__(self, most: int = MAX_SERIES) -> None:
        self._most = most
        self._start: int | None = None
        self._series: dict[tuple[Hashable, str], Series] = {}
        self._rules: dict[Hashable, _Rule] = {}
        self._places: set[str] = set()

    def watched(self, window: int) -> int:
        """Return for how many windows there have been alerts to learn from."""
        return 0 if self._start is None else window - self._start

    @property
    def places(self) -> int:
        """Return how many places have been seen, at least 1."""
        return max(len(self._places), 1)

    def series(self, rule: Hashable, place: str) -> Series | None:
        """Return what is known of a rule in a place, None where it never fired there."""
        return self._series.get((rule, place))

    def places_of(self, rule: Hashable) -> int:
        """Return in how many places the rule has fired (one that was forgotten and came back counts again)."""
        found = self._rules.get(rule)
        return found.places if found else 0

    def expected(self, rule: Hashable, place: str, window: int) -> float:
        """Return how many windows a day are expected with this rule in this place, at the pace of this hour."""
        watched = self.watched(window)
        of_rule = self._rules.get(rule)
        rate = ((of_rule.windows if of_rule else 0) + 0.5) / (self.places * (watched + DAY))
        found = self._series.get((rule, place))
        if found is None:
            return DAY * _HERE * rate / (watched + _HERE)
        rate = (found.windows + _HERE * rate) / (watched + _HERE)
        slot = _hour(window)
        rate = _at_hour(rate, found.at_hour_of_day(slot % 24), self._passed(window, 24))
        return DAY * _at_hour(rate, found.by_hour.get(slot, 0), self._passed(window, _HOURS_OF_WEEK))

    def count(self, rule: Hashable, place: str, window: int, alerts: int) -> None:
        """Take in that the rule fired so often in this place and window; windows come in order of time."""
        if self._start is None:
            self._start = window
        self._places.add(place)
        of_rule = self._rules.setdefault(rule, _Rule())
        of_rule.windows += 1
        found = self._series.get((rule, place))
        if found is None:
            of_rule.places += 1
            found = self._series[rule, place] = Series(first=window, last=window)
        found.last = window
        found.windows += 1
        found.most = max(found.most, alerts)
        slot = _hour(window)
        found.by_hour[slot] = found.by_hour.get(slot, 0) + 1
        if len(self._series) > self._most:
            self._forget()

    def _passed(self, window: int, cycle: int) -> int:
        """Return how many windows at this place of the cycle (24 or 168 hours) have passed, this hour's among them."""
        start = window if self._start is None else self._start
        return _HOUR * ((window // _HOUR - start // _HOUR) // cycle) + min(window % _HOUR, window - start)

    def _forget(self) -> None:
        kept = sorted(self._series.items(), key=lambda item: (-item[1].last, str(item[0])))
        self._series = dict(kept[: self._most * 3 // 4])
        self._places = {place for _, place in self._series}


def _at_hour(rate: float, seen: int, passed: int) -> float:
    """Return the rate at an hour: times a factor whose prior is a Gamma of mean 1 and shape `_SLOT`."""
    return rate * (seen + _SLOT) / (rate * passed + _SLOT)


def _hour(window: int) -> int:
    return window // _HOUR % _HOURS_OF_WEEK

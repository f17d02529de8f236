"""Where each group was seen, and how often others were: what the confidence of a tie is worked out from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from engine.entities import Entity
from engine.incidents.ties import Mark, Nature

Key = Entity | tuple[str, Mark]

_DAY = timedelta(days=1)
_WINDOW = 300.0  # seconds: alerts that come together count once
_SEEN = 0.5  # days for which a kind's own pace speaks before what was seen


@dataclass(slots=True)
class _Trace:
    """What a group has on one thing: when it was last seen there, in how many windows."""

    last: datetime
    windows: int = 1


@dataclass(slots=True)
class _Rare:
    """A group's rare alerts: the last one, the rarest, and in how many windows how rare (in whole bits)."""

    last: datetime
    bits: float
    windows: Counter[int]


class Traces:
    """An index of groups (by number) by the things they were seen on; moments come in order."""

    def __init__(self) -> None:
        self._start: datetime | None = None
        self._by_key: defaultdict[Key, dict[int, _Trace]] = defaultdict(dict)
        self._gone: Counter[Key] = Counter()  # windows of groups that are out of reach
        self._keys: defaultdict[int, set[Key]] = defaultdict(set)
        self._rare: dict[int, _Rare] = {}
        self._rare_windows: Counter[int] = Counter()

    def near(self, key: Key, now: datetime, nature: Nature) -> Iterator[tuple[int, float, float]]:
        """Yield the groups within reach on this thing: number, a tie's strength, and the chance hits expected since."""
        traces = self._by_key.get(key)
        if not traces:
            return
        for number in [item for item, trace in traces.items() if now - trace.last > nature.reach]:
            self._gone[key] += traces.pop(number).windows
        windows = self._gone[key] + sum(trace.windows for trace in traces.values())
        for number, trace in traces.items():
            pace = (nature.pace * _SEEN + windows) / self._days(now)
            yield number, nature.strength, pace * ((now - trace.last) / _DAY)

    def rare(self, now: datetime, bits: float, nature: Nature) -> Iterator[tuple[int, timedelta, float, float]]:
        """Yield groups with a rare alert within reach: number, time apart, such alerts a day, and the confidence."""
        for number in [item for item, rare in self._rare.items() if now - rare.last > nature.reach]:
            del self._rare[number]
        days = self._days(now)
        for number, rare in self._rare.items():
            least = int(min(bits, rare.bits))
            others = sum(self._rare_windows[item] for item in self._rare_windows if item >= least)
            pace = (nature.pace * _SEEN + others) / days
            apart = now - rare.last
            yield number, apart, pace, nature.strength * exp(-pace * (apart / _DAY))

    def _days(self, now: datetime) -> float:
        return _SEEN + (now - (self._start or now)) / _DAY

    def note(self, number: int, now: datetime, keys: Iterable[Key], bits: float | None) -> None:
        """Record that a group was seen on these things; `bits` is how rare the alert was, None where it was not."""
        self._start = self._start or now
        for key in keys:
            trace = self._by_key[key].get(number)
            if trace is None:
                self._by_key[key][number] = _Trace(now)
                self._keys[number].add(key)
                continue
            trace.windows += _later(trace.last, now)
            trace.last = now
        if bits is not None:
            self._note_rare(number, now, bits)

    def _note_rare(self, number: int, now: datetime, bits: float) -> None:
        rare = self._rare.get(number)
        if rare is None:
            rare = self._rare[number] = _Rare(now, bits, Counter())
        elif not _later(rare.last, now) and int(bits) <= int(rare.bits):
            rare.last = now
            return
        rare.windows[int(bits)] += 1
        self._rare_windows[int(bits)] += 1
        rare.last, rare.bits = now, max(bits, rare.bits)

    def merge(self, number: int, into: int) -> None:
        """Let everything that was seen of a group count for another."""
        for key in self._keys.pop(number, ()):
            trace = self._by_key[key].pop(number, None)
            if trace is None:
                continue
            own = self._by_key[key].get(into)
            if own is None:
                self._by_key[key][into] = trace
                self._keys[into].add(key)
            else:
                own.windows += trace.windows
                own.last = max(own.last, trace.last)
        rare = self._rare.pop(number, None)
        if rare is not None:
            own_rare = self._rare.setdefault(into, rare)
            if own_rare is not rare:
                own_rare.windows.update(rare.windows)
                own_rare.last, own_rare.bits = max(own_rare.last, rare.last), max(own_rare.bits, rare.bits)


def _later(before: datetime, now: datetime) -> bool:
    """Tell whether two moments are in different windows."""
    return now.timestamp() // _WINDOW != before.timestamp() // _WINDOW

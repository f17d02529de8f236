"""Correlations over a store: which bursts a run tells, given what earlier runs kept and told.

Hits are kept in the store, so that windows cross the borders of runs; each run looks again at the groups that got new
hits, from the oldest of these on.

**What holds.** A burst's id rests on the event times alone (see `correlations.bursts`). Therefore any split of the same
events into runs, killed runs included, gives the same alerts with the same ids as one run over all of them, where

- each run's events are no older than those of the runs before it, or
- `lateness` is set and no event comes later than that: it is stored before the newest event of the store is more than
  `lateness` ahead of it. A burst is then told once the newest event is that far past it. Events of equal stamps in
  different runs are late by nothing; any lateness above zero takes them in.

**What cannot hold.** A burst that is told at once cannot know of events that come later. Where one comes late beyond
`lateness`, the record of what was told decides: a burst within a time span of a told one of the same group is that one
and is not told again, so its id stays what it was, though one run over everything would have given it an earlier
beginning; a burst that the late event completes is told; and one that was told stays told, though the late event would
have undone it (`lt`, `eq`, averages, `not`).

What must be absent afterwards is told when its time has passed by the clock of the events; this clock is held back to
the present (`now`), so that one stamp of the year 9999 does not end all waiting. Runs that wait remember from where
on (a cursor that counts microseconds, 0 for nothing).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from engine.alerts import Alert
from engine.events import moved
from engine.sigma.correlations.bursts import SAME, Burst, burst_id
from engine.sigma.correlations.correlator import Correlator, Family
from engine.sigma.correlations.hits import Group, Hit, from_store
from engine.sigma.correlations.kept import KeptHits
from engine.store.protocol import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoreCorrelator:
    """Finds the bursts of one run.

    `waiting` is the name of the cursor that remembers what is waited for; `now` is the present: without it the newest
    event stands for it.
    """

    def __init__(
        self,
        store: Store,
        correlator: Correlator,
        waiting: str,
        *,
        lateness: timedelta,
        now: Callable[[], datetime] | None,
    ) -> None:
        self._store = store
        self._cursor = waiting
        self._correlator = correlator
        self._lateness = lateness
        self._now = now
        self._newest: datetime | None = None
        self._known: datetime | None = None  # up to which all events have been looked at
        self._touched: dict[str, dict[Group, datetime]] = {}

    def begin(self) -> None:
        """Note how far events reach; to be called before the run fixes which events it looks at."""
        self._known = self._newest = self._store.status().last_timestamp if self._correlator.families else None
        self._touched.clear()

    def touch(self, hits: Iterable[Hit]) -> None:
        """Note new hits; they have to be in the store when `find` is called."""
        for hit in hits:
            groups = self._touched.setdefault(hit.correlation, {})
            groups[hit.group] = min(groups.get(hit.group, hit.timestamp), hit.timestamp)

    def taken(self) -> list[Hit]:
        """Return the earliest new hit of each group (correlation, group and time of it), and forget them."""
        found = [
            Hit(correlation=key, rule="", timestamp=moment, group=group, event_id="")
            for key, groups in self._touched.items()
            for group, moment in groups.items()
        ]
        self._touched.clear()
        return found

    @property
    def groups(self) -> int:
        """Return how many groups got hits."""
        return sum(map(len, self._touched.values()))

    def conclude(
        self, tell: Callable[[Sequence[Burst]], None], *, anew: bool = False, partly: bool = False
    ) -> Counter[str]:
        """Have the bursts told; return how many hits were left out for want of room, by a correlation's name.

        What has to be waited for is written down before they are told where it reaches further back, and after they
        are told where it moves on, so that a run killed in between loses nothing. `anew` says that the run looks again
        at old events: it may wait for more and never for less, and told bursts are given again. `partly` says that
        more of its events are to come.
        """
        if partly:
            self._known = None
        before = self._waiting()
        found = _Found(again=anew and not partly)
        for family in self._correlator.families:
            first = self._first(family, before)
            if first is not None:
                self._find(family, moved(first, -family.reach), before, found)
        if found.waiting is not None and (before is None or found.waiting < before):
            self._wait(found.waiting)
        tell(found.bursts)
        if not anew and found.waiting != before:
            self._wait(found.waiting)
        self._touched.clear()
        self._known = self._newest
        return found.left_out

    def _waiting(self) -> datetime | None:
        micros = self._store.cursor(self._cursor)
        return _EPOCH + timedelta(microseconds=micros) if micros else None

    def _wait(self, since: datetime | None) -> None:
        micros = 0 if since is None else (since - _EPOCH) // timedelta(microseconds=1) or -1
        self._store.commit_run(self._cursor, cursor=micros, alerts=[], hits=[])

    def _waits(self, family: Family) -> bool:
        return bool(self._lateness or family.reach)

    def _first(self, family: Family, waiting: datetime | None) -> datetime | None:
        starts = [moment for key in family.keys for moment in self._touched.get(key, {}).values()]
        if waiting is not None and self._waits(family):
            starts.append(waiting)
        return min(starts, default=None)

    def _find(self, family: Family, since: datetime, waiting: datetime | None, found: _Found) -> None:
        alone = len(family.members) == 1 and (waiting is None or not self._waits(family))
        hits = self._load(family, moved(since, -family.history), only_touched=alone)
        for key, count in hits.left_out.items():
            found.left_out[self._correlator.correlations[key].info.name] += count
        sure = []
        for burst in self._correlator.bursts(hits, since=since):
            if self._is_sure(burst):
                sure.append(burst)
            elif found.waiting is None or burst.at < found.waiting:
                found.waiting = burst.at
        found.bursts += self._untold(sure, again=found.again)

    def _load(self, family: Family, since: datetime, *, only_touched: bool) -> KeptHits:
        hits = KeptHits(self._correlator.bounds)
        for name in self._correlator.kept_names(family):  # one after the other: few are in memory twice
            for hit in from_store(self._store.hits([name], since=since)):
                if not only_touched or hit.group in self._touched[hit.correlation]:
                    hits.add(hit)
        return hits

    def _is_sure(self, burst: Burst) -> bool:
        now = None if self._now is None else self._now()
        ahead = now is not None and burst.at > now  # by a clock that is wrong: waiting for the present to come is vain
        if burst.settled == burst.at and (ahead or not self._lateness):
            return True
        if self._known is None:
            return False
        known = self._known if now is None or ahead else min(self._known, now)
        return moved(burst.settled, self._lateness) < known

    def _untold(self, bursts: Sequence[Burst], *, again: bool) -> list[Burst]:
        """Return the bursts that no alert stands for, late events considered (`again`: or only their own alert)."""
        if not bursts:
            return []
        span = timedelta(seconds=max(burst.correlation.timespan for burst in bursts), microseconds=1)
        first, last = min(burst.at for burst in bursts), max(burst.at for burst in bursts)
        told = _Told(self._store.alerts(since=moved(first, -span), before=moved(last, span)))
        return [burst for burst in bursts if (again and told.has(burst)) or not told.covers(burst)]


@dataclass(slots=True)
class _Found:
    again: bool
    bursts: list[Burst] = field(default_factory=list)
    waiting: datetime | None = None
    left_out: Counter[str] = field(default_factory=Counter)


class _Told:
    """What alerts of correlations say: which group, and when its burst began."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._groups: defaultdict[tuple[str, str, Group], dict[str, datetime]] = defaultdict(dict)
        for alert in alerts:
            group = tuple(reason.value for reason in alert.why if reason.predicate == SAME)
            self._groups[alert.rule.id, alert.rule.version, group][alert.id] = alert.timestamp

    def has(self, burst: Burst) -> bool:
        """Tell whether the burst itself was told."""
        info = burst.correlation.info
        return burst.id in self._groups.get((info.id, info.version, burst.group), {})

    def covers(self, burst: Burst) -> bool:
        """Tell whether an alert of the same group, at most a time span away, stands for the burst."""
        info, span = burst.correlation.info, timedelta(seconds=burst.correlation.timespan)
        return any(
            abs(moment - burst.at) <= span
            and burst_id(burst.correlation, burst.group, moment, burst.value) == number  # of the same rare value
            for number, moment in self._groups.get((info.id, info.version, burst.group), {}).items()
        )

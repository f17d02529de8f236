"""Detecting: one run of rules over what the store has received since the run's cursor.

The cursor is the ingest sequence, not event time, so late events are seen. Alerts, correlation hits and the cursor
are committed together, segment by segment: a killed run goes on where it was, and finds nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.alerts import Alert
from engine.correlating import StoreCorrelator
from engine.events import Event
from engine.sigma.alerting import burst_alert, event_alert, event_time
from engine.sigma.columns import ColumnMatcher, Hits
from engine.sigma.correlations.bursts import Burst
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Hit, to_store
from engine.sigma.engine import Engine
from engine.store.protocol import Slice, Store

_ASKED_AT_ONCE = 5000  # events fetched whole at a time
_CORRELATED_AT_ONCE = 500_000  # groups with new hits before a very long run correlates what it has
_RECENT = 20_000  # events of correlation hits kept in memory during a run


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run did. `alerts` are those found, `new` how many of them the store did not know.

    `left_out` counts, by the name of a correlation, the hits that it did not look at for want of room (see
    `correlations.kept`): its answers are not complete. `excluded` counts the matches that each filter
    (by id) took away.
    """

    events: int = 0
    alerts: list[Alert] = field(default_factory=list)
    new: int = 0
    cursor: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)


class Detector:
    """Runs a rule set over a store under a name that has its own cursor.

    `lateness` is how late events may come without any effect on correlations, which are told that much later for it;
    `now` is the present (see `correlating`).
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        name: str = "default",
        *,
        lateness: timedelta = timedelta(),
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._engine = engine
        self._store = store
        self._name = name
        self._correlated = f"{name}/correlated"
        self._again = f"{name}/again"  # a cursor of no meaning: looking again moves none
        self._matcher = ColumnMatcher(engine)
        self._correlator = Correlator(engine.rules)
        self._correlations = StoreCorrelator(store, self._correlator, f"{name}/waiting", lateness=lateness, now=now)
        self._recent = _Recent(_RECENT)

    def run(self) -> Run:
        """Look at everything received since the cursor, and move it.

        Correlations are evaluated once all of it was seen, so that the order of logs does not matter. They have a
        cursor of their own: where a run was killed before that, the next one takes their part up again.
        """
        cursor = self._store.cursor(self._name)
        run = Run(cursor=cursor)
        self._correlations.begin()
        after = min(cursor, self._store.cursor(self._correlated))
        for part in self._slices(after=after):
            seen = part.last_sequence <= cursor  # by a run that was killed before it correlated
            alerts, hits = self._slice(part, Counter() if seen else run.excluded)
            run.cursor = max(run.cursor, part.last_sequence)
            self._commit(run, self._name, alerts, hits)
            run.events += part.table.num_rows if part.last_sequence > cursor else 0
            self._correlations.touch(hits)
            if self._correlations.groups >= _CORRELATED_AT_ONCE:
                self._correlate(run, self._again, partly=True)
        self._correlate(run, self._correlated)
        return run

    def rerun(self, since: datetime | None, before: datetime | None) -> Run:
        """Look again at events of a window of event time; the cursors stay."""
        run = Run(cursor=self._store.cursor(self._name))
        self._correlations.begin()
        for part in self._slices(after=0, since=since, before=before):
            alerts, hits = self._slice(part, run.excluded)
            self._commit(run, self._again, alerts, hits)
            run.events += part.table.num_rows
            self._correlations.touch(hits)
        self._correlate(run, self._again)
        return run

    def _slices(self, *, after: int, since: datetime | None = None, before: datetime | None = None) -> Iterator[Slice]:
        until = self._store.last_sequence()
        return self._store.scan(after=after, until=until, since=since, before=before, columns=self._columns())

    def _commit(self, run: Run, name: str, alerts: Sequence[Alert], hits: Sequence[Hit]) -> None:
        kept = [to_store(hit) for hit in hits]
        run.new += self._store.commit_run(name, cursor=run.cursor, alerts=alerts, hits=kept)
        run.alerts.extend(alerts)

    def _columns(self) -> Sequence[str] | None:
        """Return the columns to read, None for all."""
        names = self._engine.columns(self._store.status().datasets)
        return None if names is None else sorted(names)

    def _slice(self, part: Slice, excluded: Counter[str]) -> tuple[list[Alert], list[Hit]]:
        found = [kept for hits in self._matcher.match(part.table) if (kept := _alerting(hits, excluded)).rows.size]
        if not found:
            return [], []
        rows = np.unique(np.concatenate([hits.rows for hits in found]))
        ids = part.table.column("event.id").take(pa.array(rows)).to_pylist()
        alerts: list[Alert] = []
        fresh: list[Hit] = []
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            chunk = dict(
                zip(rows[start : start + _ASKED_AT_ONCE].tolist(), ids[start : start + _ASKED_AT_ONCE], strict=True)
            )
            within = (part.first_sequence, part.last_sequence)
            events = self._store.events_by_id(list(chunk.values()), within=within)
            for hits in found:
                self._take(hits, {row: events[number] for row, number in chunk.items()}, alerts, fresh)
        return alerts, fresh

    def _take(self, hits: Hits, events: Mapping[int, Event], alerts: list[Alert], fresh: list[Hit]) -> None:
        for row, position in zip(hits.rows.tolist(), hits.positions.tolist(), strict=True):
            event = events.get(row)
            if event is None:  # of another chunk
                continue
            match = self._engine.match_at(hits.partition, position)
            if self._correlator.wants(match):
                fresh.extend(self._correlator.hits(match, event.fields, event_time(event.fields), event.id))
                self._recent.keep(event)
            if not self._correlator.is_silent(match):
                alerts.append(event_alert(match, event))

    def _correlate(self, run: Run, name: str, *, partly: bool = False) -> None:
        """Tell the bursts that the new hits began, and those that earlier runs had to wait for."""

        def tell(bursts: Sequence[Burst]) -> None:
            events = self._events_of(bursts)
            self._commit(run, name, [burst_alert(burst, events, self._correlator.names) for burst in bursts], [])

        run.left_out += self._correlations.conclude(tell, anew=name == self._again, partly=partly)

    def _events_of(self, bursts: Sequence[Burst]) -> dict[str, Event]:
        wanted = dict.fromkeys(hit.event_id for burst in bursts for hit in burst.hits)
        events = {number: event for number in wanted if (event := self._recent.get(number)) is not None}
        missing = [number for number in wanted if number not in events]
        for start in range(0, len(missing), _ASKED_AT_ONCE):
            events.update(self._store.events_by_id(missing[start : start + _ASKED_AT_ONCE]))
        return events


def _alerting(hits: Hits, excluded: Counter[str]) -> Hits:
    """Return the hits that no filter takes away; the others are counted, without looking at their events."""
    filters = {place: name for place, rule in enumerate(hits.partition.rules) if (name := rule.excluded_by)}
    if not filters:
        return hits
    taken = np.isin(hits.positions, list(filters))
    for place, count in zip(*np.unique(hits.positions[taken], return_counts=True), strict=True):
        excluded[filters[int(place)]] += int(count)
    return Hits(partition=hits.partition, rows=hits.rows[~taken], positions=hits.positions[~taken])


class _Recent:
    """The events of the newest correlation hits, so that a burst's events need not be searched for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: dict[str, Event] = {}

    def keep(self, event: Event) -> None:
        while len(self._events) >= self._most:
            del self._events[next(iter(self._events))]
        self._events[event.id] = event

    def get(self, number: str) -> Event | None:
        return self._events.get(number)

"""Detecting: one run of rules over what the store has received since the run's cursor.

The cursor is the ingest sequence, not event time, so late events are seen. Alerts, correlation hits and the cursor
are committed together, segment by segment: a killed run goes on where it was, and finds nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.alerts import Alert
from engine.events import Event, moved
from engine.sigma.alerting import MAX_EVENTS, burst_alert, burst_id, event_alert, event_time
from engine.sigma.columns import ColumnMatcher, Hits
from engine.sigma.correlation import Burst, Correlator, Hit
from engine.sigma.engine import Engine
from engine.store.protocol import BaseHit, Slice, Store

_ASKED_AT_ONCE = 5000  # events fetched whole at a time
_NEVER = datetime.min.replace(tzinfo=UTC)
_CORRELATED_AT_ONCE = 500_000  # hits kept in memory before a very long run correlates what it has
_RECENT = 20_000  # events of correlation hits kept in memory during a run


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run did. `alerts` are those found, `new` how many of them the store did not know."""

    events: int = 0
    alerts: list[Alert] = field(default_factory=list)
    new: int = 0
    cursor: int = 0


class Detector:
    """Runs a rule set over a store under a name that has its own cursor."""

    def __init__(self, engine: Engine, store: Store, name: str = "default") -> None:
        self._engine = engine
        self._store = store
        self._name = name
        self._correlated = f"{name}/correlated"
        self._again = f"{name}/again"  # a cursor of no meaning: looking again moves none
        self._matcher = ColumnMatcher(engine)
        self._correlator = Correlator(engine.rules)
        self._recent = _Recent(_RECENT)
        self._told: set[str] = set()

    def run(self) -> Run:
        """Look at everything received since the cursor, and move it.

        Correlations are evaluated once all of it was seen, so that the order of logs does not matter. They have a
        cursor of their own: where a run was killed before that, the next one takes their part up again.
        """
        cursor = self._store.cursor(self._name)
        run = Run(cursor=cursor)
        fresh: list[Hit] = []
        after = min(cursor, self._store.cursor(self._correlated))
        for part in self._slices(after=after):
            alerts, hits = self._slice(part)
            run.cursor = max(run.cursor, part.last_sequence)
            self._commit(run, self._name, alerts, hits)
            run.events += part.table.num_rows if part.last_sequence > cursor else 0
            fresh.extend(hits)
            if len(fresh) >= _CORRELATED_AT_ONCE:
                self._commit(run, self._correlated, list(self._correlate(fresh, again=False)), [])
                fresh.clear()
        self._commit(run, self._correlated, list(self._correlate(fresh, again=False)), [])
        return run

    def rerun(self, since: datetime | None, before: datetime | None) -> Run:
        """Look again at events of a window of event time; the cursors stay."""
        run = Run(cursor=self._store.cursor(self._name))
        fresh: list[Hit] = []
        for part in self._slices(after=0, since=since, before=before):
            alerts, hits = self._slice(part)
            self._commit(run, self._again, alerts, [])
            run.events += part.table.num_rows
            fresh.extend(hits)
        self._commit(run, self._again, list(self._correlate(fresh, again=True)), fresh)
        return run

    def _slices(self, *, after: int, since: datetime | None = None, before: datetime | None = None) -> Iterator[Slice]:
        until = self._store.last_sequence()
        return self._store.scan(after=after, until=until, since=since, before=before, columns=self._columns())

    def _commit(self, run: Run, name: str, alerts: Sequence[Alert], hits: Sequence[Hit]) -> None:
        kept = [_base_hit(hit) for hit in hits]
        run.new += self._store.commit_run(name, cursor=run.cursor, alerts=alerts, hits=kept)
        run.alerts.extend(alerts)

    def _columns(self) -> Sequence[str] | None:
        """Return the columns to read, None for all."""
        names = self._engine.columns(self._store.status().datasets)
        return None if names is None else sorted(names)

    def _slice(self, part: Slice) -> tuple[list[Alert], list[Hit]]:
        found = list(self._matcher.match(part.table))
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

    def _correlate(self, fresh: Sequence[Hit], *, again: bool) -> Iterator[Alert]:
        """Return the alerts of bursts that these hits began, given the hits that earlier runs left.

        `again` says that the hits may have been correlated before.
        """
        if not fresh:
            return
        first = min(hit.timestamp for hit in fresh)
        names = sorted({f"{hit.correlation}/{name}" for hit in fresh for name in self._rules_of(hit)})
        older = [_hit(item) for item in self._store.hits(names, since=moved(first, -self._correlator.history))]
        if not again:
            new = set(fresh)
            older = [hit for hit in older if hit not in new]  # they were committed with their segments
        groups = {(hit.correlation, hit.group) for hit in fresh}
        known = {hit: None for hit in (*older, *fresh) if (hit.correlation, hit.group) in groups}
        newest = {(hit.correlation, hit.group): hit.timestamp for hit in sorted(older, key=lambda hit: hit.timestamp)}
        bursts = [
            burst
            for burst in self._correlator.bursts(known, since=first)
            if burst_id(burst) not in self._told and not self._is_told(burst, newest)
        ]
        self._told.update(burst_id(burst) for burst in bursts)
        events = self._events_of(bursts)
        for burst in bursts:
            yield burst_alert(burst, events)

    def _is_told(self, burst: Burst, newest: Mapping[tuple[str, tuple[str, ...]], datetime]) -> bool:
        """Tell whether late events, or some of the same instant, only gave other members to a burst told before.

        Where all hits come in order of time, no burst ends before or with an older hit, and this is never so.
        """
        info, last = burst.correlation.info, burst.hits[-1]
        if last.timestamp > newest.get((last.correlation, last.group), _NEVER):
            return False
        span = timedelta(seconds=burst.correlation.timespan, microseconds=1)
        near = [
            alert
            for alert in self._store.alerts(since=moved(last.timestamp, -span), before=moved(last.timestamp, span))
            if (alert.rule.id, alert.rule.version) == (info.id, info.version)
        ]
        if any(alert.id == burst_id(burst) for alert in near):
            return False
        members = {hit.event_id for hit in burst.hits}
        return any(not members.isdisjoint(event.id for event in alert.events) for alert in near)

    def _rules_of(self, hit: Hit) -> tuple[str, ...]:
        return self._correlator.correlations[hit.correlation].rules

    def _events_of(self, bursts: Sequence[Burst]) -> dict[str, Event]:
        wanted = dict.fromkeys(hit.event_id for burst in bursts for hit in burst.hits[:MAX_EVENTS])
        events = {number: event for number in wanted if (event := self._recent.get(number)) is not None}
        missing = [number for number in wanted if number not in events]
        for start in range(0, len(missing), _ASKED_AT_ONCE):
            events.update(self._store.events_by_id(missing[start : start + _ASKED_AT_ONCE]))
        return events


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


def _base_hit(hit: Hit) -> BaseHit:
    return BaseHit(
        rule_id=f"{hit.correlation}/{hit.rule}",
        timestamp=hit.timestamp,
        group=hit.group,
        value=hit.value,
        event_id=hit.event_id,
    )


def _hit(item: BaseHit) -> Hit:
    correlation, _, rule = item.rule_id.partition("/")
    return Hit(correlation, rule, item.timestamp, item.group, item.value, item.event_id)

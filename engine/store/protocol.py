"""The seam between kulla and where it keeps things: one protocol, written with Elasticsearch in mind.

Two promises every store makes. A batch is either stored whole, with its checkpoint, or not at all; a record that was
stored before (same `event.id`) is counted as a duplicate and not stored again. Alerts and the cursor of the run that
found them move in one transaction, so that a killed run neither loses nor repeats an alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from engine.alerts import Alert, Verdict
from engine.events import DeadLetter, Event
from engine.incidents.model import Incident

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of one append: events stored, events known before, letters kept, letters known before."""

    stored: int
    duplicates: int
    dead_lettered: int
    dead_duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Stored events of one segment, as columns.

    `first_sequence` and `last_sequence` bound the rows' ingest sequences. Text columns are dictionary-encoded;
    `@timestamp` is `timestamp[us, UTC]`; a field that holds
    several values is `list<string>` where ECS says it is an array, else stands in a second column `NAME[]`.
    """

    first_sequence: int
    last_sequence: int
    table: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseHit:
    """A rule's match kept for correlations: which rule, when, which group key, which event."""

    rule_id: str
    timestamp: datetime
    group: tuple[str, ...]
    value: str
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line of the ledger as it is stored; the meaning of `body` (canonical JSON) belongs to `playbooks.ledger`."""

    sequence: int
    body: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a store holds, for `kulla store status`. `size_bytes` is on disk."""

    location: str
    events: int
    segments: int
    dead_letters: int
    alerts: int
    open_incidents: int
    size_bytes: int
    first_timestamp: datetime | None
    last_timestamp: datetime | None
    datasets: Mapping[str, int]


class Store(Protocol):
    """Where events, dead letters, alerts, incidents, cursors and the ledger live. Used as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    # events
    def append(self, events: Sequence[Event], dead: Sequence[DeadLetter]) -> Appended:
        """Store one micro-batch of one source identity durably, or raise `StoreError` and store nothing."""
        ...

    def known_prefixes(self) -> Sequence[tuple[str, int, str]]:
        """Return (path, prefix length, identity) of every source collected before (see `collectors.files`)."""
        ...

    def remember_prefix(self, path: str, length: int, identity: str) -> None:
        """Record the identity under which a source is collected."""
        ...

    def last_sequence(self) -> int:
        """Return the ingest sequence of the newest stored event, 0 where there is none."""
        ...

    def scan(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[Slice]:
        """Yield stored events in ingest order, `after < sequence <= until`, optionally by event time.

        `columns` names the fields wanted (all when None); names that a segment lacks are left out of its table.
        """
        ...

    def events_by_id(self, ids: Sequence[str], *, within: tuple[int, int] | None = None) -> Mapping[str, Event]:
        """Return the stored events with these ids (ids that are not there are left out).

        `within` says that their ingest sequences lie between these two, which may save a long search.
        """
        ...

    def query(self, sql: str) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """Run a read-only SQL query over the view `events` (and `alerts`): column names and rows."""
        ...

    def dead_letters(self, *, limit: int | None = None) -> Sequence[DeadLetter]:
        """Return dead letters, newest last."""
        ...

    # runs
    def cursor(self, name: str) -> int:
        """Return the ingest sequence up to which the run called `name` has looked, 0 at first."""
        ...

    def commit_run(self, name: str, *, cursor: int, alerts: Sequence[Alert], hits: Sequence[BaseHit]) -> int:
        """Write alerts (known ids are left alone), hits and cursor in one transaction; return how many were new."""
        ...

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> Sequence[BaseHit]:
        """Return kept correlation hits of these rules with an event time at or after `since`."""
        ...

    # alerts and incidents
    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> Sequence[Alert]:
        """Return alerts by event time, oldest first."""
        ...

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert; raise `NotFoundError` where no or more than one id starts so."""
        ...

    def judge_alert(self, alert_id: str, verdict: Verdict, why: str) -> None:
        """Record a verdict on an alert."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, the most severe and newest first."""
        ...

    def incident(self, id_or_prefix: str) -> Incident:
        """Return one incident; raise `NotFoundError` where no or more than one id starts so."""
        ...

    def save_incidents(self, incidents: Sequence[Incident], *, removed: Sequence[str] = ()) -> None:
        """Insert or replace incidents, and remove those merged away, in one transaction."""
        ...

    # ledger
    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries; raise `StoreError` where a sequence number is taken (two writers at once)."""
        ...

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order of sequence."""
        ...

    def status(self) -> Status:
        """Return what the store holds."""
        ...

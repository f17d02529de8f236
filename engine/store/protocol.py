"""The seam between kulla and where it keeps things: one protocol, written with Elasticsearch in mind.

Two promises every store makes. A batch is either stored whole, with its checkpoint, or not at all; a record that was
stored before (same `event.id`) is counted as a duplicate and not stored again. Alerts and the cursor of the run that
found them move in one transaction, so that a killed run neither loses nor repeats an alert.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from engine.alerts import Alert, Verdict
from engine.errors import StoreError
from engine.events import DeadLetter, Event, Value

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from engine.batches import EventBatch
    from engine.erasing import Erased, Remnant, Subject
    from engine.incidents.model import Incident
    from engine.retention import Retained, Retention


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


class Block(Protocol):
    """A piece of the store, of at most some ten thousand events, whose columns are read when they are asked for.

    Rows count from 0. `selected` says which rows are meant (None: all of them); everything else speaks of all rows.
    Ingest sequences lie between `first_sequence` and `last_sequence`; once this block and those before it are done
    with, every event up to `settled` was seen.
    """

    rows: int
    first_sequence: int
    last_sequence: int
    settled: int
    selected: NDArray[np.bool_] | None

    @property
    def names(self) -> Sequence[str]:
        """The fields that any of the events has."""
        ...

    def read(self, names: Collection[str]) -> pa.Table:
        """Return these columns for all rows; names that no row has are left out.

        NAME comes with its companion `NAME[]` (see `Slice`); text may be encoded as a dictionary.
        """
        ...

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of the events in these rows."""
        ...

    def events(self, rows: NDArray[np.int64], names: Collection[str] | None = None) -> Iterator[Event]:
        """Yield the events in these rows, whole, in this order; where `names` is given, these fields are enough."""
        ...

    def recall(self, key: str) -> bytes | None:
        """Return what was kept under this key for the block, None where that is not known (any more)."""
        ...

    def keep(self, key: str, content: bytes) -> None:
        """Keep something that was worked out from the block's rows; a store may forget it at any time."""
        ...

    def apart(self) -> Sequence[Block]:
        """Return the smaller blocks that this one is made of, none where it is of one piece.

        Where a block of several files cannot be read, most of its files can.
        """
        ...


class RowBlock(ABC):
    """A `Block` whose events are in memory, each a mapping: looking at these is cheaper than making columns of them."""

    rows: int
    selected: NDArray[np.bool_] | None

    @abstractmethod
    def known(self, rows: Sequence[int], asked: Collection[str]) -> Iterator[tuple[Mapping[str, Value], str]]:
        """Yield the fields and the raw text of the events in these rows.

        Fields that are not asked for may have another form, and there may be others that are the store's own.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseHit:
    """A rule's match kept for correlations: which rule, when, which group key, which event."""

    rule_id: str
    timestamp: datetime
    group: tuple[str, ...]
    value: str
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A small thing that changes: a lease, a gap, a run, a row of the outbox. `kind` and `key` name it together.

    Records are found by `state` (one word) and `due`; `body` is JSON, whose meaning belongs to who wrote it. `version`
    is that of the store, 0 for a record that is not stored yet: the store counts it up with each change, and changes
    a record only where it still has the version that was read.
    """

    kind: str
    key: str
    state: str
    body: str
    due: datetime | None = None
    version: int = 0


def moved(keys: Collection[str], where: str) -> StoreError:
    """Return the error for checkpoints that another process has moved meanwhile."""
    what = f"{len(keys)} checkpoint{'s' if len(keys) > 1 else ''} of this batch moved meanwhile"
    return StoreError(what, where=where, hint="another kulla reads the same logs into this store: stop one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Events that could not be looked at just now (a lost shard, a damaged file): sequences and reason.

    `subject` is the id of the rule that did not look at them, "" where none did.
    """

    first_sequence: int
    last_sequence: int
    reason: str
    subject: str = ""


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
    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store one micro-batch durably, or raise `StoreError` and store nothing.

        `records` are its checkpoints: they move in the same transaction, and where one of them was changed by somebody
        else, nothing is stored. A store without transactions writes them last.
        """
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

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[Block]:
        """Yield the blocks that hold such events (see `scan`); a block is good until the next one is asked for.

        What cannot be read is told to `missing`, in its place among the blocks, and the others follow; without it,
        `StoreError` is raised. A store never passes over a part in silence.
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

    def compact(self) -> int:
        """Join what is stored in small pieces into large ones; return how many were joined."""
        ...

    def tidy(self, *, wait: bool = True) -> int:
        """Compact where there are so many small pieces that reading suffers; return how many were joined.

        Without `wait` that goes on by itself, and 0 is returned.
        """
        ...

    # privacy
    def erase(self, subject: Subject) -> Erased:
        """Take a person out of events, alerts, incidents, kept matches, records and dead letters, for good.

        The ledger stays as it is. Can be repeated, and has to be where it was killed or raised `StoreError`.
        """
        ...

    def remnants(self, subject: Subject) -> Iterator[Remnant]:
        """Yield every place in which the person can still be found, the ledger's records among them."""
        ...

    def retain(self, plan: Retention, *, dry_run: bool = False) -> Retained:
        """Remove what is past its time, except for what open incidents rest on; tell both."""
        ...

    # runs
    def cursor(self, name: str) -> int:
        """Return the ingest sequence up to which the run called `name` has looked, 0 at first."""
        ...

    def commit_run(
        self,
        name: str,
        *,
        cursor: int,
        alerts: Sequence[Alert],
        hits: Sequence[BaseHit],
        records: Sequence[Record] = (),
    ) -> int:
        """Write alerts (known ids are left alone), hits, records and cursor in one transaction; return the new alerts.

        Records go by the rule of `save_records`. A store without transactions writes in the order records, alerts,
        hits, cursor, so that what was begun is repeated and never lost.
        """
        ...

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> Sequence[BaseHit]:
        """Return kept correlation hits of these rules with an event time at or after `since`."""
        ...

    # records
    def record(self, kind: str, key: str) -> Record | None:
        """Return one record, None where there is none."""
        ...

    def records(
        self,
        kind: str,
        *,
        state: str | None = None,
        due_by: datetime | None = None,
        due_after: datetime | None = None,
        keys: Collection[str] | None = None,
        limit: int | None = None,
    ) -> Sequence[Record]:
        """Return records of a kind, by due time (those without one last) and key.

        `due_by` leaves out those that are due later or never, `due_after` those that are not due later, `keys` all
        others than these.
        """
        ...

    def record_kinds(self) -> Sequence[str]:
        """Return the kinds of which there are records, in order."""
        ...

    def count_records(self, kind: str) -> Mapping[str, int]:
        """Return how many records of a kind there are, by state."""
        ...

    def save_records(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records: those of version 0 where there is none yet, the others where nobody changed them meanwhile.

        Return the keys of those that could not be written because somebody else was first; that is no error.
        """
        ...

    def forget_records(self, kind: str, state: str, *, before: datetime) -> int:
        """Remove records of this state that were due before then; return how many."""
        ...

    # alerts and incidents
    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> Sequence[Alert]:
        """Return alerts by event time, oldest first."""
        ...

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert; raise `NotFoundError` where no or more than one id starts so."""
        ...

    def known_alerts(self, ids: Sequence[str]) -> Mapping[str, Alert]:
        """Return those alerts that are stored under these ids (ids that are not there are left out)."""
        ...

    def known_alert_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which an alert is stored, without reading the alerts."""
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

    def save_incidents(
        self, incidents: Sequence[Incident], *, removed: Sequence[str] = (), records: Sequence[Record] = ()
    ) -> None:
        """Insert or replace incidents, remove those merged away, and write records, in one transaction."""
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

    def examine(self) -> None:
        """Raise `StoreError` where something that is stored is damaged or out of reach, also what nobody asked for.

        What can be told without reading the events: each event's own place is checked when it is read.
        """
        ...


@runtime_checkable
class TakesColumns(Protocol):
    """A store that takes events in as columns as well."""

    def append_batches(
        self, batches: Sequence[EventBatch], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store the events of batches as `append` stores events; the batches are one micro-batch."""
        ...

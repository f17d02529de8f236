"""The embedded store: Parquet segments and one SQLite file in a folder, no server.

    FOLDER/store.sqlite                                      catalogue, dead letters, alerts, incidents, ledger, cursors
    FOLDER/events/day=2026-03-01/dataset=nginx.access/*.parquet   the events, by the day they were stored
    FOLDER/staged/*.part                                     segments in the making

Any number of processes may read while others write. One object belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.alerts import Alert, Verdict
from engine.batches import EventBatch
from engine.erasing import Erased, Remnant, Subject
from engine.errors import StoreError
from engine.events import DeadLetter, Event, Origin
from engine.incidents.model import Incident
from engine.retention import Retained, Retention, needed_events
from engine.store.blocks import StoredBlock
from engine.store.catalogue import Catalogue
from engine.store.compaction import compact, is_due
from engine.store.database import DATABASE, PATIENCE, Database, from_micros, to_micros
from engine.store.erasing import erase
from engine.store.findings import Findings
from engine.store.intake import Intake
from engine.store.joined import JoinedBlock
from engine.store.protocol import Appended, BaseHit, LedgerEntry, Missing, Record, Slice, Status
from engine.store.records import Records
from engine.store.retaining import retain_events, retain_findings
from engine.store.rewriting import Premises
from engine.store.scan import Wanted, found_events, slices
from engine.store.scanning import scan_files
from engine.store.tidying import tidy, tidy_meanwhile
from engine.store.walking import blocks


class EmbeddedStore:
    """A `Store` in a folder; made on first use where there is none.

    Raise `StoreError` where the folder cannot be used, is full or damaged, each with the file and the next step.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime], *, patience: float = PATIENCE) -> None:
        self.folder = folder
        self._clock = clock
        self._patience = patience
        self._database: Database | None = None
        self._intake: Intake | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; everything that was acknowledged is durable already."""
        if self._database is not None:
            self._database.close()
        self._database = self._intake = None

    def _open(self) -> Database:
        if self._database is None:
            self._database = Database(self.folder / DATABASE, patience=self._patience)
        return self._database

    @property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self._open())

    @property
    def _findings(self) -> Findings:
        return Findings(self._open())

    @property
    def _records(self) -> Records:
        return Records(self._open())

    # events
    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store one micro-batch durably with its checkpoints, or raise `StoreError` and store nothing."""
        return self._taking().append(events, dead, self._clock(), records)

    def append_batches(
        self, batches: Sequence[EventBatch], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store columns as `append` stores events."""
        return self._taking().append_batches(batches, dead, self._clock(), records)

    def _taking(self) -> Intake:
        if self._intake is None:
            self._intake = Intake(self.folder, self._open(), self._catalogue)
        return self._intake

    def known_prefixes(self) -> Sequence[tuple[str, int, str]]:
        """Return (path, prefix length, identity) of every source collected before."""
        rows = self._open().rows("SELECT path, length, identity FROM prefixes ORDER BY rowid")
        return [(_path(path), int(str(length)), str(identity)) for path, length, identity in rows]

    def remember_prefix(self, path: str, length: int, identity: str) -> None:
        """Record the identity under which a source is collected."""
        row = (path.encode("utf-8", "surrogatepass"), length, identity)
        with self._open().transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO prefixes VALUES (?,?,?)", row)

    def last_sequence(self) -> int:
        """Return the ingest sequence of the newest stored event, 0 where there is none."""
        return self._catalogue.last_sequence()

    def scan(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[Slice]:
        """Yield stored events in ingest order, a row group at a time.

        A column asked for comes with its companion `NAME[]` (values of rows where NAME holds a list or does not fit
        its type, as text). Slices of compacted segments may overlap in sequence; each event comes once. The set of
        segments is fixed when the first slice is asked for. `kulla.sequence` can be asked for as a column.
        """
        low, high = to_micros(since) if since else None, to_micros(before) if before else None
        segments = self._catalogue.segments(after=after, until=until, since=low, before=high)
        wanted = Wanted(after=after, until=until, since=low, before=high, columns=columns)
        yield from slices(self.folder, segments, wanted)

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[StoredBlock | JoinedBlock]:
        """Yield row groups that hold such events; the set of segments is fixed when the first is asked for."""
        low, high = to_micros(since) if since else None, to_micros(before) if before else None
        segments = self._catalogue.segments(after=after, until=until, since=low, before=high)
        wanted = Wanted(after=after, until=until, since=low, before=high, columns=None)
        yield from blocks(self.folder, segments, wanted, missing)

    def events_by_id(self, ids: Sequence[str], *, within: tuple[int, int] | None = None) -> Mapping[str, Event]:
        """Return the stored events with these ids. Looks through segments, newest first: there is no index over ids."""
        low, high = (within[0] - 1, within[1]) if within else (0, None)
        found = found_events(self.folder, self._catalogue.segments(after=low, until=high), ids)
        return {number: found[number] for number in ids if number in found}

    def query(self, sql: str) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """Run a read-only SQL query over the views `events` and `alerts`; `UsageError` where it cannot be run."""
        from engine.store.sql import answer  # noqa: PLC0415 - DuckDB is heavy, and only queries need it

        files = [self.folder / segment.path for segment in self._catalogue.segments()]
        alerts = self.alerts() if "alerts" in sql.casefold() else ()
        return answer(sql, files, alerts)

    def dead_letters(self, *, limit: int | None = None) -> Sequence[DeadLetter]:
        """Return dead letters, newest last; with `limit`, the newest so many."""
        rows = self._open().rows(
            "SELECT id, path, identity, offset, record, source, reason, raw, size FROM dead_letters"
            " ORDER BY number DESC LIMIT ?",
            [-1 if limit is None else limit],
        )
        return [_dead_letter(row) for row in reversed(rows)]

    def compact(self) -> int:
        """Join small segments of a day and dataset; return how many files were joined. Readers are not disturbed."""
        return compact(self.folder, self._open(), self._catalogue, self._clock())

    def tidy(self, *, wait: bool = True) -> int:
        """Join some of the small segments where there are many, in a process of its own; return how many."""
        if not is_due(self._catalogue.segments()):
            return 0
        return tidy(self.folder, self._clock()) if wait else tidy_meanwhile(self.folder, self._clock())

    def erase(self, subject: Subject) -> Erased:
        """Take a person out of everything but the ledger (see `engine.store.erasing`)."""
        return erase(self._premises, subject)

    def remnants(self, subject: Subject) -> Iterator[Remnant]:
        """Yield every place in which the person can still be found, the ledger's records among them."""
        yield from scan_files(self.folder, subject).remnants

    def retain(self, plan: Retention, *, dry_run: bool = False) -> Retained:
        """Remove what is past its time (see `engine.store.retaining`)."""
        incidents = self.incidents()
        alerts = self.known_alerts([each for item in incidents if item.status != "closed" for each in item.alerts])
        found = retain_events(self._premises, plan, needed_events(incidents, alerts), dry_run=dry_run)
        return replace(found, others=retain_findings(self._premises, plan, incidents, dry_run=dry_run))

    @property
    def _premises(self) -> Premises:
        return Premises(folder=self.folder, database=self._open(), catalogue=self._catalogue, now=self._clock())

    # runs
    def cursor(self, name: str) -> int:
        """Return the ingest sequence up to which the run called `name` has looked, 0 at first."""
        return self._findings.cursor(name)

    def commit_run(
        self,
        name: str,
        *,
        cursor: int,
        alerts: Sequence[Alert],
        hits: Sequence[BaseHit],
        records: Sequence[Record] = (),
    ) -> int:
        """Write alerts (known ids are left alone), hits, records and cursor in one transaction; return the new ones."""
        return self._findings.commit_run(name, cursor=cursor, alerts=alerts, hits=hits, records=records)

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> Sequence[BaseHit]:
        """Return kept correlation hits of these rules with an event time at or after `since`."""
        return self._findings.hits(rule_ids, since=since)

    # records
    def record(self, kind: str, key: str) -> Record | None:
        """Return one record, None where there is none."""
        return next(iter(self._records.find(kind, keys=[key])), None)

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
        """Return records of a kind, by due time (those without one last) and key."""
        return self._records.find(kind, state=state, due_by=due_by, due_after=due_after, keys=keys, limit=limit)

    def record_kinds(self) -> Sequence[str]:
        """Return the kinds of which there are records, in order."""
        return self._records.kinds()

    def count_records(self, kind: str) -> Mapping[str, int]:
        """Return how many records of a kind there are, by state."""
        return self._records.count(kind)

    def save_records(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records; return the keys of those that somebody else changed first."""
        return self._records.save(records)

    def forget_records(self, kind: str, state: str, *, before: datetime) -> int:
        """Remove records of this state that were due before then; return how many."""
        return self._records.forget(kind, state, before)

    # alerts and incidents
    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> Sequence[Alert]:
        """Return alerts by event time, oldest first."""
        return self._findings.alerts(since=since, before=before)

    def alert(self, id_or_prefix: str) -> Alert:
        """Return one alert; raise `NotFoundError` where no or more than one id starts so."""
        return self._findings.alert(id_or_prefix)

    def known_alerts(self, ids: Sequence[str]) -> Mapping[str, Alert]:
        """Return those alerts that are stored under these ids."""
        return self._findings.known_alerts(ids)

    def known_alert_ids(self, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which an alert is stored."""
        return self._findings.known_alert_ids(ids)

    def judge_alert(self, alert_id: str, verdict: Verdict, why: str) -> None:
        """Record a verdict on an alert."""
        self._findings.judge(alert_id, verdict, why)

    def incidents(self) -> Sequence[Incident]:
        """Return all incidents, the most severe and newest first."""
        return self._findings.incidents()

    def incident(self, id_or_prefix: str) -> Incident:
        """Return one incident; raise `NotFoundError` where no or more than one id starts so."""
        return self._findings.incident(id_or_prefix)

    def save_incidents(
        self, incidents: Sequence[Incident], *, removed: Sequence[str] = (), records: Sequence[Record] = ()
    ) -> None:
        """Insert or replace incidents, remove those merged away, and write records, in one transaction."""
        self._findings.save_incidents(incidents, removed, records)

    # ledger
    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        """Append entries; raise `StoreError` where a sequence number is taken (two writers at once)."""
        self._findings.append_ledger(entries)

    def ledger(self) -> Iterator[LedgerEntry]:
        """Yield the ledger in order of sequence."""
        return self._findings.ledger()

    def status(self) -> Status:
        """Return what the store holds."""
        database = self._open()
        events, segments, size, first, last = database.rows(
            "SELECT total(events), count(*), total(size), min(first_time), max(last_time) FROM segments"
        )[0]
        with database.guarded():
            files = [path.stat().st_size for path in sorted(self.folder.glob(f"{DATABASE}*"))]
        datasets = database.rows("SELECT dataset, sum(events) FROM segment_datasets GROUP BY dataset ORDER BY dataset")
        return Status(
            location=str(self.folder),
            events=_whole(events),
            segments=_whole(segments),
            dead_letters=database.number("SELECT count(*) FROM dead_letters"),
            alerts=database.number("SELECT count(*) FROM alerts"),
            open_incidents=database.number("SELECT count(*) FROM incidents WHERE status <> 'closed'"),
            size_bytes=_whole(size) + sum(files),
            first_timestamp=None if first is None else from_micros(_whole(first)),
            last_timestamp=None if last is None else from_micros(_whole(last)),
            datasets={str(name): _whole(count) for name, count in datasets},
        )

    def examine(self) -> None:
        """Look through the whole database, and for the file of every segment."""
        self._open().examine()
        lost = self._lost()
        still = lost and lost & self._lost()  # not what was removed meanwhile, by compaction or retention
        if still:
            raise StoreError(
                f"{len(still):,} files of stored events are lost",
                where=str(self.folder / min(still)),
                hint="check the disk, then restore the store's folder from a backup",
            )

    def _lost(self) -> set[str]:
        return {each.path for each in self._catalogue.segments() if not (self.folder / each.path).is_file()}


def _whole(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _path(stored: object) -> str:
    return stored.decode("utf-8", "surrogatepass") if isinstance(stored, bytes) else str(stored)


def _dead_letter(row: tuple[object, ...]) -> DeadLetter:
    number, path, identity, offset, record, source, reason, raw, size = row
    origin = Origin(path=str(path), identity=str(identity), offset=_whole(offset), number=_whole(record))
    return DeadLetter(
        id=str(number),
        origin=origin,
        source=str(source),
        reason=str(reason),
        raw=raw if isinstance(raw, bytes) else b"",
        size=_whole(size),
    )

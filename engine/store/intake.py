"""Taking in a batch: known records left out, segments made durable, and all of it entered in one transaction.

Segments are written before the write lock is taken, so that other writers wait for a rename and a commit, not for
compression. What was found to be new is checked again under the lock. A file that was renamed but not entered, because
the process was killed in between, is removed by the next writer: only the holder of the lock renames.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa

from engine.batches import EventBatch
from engine.events import DeadLetter, Event
from engine.store.arrivals import Arrivals, Batches, Events
from engine.store.catalogue import Catalogue, Contents, Segment, contents_of, joined
from engine.store.database import Database, to_micros
from engine.store.leftovers import STAGED, note, sweep
from engine.store.protocol import Appended, Record, moved
from engine.store.records import write_records
from engine.store.segments import EVENTS, Staged, stage
from engine.store.values import plain


@dataclass(slots=True, kw_only=True)
class _Part:
    """A staged segment with what the catalogue needs to know of it."""

    dataset: str
    staged: Staged
    contents: Contents


class Intake:
    """Appends batches to the store in `folder`."""

    def __init__(self, folder: Path, database: Database, catalogue: Catalogue) -> None:
        self._folder = folder
        self._database = database
        self._catalogue = catalogue
        self._swept = False

    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], now: datetime, records: Sequence[Record] = ()
    ) -> Appended:
        """Store one batch whole with its checkpoints, or raise `StoreError` and store nothing."""
        return self._append(len(events), Events.distinct(events), dead, now, records)

    def append_batches(
        self, batches: Sequence[EventBatch], dead: Sequence[DeadLetter], now: datetime, records: Sequence[Record] = ()
    ) -> Appended:
        """Store columns as `append` stores events."""
        return self._append(sum(map(len, batches)), Batches.distinct(batches), dead, now, records)

    def _append(
        self, count: int, distinct: Arrivals, dead: Sequence[DeadLetter], now: datetime, records: Sequence[Record]
    ) -> Appended:
        while True:
            seen = self._catalogue.newest()
            fresh = self._unknown(distinct, newer_than=0)
            parts: list[_Part] = []
            try:
                with self._database.guarded():
                    self._stage(fresh, now, parts)
                dead_new = self._commit(parts, fresh, dead, seen, now=now, records=records)
            finally:
                for part in parts:
                    part.staged.discard()
            if dead_new is not None:
                break
        return Appended(
            stored=len(fresh),
            duplicates=count - len(fresh),
            dead_lettered=dead_new,
            dead_duplicates=len(dead) - dead_new,
        )

    def _unknown(self, arrivals: Arrivals, *, newer_than: int) -> Arrivals:
        segments = self._catalogue.overlapping(arrivals.extents(), newer_than=newer_than)
        return arrivals.unknown(self._folder, segments) if segments else arrivals

    def _stage(self, arrivals: Arrivals, now: datetime, parts: list[_Part]) -> None:
        """Write the segments; each is in `parts` as soon as it is on disk, so that a failure leaves none."""
        for dataset, tables in arrivals.segments(now):
            table = pa.concat_tables(tables, promote_options="default")
            staged = stage(table, self._folder / STAGED, [each.num_rows for each in tables])
            contents = joined([contents_of(each) for each in tables])
            parts.append(_Part(dataset=dataset, staged=staged, contents=contents))

    def _commit(
        self,
        parts: Sequence[_Part],
        fresh: Arrivals,
        dead: Sequence[DeadLetter],
        seen: int,
        *,
        now: datetime,
        records: Sequence[Record],
    ) -> int | None:
        """Enter everything; return how many dead letters were new, or None where another writer was first."""
        with self._database.transaction() as connection:
            self._sweep()
            if len(self._unknown(fresh, newer_than=seen)) != len(fresh):
                return None
            self._swept = False  # until the commit has succeeded, renamed files may turn out to be orphans
            sequence = self._catalogue.last_sequence()
            for part in parts:
                sequence = self._enter(connection, part, sequence, now)
            self._catalogue.set_last_sequence(connection, sequence)
            before = connection.total_changes
            connection.executemany(
                "INSERT INTO dead_letters (id, path, identity, offset, record, source, reason, raw, size,"
                " received) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                [(*_dead_row(letter), to_micros(now)) for letter in dead],
            )
            new = connection.total_changes - before
            if refused := write_records(connection, records):
                raise moved(refused, str(self._folder))
        self._swept = True
        note(self._folder, self._catalogue)
        return new

    def _enter(self, connection: sqlite3.Connection, part: _Part, sequence: int, now: datetime) -> int:
        contents = part.contents
        last = sequence + contents.events
        day = now.date().isoformat()
        path = segment_path(day, part.dataset, f"{sequence + 1:015}")
        part.staged.place(self._folder / path)
        segment = Segment(
            id=0,
            path=path,
            day=day,
            dataset=part.dataset,
            events=contents.events,
            size=part.staged.size,
            first_sequence=sequence + 1,
            last_sequence=last,
            first_time=contents.first_time,
            last_time=contents.last_time,
            untimed=contents.untimed,
            compacted=False,
        )
        self._catalogue.add(connection, segment, contents)
        return last

    def _sweep(self) -> None:
        if not self._swept:
            sweep(self._folder, self._catalogue)
            self._swept = True


def segment_path(day: str, dataset: str, name: str) -> str:
    """Return where a segment stands below the store's folder; whatever the dataset is called, it stays in there."""
    return f"{EVENTS}/day={day}/dataset={quote(plain(dataset), safe='')[:100] or 'none'}/{name}.parquet"


def _dead_row(letter: DeadLetter) -> tuple[object, ...]:
    origin = letter.origin
    where = (plain(origin.path), origin.identity, origin.offset, origin.number)
    return letter.id, *where, letter.source, plain(letter.reason), letter.raw, letter.size

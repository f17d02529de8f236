"""The catalogue of segments: which files there are, what they hold, and where the next event's sequence starts.

A file that is not in the catalogue does not exist for readers, whatever lies on disk.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.store.columns import IDENTITY, OFFSET
from engine.store.database import Database

_TIME = "@timestamp"
_DATASET = "event.dataset"
_FAR = 2**63 - 1  # further than any offset
_COLUMNS = (
    "id, path, day, dataset, events, size, first_sequence, last_sequence, first_time, last_time, untimed, compacted"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One catalogued file. `path` is relative to the store; times are microseconds, None where no event has one.

    `untimed` counts events without a time. In a compacted segment the events' sequences stand in a column.
    """

    id: int
    path: str
    day: str
    dataset: str
    events: int
    size: int
    first_sequence: int
    last_sequence: int
    first_time: int | None
    last_time: int | None
    untimed: int
    compacted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The offsets that a batch or a segment covers of one source."""

    identity: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the catalogue keeps of a segment's rows."""

    events: int
    first_time: int | None
    last_time: int | None
    untimed: int
    extents: Sequence[Extent]
    datasets: Mapping[str, int]


def contents_of(table: pa.Table) -> Contents:
    """Return what the catalogue keeps of these rows."""
    first = last = None
    untimed = table.num_rows
    if _TIME in table.column_names:
        times = table.column(_TIME).cast(pa.int64())
        bounds = pc.min_max(times).as_py()
        first, last, untimed = bounds["min"], bounds["max"], times.null_count
    return Contents(
        events=table.num_rows,
        first_time=first,
        last_time=last,
        untimed=untimed,
        extents=_extents(table),
        datasets=_datasets(table),
    )


def joined(parts: Sequence[Contents]) -> Contents:
    """Return the contents of several tables together."""
    firsts, lasts = ([time for time in times if time is not None] for times in zip(*_times(parts), strict=True))
    bounds: dict[str, Extent] = {}
    datasets: Counter[str] = Counter()
    for part in parts:
        datasets.update(part.datasets)
        for extent in part.extents:
            known = bounds.get(extent.identity, extent)
            first, last = min(known.first, extent.first), max(known.last, extent.last)
            bounds[extent.identity] = Extent(identity=extent.identity, first=first, last=last)
    return Contents(
        events=sum(part.events for part in parts),
        first_time=min(firsts, default=None),
        last_time=max(lasts, default=None),
        untimed=sum(part.untimed for part in parts),
        extents=[bounds[identity] for identity in sorted(bounds)],
        datasets=dict(sorted(datasets.items())),
    )


def _times(parts: Sequence[Contents]) -> list[tuple[int | None, int | None]]:
    return [(part.first_time, part.last_time) for part in parts]


def _extents(table: pa.Table) -> list[Extent]:
    """Return the offsets that the rows cover of each source. (`group_by` would load a query engine for it.)"""
    column = table.column(IDENTITY)
    column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    identities = column.unify_dictionaries().combine_chunks()
    if not len(identities):
        return []
    words, codes = identities.dictionary.to_pylist(), identities.indices.to_numpy()
    offsets = table.column(OFFSET).to_numpy()
    first, last = (np.full(len(words), edge, dtype=np.int64) for edge in (_FAR, -_FAR))
    np.minimum.at(first, codes, offsets)
    np.maximum.at(last, codes, offsets)
    bounds = zip(words, first.tolist(), last.tolist(), strict=True)
    found = {word: Extent(identity=word, first=low, last=high) for word, low, high in bounds if low <= high}
    return [found[word] for word in sorted(found)]


def _datasets(table: pa.Table) -> Mapping[str, int]:
    if _DATASET not in table.column_names:
        return {"": table.num_rows}
    counts: Counter[str] = Counter()
    for pair in table.column(_DATASET).value_counts().to_pylist():
        counts[pair["values"] or ""] += pair["counts"]
    return dict(sorted(counts.items()))


class Catalogue:
    """Reads and writes the segments' tables. What writes takes the transaction's connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_sequence(self) -> int:
        """Return the newest sequence given to an event, 0 where there is none."""
        return self._database.number("SELECT value FROM counters WHERE name = 'sequence'")

    def newest(self) -> int:
        """Return the id of the newest segment ever made, 0 where there is none."""
        return self._database.number("SELECT seq FROM sqlite_sequence WHERE name = 'segments'")

    def segments(
        self, *, after: int = 0, until: int | None = None, since: int | None = None, before: int | None = None
    ) -> list[Segment]:
        """Return the segments that may hold events within these bounds, in order of their first sequence."""
        return self._found(
            f"SELECT {_COLUMNS} FROM segments WHERE last_sequence > :after"  # noqa: S608 - the store's own words
            " AND (:until IS NULL OR first_sequence <= :until)"
            " AND (:since IS NULL OR last_time >= :since) AND (:before IS NULL OR first_time < :before)"
            " ORDER BY first_sequence",
            {"after": after, "until": until, "since": since, "before": before},
        )

    def overlapping(self, extents: Iterable[Extent], *, newer_than: int = 0) -> list[Segment]:
        """Return the segments made after `newer_than` that cover offsets of the same sources."""
        found: dict[int, Segment] = {}
        for extent in extents:
            for segment in self._found(
                f"SELECT {_COLUMNS} FROM segments WHERE id > :newer AND id IN (SELECT segment FROM segment_sources"  # noqa: S608
                " WHERE identity = :identity AND first_offset <= :last AND last_offset >= :first)",
                {
                    "newer": newer_than,
                    "identity": extent.identity,
                    "first": extent.first,
                    "last": extent.last,
                },
            ):
                found[segment.id] = segment
        return [found[number] for number in sorted(found)]

    def _found(self, sql: str, parameters: Mapping[str, object]) -> list[Segment]:
        rows = self._database.named_rows(sql, parameters)
        return [Segment(**{**row, "compacted": bool(row["compacted"])}) for row in rows]

    def add(self, connection: sqlite3.Connection, segment: Segment, contents: Contents) -> None:
        """Enter a segment with what it holds; its `id` is given here."""
        number = connection.execute(
            "INSERT INTO segments (path, day, dataset, events, size, first_sequence, last_sequence, first_time,"
            " last_time, untimed, compacted) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(segment.path, segment.day, segment.dataset, segment.events, segment.size),
                *(segment.first_sequence, segment.last_sequence, segment.first_time, segment.last_time),
                *(segment.untimed, int(segment.compacted)),
            ),
        ).lastrowid
        connection.executemany(
            "INSERT INTO segment_sources VALUES (?,?,?,?)",
            [(number, extent.identity, extent.first, extent.last) for extent in contents.extents],
        )
        connection.executemany(
            "INSERT INTO segment_datasets VALUES (?,?,?)",
            [(number, dataset, events) for dataset, events in contents.datasets.items()],
        )

    def set_last_sequence(self, connection: sqlite3.Connection, sequence: int) -> None:
        """Record that sequences up to this one are given."""
        connection.execute("UPDATE counters SET value = ? WHERE name = 'sequence'", (sequence,))

    def replace(self, connection: sqlite3.Connection, old: Sequence[Segment], new: Segment, now: int) -> bool:
        """Put one compacted segment in the place of others; tell whether they were all still there.

        The old files stay on disk, as `retired`, for readers that have begun with them.
        """
        marks = ",".join("?" * len(old))
        ids = [segment.id for segment in old]
        there = connection.execute(f"SELECT count(*) FROM segments WHERE id IN ({marks})", ids).fetchone()[0]  # noqa: S608
        if there != len(old):
            return False
        nothing = Contents(events=0, first_time=None, last_time=None, untimed=0, extents=(), datasets={})
        self.add(connection, new, nothing)
        number = connection.execute("SELECT id FROM segments WHERE path = ?", (new.path,)).fetchone()[0]
        for table in ("segment_sources", "segment_datasets"):
            connection.execute(f"UPDATE {table} SET segment = ? WHERE segment IN ({marks})", (number, *ids))  # noqa: S608
        connection.execute(f"DELETE FROM segments WHERE id IN ({marks})", ids)  # noqa: S608
        connection.executemany("INSERT OR REPLACE INTO retired VALUES (?,?)", [(each.path, now) for each in old])
        return True

    def remove(self, connection: sqlite3.Connection, old: Sequence[Segment], now: int) -> None:
        """Strike out segments; their files stay on disk, as `retired`, for readers that have begun with them."""
        for segment in old:
            for table in ("segment_sources", "segment_datasets"):
                connection.execute(f"DELETE FROM {table} WHERE segment = ?", (segment.id,))  # noqa: S608
            connection.execute("DELETE FROM segments WHERE id = ?", (segment.id,))
            connection.execute("INSERT OR REPLACE INTO retired VALUES (?,?)", (segment.path, now))

    def datasets(self) -> dict[int, dict[str, int]]:
        """Return the datasets in each segment, by its id, with the number of events that were stored of each."""
        found: dict[int, dict[str, int]] = {}
        for number, dataset, events in self._database.rows("SELECT segment, dataset, events FROM segment_datasets"):
            held = found.setdefault(int(str(number)), {})
            held[str(dataset)] = held.get(str(dataset), 0) + int(str(events))
        return found

    def forget_datasets(self, connection: sqlite3.Connection, path: str, datasets: Iterable[str]) -> None:
        """Strike out datasets of which a segment holds nothing any more."""
        connection.executemany(
            "DELETE FROM segment_datasets WHERE dataset = ? AND segment = (SELECT id FROM segments WHERE path = ?)",
            [(dataset, path) for dataset in sorted(datasets)],
        )

    def retired(self, *, before: int) -> list[str]:
        """Return the paths of files that compaction replaced before this time."""
        return [str(row[0]) for row in self._database.rows("SELECT path FROM retired WHERE since < ?", [before])]

    def forget_retired(self, connection: sqlite3.Connection, paths: Sequence[str]) -> None:
        """Strike out retired files that are removed from disk."""
        connection.executemany("DELETE FROM retired WHERE path = ?", [(path,) for path in paths])

    def paths(self) -> frozenset[str]:
        """Return the paths of all files that belong to the store, retired ones too."""
        rows = self._database.rows("SELECT path FROM segments UNION ALL SELECT path FROM retired")
        return frozenset(str(row[0]) for row in rows)

"""Blocks: row groups of segments whose columns are read only when somebody asks for them.

A run over the store asks for a few columns, or for none where it has kept what it found in them (see `engine.store.
tested`); then the segment's file is not even opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from engine.errors import UnreadableError
from engine.events import Event
from engine.store.catalogue import Segment
from engine.store.columns import ENVELOPE, GIVEN, ID, KINDS, MANY, MISTYPED, ORIGINAL, REST, SEQUENCE
from engine.store.rest import Rest
from engine.store.rows import events_of
from engine.store.scan import Wanted, folded, in_time
from engine.store.segments import SegmentReader
from engine.store.tested import Tested
from engine.store.values import from_json

_SHAPE = "shape with rest"  # under this key the tables hold each row group's rows and fields
_IDS = "ids"  # and under this one, the ids of events that rules matched
_MANY_IDS = 4096  # ids of more events of a row group are not worth keeping
_OWN = frozenset({*ENVELOPE, KINDS, REST})  # columns that every event needs
_AT_ONCE = 12 * 1024 * 1024  # bytes of columns read together to make whole events
_EVENTS_AT_ONCE = 2000
_HELD = 48 * 1024 * 1024  # bytes of columns kept while a block is looked at


class Opened:
    """One segment in use: its tables of tested values, and its file once that is needed."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self.segment = segment
        self.tested = Tested(folder, segment.path, segment.size)
        self._path = folder / segment.path
        self._reader: SegmentReader | None = None
        self._shape: list[Any] | None = None

    @property
    def reader(self) -> SegmentReader:
        """The segment's file, open."""
        if self._reader is None:
            self._reader = SegmentReader(self._path, as_stored=True)
        return self._reader

    @property
    def shape(self) -> list[Any]:
        """For each row group its rows, the fields that its events have, and those of them that stand in the rest."""
        if self._shape is None:
            known = self.tested.get(_SHAPE)
            if known is None:
                shape = [[rows, *_fields(self.reader, group)] for group, rows in enumerate(self.reader.rows)]
                known = orjson.dumps(shape)
                self.tested.put(_SHAPE, known)
            self._shape = orjson.loads(known)
        return self._shape

    def check(self) -> None:
        """Raise `StoreError` where the file is not there, not whole, or its parts cannot be told."""
        try:
            size = self._path.stat().st_size
        except OSError as error:
            raise UnreadableError(f"the segment {self.segment.path} cannot be read ({error.strerror})") from error
        if size != self.segment.size:
            raise UnreadableError(
                f"the segment {self.segment.path} has {size:,} bytes instead of {self.segment.size:,}"
            )
        _ = self.shape  # reads the file where the tables do not know its parts

    def close(self, *, keep: bool = True) -> None:
        """Let go of the file; with `keep`, save what was kept for its blocks."""
        if self._reader is not None:
            self._reader.close()
        if keep:
            self.tested.save()


class StoredBlock:
    """One row group; see `engine.store.protocol.Block`."""

    def __init__(self, opened: Opened, group: int, *, bounds: tuple[int, int], settled: int) -> None:
        self.opened = opened
        self._group = group
        self.first_sequence, self.last_sequence = bounds
        self.settled = settled
        self.rows: int = opened.shape[group][0]
        self.selected: NDArray[np.bool_] | None = None
        self._held: dict[str, pa.ChunkedArray] = {}  # columns that were read
        self._room = _HELD

    @property
    def names(self) -> Sequence[str]:
        """The fields that any of the events has."""
        found: list[str] = self.opened.shape[self._group][1]
        return found

    def read(self, names: Collection[str]) -> pa.Table:
        """Return these columns for all rows, with their companions; names that no row has are left out."""
        there = frozenset(self.opened.reader.present(self._group))
        left = set(names).intersection(self.opened.shape[self._group][2])
        return assembled(names, there, self._columns, self._rest if left else None)

    @cached_property
    def _rest(self) -> Rest:
        return Rest(self.opened.reader.read(self._group, [REST]).column(REST))

    def _columns(self, names: Sequence[str]) -> pa.Table:
        """Return these columns, which the row group has; what is not too large is kept for those who ask next."""
        missing = [name for name in dict.fromkeys(names) if name not in self._held]
        table = self.opened.reader.read(self._group, missing)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if column.nbytes <= self._room:
                self._room -= column.nbytes
                self._held[name] = column
        if len(missing) == len(names):
            return table
        return pa.table({name: self._held[name] if name in self._held else table.column(name) for name in names})

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of the events in these rows."""
        known = orjson.loads(self.recall(_IDS) or b"{}")
        wanted = rows.tolist()
        missing = [row for row in wanted if str(row) not in known]
        if missing:
            column = self.opened.reader.read(self._group, [ID]).column(ID).take(pa.array(missing))
            found = zip(missing, column.to_pylist(), strict=True)
            known |= {str(row): str(number) for row, number in found}
            if len(known) <= _MANY_IDS:
                self.keep(_IDS, orjson.dumps(known))
        return [known[str(row)] for row in wanted]

    def events(self, rows: NDArray[np.int64], names: Collection[str] | None = None) -> Iterator[Event]:
        """Yield the events in these rows, whole, or with these fields."""
        if not len(rows):
            return
        for start in range(0, len(rows), _EVENTS_AT_ONCE):
            yield from events_of(self._whole(rows[start : start + _EVENTS_AT_ONCE], names))

    def _whole(self, rows: NDArray[np.int64], fields: Collection[str] | None) -> pa.Table:
        """Return these rows (ascending) with the columns of the fields (None: all of them).

        The largest column is never held as a whole.
        """
        reader, group = self.opened.reader, self._group
        present = [name for name in reader.present(group) if name not in {SEQUENCE, ORIGINAL}]
        names = [name for name in present if belongs(name, fields)]
        together = max(1, len(present) * _AT_ONCE // max(1, reader.weight(group)))
        places = pa.array(rows)
        columns = {ORIGINAL: self.originals(rows)}
        for start in range(0, len(names), together):
            part = self._columns(names[start : start + together]).take(places)
            columns |= {name: part.column(name) for name in part.column_names}
        return pa.table(columns)

    def recall(self, key: str) -> bytes | None:
        """Return what was kept under this key for the block."""
        return self.opened.tested.get(f"{self._group} {key}")

    def keep(self, key: str, content: bytes) -> None:
        """Keep something worked out for the block; it may be forgotten."""
        self.opened.tested.put(f"{self._group} {key}", content)

    def apart(self) -> Sequence[StoredBlock]:
        """Return none: a row group is of one piece."""
        return ()

    @cached_property
    def weight(self) -> int:
        """About how many bytes the row group takes in memory; raise `UnreadableError` where the file is damaged."""
        return self.opened.reader.weight(self._group)

    def whole(self) -> pa.Table:
        """Return all columns as they are stored, but for the original text."""
        reader = self.opened.reader
        return reader.read(self._group, [name for name in reader.present(self._group) if name != ORIGINAL])

    def originals(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the original text of these rows (ascending)."""
        return self.opened.reader.take(self._group, ORIGINAL, rows)

    def select(self, wanted: Wanted) -> bool:
        """Mark the rows that are wanted; tell whether there are any."""
        segment = self.opened.segment
        mask = None
        if wanted.after >= self.first_sequence or (wanted.until is not None and wanted.until < self.last_sequence):
            sequences = self._sequences()
            mask = sequences > wanted.after
            if wanted.until is not None:
                mask &= sequences <= wanted.until
        if not _within(segment, wanted) and (mask is None or mask.any()):
            timed = in_time(self.opened.reader, self._group, self.rows, wanted)
            mask = timed if mask is None else mask & timed
        self.selected = None if mask is None or mask.all() else mask
        return mask is None or bool(mask.any())

    def _sequences(self) -> NDArray[np.int64]:
        if not self.opened.segment.compacted:
            return np.arange(self.first_sequence, self.last_sequence + 1)
        found: NDArray[np.int64] = self.opened.reader.read(self._group, [SEQUENCE]).column(SEQUENCE).to_numpy()
        return found


def assembled(
    names: Collection[str], there: Collection[str], columns: Callable[[Sequence[str]], pa.Table], rest: Rest | None
) -> pa.Table:
    """Return the fields' columns with their companions, and what the rest holds of them.

    `there` are the columns that hold anything; `columns` reads them.
    """
    wanted = [each for name in names for each in companions(name) if each in there]
    table = columns(wanted)
    return folded(table if rest is None else rest.beside(table, names))


def companions(name: str) -> tuple[str, ...]:
    """Return the columns in which values of a field can stand."""
    return (name, name + MANY, MISTYPED + name)


def belongs(column: str, fields: Collection[str] | None) -> bool:
    """Tell whether a column is needed for events with these fields (None: with all of them)."""
    return fields is None or column in _OWN or field_of(column) in fields


def field_of(column: str) -> str:
    """Return the field that a column holds, alone or with its companions."""
    return column.removeprefix(MISTYPED).removeprefix(GIVEN).removesuffix(MANY)


def _within(segment: Segment, wanted: Wanted) -> bool:
    """Tell whether every event of the segment lies in the wanted span of time."""
    if wanted.since is None and wanted.before is None:
        return True
    if segment.untimed or segment.first_time is None or segment.last_time is None:
        return False
    return (wanted.since is None or segment.first_time >= wanted.since) and (
        wanted.before is None or segment.last_time < wanted.before
    )


def _fields(reader: SegmentReader, group: int) -> tuple[list[str], list[str]]:
    """Return the fields that any event of a row group has, whatever holds them, and those that stand in the rest.

    A field can have a column that holds the rows of some, and stand in the rest in others.
    """
    there = reader.present(group)
    names, left = {field_of(name) for name in there}, set[str]()
    if REST in there:
        for text in reader.read(group, [REST]).column(REST).to_pylist():
            left.update(from_json(text) if text else ())
    return sorted(names | left), sorted(left)

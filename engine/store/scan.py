"""Reading stored events: slices of columns in ingest order, and single events by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.events import Event
from engine.store.catalogue import Segment
from engine.store.columns import ID, MANY, MISTYPED, REST, SEQUENCE, TEXTS
from engine.store.protocol import Slice
from engine.store.rest import Rest, plain
from engine.store.rows import events_of
from engine.store.segments import SegmentReader

_TIME = "@timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows and columns a scan asks for; times are microseconds, `columns` None means all."""

    after: int
    until: int | None
    since: int | None
    before: int | None
    columns: Sequence[str] | None


def slices(folder: Path, segments: Sequence[Segment], wanted: Wanted) -> Iterator[Slice]:
    """Yield the wanted rows of these segments, a row group at a time."""
    for segment in segments:
        with SegmentReader(folder / segment.path) as reader:
            first = segment.first_sequence
            for group, rows in enumerate(reader.rows):
                part = _slice(reader, group, None if segment.compacted else np.arange(first, first + rows), wanted)
                if part is not None:
                    yield part
                first += rows


def _slice(reader: SegmentReader, group: int, sequences: NDArray[np.int64] | None, wanted: Wanted) -> Slice | None:
    if sequences is None:
        sequences = reader.read(group, [SEQUENCE]).column(SEQUENCE).to_numpy()
    mask = sequences > wanted.after
    if wanted.until is not None:
        mask &= sequences <= wanted.until
    if not mask.any():
        return None
    if wanted.since is not None or wanted.before is not None:
        mask &= in_time(reader, group, len(sequences), wanted)
        if not mask.any():
            return None
    table = _columns(reader, group, sequences, wanted.columns)
    if not mask.all():
        table, sequences = table.filter(pa.array(mask)), sequences[mask]
    return Slice(first_sequence=int(sequences.min()), last_sequence=int(sequences.max()), table=table)


def in_time(reader: SegmentReader, group: int, rows: int, wanted: Wanted) -> NDArray[np.bool_]:
    """Tell for each row of a row group whether its event lies in the wanted span of time."""
    table = reader.read(group, [_TIME])
    if not table.num_columns:
        return np.zeros(rows, dtype=bool)
    times = table.column(_TIME).cast(pa.int64())
    known: NDArray[np.bool_] = pc.is_valid(times).to_numpy()
    micros = pc.fill_null(times, 0).to_numpy()
    if wanted.since is not None:
        known = known & (micros >= wanted.since)
    return known if wanted.before is None else known & (micros < wanted.before)


def _columns(
    reader: SegmentReader, group: int, sequences: NDArray[np.int64], columns: Sequence[str] | None
) -> pa.Table:
    """Read the columns asked for, with their companions, and what the segment keeps of them elsewhere."""
    if columns is None:
        return folded(reader.read(group, [name for name in reader.names if name != SEQUENCE]))
    names = [each for name in columns if name != SEQUENCE for each in (name, name + MANY, MISTYPED + name)]
    table = reader.read(group, names)
    if REST in reader.present(group):
        table = Rest(reader.read(group, [REST]).column(REST)).beside(table, columns)
    table = folded(table)
    return table.append_column(SEQUENCE, pa.array(sequences)) if SEQUENCE in columns else table


def folded(table: pa.Table) -> pa.Table:
    """Put mistyped values of NAME among its lists, as a list of one: a reader of both has every value."""
    for column in [name for name in table.column_names if name.startswith(MISTYPED)]:
        many = column.removeprefix(MISTYPED) + MANY
        singles = [None if value is None else [value] for value in table.column(column).to_pylist()]
        if many in table.column_names:
            lists = table.column(many).to_pylist()
            singles = [one if one is not None else several for one, several in zip(singles, lists, strict=True)]
            table = table.drop_columns([many])
        table = table.drop_columns([column]).append_column(many, pa.array(singles, TEXTS))
    return table


def found_events(folder: Path, segments: Sequence[Segment], ids: Sequence[str]) -> dict[str, Event]:
    """Return the events with these ids. There is no index over ids: segments are looked through, the newest first."""
    left = set(ids)
    found: dict[str, Event] = {}
    for segment in reversed(segments):
        if not left:
            break
        with SegmentReader(folder / segment.path) as reader:
            for group in range(len(reader.rows)):
                mask = _among(reader.read(group, [ID]).column(ID), left)
                if pc.any(mask).as_py():
                    events = events_of(reader.read(group, reader.names).filter(mask))
                    found |= {event.id: event for event in events}
                    left -= found.keys()
    return found


def known_ids(folder: Path, segments: Sequence[Segment], ids: Sequence[str]) -> set[str]:
    """Return those of the ids that stand in these segments."""
    known: set[str] = set()
    asked = frozenset(ids)
    for segment in segments:
        with SegmentReader(folder / segment.path) as reader:
            for group in range(len(reader.rows)):
                known |= asked.intersection(reader.read(group, [ID]).column(ID).cast(pa.string()).to_pylist())
    return known


def _among(column: pa.ChunkedArray, ids: set[str]) -> pa.ChunkedArray:
    return pc.is_in(plain(column), value_set=pa.array(sorted(ids), pa.string()))

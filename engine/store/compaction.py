"""Joining small segments of one day and dataset into larger ones, while others read and write.

The events keep their sequences, which then stand in a column. Events of one kind (dataset, channel, event code) are put
together, so that a row group holds few kinds and most columns are empty in it. The files that were joined are removed
an hour after the change, so that a reader who had begun with them can finish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import UnreadableError
from engine.store.catalogue import Catalogue, Segment
from engine.store.columns import BUDGET, SEQUENCE, TEXT
from engine.store.database import Database, to_micros
from engine.store.gluing import glued
from engine.store.intake import segment_path
from engine.store.leftovers import STAGED, note
from engine.store.rewriting import Premises, remove_retired
from engine.store.segments import ROW_GROUP, SegmentReader, Staged, return_memory, stage
from engine.store.tested import remove_orphans

_SMALL = 50_000  # events; larger segments are left as they are
_TARGET = 200_000  # events of a joined segment at most
_SMALL_BYTES = 1024 * 1024  # on disk; runs leave larger ones as they are
_TARGET_BYTES = 48 * 1024 * 1024  # on disk
_TARGET_MEMORY = 64 * 1024 * 1024  # of all columns; joining takes about four times that
_DUE_AT_ONCE = 4  # groups that are joined after a run,
_DUE_EVENTS, _DUE_BYTES = 50_000, 8 * 1024 * 1024  # of so many events and bytes on disk each
GRACE = timedelta(hours=1)  # for readers that have begun with files that were replaced
_MANY = 64  # small segments of one day and dataset that are too many: a look back reads one in some milliseconds
_KIND = ("event.dataset", "winlog.channel", "event.code")  # what tells kinds of events apart
_LEAST = 4096  # rows that are worth a row group


def compact(folder: Path, database: Database, catalogue: Catalogue, now: datetime, *, due: bool = False) -> int:
    """Join what is small, remove what was joined an hour ago or more; return how many files were joined.

    With `due`, only a part is joined: where there are too many small files, the oldest of them; those that cannot be
    read are left to whoever looks at them.
    """
    joined = 0
    return_memory()
    segments = catalogue.segments()
    for group in islice(_due(segments), _DUE_AT_ONCE) if due else _groups(_small(segments)):
        with suppress(*[UnreadableError] if due else []):
            joined += _join(folder, database, catalogue, group, now)
    at = Premises(folder=folder, database=database, catalogue=catalogue, now=now)
    remove_retired(at, before=to_micros(now - GRACE))
    with database.guarded():
        remove_orphans(folder, [segment.path for segment in catalogue.segments()])
    return joined


def is_due(segments: Sequence[Segment]) -> bool:
    """Tell whether some day and dataset has so many small segments that reading suffers."""
    return any(_due(segments))


def _small(segments: Sequence[Segment]) -> list[Segment]:
    small = [segment for segment in segments if segment.events < _SMALL]
    return sorted(small, key=lambda segment: (segment.day, segment.dataset, segment.first_sequence))


def _due(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield groups, the oldest first, until few small segments are left of each day and dataset.

    What was joined is joined again only with its like, so that each event is written some few times in its life.
    """
    small = [segment for segment in _small(segments) if segment.size < _SMALL_BYTES]
    small.sort(key=lambda segment: segment.compacted)
    for _, found in groupby(small, key=lambda segment: (segment.compacted, segment.day, segment.dataset)):
        alike = list(found)
        left = len(alike)
        if left < _MANY:
            continue
        for group in _groups(alike, events=_DUE_EVENTS, size=_DUE_BYTES):
            if left < _MANY:
                break
            left -= len(group)
            if len(group) > 1:
                yield group


def _groups(small: Sequence[Segment], *, events: int = _TARGET, size: int = _TARGET_BYTES) -> Iterator[list[Segment]]:
    """Cut into groups of so many events and bytes on disk."""
    for _, alike in groupby(small, key=lambda segment: (segment.day, segment.dataset)):
        group: list[Segment] = []
        rows = weight = 0
        for segment in alike:
            rows, weight = rows + segment.events, weight + segment.size
            if group and (rows > events or weight > size):
                yield group
                group, rows, weight = [], segment.events, segment.size
            group.append(segment)
        yield group


def _join(folder: Path, database: Database, catalogue: Catalogue, group: list[Segment], now: datetime) -> int:
    """Join segments of a group, as many at a time as fit into memory."""
    joined = 0
    while len(group) > 1:
        most = _together(folder, group)
        part, group = group[:most], group[most:]
        if len(part) > 1:
            joined += _replace(folder, database, catalogue, part, now)
    return joined


def _together(folder: Path, group: Sequence[Segment]) -> int:
    """Return how many of the first segments, at least one, are good for one file."""
    names: set[str] = set()
    size = 0
    for count, segment in enumerate(group):
        with SegmentReader(folder / segment.path, as_stored=True) as reader:
            size += sum(map(reader.weight, range(len(reader.rows))))
            names.update(reader.names)
        if count and (size > _TARGET_MEMORY or len(names) > 2 * BUDGET):  # hostile names: too many for one file
            return count
    return len(group)


def _read(folder: Path, group: Sequence[Segment]) -> list[pa.Table]:
    tables: list[pa.Table] = []
    for segment in group:
        with SegmentReader(folder / segment.path, as_stored=True) as reader:
            tables.append(_whole(reader, segment))
    return tables


def _replace(folder: Path, database: Database, catalogue: Catalogue, group: list[Segment], now: datetime) -> int:
    with database.guarded():
        staged = _staged(_read(folder, group), folder / STAGED)
    try:
        new = _joined(group, staged.size, catalogue.newest())
        with database.transaction() as connection:
            if not catalogue.replace(connection, group, new, to_micros(now)):
                return 0  # another process has joined them in the meantime
            staged.place(folder / new.path)
    finally:
        staged.discard()
    note(folder, catalogue)
    return len(group)


def _staged(tables: list[pa.Table], folder: Path) -> Staged:
    joined = glued(tables)
    order, sizes = _order(joined)
    names, columns = joined.column_names, joined.columns
    del joined
    for place in range(len(columns)):  # one by one: of each, the pieces are let go before the next is put in order
        columns[place] = columns[place].take(order).combine_chunks()
    return stage(pa.table(columns, names=names), folder, sizes)


def _whole(reader: SegmentReader, segment: Segment) -> pa.Table:
    table = pa.concat_tables([reader.read(group, reader.names) for group in range(len(reader.rows))])
    if SEQUENCE in table.column_names:
        return table
    sequences = np.arange(segment.first_sequence, segment.last_sequence + 1)
    return table.append_column(SEQUENCE, pa.array(sequences))


def _order(table: pa.Table) -> tuple[pa.Array, list[int]]:
    """Return the rows in the order of the new segment, and how many rows each of its row groups gets."""
    kinds = np.zeros(table.num_rows, dtype=np.int64)
    for name in _KIND:
        if name in table.column_names:
            column = table.column(name)
            column = column.cast(pa.string()) if column.type == TEXT else column
            codes = pc.rank(pc.fill_null(column, ""), tiebreaker="dense").to_numpy()
            _, kinds = np.unique(kinds * (table.num_rows + 1) + codes, return_inverse=True)
    order = np.lexsort((table.column(SEQUENCE).to_numpy(), kinds))
    return pa.array(order), list(_sizes(np.bincount(kinds).tolist()))


def _sizes(kinds: Sequence[int]) -> Iterator[int]:
    """Cut at the borders between kinds: small ones share a row group, large ones get several of equal size."""
    pending = 0
    for rows in kinds:
        if rows < _LEAST:
            pending += rows
            if pending >= _LEAST:
                yield pending
                pending = 0
            continue
        if pending:
            yield pending
            pending = 0
        parts = -(-rows // ROW_GROUP)
        yield from (rows // parts + (part < rows % parts) for part in range(parts))
    if pending:
        yield pending


def _joined(group: Sequence[Segment], size: int, newest: int) -> Segment:
    first, last = min(each.first_sequence for each in group), max(each.last_sequence for each in group)
    day, dataset = group[0].day, group[0].dataset
    firsts = [each.first_time for each in group if each.first_time is not None]
    lasts = [each.last_time for each in group if each.last_time is not None]
    return Segment(
        id=0,
        path=segment_path(day, dataset, f"{first:015}-{last:015}-{newest}"),
        day=day,
        dataset=dataset,
        events=sum(each.events for each in group),
        size=size,
        first_sequence=first,
        last_sequence=last,
        first_time=min(firsts, default=None),
        last_time=max(lasts, default=None),
        untimed=sum(each.untimed for each in group),
        compacted=True,
    )

"""Joining small segments of one day and dataset into larger ones, while others read and write.

The events keep their sequences, which then stand in a column. The files that were joined are removed an hour after
the change, so that a reader who had begun with them can finish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.store.catalogue import Catalogue, Segment
from engine.store.columns import BUDGET, SEQUENCE
from engine.store.database import Database, to_micros
from engine.store.intake import STAGED, segment_path
from engine.store.segments import SegmentReader, stage

_SMALL = 50_000  # events; larger segments are left as they are
_TARGET = 200_000  # events of a joined segment at most
_TARGET_BYTES = 48 * 1024 * 1024  # on disk; zstd makes 10 to 25 times of it in memory
_GRACE = timedelta(hours=1)


def compact(folder: Path, database: Database, catalogue: Catalogue, now: datetime) -> int:
    """Join what is small, remove what was joined an hour ago or more; return how many files were joined."""
    joined = 0
    for group in _groups(catalogue.segments()):
        joined += _join(folder, database, catalogue, group, now)
    _remove_retired(folder, database, catalogue, now)
    return joined


def _groups(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    small = [segment for segment in segments if segment.events < _SMALL]
    small.sort(key=lambda segment: (segment.day, segment.dataset, segment.first_sequence))
    for _, alike in groupby(small, key=lambda segment: (segment.day, segment.dataset)):
        group: list[Segment] = []
        for segment in alike:
            events, size = sum(each.events for each in group), sum(each.size for each in group)
            if events + segment.events > _TARGET or size + segment.size > _TARGET_BYTES:
                yield group
                group = []
            group.append(segment)
        yield group


def _join(folder: Path, database: Database, catalogue: Catalogue, group: list[Segment], now: datetime) -> int:
    tables: list[pa.Table] = []
    names: set[str] = set()
    for segment in group:
        table = _whole(folder, segment)
        if tables and len(names.union(table.column_names)) > 2 * BUDGET:
            break  # hostile names: the columns of all together would be too many for one file
        names.update(table.column_names)
        tables.append(table)
    group = group[: len(tables)]
    if len(group) < 2:
        return 0
    with database.guarded():
        staged = stage(_sorted(tables), folder / STAGED)
    try:
        new = _joined(group, staged.size, catalogue.newest())
        with database.transaction() as connection:
            if not catalogue.replace(connection, group, new, to_micros(now)):
                return 0  # another process has joined them in the meantime
            staged.place(folder / new.path)
    finally:
        staged.discard()
    return len(group)


def _whole(folder: Path, segment: Segment) -> pa.Table:
    with SegmentReader(folder / segment.path) as reader:
        table = pa.concat_tables([reader.read(group, reader.names) for group in range(len(reader.rows))])
    if SEQUENCE in table.column_names:
        return table
    sequences = np.arange(segment.first_sequence, segment.last_sequence + 1)
    return table.append_column(SEQUENCE, pa.array(sequences))


def _sorted(tables: Sequence[pa.Table]) -> pa.Table:
    table = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    sequences = table.column(SEQUENCE).to_numpy()
    return table if bool((sequences[1:] > sequences[:-1]).all()) else table.take(pa.array(np.argsort(sequences)))


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


def _remove_retired(folder: Path, database: Database, catalogue: Catalogue, now: datetime) -> None:
    paths = catalogue.retired(before=to_micros(now - _GRACE))
    if not paths:
        return
    with database.transaction() as connection:
        for path in paths:
            (folder / path).unlink(missing_ok=True)
        catalogue.forget_retired(connection, paths)

"""What a store takes in at a time, in either form: events one by one, or batches of columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.batches import ROWS, EventBatch
from engine.events import Event
from engine.store.catalogue import Extent, Segment
from engine.store.columns import ID, ORIGINAL, batch_table, table_of
from engine.store.scan import known_ids
from engine.store.segments import SegmentReader

MIXED = "mixed"  # where the events of datasets with few events in a batch stand together
_DATASET = "event.dataset"
_OWN_FILE = 1000  # events of one dataset in a batch that are worth a file of their own
_MOST_EVENTS = 100_000  # of one segment
_MOST_TEXT = 128 * 1024 * 1024  # characters of original text in one segment


class Arrivals(Protocol):
    """Events with different ids, on their way into segments."""

    def __len__(self) -> int: ...

    def extents(self) -> list[Extent]:
        """Return the offsets that the events cover of each source."""
        ...

    def unknown(self, folder: Path, segments: Sequence[Segment]) -> Self:
        """Return those whose ids do not stand in any of these segments."""
        ...

    def segments(self, ingested: datetime) -> Iterator[tuple[str, Sequence[pa.Table]]]:
        """Yield what one segment each may hold, with its dataset: tables, of a row group each or of several."""
        ...


@dataclass(frozen=True, slots=True)
class Events:
    """Events one by one."""

    events: Sequence[Event]

    @classmethod
    def distinct(cls, events: Sequence[Event]) -> Self:
        """Return the events, the first of each id only."""
        return cls(list({event.id: event for event in reversed(events)}.values())[::-1])

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.events)

    def extents(self) -> list[Extent]:
        """See `Arrivals`."""
        return extents_of((event.origin.identity, event.origin.offset) for event in self.events)

    def unknown(self, folder: Path, segments: Sequence[Segment]) -> Self:
        """See `Arrivals`."""
        known = known_ids(folder, segments, [event.id for event in self.events])
        return replace(self, events=[event for event in self.events if event.id not in known]) if known else self

    def segments(self, ingested: datetime) -> Iterator[tuple[str, Sequence[pa.Table]]]:
        """See `Arrivals`."""
        for dataset, group in _by_dataset(self.events):
            for piece in _pieces(group):
                yield dataset, [table_of(piece, ingested)]


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of columns with the events beside them."""

    batches: Sequence[EventBatch]
    beside: Events

    @classmethod
    def distinct(cls, batches: Sequence[EventBatch]) -> Self:
        """Return the events of batches, the first of each id only."""
        beside = Events.distinct([event for batch in batches for event in batch.events])
        taken = pa.array([event.id for event in beside.events], pa.string())
        found: list[EventBatch] = []
        for batch in (each for each in batches if each.rows):
            seen = [taken, *(each.ids for each in found if not _is_behind(each, batch))]
            new = np.ones(batch.rows, dtype=np.bool_)
            if any(map(len, seen)):
                new = ~pc.is_in(batch.ids, value_set=pa.concat_arrays(seen)).to_numpy(zero_copy_only=False)
            if not _is_growing(batch):
                new &= np.isin(np.arange(batch.rows), _first_places(batch.ids))
            if new.any():
                found.append(batch.kept(new, ()))
        return cls(found, beside)

    def __len__(self) -> int:
        """Return how many events there are."""
        return sum(map(len, self.batches)) + len(self.beside)

    def extents(self) -> list[Extent]:
        """See `Arrivals`."""
        bounds = ((batch.identity, pc.min_max(batch.offsets).as_py()) for batch in self.batches)
        rows = [(identity, offset) for identity, ends in bounds for offset in (ends["min"], ends["max"])]
        beside = [(event.origin.identity, event.origin.offset) for event in self.beside.events]
        return extents_of([*rows, *beside])

    def unknown(self, folder: Path, segments: Sequence[Segment]) -> Self:
        """See `Arrivals`."""
        if not segments:
            return self
        new = [np.ones(batch.rows, dtype=np.bool_) for batch in self.batches]
        for segment in segments:
            with SegmentReader(folder / segment.path, as_stored=True) as reader:
                for group in range(len(reader.rows)):
                    known = pc.unique(reader.read(group, [ID]).column(ID).cast(pa.string()))
                    for batch, left in zip(self.batches, new, strict=True):
                        left[pc.is_in(batch.ids, value_set=known).to_numpy(zero_copy_only=False)] = False
        kept = [batch.kept(rows, ()) for batch, rows in zip(self.batches, new, strict=True)]
        beside = self.beside.unknown(folder, segments)
        return replace(self, batches=[batch for batch in kept if batch.rows], beside=beside)

    def segments(self, ingested: datetime) -> Iterator[tuple[str, Sequence[pa.Table]]]:
        """See `Arrivals`. Events beside the columns stand with the columns of their dataset, behind them."""
        parts: defaultdict[str, list[EventBatch]] = defaultdict(list)
        for batch in self.batches:
            for dataset, part in _parted(batch):
                parts[dataset].append(part)
        beside: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.beside.events:
            beside[_dataset_of(event)].append(event)
        counts = {name: sum(map(len, parts[name])) + len(beside[name]) for name in {*parts, *beside}}
        small = {name for name, count in counts.items() if count < _OWN_FILE} if len(counts) > 1 else set()
        for name in sorted(small):
            parts[MIXED] += parts.pop(name)
            beside[MIXED] += beside.pop(name)
        for name in sorted({*parts, *beside}, key=lambda name: (name != MIXED, name)):
            tables = [batch_table(part, ingested) for part in parts[name]]
            others = [table_of(piece, ingested) for piece in _pieces(beside[name])]
            for group in _grouped(_small_ones_joined([*tables, *others])):
                yield name, group


def extents_of(offsets: Iterable[tuple[str, int]]) -> list[Extent]:
    """Return the first and last offset of each source."""
    found: dict[str, tuple[int, int]] = {}
    for identity, offset in offsets:
        first, last = found.get(identity, (offset, offset))
        found[identity] = min(first, offset), max(last, offset)
    return [Extent(identity=identity, first=first, last=last) for identity, (first, last) in found.items()]


def _is_growing(batch: EventBatch) -> bool:
    """Tell whether each row's offset is larger than the one in front: then no two ids are the same."""
    offsets = batch.offsets.to_numpy()
    return bool((offsets[1:] > offsets[:-1]).all())


def _is_behind(first: EventBatch, second: EventBatch) -> bool:
    """Tell whether a batch lies wholly behind another of the same log, so that they share no id.

    What senders give ids of their own has the time as offset, which does not have to grow.
    """
    return first.identity == second.identity and bool(pc.less(pc.max(first.offsets), pc.min(second.offsets)).as_py())


def _first_places(ids: pa.Array) -> NDArray[np.int64]:
    places: NDArray[np.int64] = np.unique(ids.to_numpy(zero_copy_only=False), return_index=True)[1]
    return places


def _dataset_of(event: Event) -> str:
    dataset = event.fields.get(_DATASET)
    return dataset if isinstance(dataset, str) else ""


def _parted(batch: EventBatch) -> Iterator[tuple[str, EventBatch]]:
    """Part a batch by dataset."""
    column = batch.values.get(_DATASET)
    if column is None:
        yield "", batch
        return
    if len(column.dictionary) == 1 and not column.null_count:
        yield column.dictionary[0].as_py(), batch
        return
    codes = column.indices.fill_null(-1).to_numpy()
    for code in np.unique(codes).tolist():
        yield "" if code < 0 else column.dictionary[code].as_py(), batch.kept(codes == code, ())


def _by_dataset(events: Sequence[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Group a batch by dataset, small groups together; a batch of one dataset is one group."""
    groups: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        groups[_dataset_of(event)].append(event)
    small = {name for name, group in groups.items() if len(group) < _OWN_FILE} if len(groups) > 1 else set()
    mixed = [event for name in groups if name in small for event in groups[name]]
    if mixed:
        yield MIXED, mixed
    for name in sorted(groups.keys() - small):
        yield name, groups[name]


def _pieces(events: list[Event]) -> Iterator[list[Event]]:
    """Cut a group into pieces that one segment may hold."""
    piece: list[Event] = []
    size = 0
    for event in events:
        if piece and (len(piece) == _MOST_EVENTS or size + len(event.original) > _MOST_TEXT):
            yield piece
            piece, size = [], 0
        piece.append(event)
        size += len(event.original)
    if piece:
        yield piece


def _small_ones_joined(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Join tables that together are small enough for one row group, so that there are few."""
    found: list[pa.Table] = []
    for table in tables:
        if found and found[-1].num_rows + table.num_rows <= ROWS:
            both = pa.concat_tables([found.pop(), table], promote_options="default")
            table = _in_one(both.unify_dictionaries())  # noqa: PLW2901 - what stands here is the joined one
        found.append(table)
    return found


def _in_one(table: pa.Table) -> pa.Table:
    """Put the pieces of each column together, but for the original text: it is most of the table."""
    columns = {name: table.column(name) for name in table.column_names}
    return pa.table({name: each if name == ORIGINAL else each.combine_chunks() for name, each in columns.items()})


def _grouped(tables: Sequence[pa.Table]) -> Iterator[list[pa.Table]]:
    """Put tables together that one segment may hold."""
    group: list[pa.Table] = []
    size: Counter[str] = Counter()
    for table in tables:
        text = table.column(ORIGINAL).nbytes
        if group and (size["rows"] + table.num_rows > _MOST_EVENTS or size["text"] + text > _MOST_TEXT):
            yield group
            group, size = [], Counter()
        group.append(table)
        size += Counter(rows=table.num_rows, text=text)
    if group:
        yield group

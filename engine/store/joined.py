"""Small row groups that are looked at as one: what batches left in many files is read and tested only once.

A file of a thousand events costs nearly as much to look at as one of ten thousand: every read of every column has its
price, each kind of event is a look of its own, and most values stand in every file. What a look came to is not kept:
these files are soon joined on disk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.events import Event
from engine.store.blocks import StoredBlock, assembled, belongs
from engine.store.columns import ID, ORIGINAL, REST
from engine.store.gluing import glued
from engine.store.rest import Rest
from engine.store.rows import events_of

_EVENTS_AT_ONCE = 2000
_Rows = NDArray[np.int64]


class JoinedBlock:
    """Blocks of the store one after another; see `engine.store.protocol.Block`. Rows count through all of them."""

    def __init__(self, parts: Sequence[StoredBlock]) -> None:
        self._parts = parts
        self._starts: _Rows = np.cumsum([0, *(part.rows for part in parts)])
        self.rows = int(self._starts[-1])
        self.first_sequence = min(part.first_sequence for part in parts)
        self.last_sequence = max(part.last_sequence for part in parts)
        self.settled = parts[-1].settled
        self.selected: NDArray[np.bool_] | None = None
        if any(part.selected is not None for part in parts):
            masks = [np.ones(part.rows, dtype=bool) if part.selected is None else part.selected for part in parts]
            self.selected = np.concatenate(masks)

    @cached_property
    def names(self) -> Sequence[str]:
        """The fields that any of the events has."""
        return sorted(frozenset[str]().union(*(part.names for part in self._parts)))

    @cached_property
    def _table(self) -> pa.Table:
        """All columns but the original text."""
        return glued([part.whole() for part in self._parts]).combine_chunks()

    @cached_property
    def _there(self) -> frozenset[str]:
        return frozenset({*self._table.column_names, ORIGINAL})

    def read(self, names: Collection[str]) -> pa.Table:
        """Return these columns for all rows, with their companions; names that no row has are left out."""
        return assembled(names, self._there, self._columns, self._rest)

    @cached_property
    def _rest(self) -> Rest | None:
        return Rest(self._table.column(REST)) if REST in self._there else None

    def _columns(self, names: Sequence[str]) -> pa.Table:
        table = self._table.select([name for name in names if name != ORIGINAL])
        if ORIGINAL in names:
            table = table.append_column(ORIGINAL, self._originals(np.arange(self.rows)))
        return table

    def _originals(self, rows: _Rows) -> pa.Array:
        return pa.concat_arrays([part.originals(own) for part, own in self._split(rows)])

    def _split(self, rows: _Rows) -> Iterator[tuple[StoredBlock, _Rows]]:
        """Yield each block with those of the rows (ascending) that are its own, as it counts them."""
        ends = np.searchsorted(rows, self._starts)
        for place, part in enumerate(self._parts):
            own = rows[ends[place] : ends[place + 1]]
            if len(own):
                yield part, own - self._starts[place]

    def ids(self, rows: _Rows) -> list[str]:
        """Return the ids of the events in these rows."""
        found: list[str] = self._table.column(ID).take(pa.array(rows)).to_pylist()
        return found

    def events(self, rows: _Rows, names: Collection[str] | None = None) -> Iterator[Event]:
        """Yield the events in these rows (ascending), whole, or with these fields."""
        table = self._table.select([name for name in self._table.column_names if belongs(name, names)])
        for start in range(0, len(rows), _EVENTS_AT_ONCE):
            wanted = rows[start : start + _EVENTS_AT_ONCE]
            yield from events_of(table.take(pa.array(wanted)).append_column(ORIGINAL, self._originals(wanted)))

    def recall(self, key: str) -> bytes | None:  # noqa: ARG002 - see `Block`
        """Return nothing: what was worked out is not kept."""
        return None

    def keep(self, key: str, content: bytes) -> None:
        """Forget it."""

    def apart(self) -> Sequence[StoredBlock]:
        """Return the blocks that this one is made of."""
        return self._parts

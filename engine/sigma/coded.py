"""Columns as codes into their distinct values, decoded from a block of the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import Value, texts
from engine.sigma.partitions import Accessor
from engine.store.columns import ENVELOPE, GIVEN, KINDS, MANY, SAME

if TYPE_CHECKING:
    from engine.store.protocol import Block

Codes = npt.NDArray[np.int64]
Searched: TypeAlias = tuple[Sequence[frozenset[int]], Codes]  # sets of true predicates, and the place of each row's


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes into distinct values; -1 where absent. A value may be a tuple of several."""

    codes: Codes
    values: Sequence[str | tuple[str, ...]]

    def first(self, row: int) -> str:
        """Return the (first) value of a row, "" where there is none."""
        code = int(self.codes[row])
        value = self.values[code] if code >= 0 else ""
        return value if isinstance(value, str) else next(iter(value), "")


class Columns:
    """A block's columns, decoded on demand and once."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._coded: dict[str, Coded] = {}
        self.names = frozenset(block.names)
        self.searched: dict[tuple[int, ...], Searched] = {}  # what keywords came to, by where and which were asked

    def load(self, names: set[str]) -> None:
        """Read these columns together, which is cheaper than one by one."""
        wanted = sorted((names & self.names) - self._coded.keys() - ENVELOPE.keys())
        if wanted:
            table = self._block.read(wanted)
            for name in wanted:
                self._coded[name] = self._decoded(table, name)

    def values(self, accessor: Accessor, rows: Codes) -> Coded:
        """Return the field's values in these rows."""
        names = [name for name in accessor.names if name in self.names]
        if accessor.spread and len(names) > 1:
            return self._spread(names, rows)
        found: Coded | None = None
        for name in names:
            column = self._column(name)
            codes = column.codes[rows]
            found = Coded(codes, column.values) if found is None else _either(found, Coded(codes, column.values))
        return found or Coded(np.full(len(rows), -1, dtype=np.int64), ())

    def rows(self, rows: Codes, names: Sequence[str]) -> Iterator[dict[str, Value]]:
        """Yield the named fields of each row as a mapping."""
        columns = {name: self._column(name) for name in names if name in self.names}
        for row in rows:
            yield {name: column.values[column.codes[row]] for name, column in columns.items() if column.codes[row] >= 0}

    def _spread(self, names: Sequence[str], rows: Codes) -> Coded:
        numbers: dict[tuple[str, ...], int] = {}
        codes = np.full(len(rows), -1, dtype=np.int64)
        for index, fields in enumerate(self.rows(rows, names)):
            parts = tuple(item for name in names for item in texts(fields.get(name)))
            if parts:
                codes[index] = numbers.setdefault(parts, len(numbers))
        return Coded(codes, list(numbers))

    def _column(self, name: str) -> Coded:
        if name not in self._coded:
            if name in ENVELOPE:
                self._coded[name] = self._own_field(name)
            else:
                self._coded[name] = self._decoded(self._block.read([name]), name)
        return self._coded[name]

    def _own_field(self, name: str) -> Coded:
        """Return the events' own field that has the name of one of the store's columns."""
        table = self._block.read([name, KINDS, GIVEN + name])
        given = self._decoded(table, GIVEN + name)
        if KINDS not in table.column_names:
            return given
        kinds = decoded_column(table.column(KINDS))
        same = np.array([orjson.loads(str(value)).get(name) == SAME for value in kinds.values] + [False])[kinds.codes]
        own = self._decoded(table, name)
        return _either(given, Coded(np.where(same, own.codes, -1), own.values))

    def _decoded(self, table: pa.Table, name: str) -> Coded:
        parts = [table.column(item) for item in (name, name + MANY) if item in table.column_names]
        coded = [decoded_column(part) for part in parts]
        if not coded:
            return Coded(np.full(self._block.rows, -1, dtype=np.int64), ())
        return coded[0] if len(coded) == 1 else _either(*coded)


def decoded_column(column: pa.ChunkedArray) -> Coded:
    """Return a column of any type as codes."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _decoded_lists(column)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    unified = column.unify_dictionaries().combine_chunks()
    array = unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified
    codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = array.dictionary.to_pylist()
    return Coded(codes, values if pa.types.is_string(array.dictionary.type) else [texts(value)[0] for value in values])


def _decoded_lists(column: pa.ChunkedArray) -> Coded:
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    if array.null_count + int((lengths == 1).sum()) == len(array):  # lists of one: as cheap as text
        flat = array.flatten().dictionary_encode()
        codes = np.full(len(array), -1, dtype=np.int64)
        codes[lengths == 1] = flat.indices.to_numpy()
        return Coded(codes, [(value,) for value in flat.dictionary.to_pylist()])
    return _decoded_several(array, lengths)


def _decoded_several(array: pa.ListArray, lengths: Codes) -> Coded:
    """Return lists of any length as codes: those of one length are told apart together."""
    flat = array.flatten().dictionary_encode()
    elements, words = flat.indices.to_numpy(), flat.dictionary.to_pylist()
    starts = np.cumsum(lengths) - lengths
    codes = np.full(len(array), -1, dtype=np.int64)
    values: list[tuple[str, ...]] = []
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(
            lengths == length if length else array.is_valid().to_numpy(zero_copy_only=False) & (lengths == 0)
        )
        lists = elements[starts[rows, None] + np.arange(length)]
        different, places = (
            np.unique(lists, axis=0, return_inverse=True)
            if length
            else (lists[:1], np.zeros(len(rows), dtype=np.int64))
        )
        codes[rows] = len(values) + places.reshape(-1)
        values += [tuple(words[element] for element in each) for each in different.tolist()]
    return Coded(codes, values)


def _either(first: Coded, second: Coded) -> Coded:
    """Return the first column, and the second where the first is absent."""
    shifted = np.where(second.codes >= 0, second.codes + len(first.values), -1)
    return Coded(np.where(first.codes >= 0, first.codes, shifted), [*first.values, *second.values])

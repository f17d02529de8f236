"""Columns as codes into their distinct values, decoded from a block of the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import Value, texts
from engine.sigma.signatures import Accessor
from engine.store.columns import ENVELOPE, GIVEN, KINDS, MANY, SAME

if TYPE_CHECKING:
    from engine.store.protocol import Block

_AT_ONCE = 2048  # values that are Python's strings at the same time
_RADIX = 1 << 40  # combinations of codes are numbered exactly as long as they are fewer
Codes = npt.NDArray[np.int64]
Searched: TypeAlias = tuple[Sequence[frozenset[int]], Codes]  # sets of true predicates, and the place of each row's


class Texts(Sequence[str]):
    """Values that become Python's strings only where they are asked for: a block has many, and most are known."""

    def __init__(self, array: pa.StringArray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        found: str | list[str] = (
            self.array[place].to_pylist() if isinstance(place, slice) else self.array[place].as_py()
        )
        return found

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self.array.slice(start, _AT_ONCE).to_pylist()

    def some(self, places: Codes) -> Iterator[str]:
        """Yield the values in these places."""
        for start in range(0, len(places), _AT_ONCE):
            yield from self.array.take(pa.array(places[start : start + _AT_ONCE])).to_pylist()


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes into distinct values; -1 where absent. A value may be a tuple of several."""

    codes: Codes
    values: Sequence[str | tuple[str, ...]]

    def some(self, places: Codes) -> Iterable[str | tuple[str, ...]]:
        """Return the values in these places."""
        if isinstance(self.values, Texts):
            return self.values.some(places)
        return [self.values[place] for place in places.tolist()]

    def first(self, row: int) -> str:
        """Return the (first) value of a row, "" where there is none."""
        code = int(self.codes[row])
        value = self.values[code] if code >= 0 else ""
        return value if isinstance(value, str) else next(iter(value), "")

    def all(self, row: int) -> tuple[str, ...]:
        """Return the values of a row."""
        code = int(self.codes[row])
        value = self.values[code] if code >= 0 else ()
        return (value,) if isinstance(value, str) else value


class CodedTexts(NamedTuple):
    """A column of texts as codes into distinct ones, -1 where absent."""

    codes: Codes
    array: pa.StringArray


def distinct(columns: Sequence[npt.NDArray[np.integer[Any]] | None], count: int) -> tuple[Codes, Codes]:
    """Return for each distinct combination of codes (0 and more) its first row, and for each row its number.

    A column that is None has the same code in all of the `count` rows.
    """
    mixed = np.zeros(count, dtype=np.int64)
    size = 1
    for column in columns:
        if column is None:
            continue
        different = int(column.max()) + 1
        if size * different > _RADIX:
            mixed = np.unique(mixed, return_inverse=True)[1]
            size = int(mixed.max()) + 1
        mixed *= different
        mixed += column
        size *= different
    if size > 4 * count + 65_536:
        return np.unique(mixed, return_index=True, return_inverse=True)[1:]
    rows = np.full(size, -1, dtype=np.int64)
    rows[mixed[::-1]] = np.arange(count - 1, -1, -1)
    used = np.flatnonzero(rows >= 0)
    places = np.zeros(size, dtype=np.int64)
    places[used] = np.arange(len(used))
    return rows[used], places[mixed]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of a column whose value may hold a keyword: `values[places[i]]` stands in row `rows[i]`."""

    rows: Codes
    places: Codes
    values: Sequence[str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Suspects:
    """What of a block may hold keywords, and the rows that have an `ordinary` value, which surely holds none."""

    ordinary: npt.NDArray[np.bool_]
    parts: Sequence[Found]


class Columns:
    """A block's columns, decoded on demand and once."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._coded: dict[str, Coded] = {}
        self.names = frozenset(block.names)
        self.searched: dict[tuple[int, ...], Searched] = {}  # what keywords came to, by where and which were asked
        self.suspects: dict[object, Suspects] = {}  # by who looked for them

    def load(self, names: set[str]) -> None:
        """Read these columns together, which is cheaper than one by one."""
        wanted = sorted((names & self.names) - self._coded.keys() - ENVELOPE.keys())
        if wanted:
            table = self._block.read(wanted)
            for name in wanted:
                self._coded[name] = self._decoded(table, name)

    def texts_of(self, name: str) -> CodedTexts | None:
        """Return a column of texts that was decoded before, else None."""
        found = self._coded.get(name)
        return CodedTexts(found.codes, found.values.array) if found and isinstance(found.values, Texts) else None

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
        columns = [self._column(name) for name in names]
        first, combined = distinct([column.codes[rows] + 1 for column in columns], len(rows))
        numbers: dict[tuple[str, ...], int] = {}
        codes = []
        for row in rows[first].tolist():
            parts = tuple(item for column in columns for item in column.all(row))
            codes.append(numbers.setdefault(parts, len(numbers)) if parts else -1)
        return Coded(np.array(codes, dtype=np.int64)[combined], list(numbers))

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
    if column.num_chunks == 1:
        array = column.chunk(0)
    else:
        unified = column.unify_dictionaries().combine_chunks()
        array = unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified
    codes, values = codes_of(array), array.dictionary
    return Coded(
        codes, Texts(values) if pa.types.is_string(values.type) else [texts(value)[0] for value in values.to_pylist()]
    )


def codes_of(array: pa.DictionaryArray) -> Codes:
    """Return which value each row has, -1 where it has none."""
    indices = pc.fill_null(array.indices, -1) if array.null_count else array.indices
    return indices.to_numpy(zero_copy_only=False).astype(np.int64)  # type: ignore[no-any-return] # Arrow has no types


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
    if isinstance(first.values, Texts) and isinstance(second.values, Texts):
        values: Sequence[str | tuple[str, ...]] = Texts(pa.concat_arrays([first.values.array, second.values.array]))
    else:
        values = [*first.values, *second.values]
    return Coded(np.where(first.codes >= 0, first.codes, shifted), values)

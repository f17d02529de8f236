"""Building columns: texts out of a buffer by their places, fields out of what distinct values say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa

from collectors.columns.pieces import Bytes, Piece, Places
from collectors.columns.seam import Columns, Mask
from engine.batches import ROWS, TEXT, TEXTS, column_type, is_column
from engine.ecs_types import ARRAY, kind_of
from engine.events import Fields, Value

_LONG: Final = 2**63
_SORTED: Final = 8  # times as many possible numbers as there are: then sorting is cheaper than marking what is there
_MOST_NAMES: Final = 200  # columns of one kind of reading
_NATIVE: Final[Mapping[str, type]] = {"text": str, "long": int, "float": float, "boolean": bool, "date": datetime}


def texts(buffer: Bytes, *bounds: tuple[Places, Places]) -> list[pa.Array]:
    """Return the texts that stand between these places of an ASCII buffer, a column for each pair of bounds.

    In each row the bounds must grow from the first pair to the last, and from one row to the next; raise `ValueError`
    where they do not, for Arrow would read whatever memory they name.
    """
    rows = len(bounds[0][0])
    edges = np.empty((rows, 2 * len(bounds)), dtype=np.int32)
    for place, edge in enumerate(edge for pair in bounds for edge in pair):
        edges[:, place] = edge
    offsets = np.append(edges.reshape(-1), np.int32(len(buffer)))
    if rows and (offsets[0] < 0 or (offsets[1:] < offsets[:-1]).any()):
        raise ValueError("bounds of texts that overlap")
    both = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(buffer))
    first = np.arange(0, len(offsets) - 1, 2 * len(bounds), dtype=np.int32)
    return [both.take(pa.array(first + 2 * place)) for place in range(len(bounds))]


def ascii_lines(piece: Piece, lines: Places) -> Mask:
    """Tell of each of these lines whether all its bytes are ASCII."""
    buffer = piece.buffer
    if not len(buffer) or buffer.max() < 128:
        return np.ones(len(lines), dtype=np.bool_)
    high = np.flatnonzero(buffer >= 128)
    found: Mask = np.searchsorted(high, piece.ends[lines]) == np.searchsorted(high, piece.starts[lines])
    return found


def lengths(column: pa.Array) -> Places:
    """Return how many bytes each text has."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return np.diff(offsets).astype(np.int64)


def placed(column: pa.Array) -> tuple[Bytes, Places, Places]:
    """Return the buffer of a text column, and where each text begins and ends in it."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    edges = offsets.astype(np.int64)
    content = column.buffers()[2]
    return np.frombuffer(content if content is not None else b"", dtype=np.uint8), edges[:-1], edges[1:]


def coded(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Return a text column as the codes of its values (null where it is) and the distinct values."""
    encoded = column.dictionary_encode()
    if not encoded.num_chunks:
        return pa.array([], pa.int32()), pa.array([], pa.string())
    return pa.concat_arrays([chunk.indices for chunk in encoded.chunks]), encoded.chunk(0).dictionary


def distinct(numbers: Places, bound: int) -> tuple[Places, Places]:
    """Return the distinct numbers, from 0 to below `bound`, in order, and of each row the place of its own."""
    if bound > _SORTED * len(numbers):
        found, places = np.unique(numbers, return_inverse=True)
        return found, places
    there = np.zeros(bound, dtype=np.bool_)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


def spread(values: pa.Array, codes: pa.Array) -> pa.Array:
    """Return the column whose row has the value at its code, null where the code or the value is null."""
    return (values.dictionary_encode() if pa.types.is_string(values.type) else values).take(codes)


def lists_of(column: pa.DictionaryArray) -> pa.Array:
    """Return lists of one text, null where the column is."""
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    if not column.null_count:
        return pa.ListArray.from_arrays(np.arange(len(column) + 1, dtype=np.int32), column.cast(pa.string()))
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    np.cumsum(valid, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), column.drop_null().cast(pa.string()), mask=pa.array(~valid))


def codes_where(codes: pa.Array, chosen: Mask) -> pa.Array:
    """Return the codes of the chosen rows, null for all others."""
    return pa.array(codes.to_numpy(zero_copy_only=False), pa.int32(), mask=~chosen)


@lru_cache(maxsize=256)
def _constant(value: str | tuple[str, ...]) -> pa.Array:
    codes = np.zeros(ROWS, dtype=np.int32)
    if isinstance(value, str):
        return pa.DictionaryArray.from_arrays(codes, pa.array([value]))
    return pa.array([list(value)], TEXTS).take(pa.array(codes))


def constant(value: Value, rows: int) -> pa.Array:
    """Return a column that has the same text, or the same list of texts, in every row."""
    column = _constant(value if isinstance(value, str) else tuple(map(str, value)))  # type: ignore[arg-type] # a list by its kind
    if rows > len(column):
        raise ValueError(f"{rows} rows; a batch has {ROWS} at most")
    return column.slice(0, rows)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a value says: fields, and whether columns hold them as they are. Values that repeat are read once."""

    fields: Fields
    fits: bool


def reading_of(fields: Fields | None) -> Reading:
    """Return the reading of a value; None fits no column."""
    if fields is None:
        return Reading({}, fits=False)
    fits = all(is_column(name) and _is_native(name, value) for name, value in fields.items())
    return Reading(fields if fits else {}, fits)


class Sheet:
    """Columns in the making, of some rows. A row that two columns of one name fill is refused."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.values: dict[str, pa.Array] = {}
        self.lists: dict[str, pa.Array] = {}
        self.refused: Mask = np.zeros(rows, dtype=np.bool_)

    def put(self, name: str, column: pa.Array) -> None:
        """Add a column, to what other rows have under its name."""
        if column.null_count == len(column):
            return
        own, other = (self.lists, self.values) if column.type == TEXTS else (self.values, self.lists)
        if name not in own and name not in other:
            own[name] = column
            return
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        for there in (own.get(name), other.get(name)):
            if there is not None:
                self.refused |= valid & there.is_valid().to_numpy(zero_copy_only=False)
        own[name] = merged(own[name], column, valid) if name in own else column

    def put_readings(self, codes: pa.Array, readings: Sequence[Reading]) -> None:
        """Add what each row's code says: `readings` has the fields for each; those that do not fit refuse the row."""
        common = _common_names(readings)
        good = [reading.fits and common.issuperset(reading.fields) for reading in readings]
        if not all(good):
            self.refused |= ~pa.array(good).take(codes).fill_null(True).to_numpy(zero_copy_only=False)
        kept = [reading.fields if fine else {} for fine, reading in zip(good, readings, strict=True)]
        for name in sorted(common):
            self._put_field(name, codes, [fields.get(name) for fields in kept])

    def _put_field(self, name: str, codes: pa.Array, found: Sequence[Value | None]) -> None:
        several = [value if isinstance(value, (list, tuple)) else None for value in found]
        if any(value is not None for value in several):
            self.put(name, spread(pa.array(several, TEXTS), codes))
            found = [None if isinstance(value, (list, tuple)) else value for value in found]
        if any(value is not None for value in found):
            kind = column_type(name)
            self.put(name, spread(pa.array(found, pa.string() if kind == TEXT else kind), codes))

    def columns(self) -> Columns:
        """Return the columns."""
        return Columns(values=self.values, lists=self.lists, refused=self.refused)


def merged(first: pa.Array, second: pa.Array, chosen: Mask) -> pa.Array:
    """Return the second column's rows where they are `chosen`, the first one's elsewhere."""
    if first.type != TEXT:
        places = np.arange(len(first)) + np.where(chosen, len(first), 0)
        return pa.concat_arrays([first, second]).take(pa.array(places))
    codes = [column.indices.fill_null(-1).to_numpy() for column in (first, second)]
    both = pa.concat_arrays([first.dictionary, second.dictionary])
    places = np.where(chosen, codes[1] + np.int32(len(first.dictionary)), codes[0])
    return spread(both, pa.array(places, pa.int32(), mask=places < 0))


def _common_names(readings: Sequence[Reading]) -> frozenset[str]:
    """Return the names that become columns: not the rarest where there are very many, which a sender may have made."""
    counts = Counter(chain.from_iterable(reading.fields for reading in readings))
    return frozenset(name for name, _ in counts.most_common(_MOST_NAMES))


def _is_native(name: str, value: Value) -> bool:
    if isinstance(value, (list, tuple)):
        return all(type(each) is str for each in value)
    if name in ARRAY or type(value) is not _NATIVE[kind_of(name)]:
        return False
    if isinstance(value, datetime):
        return value.tzinfo is UTC
    return not isinstance(value, int) or -_LONG <= value < _LONG

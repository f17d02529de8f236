"""JSON objects, one a line, by columns: strings and numbers under the same names in the same order.

An `ObjectForm` says which names are to be read together; each distinct combination of their values is read once. So a
source whose records are flat objects needs a form and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import orjson
import pyarrow as pa

from collectors.columns.addresses import are_ipv4
from collectors.columns.building import (
    Reading,
    Sheet,
    ascii_lines,
    coded,
    codes_where,
    constant,
    distinct,
    lengths,
    lists_of,
    placed,
    reading_of,
    spread,
)
from collectors.columns.numbers import decimals
from collectors.columns.pieces import Piece, Places
from collectors.columns.seam import Columns, Cut, Mask
from collectors.columns.skeleton import Lines, Skeleton, most_alike
from collectors.columns.stamps import CLF, ISO, instants
from engine.events import Fields
from engine.record_ids import WORD

Shape: TypeAlias = tuple[tuple[str, ...], tuple[type, ...]]
Entries: TypeAlias = Mapping[str, str | int | float]
_TYPES: Final[Mapping[type, pa.DataType]] = {str: pa.string(), int: pa.int64(), float: pa.float64()}
_OPEN, _SHUT = b"{}"
_SAMPLE: Final = "192.0.2.1"
_READINGS: Final = 16_384  # that are remembered
_LONGEST: Final = 400  # bytes of names and values of those, so that the memory of them stays bounded
_MOST_WHOLE: Final = 10**18
_FEW: Final = 50  # lines among the thousands of a piece
_NOTHING: Final = Cut(lines=np.empty(0, dtype=np.int64), parts={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """What stands under a name: the distinct values, and the code of each row's."""

    codes: pa.Array
    values: pa.Array


class ObjectForm(Protocol):
    """How the objects of a log are read by columns. Together, all groups must give what the whole object gives."""

    @property
    def base(self) -> Fields:
        """The fields that every event has, with the same values."""
        ...

    @property
    def needed(self) -> frozenset[str]:
        """The groups that an object must have."""
        ...

    @property
    def always(self) -> frozenset[str]:
        """The groups that are read even where an object has nothing of them."""
        ...

    def group(self, name: str) -> str:
        """Return the group that a name belongs to: names of one group are read together."""
        ...

    def whole_number(self, name: str) -> str | None:
        """Return the field of whole numbers (of up to 18 digits) under this name, which takes nothing else."""
        ...

    def is_stamp(self, name: str) -> bool:
        """Tell whether `any_instant` of what stands under this name, alone in its group, is `@timestamp`."""
        ...

    def is_client(self, name: str) -> bool:
        """Tell whether an IPv4 address under this name is copied, and nothing else follows from it."""
        ...

    def takes(self, name: str, kind: type) -> bool:
        """Tell whether values of this type under this name become fields that columns hold."""
        ...

    def read(self, group: str, entries: Entries) -> Fields | None:
        """Return the completed fields of a group, without the base; None where the object must be read whole."""
        ...


class ObjectColumns:
    """A column parser of objects of a form."""

    def __init__(self, form: ObjectForm) -> None:
        self._form = form
        self._remembered = lru_cache(maxsize=_READINGS)(self._reading)
        self._skeleton: Skeleton | None = None
        self._space = np.empty(0, dtype=np.bool_)  # as large as the largest piece so far

    def cut(self, piece: Piece) -> Cut:
        """Cut the objects of the most usual shape; see `ColumnParser`."""
        places = _objects(piece)
        alike = self._alike(piece, places)
        others = np.setdiff1d(places, alike.lines, assume_unique=True)
        return _both(alike, self._parsed(piece, others, alike.shape))

    def _alike(self, piece: Piece, places: Places) -> Cut:
        """Cut the objects that are written alike, where most are: see `collectors.columns.skeleton`."""
        if len(self._space) < len(piece.buffer):
            self._space = np.empty(len(piece.buffer), dtype=np.bool_)
        lines = most_alike(piece, places, self._space)
        if 2 * len(lines.lines) < len(places) or not len(places):
            return _NOTHING
        for skeleton in self._skeletons(piece, lines):
            if skeleton.total == lines.total and self._is_usual(skeleton.shape):
                found, parts = lines.values(skeleton)
                if 2 * len(found) >= len(lines.lines):
                    self._skeleton = skeleton
                    return Cut(lines=found, parts=parts, shape=skeleton.shape)
        return _NOTHING

    def _skeletons(self, piece: Piece, lines: Lines) -> Iterator[Skeleton]:
        """Yield the skeleton that the last piece had, then those of some lines."""
        if self._skeleton is not None:
            yield self._skeleton
        for line in lines.lines[[0, len(lines.lines) // 2]].tolist():
            skeleton = Skeleton.of(piece.raw(line))
            if skeleton is not None:
                yield skeleton

    def _parsed(self, piece: Piece, places: Places, wanted: Hashable) -> Cut:
        """Cut objects that are parsed one by one: those of the wanted shape, of the most usual where it is None."""
        lines: list[int] = []
        found: list[dict[str, Any]] = []
        content = memoryview(piece.buffer)  # type: ignore[arg-type] # an array of bytes is a buffer
        bounds = zip(places.tolist(), piece.starts[places].tolist(), piece.ends[places].tolist(), strict=True)
        for line, start, end in bounds:
            try:
                document = orjson.loads(content[start:end])
            except orjson.JSONDecodeError:
                continue
            lines.append(line)
            found.append(document)
        shapes = {shape: each for shape, each in _by_shape(found).items() if wanted in (None, shape)}
        shape = max(shapes, key=lambda each: (self._is_usual(each), len(shapes[each])), default=None)
        if shape is not None and self._is_usual(shape):
            chosen = shapes[shape]
            parts = _parts(shape, [found[place] for place in chosen])
            if parts is not None:
                return Cut(lines=np.array([lines[place] for place in chosen]), parts=parts, shape=shape)
        return _NOTHING

    def _is_usual(self, shape: Shape) -> bool:
        names, types = shape
        if not all(kind in _TYPES and self._form.takes(name, kind) for name, kind in zip(names, types, strict=True)):
            return False
        return {self._form.group(name) for name in names} >= self._form.needed

    def columns(self, parts: Mapping[str, pa.ChunkedArray], rows: int, shape: Hashable) -> Columns:  # noqa: ARG002
        """Return the completed fields of objects; see `ColumnParser`."""
        sheet = Sheet(rows)
        for name, value in self._form.base.items():
            sheet.put(name, constant(value, rows))
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for name in parts:
            groups[self._form.group(name)].append(name)
        for group in (*groups, *sorted(self._form.always - groups.keys())):
            names = groups.get(group, [])
            field = self._form.whole_number(names[0]) if len(names) == 1 else None
            if field is not None and parts[names[0]].type != pa.float64():
                sheet.put(field, _whole_numbers(parts[names[0]]))
            else:
                self._put_group(group, {name: _coded(parts[name]) for name in names}, sheet)
        return sheet.columns()

    def _put_group(self, group: str, parts: Mapping[str, Coded], sheet: Sheet) -> None:
        """Put what the names of a group say: stamps and clients' addresses all at once, else each distinct value."""
        left = np.ones(sheet.rows, dtype=np.bool_)
        texts = [name for name, part in parts.items() if pa.types.is_string(part.values.type)]
        clients = [name for name in parts if self._form.is_client(name)]
        if len(parts) == 1 and texts and self._form.is_stamp(texts[0]):
            left = _put_stamps(parts[texts[0]], sheet)
        elif len(clients) == 1 and clients[0] in texts:
            left = self._put_clients(group, parts, clients[0], sheet)
        if left.any():
            codes, readings = self._readings(group, parts, left)
            sheet.put_readings(codes, readings)

    def _put_clients(self, group: str, parts: Mapping[str, Coded], client: str, sheet: Sheet) -> Mask:
        """Put what rows with an IPv4 address say, read as if all had the same; return the rows that are left."""
        own = parts[client]
        rows: Mask = are_ipv4(*placed(own.values))[own.codes.to_numpy()]
        everything = np.ones_like(rows)
        if any(_has_sample(part.values) for name, part in parts.items() if name != client):
            return everything  # what is copied from where could not be told
        sample = Coded(codes=pa.array(np.zeros(len(rows), dtype=np.int32)), values=pa.array([_SAMPLE]))
        codes, readings = self._readings(group, {**parts, client: sample}, rows)
        copies = {_copies(reading.fields) for reading in readings if reading.fits}
        names = copies.pop() if len(copies) == 1 else None
        if names is None:
            return everything
        sheet.put_readings(codes, [replace(each, fields=_without(each.fields, names)) for each in readings])
        addresses = spread(own.values, own.codes if rows.all() else codes_where(own.codes, rows))
        for name, several in sorted(names):
            sheet.put(name, lists_of(addresses) if several else addresses)
        left: Mask = ~rows
        return left

    def _readings(self, group: str, parts: Mapping[str, Coded], rows: Mask) -> tuple[pa.Array, list[Reading]]:
        """Read each distinct combination of values in these rows; return the code of each row's, null elsewhere."""
        codes = np.zeros(int(rows.sum()), dtype=np.int64)
        combinations: list[tuple[str | int | float, ...]] = [()]
        sizes = np.full(1, sum(map(len, parts)))
        for part in parts.values():
            values = part.values.to_pylist()
            own = part.codes.to_numpy()[rows]
            pairs, codes = distinct(codes * len(values) + own, len(combinations) * len(values))
            before, last = np.divmod(pairs, max(1, len(values)))
            combinations = [
                (*combinations[first], values[second])
                for first, second in zip(before.tolist(), last.tolist(), strict=True)
            ]
            sizes = sizes[before] + _sizes(part.values)[last]
        whole = np.zeros(len(rows), dtype=np.int32)
        whole[rows] = codes
        names, types = tuple(parts), tuple(_type_of(part) for part in parts.values())
        readers = [self._remembered if size <= _LONGEST else self._reading for size in sizes.tolist()]
        readings = [read(group, names, types, each) for read, each in zip(readers, combinations, strict=True)]
        return pa.array(whole, mask=~rows), readings

    def _reading(
        self, group: str, names: tuple[str, ...], _types: tuple[type, ...], values: tuple[str | int | float, ...]
    ) -> Reading:
        """Read values; their types are asked for because 1 and 1.0 are one key of a cache."""
        return reading_of(self._form.read(group, dict(zip(names, values, strict=True))))


def _type_of(part: Coded) -> type:
    kind = part.values.type
    return str if pa.types.is_string(kind) else float if pa.types.is_floating(kind) else int


def _sizes(values: pa.Array) -> Places:
    """Return how many bytes each value has, where values are texts."""
    return lengths(values) if pa.types.is_string(values.type) else np.zeros(len(values), dtype=np.int64)


def _coded(column: pa.ChunkedArray) -> Coded:
    codes, values = coded(column)
    return Coded(codes=codes, values=values)


def _put_stamps(part: Coded, sheet: Sheet) -> Mask:
    """Put the stamps of the usual forms; return the rows that are left."""
    moments = spread(instants(part.values, CLF, ISO), part.codes)
    sheet.put("@timestamp", moments)
    left: Mask = moments.is_null().to_numpy(zero_copy_only=False)
    return left


def _has_sample(values: pa.Array) -> bool:
    return pa.types.is_string(values.type) and any(_SAMPLE in text for text in values.to_pylist())


def _copies(fields: Fields) -> frozenset[tuple[str, bool]] | None:
    """Return the fields that are the sample, and whether as a list; None where some have it among other things."""
    found = frozenset((name, value != _SAMPLE) for name, value in fields.items() if value in (_SAMPLE, [_SAMPLE]))
    among = sum(_SAMPLE in str(value) for value in fields.values())
    return found if among == len(found) else None


def _without(fields: Fields, names: frozenset[tuple[str, bool]]) -> Fields:
    return {name: value for name, value in fields.items() if (name, False) not in names and (name, True) not in names}


def _by_shape(documents: Sequence[Mapping[str, Any]]) -> Mapping[Shape, Sequence[int]]:
    """Return the places of the objects of each shape. Where all have one, as they mostly do, columns tell the types."""
    names = set(map(tuple, documents))
    if len(names) == 1:
        kinds = [set(map(type, column)) for column in zip(*(each.values() for each in documents), strict=True)]
        if all(len(kind) == 1 for kind in kinds):
            return {(names.pop(), tuple(kind.pop() for kind in kinds)): range(len(documents))}
    found: defaultdict[Shape, list[int]] = defaultdict(list)
    for place, each in enumerate(documents):
        found[tuple(each), tuple(map(type, each.values()))].append(place)
    return found


def _parts(shape: Shape, documents: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array] | None:
    """Return the values of objects of one shape by name, None where some are such as columns cannot hold apart."""
    found: dict[str, pa.Array] = {}
    columns = zip(*(document.values() for document in documents), strict=True)
    for name, kind, values in zip(*shape, columns, strict=True):
        try:
            column = pa.array(values, _TYPES[kind])
        except (OverflowError, UnicodeEncodeError, pa.ArrowInvalid):
            return None
        if kind is float and (np.signbit(numbers := column.to_numpy()) & (numbers == 0)).any():
            return None  # -0.0, which equals 0.0 and is written otherwise
        found[name] = column
    return found


def _both(first: Cut, second: Cut) -> Cut:
    """Return what was cut out of a piece in two ways, in the order of its lines."""
    if not len(first.lines) or not len(second.lines):
        return first if len(first.lines) else second
    lines = np.concatenate([first.lines, second.lines])
    order = np.argsort(lines)
    pairs = {name: (part, second.parts[name]) for name, part in first.parts.items()}
    if len(second.lines) <= _FEW:
        behind = np.searchsorted(first.lines, second.lines).tolist()
        parts = {name: pa.concat_arrays(_inserted(one, other, behind)) for name, (one, other) in pairs.items()}
    else:
        parts = {name: pa.concat_arrays(pair).take(pa.array(order)) for name, pair in pairs.items()}
    return Cut(lines=lines[order], parts=parts, shape=first.shape)


def _inserted(column: pa.Array, values: pa.Array, places: Sequence[int]) -> list[pa.Array]:
    """Return the pieces of a column with each value in front of its place: to copy few is cheaper than to choose."""
    found: list[pa.Array] = []
    start = 0
    for number, place in enumerate(places):
        found += (column[start:place], values[number : number + 1])
        start = place
    return [*found, column[start:]]


def _objects(piece: Piece) -> Places:
    """Return the lines that begin and end like objects, in ASCII."""
    if not len(piece.starts):
        return piece.starts
    ends: Mask = (piece.buffer[piece.starts] == _OPEN) & (piece.buffer[piece.ends - 1] == _SHUT)
    lines = np.flatnonzero(ends)
    return lines[ascii_lines(piece, lines)]


def _whole_numbers(column: pa.ChunkedArray) -> pa.Array:
    """Return the numbers of up to 18 digits, written as such or as text; null for anything else."""
    if column.type == pa.int64():
        numbers = column.to_numpy()
        return pa.array(numbers, mask=(numbers < 0) | (numbers >= _MOST_WHOLE))
    found = [pa.array([], pa.int64())]
    for chunk in column.chunks:
        buffer, starts, ends = placed(chunk)
        numbers, right = decimals(np.append(buffer, np.zeros(WORD, dtype=np.uint8)), starts, ends)
        found.append(pa.array(numbers, mask=~right))
    return pa.concat_arrays(found)

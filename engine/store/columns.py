"""Events as Arrow columns: a column's type follows from its name alone, so that it never differs between segments.

Types come from ECS (`engine.ecs_types`); every other field is text. Beside the column NAME there can be

- `NAME[]` (list of text), for rows where a field that ECS does not call an array holds a list;
- `kulla.mistyped.NAME` (text), for values that do not fit the field's type (text in a number, a number too large);
- `kulla.given.NAME`, for a field that has the name of one of the store's own columns (`ENVELOPE`);
- `kulla.types` (JSON), the codes of values whose type is not the column's (see `engine.store.values`);
- `kulla.rest` (JSON), fields that have no column: names that cannot be one, and the rarest beyond `BUDGET`.

Rows of the same names and types are handled together, so that nothing is decided once per cell.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine import batches
from engine.batches import EventBatch, column_type
from engine.ecs_types import ARRAY, Kind, kind_of
from engine.events import Event, Fields, Scalar, Value
from engine.store.values import LIST, NATIVE, code_of, fitted, list_code, plain, to_json, written

BUDGET = 1000  # fields of one segment that get a column of their own
_LONGEST_NAME = 256  # characters


TEXT, TEXTS, INSTANT = batches.TEXT, batches.TEXTS, batches.INSTANT

ID = "event.id"
ORIGINAL = "event.original"
INGESTED = "event.ingested"
PATH = "log.file.path"
OFFSET = "log.offset"
NUMBER = "kulla.record_number"
IDENTITY = "kulla.source_identity"
SEQUENCE = "kulla.sequence"  # only in compacted segments; elsewhere it follows from the row's place
ENVELOPE: Mapping[str, pa.DataType] = {
    ID: TEXT,
    ORIGINAL: TEXT,
    INGESTED: INSTANT,
    PATH: TEXT,
    OFFSET: pa.int64(),
    NUMBER: pa.int64(),
    IDENTITY: TEXT,
}
REST = "kulla.rest"
KINDS = "kulla.types"
MISTYPED = "kulla.mistyped."
GIVEN = "kulla.given."
MANY = "[]"
SAME = "="  # the code of a field that equals the store's own column of that name

Rows: TypeAlias = NDArray[np.int64]
Shape: TypeAlias = tuple[tuple[str, ...], tuple[type, ...]]


def type_of(column: str) -> pa.DataType:
    """Return the Arrow type of the column with this name."""
    if column in ENVELOPE:
        return ENVELOPE[column]
    if column == SEQUENCE:
        return pa.int64()
    return TEXTS if column in ARRAY or column.endswith(MANY) else column_type(column)


def table_of(events: Sequence[Event], ingested: datetime) -> pa.Table:
    """Return the events as columns, a row each, in their order; `ingested` is the instant of storing them."""
    envelope = _envelope(events, ingested)
    sheet = _Sheet(size=len(events), envelope=envelope)
    sheet.fill([event.fields for event in events])
    arrays = {name: _own_column(name, values) for name, values in envelope.items()}
    arrays |= sheet.arrays()
    return pa.table(arrays)


def batch_table(batch: EventBatch, ingested: datetime) -> pa.Table:
    """Return the columns of a batch as `table_of` would return its events; those beside the columns are left out.

    Columns under the store's own names must have a value in every row.
    """
    alike = {INGESTED: ingested, PATH: plain(batch.path), IDENTITY: batch.identity}
    envelope = {ID: batch.ids, ORIGINAL: batch.originals, OFFSET: batch.offsets, NUMBER: batch.numbers}
    envelope |= {name: pa.repeat(array_of([value], ENVELOPE[name])[0], batch.rows) for name, value in alike.items()}
    fields = {name if name in ARRAY else name + MANY: column for name, column in batch.lists.items()}
    fields |= {name: column for name, column in batch.values.items() if name not in ENVELOPE}
    fields |= _given(batch)
    filled = {name: column for name, column in sorted(fields.items()) if column.null_count < batch.rows}
    return pa.table({name: envelope[name] for name in ENVELOPE} | filled)


def _given(batch: EventBatch) -> dict[str, pa.Array]:
    """Return the columns of what events give under names of the store's own columns, with the codes of their types."""
    codes: dict[str, str] = {}
    found: dict[str, pa.Array] = {}
    for name in sorted(ENVELOPE.keys() & batch.values.keys()):
        column = batch.values[name]
        if name == PATH and column.dictionary.to_pylist() == [batch.path]:
            codes[name] = SAME
            continue
        found[GIVEN + name] = column if column.type == TEXT else column.cast(pa.string()).dictionary_encode()
        if column.type != TEXT:
            codes[GIVEN + name] = code_of(int)
    if codes:
        noted = pa.array([json.dumps(codes, sort_keys=True)]).dictionary_encode()
        found[KINDS] = noted.take(pa.array(np.zeros(batch.rows, dtype=np.int32)))
    return found


def columns_of(rows: Sequence[Fields]) -> dict[str, pa.Array]:
    """Return columns for fields that `kulla.rest` held, under the names and types they would have had by themselves."""
    sheet = _Sheet(size=len(rows), envelope={}, budget=len({name for row in rows for name in row}))
    sheet.fill(rows)
    return {name: array for name, array in sheet.arrays().items() if name not in {KINDS, REST}}


def _envelope(events: Sequence[Event], ingested: datetime) -> dict[str, list[Scalar]]:
    return {
        ID: [event.id for event in events],
        ORIGINAL: [event.original for event in events],
        INGESTED: [ingested] * len(events),
        PATH: [event.origin.path for event in events],
        OFFSET: [event.origin.offset for event in events],
        NUMBER: [event.origin.number for event in events],
        IDENTITY: [event.origin.identity for event in events],
    }


@dataclass(slots=True)
class _Cells:
    """The filled cells of one column: values, and the row of each."""

    values: list[object] = field(default_factory=list)
    parts: list[Rows] = field(default_factory=list)

    def add(self, rows: Rows, values: Iterable[object]) -> None:
        self.values.extend(values)
        self.parts.append(rows)

    def put(self, cells: Mapping[int, object]) -> None:
        self.add(np.fromiter(cells, dtype=np.int64, count=len(cells)), cells.values())


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """Columns in the making."""

    size: int
    envelope: Mapping[str, Sequence[Scalar]]
    budget: int = BUDGET
    cells: defaultdict[str, _Cells] = field(default_factory=lambda: defaultdict(_Cells))
    rest: defaultdict[int, Fields] = field(default_factory=lambda: defaultdict(dict))
    codes: dict[str, str] = field(default_factory=dict)  # of the shape at hand, for all its rows
    row_codes: defaultdict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def fill(self, rows: Sequence[Mapping[str, Value]]) -> None:
        shapes: defaultdict[Shape, list[int]] = defaultdict(list)
        for number, fields in enumerate(rows):
            shapes[tuple(fields), tuple(map(type, fields.values()))].append(number)
        kept = self._kept(shapes)
        for (names, types), numbers in shapes.items():
            columns = zip(*(rows[number].values() for number in numbers), strict=True)
            places = np.asarray(numbers, dtype=np.int64)
            for name, kind, values in zip(names, types, columns, strict=True):
                self._place(name if name in kept else None, name, code_of(kind), places, values)
            self._note_codes(numbers, places)
        if self.rest:
            self.cells[REST].put({row: to_json(fields) for row, fields in self.rest.items()})

    def _kept(self, shapes: Mapping[Shape, Sequence[int]]) -> frozenset[str]:
        counts: Counter[str] = Counter()
        for (names, _), numbers in shapes.items():
            for name in names:
                counts[name] += len(numbers)
        possible = [name for name in counts if can_be_column(name)]
        if len(possible) > self.budget:
            possible.sort(key=lambda name: (name != "@timestamp", -counts[name], name))
        return frozenset(possible[: self.budget])

    def _place(self, column: str | None, name: str, code: str, rows: Rows, values: Sequence[Value]) -> None:
        if not code:  # nothing that a field may hold: kept as text, nulls as absent
            present = [place for place, value in enumerate(values) if value is not None]
            rows, values, code = rows[present], [str(values[place]) for place in present], "s"
            if not present:
                return
        if name in self.envelope:
            own = [self.envelope[name][row] for row in rows]
            if code == code_of(type(own[0])) and list(values) == own:
                self.codes[name] = SAME
                return
            column = GIVEN + name
        if column is None:
            for row, value in zip(rows.tolist(), values, strict=True):
                self.rest[row][name] = value
        elif code == LIST:
            self._place_lists(column, rows, values)
        elif column in ARRAY:
            self.cells[column].add(rows, ([written(value)] for value in values))
            self.codes[column] = code
        else:
            self._place_scalars(column, code, rows, values)

    def _place_scalars(self, column: str, code: str, rows: Rows, values: Sequence[Value]) -> None:
        kind = kind_of(column)
        if kind == "text":
            self.cells[column].add(rows, values if code == "s" else map(written, values))
            if code != "s":
                self.codes[column] = code
        elif code == NATIVE[kind] and fit_as_they_are(kind, values):
            self.cells[column].add(rows, values)
        else:
            self._place_one_by_one(column, code, rows, values)

    def _place_one_by_one(self, column: str, code: str, rows: Rows, values: Sequence[Value]) -> None:
        kind = kind_of(column)
        fitting: dict[int, object] = {}
        mistyped: dict[int, object] = {}
        for row, value in zip(rows.tolist(), values, strict=True):
            stored = fitted(kind, code, value)  # type: ignore[arg-type] # a scalar by its code
            if stored is None:
                mistyped[row] = written(value)
            else:
                fitting[row] = stored
            if code != ("s" if stored is None else NATIVE[kind]):
                self.row_codes[row][column] = code
        for name, cells in ((column, fitting), (MISTYPED + column, mistyped)):
            if cells:
                self.cells[name].put(cells)

    def _place_lists(self, column: str, rows: Rows, values: Sequence[Value]) -> None:
        cells = self.cells[column if column in ARRAY else column + MANY]
        if set(map(type, chain.from_iterable(values))) <= {str}:  # type: ignore[arg-type] # lists by their code
            cells.add(rows, values)
            return
        found: dict[int, object] = {}
        for row, value in zip(rows.tolist(), values, strict=True):
            elements = [element for element in value if element is not None]  # type: ignore[union-attr]
            code = list_code(elements)
            if code not in {"[", "[s"}:
                self.row_codes[row][column] = code
            found[row] = [written(element) for element in elements]
        cells.put(found)

    def _note_codes(self, numbers: Sequence[int], rows: Rows) -> None:
        common = json.dumps(self.codes, sort_keys=True) if self.codes else None
        if self.row_codes:
            notes: dict[int, object] = {}
            for row in numbers:
                codes = self.codes | self.row_codes.get(row, {})
                if codes:
                    notes[row] = json.dumps(codes, sort_keys=True)
            self.cells[KINDS].put(notes)
        elif common:
            self.cells[KINDS].add(rows, [common] * len(numbers))
        self.codes.clear()
        self.row_codes.clear()

    def arrays(self) -> dict[str, pa.Array]:
        return {name: _column(self.cells[name], type_of(name), self.size) for name in sorted(self.cells)}


def can_be_column(name: str) -> bool:
    """Tell whether a field of this name can have a column; the others stand in `kulla.rest`."""
    if name in ENVELOPE:
        return True
    reserved = name.startswith((MISTYPED, GIVEN)) or name in {REST, KINDS, SEQUENCE} or name.endswith(MANY)
    return name.isprintable() and 0 < len(name) <= _LONGEST_NAME and not reserved


def fit_as_they_are(kind: Kind, values: Sequence[Value]) -> bool:
    """Tell whether values of the kind's own type all fit it, by the fast way."""
    if kind == "long":
        return all(-(2**63) <= number < 2**63 for number in (min(values), max(values)))  # type: ignore[type-var,operator] # whole numbers by their code
    if kind == "date":
        return all(value.tzinfo is UTC for value in values)  # type: ignore[union-attr] # instants by their code
    return True


def _column(cells: _Cells, kind: pa.DataType, size: int) -> pa.Array:
    """Spread the cells over a column of `size` rows, null where there is none."""
    rows = np.concatenate(cells.parts)
    filled = array_of(cells.values, kind)
    if len(rows) == size and bool((rows[1:] > rows[:-1]).all()):
        return filled
    places = np.zeros(size, dtype=np.int32)
    places[rows] = np.arange(len(rows), dtype=np.int32)
    missing = np.ones(size, dtype=bool)
    missing[rows] = False
    if kind == TEXT:
        codes = filled.indices.to_numpy()[places] if len(rows) else places
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing), filled.dictionary)
    return filled.take(pa.array(places, mask=missing))


def _own_column(name: str, values: Sequence[Scalar]) -> pa.Array:
    """Return one of the store's own columns. Ids and originals hardly repeat: they are not worth a dictionary yet."""
    if name in {ID, ORIGINAL}:
        return array_of(values, pa.string())
    if values and values.count(values[0]) == len(values):
        return pa.repeat(array_of(values[:1], ENVELOPE[name])[0], len(values))
    return array_of(values, ENVELOPE[name])


def array_of(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """Return values that fit the type as an array; what UTF-8 cannot hold becomes visible escapes."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([_plain(value) for value in values], kind)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    return [plain(str(element)) for element in value] if isinstance(value, (list, tuple)) else value

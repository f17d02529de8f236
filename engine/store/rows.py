"""Columns back to events: the exact reverse of `engine.store.columns`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

import pyarrow as pa

from engine.ecs_types import ARRAY, Kind, kind_of
from engine.events import Event, Fields, Origin, Scalar, Value
from engine.store.columns import (
    ENVELOPE,
    GIVEN,
    ID,
    IDENTITY,
    KINDS,
    MANY,
    MISTYPED,
    NUMBER,
    OFFSET,
    ORIGINAL,
    PATH,
    REST,
    SAME,
    SEQUENCE,
)
from engine.store.values import NATIVE, from_json, restored, restored_list, written

_OTHER = frozenset("ifbd")  # codes of what stands as text but is none
_Reader: TypeAlias = "tuple[str, list[Any], Callable[[Any], Value] | None]"


def events_of(table: pa.Table) -> list[Event]:
    """Return the rows as the events they were made from. The table must have all columns of its fields."""
    columns = {name: _cells(table.column(name)) for name in table.column_names}
    envelope = {name: columns.pop(name) for name in ENVELOPE}
    kinds = columns.pop(KINDS, [None] * table.num_rows)
    rest = columns.pop(REST, [None] * table.num_rows)
    columns.pop(SEQUENCE, None)
    plans = {text: [_reader(name, cells, _codes(text)) for name, cells in columns.items()] for text in set(kinds)}
    return [
        _event(row, {name: cells[row] for name, cells in envelope.items()}, plans[kinds[row]], kinds[row], rest[row])
        for row in range(table.num_rows)
    ]


def _cells(column: pa.ChunkedArray) -> list[Any]:
    # a dictionary's values are fetched one by one in Python, those of plain text all at once
    cells: list[Any] = (
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    ).to_pylist()
    return cells


@lru_cache(maxsize=4096)
def _codes(text: str | None) -> Mapping[str, str]:
    codes: dict[str, str] = json.loads(text) if text else {}
    return codes


def _event(
    row: int, envelope: dict[str, Scalar], plan: Sequence[_Reader], kinds: str | None, rest: str | None
) -> Event:
    fields: Fields = {}
    for name, cells, read in plan:
        cell = cells[row]
        if cell is not None:
            fields[name] = cell if read is None else read(cell)
    if rest:
        fields.update(from_json(rest))
    fields.update({name: _utc(envelope[name]) for name, code in _codes(kinds).items() if code == SAME})
    origin = Origin(
        path=str(envelope[PATH]),
        identity=str(envelope[IDENTITY]),
        offset=int(envelope[OFFSET]),  # type: ignore[arg-type] # the column's type
        number=int(envelope[NUMBER]),  # type: ignore[arg-type]
    )
    return Event(id=str(envelope[ID]), origin=origin, original=str(envelope[ORIGINAL]), fields=fields)


def _reader(column: str, cells: list[Any], codes: Mapping[str, str]) -> _Reader:
    """Return the name of the field that a column holds, its cells, and how one is read (None: as it is)."""
    if column.startswith(MISTYPED):
        name = column.removeprefix(MISTYPED)
        return name.removeprefix(GIVEN), cells, _text_reader(codes.get(name, "s"))
    if column in ARRAY or column.endswith(MANY):
        name = column if column in ARRAY else column.removesuffix(MANY)
        return name.removeprefix(GIVEN), cells, _list_reader(codes.get(name, "["))
    kind = kind_of(column)
    code = codes.get(column, NATIVE[kind])
    read = _text_reader(code) if kind == "text" else partial(_scalar, kind, code)
    return column.removeprefix(GIVEN), cells, read


def _text_reader(code: str) -> Callable[[str], Value] | None:
    return partial(restored, code=code) if code in _OTHER else None


def _list_reader(code: str) -> Callable[[list[str]], Value]:
    if code.startswith("["):
        return partial(restored_list, code=code)
    return lambda cell: restored_list(cell, "[" + code)[0]


def _scalar(kind: Kind, code: str, cell: Scalar) -> Scalar:
    if code == "s":
        return written(cell)
    return int(cell) if kind == "float" and code == "i" else _utc(cell)  # type: ignore[arg-type] # a number


def _utc(value: Scalar) -> Scalar:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value

"""Columns back to events: the exact reverse of `engine.store.columns`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

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


def events_of(table: pa.Table) -> list[Event]:
    """Return the rows as the events they were made from. The table must have all columns of its segment."""
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    envelope = {name: columns.pop(name) for name in ENVELOPE}
    kinds = columns.pop(KINDS, [None] * table.num_rows)
    rest = columns.pop(REST, [None] * table.num_rows)
    columns.pop(SEQUENCE, None)
    return [
        _event(
            {name: cells[row] for name, cells in envelope.items()},
            {name: cells[row] for name, cells in columns.items() if cells[row] is not None},
            _codes(kinds[row]),
            rest[row],
        )
        for row in range(table.num_rows)
    ]


@lru_cache(maxsize=4096)
def _codes(text: str | None) -> Mapping[str, str]:
    codes: dict[str, str] = json.loads(text) if text else {}
    return codes


def _event(envelope: dict[str, Scalar], cells: dict[str, object], codes: Mapping[str, str], rest: str | None) -> Event:
    fields: Fields = {}
    for column, cell in cells.items():
        name, value = _field(column, cell, codes)
        fields[name.removeprefix(GIVEN)] = value
    if rest:
        fields.update(from_json(rest))
    fields.update({name: _utc(envelope[name]) for name, code in codes.items() if code == SAME})
    origin = Origin(
        path=str(envelope[PATH]),
        identity=str(envelope[IDENTITY]),
        offset=int(envelope[OFFSET]),  # type: ignore[arg-type] # the column's type
        number=int(envelope[NUMBER]),  # type: ignore[arg-type]
    )
    return Event(id=str(envelope[ID]), origin=origin, original=str(envelope[ORIGINAL]), fields=fields)


def _field(column: str, cell: object, codes: Mapping[str, str]) -> tuple[str, Value]:
    if column.startswith(MISTYPED):
        name = column.removeprefix(MISTYPED)
        return name, restored(str(cell), codes.get(name, "s"))
    if isinstance(cell, list):
        name = column if column in ARRAY else column.removesuffix(MANY)
        code = codes.get(name, "[")
        elements = restored_list(cell, code if code.startswith("[") else "[" + code)
        return name, elements if code.startswith("[") else elements[0]
    kind = kind_of(column)
    return column, _scalar(kind, cell, codes.get(column, NATIVE[kind]))  # type: ignore[arg-type] # a scalar by the column's type


def _scalar(kind: Kind, cell: Scalar, code: str) -> Scalar:
    if kind == "text":
        return restored(str(cell), code)
    if code == "s":
        return written(cell)
    return int(cell) if kind == "float" and code == "i" else _utc(cell)  # type: ignore[arg-type] # a number


def _utc(value: Scalar) -> Scalar:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value

"""Reading and making the Arrow tables that models work on: columns by codes, rows by time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.anomaly.frame import ENTITY, EVENTS, MOST_EVENTS, PEER, TIME

INSTANT = pa.timestamp("us", "UTC")
_FRAME = {TIME: INSTANT, ENTITY: pa.string(), PEER: pa.string(), EVENTS: pa.list_(pa.string())}


def coded(table: pa.Table, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return a text column as codes and its distinct values: `values[code]`, -1 where a row has none.

    A list gives its first element; an absent column has no value in any row. The values stand in the order in which
    the rows name them first, whatever dictionary they came with.
    """
    if name not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64), []
    column = table.column(name).combine_chunks()
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pa.array([row[0] if row else None for row in column.to_pylist()], type=pa.string())
    in_order = not pa.types.is_dictionary(column.type)
    if in_order:
        if not pa.types.is_string(column.type):
            column = pc.cast(column, pa.string())
        column = pc.dictionary_encode(column)
    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = column.dictionary.to_pylist()
    if in_order:
        return codes, values
    used = pc.unique(column.indices).drop_null().to_pylist()
    moved = np.full(len(values) + 1, -1, dtype=np.int64)
    moved[used] = np.arange(len(used))
    return moved[codes], [values[code] for code in used]


def text_column(table: pa.Table, name: str) -> list[str]:
    """Return a text column row by row; empty text where a row has none."""
    codes, values = coded(table, name)
    known = [*values, ""]
    return [known[code] for code in codes.tolist()]


def numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column of numbers; NaN where a row has none or the column is absent."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    found: NDArray[np.float64] = pc.cast(table.column(name), pa.float64()).to_numpy().astype(np.float64)
    return found


def times(table: pa.Table, name: str = TIME) -> NDArray[np.int64]:
    """Return instants as microseconds since 1970; -1 where a row has none."""
    if name not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64)
    found = pc.fill_null(pc.cast(pc.cast(table.column(name), INSTANT), pa.int64()), -1)
    return found.to_numpy().astype(np.int64)  # type: ignore[no-any-return] # pyarrow has no types


def grouped(codes: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the group of each row, and the first row of each group: rows of a group are alike in all these codes.

    Groups are numbered from 0 by their first rows.
    """
    joined = np.zeros(len(codes[0]), dtype=np.int64)
    for part in codes:
        _, known = np.unique(part, return_inverse=True)
        joined = joined * (int(known.max(initial=0)) + 1) + known.ravel()
        _, joined = np.unique(joined, return_inverse=True)  # small again before it can overflow
        joined = joined.ravel().astype(np.int64)
    _, first = np.unique(joined, return_index=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[joined].astype(np.int64), first[order].astype(np.int64)


def memoised(
    columns: Sequence[tuple[NDArray[np.int64], list[str]]], judge: Callable[..., float]
) -> NDArray[np.float64]:
    """Return `judge(*texts)` for each row, worked out once for each distinct combination of the columns' values.

    Columns are as `coded` gives them; a row without value is judged by the empty text.
    """
    known = [[*values, ""] for _, values in columns]
    group, first = grouped([codes for codes, _ in columns])
    parts = [codes[first].tolist() for codes, _ in columns]
    results = [
        judge(*(texts[code] for texts, code in zip(known, row, strict=True))) for row in zip(*parts, strict=True)
    ]
    return np.array(results, dtype=np.float64)[group] if results else np.zeros(0)


def observations(
    *,
    time: NDArray[np.int64],
    entity: Iterable[str],
    events: Iterable[Sequence[str]],
    peer: Iterable[str] | None = None,
    columns: Mapping[str, object],
) -> pa.Table:
    """Return a table of observations in order of time; `time` is in microseconds since 1970.

    `columns` are the model's own: arrays of Arrow or numpy, or sequences. Rows of the same time stay in their order.
    """
    count = len(time)
    made: dict[str, object] = {
        TIME: pa.array(time, type=pa.int64()).cast(INSTANT),
        ENTITY: pa.array(list(entity), type=pa.string()),
        PEER: pa.array(list(peer) if peer is not None else [""] * count, type=pa.string()),
        EVENTS: pa.array([list(ids)[:MOST_EVENTS] for ids in events], type=pa.list_(pa.string())),
    }
    table = pa.table(made | dict(columns))
    order = np.argsort(time, kind="stable")
    return table if np.array_equal(order, np.arange(count)) else table.take(order)


def empty_observations(columns: Mapping[str, pa.DataType]) -> pa.Table:
    """Return a table of observations without rows."""
    return pa.schema([*_FRAME.items(), *columns.items()]).empty_table()


def window_of(time: NDArray[np.int64], window: timedelta) -> NDArray[np.int64]:
    """Return the number of the window (since 1970) that each instant lies in."""
    return time // int(window.total_seconds() * 1_000_000)

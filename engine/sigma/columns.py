"""Matching stored events by columns: no Python object per event.

A segment's columns are dictionaries of distinct values and codes. Each value is tested once; codes become signatures
and rows become profiles by array operations, and only distinct profiles are evaluated.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import Value, texts
from engine.sigma.engine import Engine
from engine.sigma.logsources import KIND_FIELDS, Kind, kind_from
from engine.sigma.partitions import Accessor, Partition, Signatures, keyword_values

Codes = npt.NDArray[np.int64]
_LIST_SUFFIX = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Rows of one partition that match rules: `rows[i]` (in the table) matches the rule at `positions[i]`."""

    partition: Partition
    rows: Codes
    positions: Codes


class ColumnMatcher:
    """Matches tables of events (see `engine.store.protocol.Slice`) with an engine's partitions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Profiles are told apart by a random linear hash of their signatures: multipliers that nobody can guess.
        self._multipliers: list[np.uint64] = []

    def match(self, table: pa.Table) -> Iterator[Hits]:
        """Yield the hits of every kind of event in the table."""
        if table.num_rows == 0:
            return
        columns = _Columns(table)
        for kind, rows in _kinds(columns):
            partition = self._engine.partition(kind)
            if partition.rules:
                hits = self._match(partition, columns, rows)
                if hits is not None:
                    yield hits

    def _match(self, partition: Partition, columns: _Columns, rows: Codes) -> Hits | None:
        partition.renew()
        signatures = [
            _signatures(table, columns.values(accessor, rows))
            for accessor, table in zip(partition.accessors, partition.tables, strict=True)
        ]
        if partition.keywords is not None:
            signatures.append(_keywords(partition, columns, rows))
        if partition.has_references:
            bits = [partition.reference_bits(fields) for fields in columns.rows(rows, sorted(partition.columns()))]
            signatures.append(np.array(bits, dtype=np.int64))
        first, inverse = self._profiles(signatures, len(rows))
        matched = [partition.evaluate(tuple(int(column[row]) for column in signatures)) for row in first]
        if not any(matched):
            return None
        return _expand(partition, rows, inverse, matched)

    def _profiles(self, signatures: Sequence[Codes], count: int) -> tuple[Codes, Codes]:
        """Return for each distinct profile its first row, and for each row the number of its profile."""
        mixed = np.zeros(count, dtype=np.uint64)
        while len(self._multipliers) < len(signatures):
            self._multipliers.append(np.uint64(secrets.randbits(63) | 1))
        for column, multiplier in zip(signatures, self._multipliers, strict=False):
            mixed += column.astype(np.uint64) * multiplier
        _, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        return first, inverse


def _expand(partition: Partition, rows: Codes, inverse: Codes, matched: Sequence[tuple[int, ...]]) -> Hits:
    found_rows, found_positions = [], []
    interesting = np.array([bool(item) for item in matched])
    for index in np.flatnonzero(interesting[inverse]):
        for position in matched[inverse[index]]:
            found_rows.append(rows[index])
            found_positions.append(position)
    return Hits(
        partition=partition,
        rows=np.array(found_rows, dtype=np.int64),
        positions=np.array(found_positions, dtype=np.int64),
    )


def _kinds(columns: _Columns) -> Iterator[tuple[Kind, Codes]]:
    """Yield each kind of event in the table with its rows, in the order of first appearance."""
    everything = np.arange(columns.count)
    coded = [columns.values(Accessor((name,)), everything) for name in KIND_FIELDS]
    mixed = np.zeros(columns.count, dtype=np.int64)
    for item in coded:
        mixed = mixed * (len(item.values) + 1) + item.codes + 1
        _, mixed = np.unique(mixed, return_inverse=True)
    _, first = np.unique(mixed, return_index=True)
    rows_of: dict[Kind, list[int]] = {}
    for group, row in enumerate(first):
        told = [item.first(int(row)) for item in coded]
        rows_of.setdefault(kind_from(told), []).append(group)
    for kind, groups in rows_of.items():
        yield kind, np.flatnonzero(np.isin(mixed, groups))


@dataclass(frozen=True, slots=True)
class _Coded:
    """A column as codes into distinct values; -1 where absent. A value may be a tuple of several."""

    codes: Codes
    values: Sequence[str | tuple[str, ...]]

    def first(self, row: int) -> str:
        code = int(self.codes[row])
        value = self.values[code] if code >= 0 else ""
        return value if isinstance(value, str) else next(iter(value), "")


def _signatures(table: Signatures, column: _Coded) -> Codes:
    """Return the signature of each row's value; each distinct value is looked up (and tested) once."""
    if not len(column.values):
        return np.zeros(len(column.codes), dtype=np.int64)
    used = np.unique(column.codes)
    numbers = np.zeros(len(column.values) + 1, dtype=np.int64)
    for code in used:
        if code >= 0:
            numbers[code + 1] = table.of(column.values[code])
    return numbers[column.codes + 1]


def _keywords(partition: Partition, columns: _Columns, rows: Codes) -> Codes:
    """Return the signature of each row's text for keywords."""
    table = partition.keywords
    assert table is not None  # noqa: S101 - the caller asks only where there are keywords
    if partition.kind.family != "windows":
        column = columns.values(Accessor(("event.original",)), rows)
        return _signatures(table, column)
    plain = table.tested("")
    result = np.full(len(rows), 0, dtype=np.int64)
    per_field = [
        _signatures(table, columns.values(Accessor((name,)), rows))
        for name in columns.names
        if next(keyword_values({name: "x"}, "", partition.kind), None) is not None
    ]
    present = np.zeros(len(rows), dtype=bool)
    busy = np.zeros(len(rows), dtype=bool)
    for column_numbers in per_field:
        present |= column_numbers != 0
        busy |= (column_numbers != 0) & (column_numbers != plain)
    result[present] = plain
    for row in np.flatnonzero(busy):
        parts = {int(item[row]) for item in per_field} - {0}
        result[row] = table.number(frozenset[int]().union(*(table.true[part] for part in parts)))
    return result


class _Columns:
    """A table's columns, decoded on demand and once."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._coded: dict[str, _Coded] = {}
        self.count: int = table.num_rows
        self.names = sorted({name.removesuffix(_LIST_SUFFIX) for name in table.column_names})

    def values(self, accessor: Accessor, rows: Codes) -> _Coded:
        """Return the field's values in these rows."""
        names = [name for name in accessor.names if name in self.names]
        if accessor.spread and len(names) > 1:
            return self._spread(names, rows)
        found: _Coded | None = None
        for name in names:
            column = self._column(name)
            codes = column.codes[rows]
            found = _Coded(codes, column.values) if found is None else _either(found, _Coded(codes, column.values))
        return found or _Coded(np.full(len(rows), -1, dtype=np.int64), ())

    def rows(self, rows: Codes, names: Sequence[str]) -> Iterator[dict[str, Value]]:
        """Yield the named fields of each row as a mapping."""
        columns = {name: self._column(name) for name in names if name in self.names}
        for row in rows:
            yield {name: column.values[column.codes[row]] for name, column in columns.items() if column.codes[row] >= 0}

    def _spread(self, names: Sequence[str], rows: Codes) -> _Coded:
        numbers: dict[tuple[str, ...], int] = {}
        codes = np.full(len(rows), -1, dtype=np.int64)
        for index, fields in enumerate(self.rows(rows, names)):
            parts = tuple(item for name in names for item in texts(fields.get(name)))
            if parts:
                codes[index] = numbers.setdefault(parts, len(numbers))
        return _Coded(codes, list(numbers))

    def _column(self, name: str) -> _Coded:
        if name not in self._coded:
            self._coded[name] = self._decode(name)
        return self._coded[name]

    def _decode(self, name: str) -> _Coded:
        parts = [self._table.column(item) for item in (name, name + _LIST_SUFFIX) if item in self._table.column_names]
        coded = [_decode_column(part) for part in parts]
        return coded[0] if len(coded) == 1 else _either(*coded)


def _decode_column(column: pa.ChunkedArray) -> _Coded:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _decode_lists(column)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    unified = column.unify_dictionaries().combine_chunks()
    array = unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified
    codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _Coded(codes, [texts(value)[0] for value in array.dictionary.to_pylist()])


def _decode_lists(column: pa.ChunkedArray) -> _Coded:
    numbers: dict[tuple[str, ...], int] = {}
    codes = np.full(len(column), -1, dtype=np.int64)
    for row, value in enumerate(column.to_pylist()):
        if value is not None:
            codes[row] = numbers.setdefault(tuple(value), len(numbers))
    return _Coded(codes, list(numbers))


def _either(first: _Coded, second: _Coded) -> _Coded:
    """Return the first column, and the second where the first is absent."""
    shifted = np.where(second.codes >= 0, second.codes + len(first.values), -1)
    return _Coded(np.where(first.codes >= 0, first.codes, shifted), [*first.values, *second.values])

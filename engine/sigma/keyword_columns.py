"""Keywords over the columns of a block: nearly no value holds one, so many are searched as one text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import texts
from engine.sigma.coded import Codes, Columns, Searched
from engine.sigma.partitions import Partition, Signatures, keyword_values

if TYPE_CHECKING:
    from engine.store.protocol import Block

_AT_ONCE = 1 << 18  # bytes searched as one text
_TOGETHER = 8  # columns read together


def keyword_signatures(block: Block, columns: Columns, partition: Partition, rows: Codes) -> Codes:
    """Return the signature of each row's text for keywords: for Windows that of all its values together."""
    table = partition.keywords
    assert table is not None  # noqa: S101 - the caller asks only where there are keywords
    if partition.kind.family != "windows":
        return _by_value(partition, table, block.read(["event.original"]).column("event.original").take(pa.array(rows)))
    asked = tuple(number for number, _ in partition.asked()[1])
    if asked not in columns.searched:  # the same for every kind of event in the block
        columns.searched[asked] = _searched_rows(block, columns, partition, table)
    holding, places = columns.searched[asked]
    numbers = np.array([table.number(true) for true in holding], dtype=np.int64)
    found: Codes = numbers[places[rows]]
    return found


def _searched_rows(block: Block, columns: Columns, partition: Partition, table: Signatures) -> Searched:
    """Search all values of a block's Windows events; return sets of true predicates, and the place of each row's."""
    names = [name for name in sorted(columns.names) if next(keyword_values({name: "x"}, "", partition.kind), None)]
    plain = table.tested("")
    ordinary = np.zeros(block.rows, dtype=bool)  # rows with a value in which no keyword stands
    busy: dict[int, set[int]] = {}
    for start in range(0, len(names), _TOGETHER):
        for column in block.read(names[start : start + _TOGETHER]).columns:
            numbers = _by_value(partition, table, column)
            ordinary |= (numbers != 0) & (numbers == plain)
            for row in np.flatnonzero((numbers != 0) & (numbers != plain)).tolist():
                busy.setdefault(row, set()).add(int(numbers[row]))
    sets: dict[frozenset[int], int] = {frozenset(): 0, table.true[plain]: 1} if plain else {frozenset(): 0}
    places = np.where(ordinary, len(sets) - 1, 0)
    for row, parts in busy.items():
        parts.update([plain] if ordinary[row] else [])
        true = frozenset[int]().union(*(table.true[part] for part in parts))
        places[row] = sets.setdefault(true, len(sets))
    return list(sets), places


def _by_value(partition: Partition, table: Signatures, column: pa.ChunkedArray) -> Codes:
    """Return the signature of each row's value in one column, 0 where it has none."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    kind = array.type
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type):
        codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        used = np.flatnonzero(np.bincount(codes + 1, minlength=len(array.dictionary) + 1)[1:])
        numbers = np.zeros(len(array.dictionary) + 1, dtype=np.int64)  # the last is for -1: absent
        numbers[used] = _searched(partition, table, array.dictionary.take(pa.array(used)))
        found: Codes = numbers[codes]
        return found
    if pa.types.is_string(kind):
        return np.where(array.is_null().to_numpy(zero_copy_only=False), 0, _searched(partition, table, array))
    return np.array([table.of(texts(value)) if value is not None else 0 for value in array.to_pylist()], dtype=np.int64)


def _searched(partition: Partition, table: Signatures, values: pa.StringArray) -> Codes:
    """Return the signature of each text; those among which no keyword stands are searched together."""
    values = pc.fill_null(values, "")
    plain = table.tested("")
    numbers = np.full(len(values), plain, dtype=np.int64)
    if not len(values):
        return numbers
    ends = np.cumsum(pc.binary_length(values).to_numpy(zero_copy_only=False), dtype=np.int64)
    start = 0
    while start < len(values):
        base = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, base + _AT_ONCE, side="right")))
        _search(partition, table, values.slice(start, stop - start).to_pylist(), numbers[start:stop])
        start = stop
    return numbers


def _search(partition: Partition, table: Signatures, values: Sequence[str], numbers: Codes) -> None:
    """Fill in the signatures of values that hold keywords, halving the text until they are found."""
    if partition.lacks_keywords("\n".join(values)):
        return
    if len(values) == 1:
        numbers[0] = table.of(values[0])
        return
    half = len(values) // 2
    _search(partition, table, values[:half], numbers[:half])
    _search(partition, table, values[half:], numbers[half:])

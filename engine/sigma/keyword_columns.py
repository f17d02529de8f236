"""Keywords over the columns of a block: nearly no value holds one, so only those that may are tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import texts
from engine.sigma.coded import Codes, Columns, Searched
from engine.sigma.needles import Needles
from engine.sigma.partitions import Partition, keyword_values
from engine.sigma.signatures import Signatures

if TYPE_CHECKING:
    from engine.store.protocol import Block

_TOGETHER = 8  # columns read together at least
_CELLS = 200_000  # and as many as have so many values
_ORIGINAL = "event.original"


def keyword_signatures(block: Block, columns: Columns, partition: Partition, rows: Codes, needles: Needles) -> Codes:
    """Return the signature of each row's text for keywords: for Windows that of all its values together.

    `needles` are those of the partition's keywords.
    """
    table = partition.keywords
    assert table is not None  # noqa: S101 - the caller asks only where there are keywords
    in_values = partition.kind.family == "windows"
    asked = (in_values, *(number for number, _ in partition.asked[1]))
    if asked not in columns.searched:  # the same for every kind of event in the block
        columns.searched[asked] = (
            _searched_values(block, columns, partition, table, needles)
            if in_values
            else _searched_originals(block, table, needles)
        )
    holding, places = columns.searched[asked]
    numbers = np.array([table.number(true) for true in holding], dtype=np.int64)
    found: Codes = numbers[places[rows]]
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    """What keywords came to in one column: the rows that were tested with their signatures, and which have a value."""

    rows: Codes
    numbers: Codes
    present: np.ndarray[tuple[int], np.dtype[np.bool_]]


def _searched_originals(block: Block, table: Signatures, needles: Needles) -> Searched:
    """Search the events' raw text; return sets of true predicates, and the place of each row's."""
    held = _by_value(table, needles, block.read([_ORIGINAL]).column(_ORIGINAL))
    numbers = np.where(held.present, table.tested(""), 0)
    numbers[held.rows] = held.numbers
    used, places = np.unique(numbers, return_inverse=True)
    return [table.true[number] for number in used.tolist()], places


def _searched_values(
    block: Block, columns: Columns, partition: Partition, table: Signatures, needles: Needles
) -> Searched:
    """Search all values of a block's Windows events; return sets of true predicates, and the place of each row's."""
    names = [name for name in sorted(columns.names) if next(keyword_values({name: "x"}, "", partition.kind), "")]
    plain = table.tested("")
    ordinary = np.zeros(block.rows, dtype=bool)  # rows with a value in which no keyword stands
    busy: dict[int, set[int]] = {}
    together = max(_TOGETHER, _CELLS // max(1, block.rows))
    for start in range(0, len(names), together):
        for column in block.read(names[start : start + together]).columns:
            held = _by_value(table, needles, column)
            for row, number in zip(held.rows.tolist(), held.numbers.tolist(), strict=True):
                if number != plain:
                    held.present[row] = False
                    busy.setdefault(row, set()).add(number)
            ordinary |= held.present
    sets: dict[frozenset[int], int] = {frozenset(): 0, table.true[plain]: 1} if plain else {frozenset(): 0}
    places = np.where(ordinary, len(sets) - 1, 0)
    for row, parts in busy.items():
        parts.update([plain] if ordinary[row] else [])
        true = frozenset[int]().union(*(table.true[part] for part in parts))
        places[row] = sets.setdefault(true, len(sets))
    return list(sets), places


def _by_value(table: Signatures, needles: Needles, column: pa.ChunkedArray) -> _Held:
    """Test the values of one column that may hold a keyword."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    present = array.is_valid().to_numpy(zero_copy_only=False).copy()
    if pa.types.is_list(array.type):
        return _by_list(table, needles, array, present)
    if not pa.types.is_string(array.type) and not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if pa.types.is_string(array.type):
        rows = needles.touched(array)  # an absent text has no characters, or is left out in the next line
        rows = rows[present[rows]]
        return _Held(rows, _tested(table, array, rows), present)
    values = array.dictionary if pa.types.is_string(array.dictionary.type) else _written(array.dictionary)
    touched = needles.touched(values)
    if not len(touched):
        return _Held(touched, touched, present)
    numbers = np.full(len(values) + 1, -1, dtype=np.int64)  # the last is for -1: absent
    numbers[touched] = _tested(table, values, touched)
    found = numbers[pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)]
    rows = np.flatnonzero(found >= 0)
    return _Held(rows, found[rows], present)


def _by_list(
    table: Signatures, needles: Needles, array: pa.ListArray, present: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> _Held:
    """Test the lists that may hold a keyword; an empty one is no value."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    owners = np.repeat(np.arange(len(array)), lengths)
    rows = np.unique(owners[needles.touched(array.flatten())])
    numbers = [table.of(texts(array[row].as_py())) for row in rows.tolist()]
    return _Held(rows, np.array(numbers, dtype=np.int64), present & (lengths > 0))


def _written(values: pa.Array) -> pa.StringArray:
    return pa.array([texts(value)[0] for value in values.to_pylist()], pa.string())


def _tested(table: Signatures, values: pa.StringArray, places: Codes) -> Codes:
    return np.array([table.of(value) for value in values.take(pa.array(places)).to_pylist()], dtype=np.int64)

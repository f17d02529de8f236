"""Keywords over the columns of a block: nearly no value holds one, so only those that may are tested.

Kinds of Windows events ask for much the same keywords. So a block is searched once for all of them together, and each
kind tests the few values in which any of them may stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.events import texts
from engine.sigma.coded import Codes, Columns, Found, Searched, Suspects, codes_of
from engine.sigma.needles import Finder
from engine.sigma.partitions import Partition, keyword_values
from engine.sigma.signatures import Signatures

if TYPE_CHECKING:
    from engine.store.protocol import Block

_TOGETHER = 8  # columns read together at least
_CELLS = 200_000  # and as many as have so many values
_LARGE = 1 << 20  # bytes; columns with fewer are searched as one
_FEW = 4  # times as many rows as a kind has are more than is searched for it alone
_ORIGINAL = "event.original"
_Rows = np.ndarray[tuple[int], np.dtype[np.bool_]]


def keyword_signatures(block: Block, columns: Columns, partition: Partition, rows: Codes, finder: Finder) -> Codes:
    """Return the signature of each row's text for keywords: for Windows that of all its values together.

    `finder` finds at least the partition's keywords. One that others share is asked once for all rows of the block.
    """
    table = partition.keywords
    assert table is not None  # noqa: S101 - the caller asks only where there are keywords
    in_values = partition.kind.family == "windows"
    asked = (in_values, *(number for number, _ in partition.asked[1]))
    if asked in columns.searched:  # the same for every kind of event in the block
        holding, places = columns.searched[asked]
    elif in_values and not finder.shared and len(rows) * _FEW < block.rows:
        holding, places = _judged(_suspects(block, columns, partition, finder, rows), table)
    elif in_values:
        if finder not in columns.suspects:
            columns.suspects[finder] = _suspects(block, columns, partition, finder, None)
        holding, places = columns.searched[asked] = _judged(columns.suspects[finder], table)
    else:
        holding, places = columns.searched[asked] = _searched_originals(block, table, finder)
    numbers = np.array([table.number(true) for true in holding], dtype=np.int64)
    found: Codes = numbers[places[rows]]
    return found


def _searched_originals(block: Block, table: Signatures, finder: Finder) -> Searched:
    """Search the events' raw text; return sets of true predicates, and the place of each row's."""
    cells = _cells(block.read([_ORIGINAL]).column(_ORIGINAL), None)
    found = cells.found(finder.touched(cells.texts))
    numbers = np.where(cells.present, table.tested(""), 0)
    numbers[found.rows] = np.array([table.of(value) for value in found.values], dtype=np.int64)[found.places]
    used, places = np.unique(numbers, return_inverse=True)
    return [table.true[number] for number in used.tolist()], places


def _suspects(block: Block, columns: Columns, partition: Partition, finder: Finder, rows: Codes | None) -> Suspects:
    """Search all values of a block's Windows events (in some rows) for what the finder finds."""
    names = [name for name in sorted(columns.names) if next(keyword_values({name: "x"}, "", partition.kind), "")]
    ordinary: _Rows = np.zeros(block.rows, dtype=bool)
    parts: list[Found] = []
    for cells in _all_cells(block, columns, names, rows):
        for each, touched in zip(cells, _touched([each.texts for each in cells], finder), strict=True):
            if len(touched):
                found = each.found(touched)
                each.present[found.rows] = False
                parts.append(found if rows is None else Found(rows[found.rows], found.places, found.values))
            if rows is None:
                ordinary |= each.present
            else:
                ordinary[rows] |= each.present
    return Suspects(ordinary, parts)


def _all_cells(block: Block, columns: Columns, names: Sequence[str], rows: Codes | None) -> Iterator[list[_Cells]]:
    """Yield the cells of columns, several at a time; what is decoded already is not read again."""
    held = {} if rows is not None else {name: found for name in names if (found := columns.texts_of(name)) is not None}
    yield [_Cells(found.codes >= 0, found.array, codes=found.codes) for found in held.values()]
    others = [name for name in names if name not in held]
    together = max(_TOGETHER, _CELLS // max(1, block.rows if rows is None else len(rows)))
    for start in range(0, len(others), together):
        yield [_cells(column, rows) for column in block.read(others[start : start + together]).columns]


def _judged(suspects: Suspects, table: Signatures) -> Searched:
    """Test the suspects; return sets of true predicates, and the place of each row's."""
    plain = table.tested("")
    ordinary = suspects.ordinary.copy()
    busy: dict[int, set[int]] = {}
    for part in suspects.parts:
        numbers = np.array([table.of(value) for value in part.values], dtype=np.int64)[part.places]
        ordinary[part.rows[numbers == plain]] = True
        held = numbers != plain
        for row, number in zip(part.rows[held].tolist(), numbers[held].tolist(), strict=True):
            busy.setdefault(row, set()).add(number)
    sets: dict[frozenset[int], int] = {frozenset(): 0, table.true[plain]: 1} if plain else {frozenset(): 0}
    places = np.where(ordinary, len(sets) - 1, 0)
    for row, seen in busy.items():
        seen.update([plain] if ordinary[row] else [])
        true = frozenset[int]().union(*(table.true[part] for part in seen))
        places[row] = sets.setdefault(true, len(sets))
    return list(sets), places


def _touched(columns: Sequence[pa.StringArray], finder: Finder) -> Iterator[Codes]:
    """Return for each column the places of the texts that must be tested; small ones are searched in one go."""
    small = [each for each in columns if each.nbytes < _LARGE and pa.types.is_string(each.type)]
    together = finder.touched(pa.concat_arrays(small)) if small else np.zeros(0, dtype=np.int64)
    ends = np.cumsum([0, *map(len, small)])
    bounds = np.searchsorted(together, ends)
    number = 0
    for each in columns:
        if number < len(small) and each is small[number]:
            yield together[bounds[number] : bounds[number + 1]] - ends[number]
            number += 1
        else:
            yield finder.touched(each)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column: which rows have a value, and its texts.

    `codes` says for each row which text it has (-1: none), `owners` for each text which row it is part of; without
    either, rows and texts are the same.
    """

    present: _Rows
    texts: pa.StringArray
    codes: Codes | None = None
    owners: Codes | None = None
    lists: pa.ListArray | None = None

    def found(self, touched: Codes) -> Found:
        """Return the rows that have these texts, with their values."""
        if self.owners is not None and self.lists is not None:
            rows = np.unique(self.owners[touched])
            return Found(rows, np.arange(len(rows)), [texts(value) for value in self.lists.take(rows).to_pylist()])
        if self.codes is None:
            rows = touched[self.present[touched]]  # an absent text may have characters
            return Found(rows, np.arange(len(rows)), self.texts.take(pa.array(rows)).to_pylist())
        numbers = np.full(len(self.texts) + 1, -1, dtype=np.int64)  # the last is for -1: absent
        numbers[touched] = np.arange(len(touched))
        places = numbers[self.codes]
        rows = np.flatnonzero(places >= 0)
        return Found(rows, places[rows], self.texts.take(pa.array(touched)).to_pylist())


def _cells(column: pa.ChunkedArray, rows: Codes | None) -> _Cells:
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if rows is not None:
        array = array.take(pa.array(rows))
    present = array.is_valid().to_numpy(zero_copy_only=False).copy()
    if pa.types.is_list(array.type):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        owners = np.repeat(np.arange(len(array)), lengths)
        return _Cells(present & (lengths > 0), array.flatten(), owners=owners, lists=array)  # an empty one is no value
    if pa.types.is_string(array.type):
        return _Cells(present, array)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if rows is not None:  # taking rows leaves the whole dictionary
        array = array.cast(array.type.value_type).dictionary_encode()
    values = array.dictionary if pa.types.is_string(array.dictionary.type) else _written(array.dictionary)
    return _Cells(present, values, codes=codes_of(array))


def _written(values: pa.Array) -> pa.StringArray:
    return pa.array([texts(value)[0] for value in values.to_pylist()], pa.string())

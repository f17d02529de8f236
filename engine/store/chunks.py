"""What stands in a column chunk of a Parquet file: a dictionary of distinct texts where that pays, and pages of values.

Columns are of the store's six types (`engine.store.columns`): text, written out or coded by a dictionary; lists of
text; whole numbers; instants; fractions; truth values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.store import encodings

_Number = TypeVar("_Number", np.int32, np.int64, np.float64)
Buffer: TypeAlias = bytes | pa.Buffer | NDArray[np.uint8]

PLAIN: Final = 0  # the format's numbers of encodings
RUNS: Final = 3
DELTAS: Final = 5
DELTA_LENGTHS: Final = 6
CODES: Final = 8
PAGE: Final = 1024 * 1024  # bytes of written-out text in a page, about
_FULL_LIST, _NO_ELEMENT, _EMPTY_LIST, _NO_LIST = 3, 2, 1, 0  # definition levels of a list's elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that is not compressed yet. `entries` counts values and what stands for none of them (`nulls`).

    `body` are the values, in parts that stand one behind the other.
    """

    rows: int
    entries: int
    nulls: int
    encoding: int
    definitions: bytes
    body: Sequence[Buffer]
    repetitions: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The pages of a column in a row group; `dictionary` is the page of `distinct` texts that they refer to."""

    pages: Sequence[Page]
    dictionary: Buffer | None = None
    distinct: int = 0


def chunk_of(column: pa.ChunkedArray) -> Chunk:
    """Return the pages of a column's rows."""
    kind = column.type
    if pa.types.is_string(kind):
        return Chunk(pages=[page for part in column.chunks for page in _text_pages(part)] or [_nothing(0)])
    array = _whole(column)
    if array.null_count == len(array):
        return Chunk(pages=[_nothing(len(array), listed=pa.types.is_list(kind))])
    if pa.types.is_dictionary(kind):
        return _coded(array)
    if pa.types.is_list(kind):
        return _listed(array)
    return Chunk(pages=[_numbers(array)])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found


def _nothing(rows: int, *, listed: bool = False) -> Page:
    """Return a page without a value; a list's elements have repetition levels even so."""
    levels = encodings.same(0, rows)
    return Page(
        rows=rows,
        entries=rows,
        nulls=rows,
        encoding=PLAIN,
        repetitions=levels if listed else b"",
        definitions=levels,
        body=(),
    )


def _flat(array: pa.Array, encoding: int, *body: Buffer) -> Page:
    """Return the page of an array whose values that are not null were written as `body`."""
    rows, nulls = len(array), array.null_count
    levels = encodings.levels(encodings.valid(array), 1) if nulls else encodings.same(1, rows)
    return Page(rows=rows, entries=rows, nulls=nulls, encoding=encoding, definitions=levels, body=body)


def _text_pages(array: pa.StringArray) -> Iterator[Page]:
    """Cut texts into pages; a text that is longer than a page gets one by itself."""
    edges = encodings.edges(array).astype(np.int64)
    start = 0
    while start < len(array):
        end = max(start + 1, int(np.searchsorted(edges, edges[start] + PAGE, side="right")) - 1)
        part = array.slice(start, end - start)
        yield _flat(part, DELTA_LENGTHS, *_written_out(_filled(part)))
        start = end


def _filled(array: pa.Array) -> pa.Array:
    """Return what is not null."""
    return array.drop_null() if array.null_count else array


def _cells(array: pa.Array, kind: type[_Number]) -> NDArray[_Number]:
    """Return what is not null of an array whose cells are of this kind, as it stands in memory."""
    cells = np.frombuffer(array.buffers()[1], dtype=kind)[array.offset : array.offset + len(array)]
    return cells[encodings.valid(array).view(np.bool_)] if array.null_count else cells


def _written_out(texts: pa.StringArray) -> tuple[Buffer, Buffer]:
    """Write texts behind the lengths of all of them (DELTA_LENGTH_BYTE_ARRAY)."""
    edges = encodings.edges(texts)
    lengths = encodings.deltas(np.diff(edges).astype(np.int64))
    content = texts.buffers()[2] or pa.py_buffer(b"")
    return lengths, content.slice(int(edges[0]), int(edges[-1] - edges[0]))


def _numbers(array: pa.Array) -> Page:
    if pa.types.is_boolean(array.type):
        bits = _filled(array).to_numpy(zero_copy_only=False)
        return _flat(array, PLAIN, np.packbits(bits, bitorder="little"))
    if pa.types.is_floating(array.type):
        return _flat(array, PLAIN, _cells(array, np.float64).view(np.uint8))
    return _flat(array, DELTAS, encodings.deltas(_cells(array, np.int64)))


def _coded(array: pa.DictionaryArray) -> Chunk:
    if array.dictionary.null_count:
        array = array.cast(pa.string()).dictionary_encode()
    codes, texts = _used(_cells(array.indices, np.int32), array.dictionary)
    page = _flat(array, CODES, encodings.codes(codes, len(texts) - 1))
    return Chunk(pages=[page], dictionary=encodings.texts(texts), distinct=len(texts))


def _used(codes: encodings.Codes, texts: pa.StringArray) -> tuple[encodings.Codes, pa.StringArray]:
    """Leave only such texts as the codes name: that is what takes the values of removed rows out of the store."""
    used = np.zeros(len(texts), dtype=np.bool_)
    used[codes] = True
    if used.all():
        return codes, texts
    return (np.cumsum(used, dtype=np.int32) - 1)[codes], texts.filter(pa.array(used))


def _listed(array: pa.ListArray) -> Chunk:
    """Return lists of text, by a dictionary of their elements where that pays."""
    elements = array.flatten()
    repetitions, definitions, entries = _list_levels(array, elements)
    values = _filled(elements)
    codes, distinct = _elements(values)
    pays = len(distinct) * 2 <= len(values) and len(distinct) > 0
    page = Page(
        rows=len(array),
        entries=entries,
        nulls=entries - len(values),
        encoding=CODES if pays else DELTA_LENGTHS,
        repetitions=repetitions,
        definitions=definitions,
        body=(encodings.codes(codes, len(distinct) - 1),) if pays else _written_out(values),
    )
    if not pays:
        return Chunk(pages=[page])
    return Chunk(pages=[page], dictionary=encodings.texts(distinct), distinct=len(distinct))


def _elements(values: pa.StringArray) -> tuple[encodings.Codes, pa.StringArray]:
    """Return the codes of texts and the distinct ones."""
    if len(values) and encodings.are_one(values):
        return np.zeros(len(values), dtype=np.int32), values.slice(0, 1)
    encoded = values.dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary


def _list_levels(array: pa.ListArray, elements: pa.StringArray) -> tuple[bytes, bytes, int]:
    """Return the repetition and definition levels of each element and of each list that has none, and how many."""
    sizes = np.diff(array.offsets.to_numpy())
    if not array.null_count and not elements.null_count and (sizes == 1).all():
        return encodings.same(0, len(array)), encodings.same(_FULL_LIST, len(array)), len(array)
    valid = encodings.valid(array)
    sizes = sizes * valid
    entries = np.maximum(sizes, 1)
    starts = np.cumsum(entries) - entries
    repetitions = np.ones(int(entries.sum()), dtype=np.uint8)
    repetitions[starts] = 0
    definitions = np.full(len(repetitions), _FULL_LIST, dtype=np.uint8)
    if elements.null_count:
        definitions[np.repeat(sizes > 0, entries)] = np.where(encodings.valid(elements), _FULL_LIST, _NO_ELEMENT)
    bare = sizes == 0
    definitions[starts[bare]] = np.where(valid[bare], _EMPTY_LIST, _NO_LIST)
    return encodings.levels(repetitions, 1), encodings.levels(definitions, _FULL_LIST), len(definitions)

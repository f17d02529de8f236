"""Writing Parquet files of the store's column types, by whole arrays.

Arrow's own writer takes every value through an encoder by itself, on which collecting by columns spent half its time.
Segments hold few types, and each page of them can be made by a few operations on arrays (`engine.store.encodings`).
What comes out is ordinary Parquet: data pages of version 2 with checksums, zstd where it pays, and the Arrow schema
beside it, by which text that was coded comes back as such. Arrow and DuckDB read it; tests hold the writer to both.

Source: `parquet.thrift` of apache/parquet-format. The numbers of fields below are those of its structs.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.store.chunks import PAGE, PLAIN, RUNS, Buffer, Chunk, Page, chunk_of
from engine.store.compact import I32, STRUCT, Struct
from engine.store.encodings import zigzag

_MAGIC: Final = b"PAR1"
_VERSION: Final = 2
_BOOLEAN, _INT64, _DOUBLE, _TEXT = 0, 2, 5, 6  # physical types
_OPTIONAL, _REPEATED = 1, 2
_UTF8, _LIST, _MICROS = 0, 3, 10  # converted types, for readers that know no logical ones
_ZSTD: Final = 6
_DICTIONARY, _DATA = 2, 3  # kinds of pages
_LEVEL: Final = 1  # of zstd
_LEAST: Final = 64  # bytes that are worth compressing
_SIGN: Final = 2**31
_Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    """The bytes of a column chunk, and what the footer says of them; `dictionary` is the size of its first page."""

    parts: Sequence[Buffer]
    size: int
    unpacked: int
    dictionary: int
    entries: int
    encodings: Sequence[int]


class ParquetWriter:
    """Writes a file into `sink`, a row group at a time. Raise what the sink raises."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        self._sink = sink
        self._schema = schema
        self._codec = pa.Codec("zstd", _LEVEL)
        self._groups: list[bytes] = []
        self._rows = 0
        self._at = 0
        self._space = np.empty(PAGE + PAGE // 2, dtype=np.uint8)
        self._put([_MAGIC])

    def write(self, group: pa.Table) -> list[int]:
        """Write a row group, which has the columns of the schema; return the numbers of those that hold anything."""
        start = self._at
        known: dict[_Key, _Packed] = {}
        given = [group.column(name) for name in self._schema.names]
        columns = [self._column(name, column, known) for name, column in zip(self._schema.names, given, strict=True)]
        chunks = [chunk for chunk, _ in columns]
        unpacked, rows = sum(size for _, size in columns), group.num_rows
        told = Struct().list(1, STRUCT, chunks).i64(2, unpacked).i64(3, rows).i64(5, start).i64(6, self._at - start)
        self._groups.append(told.written())
        self._rows += rows
        return [number for number, column in enumerate(given) if column.null_count < rows]

    def close(self, told: Mapping[bytes, bytes]) -> None:
        """Write the footer, with `told` among the file's metadata."""
        kept = {**told, b"ARROW:schema": b64encode(self._schema.serialize().to_pybytes())}
        metadata = [Struct().binary(1, key).binary(2, value).written() for key, value in kept.items()]
        as_the_type_says = Struct().struct(1, Struct()).written()  # how values are ordered, for the least and most
        footer = Struct().i32(1, _VERSION).list(2, STRUCT, _schema_of(self._schema)).i64(3, self._rows)
        footer.list(4, STRUCT, self._groups).list(5, STRUCT, metadata).binary(6, b"kulla")
        content = footer.list(7, STRUCT, [as_the_type_says] * len(self._schema.names)).written()
        self._put([content, len(content).to_bytes(4, "little"), _MAGIC])

    def _put(self, parts: Sequence[Buffer]) -> None:
        for part in parts:
            self._at += self._sink.write(part)  # type: ignore[arg-type] # every one of them is a buffer

    def _column(self, name: str, column: pa.ChunkedArray, known: dict[_Key, _Packed]) -> tuple[bytes, int]:
        """Write a column of a row group; return its entry in the footer, and its size without compression."""
        key = _key(column)
        packed = known.get(key) if key else None
        if packed is None:
            packed = self._packed(chunk_of(column))
        if key:
            known[key] = packed
        start = self._at
        self._put(packed.parts)
        kind = column.type
        path = [name.encode(), *((b"list", b"element") if pa.types.is_list(kind) else ())]
        about = Struct().i32(1, _physical(kind)).list(2, I32, [zigzag(each) for each in packed.encodings])
        about.binaries(3, path).i32(4, _ZSTD).i64(5, packed.entries).i64(6, packed.unpacked).i64(7, packed.size)
        about.i64(9, start + packed.dictionary).i64(11, start if packed.dictionary else None)
        about.struct(12, _bounds(column) if pa.types.is_timestamp(kind) else None)
        return Struct().i64(2, 0).struct(3, about).written(), packed.unpacked

    def _packed(self, chunk: Chunk) -> _Packed:
        """Compress the pages of a column chunk."""
        parts: list[Buffer] = []
        dictionary = unpacked = 0
        if chunk.dictionary is not None:
            parts, dictionary, unpacked = self._dictionary(chunk.dictionary, chunk.distinct)
        size = dictionary
        for page in chunk.pages:
            more, packed, whole = self._page(page)
            parts += more
            size, unpacked = size + packed, unpacked + whole
        kinds = {RUNS, *(page.encoding for page in chunk.pages)} | ({PLAIN} if dictionary else set())
        entries = sum(page.entries for page in chunk.pages)
        return _Packed(
            parts=parts,
            size=size,
            unpacked=unpacked,
            dictionary=dictionary,
            entries=entries,
            encodings=sorted(kinds),
        )

    def _dictionary(self, body: Buffer, entries: int) -> tuple[list[Buffer], int, int]:
        """Compress a dictionary page; return its parts, and its size with and without compression."""
        packed = self._codec.compress(body, asbytes=True)
        about = Struct().i32(1, entries).i32(2, PLAIN)
        return _with_head([packed], (7, about), kind=_DICTIONARY, unpacked=_size(body))

    def _page(self, page: Page) -> tuple[list[Buffer], int, int]:
        body = self._glued(page.body)
        whole = _size(body)
        packed = self._codec.compress(body, asbytes=True) if whole >= _LEAST else body
        pays = _size(packed) < whole
        about = Struct().i32(1, page.entries).i32(2, page.nulls).i32(3, page.rows).i32(4, page.encoding)
        about.i32(5, len(page.definitions)).i32(6, len(page.repetitions)).truth(7, value=pays)
        levels = [page.repetitions, page.definitions]
        parts = [*levels, packed if pays else bytes(body)]
        return _with_head(parts, (8, about), kind=_DATA, unpacked=whole + sum(map(len, levels)))

    def _glued(self, parts: Sequence[Buffer]) -> Buffer:
        """Return parts as one buffer, in memory that is used again: new memory would cost more than the copy."""
        if len(parts) < 2:
            return parts[0] if parts else b""
        size = sum(map(_size, parts))
        if size > len(self._space):
            self._space = np.empty(size, dtype=np.uint8)
        at = 0
        for part in parts:
            self._space[at : at + _size(part)] = np.frombuffer(part, dtype=np.uint8)
            at += _size(part)
        return self._space[:size]


def _with_head(
    parts: list[Buffer], about: tuple[int, Struct], *, kind: int, unpacked: int
) -> tuple[list[Buffer], int, int]:
    """Put a page's header in front; return all of it, and its size with and without compression."""
    size, check = 0, 0
    for part in parts:
        size += _size(part)
        check = crc32(part, check)  # type: ignore[arg-type] # a buffer
    signed = check - 2 * _SIGN if check >= _SIGN else check
    head = Struct().i32(1, kind).i32(2, unpacked).i32(3, size).i32(4, signed).struct(*about).written()
    return [head, *parts], len(head) + size, len(head) + unpacked


def _size(part: Buffer) -> int:
    return len(part) if isinstance(part, bytes) else int(part.nbytes if isinstance(part, np.ndarray) else part.size)


def _key(column: pa.ChunkedArray) -> _Key:
    """Return where a column of codes lies in memory, nothing for others: two fields often are one column."""
    if not pa.types.is_dictionary(column.type) or column.num_chunks != 1:
        return ()
    array = column.chunk(0)
    return tuple(_place(part) for part in (array.indices, array.dictionary))


def _place(array: pa.Array) -> tuple[object, ...]:
    return array.offset, len(array), *(None if part is None else part.address for part in array.buffers())


def _physical(kind: pa.DataType) -> int:
    if pa.types.is_floating(kind):
        return _DOUBLE
    if pa.types.is_boolean(kind):
        return _BOOLEAN
    return _INT64 if pa.types.is_integer(kind) or pa.types.is_timestamp(kind) else _TEXT


def _bounds(column: pa.ChunkedArray) -> Struct:
    """Return the least and the most of a column of instants, by which readers leave out whole row groups."""
    found = pc.min_max(column.cast(pa.int64())).as_py()
    least, most = (
        None if found[edge] is None else found[edge].to_bytes(8, "little", signed=True) for edge in ("min", "max")
    )
    return Struct().i64(3, column.null_count).binary(5, most).binary(6, least)


def _schema_of(schema: pa.Schema) -> list[bytes]:
    """Return the elements of the file's schema: the root, then each column."""
    root = Struct().binary(4, b"schema").i32(5, len(schema.names)).written()
    return [root, *(element for field in schema for element in _elements(field.name.encode(), field.type))]


def _elements(name: bytes, kind: pa.DataType) -> list[bytes]:
    if pa.types.is_list(kind):
        logical = Struct().struct(3, Struct())
        group = Struct().i32(3, _OPTIONAL).binary(4, name).i32(5, 1).i32(6, _LIST).struct(10, logical)
        several = Struct().i32(3, _REPEATED).binary(4, b"list").i32(5, 1)
        return [group.written(), several.written(), *_elements(b"element", kind.value_type)]
    element = Struct().i32(1, _physical(kind)).i32(3, _OPTIONAL).binary(4, name)
    if pa.types.is_timestamp(kind):
        micros = Struct().truth(1, value=True).struct(2, Struct().struct(2, Struct()))
        element.i32(6, _MICROS).struct(10, Struct().struct(8, micros))
    elif _physical(kind) == _TEXT:
        element.i32(6, _UTF8).struct(10, Struct().struct(1, Struct()))
    return [element.written()]

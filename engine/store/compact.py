"""Thrift's compact protocol, as much of it as Parquet's headers and footers need: writing structs.

Source: `doc/specs/thrift-compact-protocol.md` of apache/thrift.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from engine.store.encodings import varint, zigzag

I32, I64, BINARY, STRUCT = 5, 6, 8, 12  # types, as field headers name them
_TRUE, _FALSE, _LIST = 1, 2, 9
_SHORT: Final = 15  # elements: longer lists have their size apart


class Struct:
    """A struct in the making. Fields are added in the order of their ids, none of which are 16 apart."""

    __slots__ = ("_before", "_parts")

    def __init__(self) -> None:
        self._parts = bytearray()
        self._before = 0

    def _field(self, number: int, kind: int) -> bytearray:
        self._parts.append((number - self._before) << 4 | kind)
        self._before = number
        return self._parts

    def truth(self, number: int, *, value: bool) -> Self:
        """Add a truth value."""
        self._field(number, _TRUE if value else _FALSE)
        return self

    def i32(self, number: int, value: int | None) -> Self:
        """Add a number, or nothing where it is None."""
        if value is not None:
            self._field(number, I32).extend(zigzag(value))
        return self

    def i64(self, number: int, value: int | None) -> Self:
        """Add a number, or nothing where it is None."""
        if value is not None:
            self._field(number, I64).extend(zigzag(value))
        return self

    def binary(self, number: int, value: bytes | None) -> Self:
        """Add bytes, or nothing where they are None."""
        if value is not None:
            self._field(number, BINARY).extend(varint(len(value)) + value)
        return self

    def struct(self, number: int, value: Struct | None) -> Self:
        """Add a struct, or nothing where it is None."""
        if value is not None:
            self._field(number, STRUCT).extend(value.written())
        return self

    def list(self, number: int, kind: int, values: Sequence[bytes]) -> Self:
        """Add a list, of elements of this type that are written already."""
        size = len(values)
        found = self._field(number, _LIST)
        found += bytes([size << 4 | kind]) if size < _SHORT else bytes([0xF0 | kind]) + varint(size)
        for value in values:
            found += value
        return self

    def binaries(self, number: int, values: Sequence[bytes]) -> Self:
        """Add a list of bytes."""
        return self.list(number, BINARY, [varint(len(value)) + value for value in values])

    def written(self) -> bytes:
        """Return the struct as it is written."""
        return bytes(self._parts) + b"\0"

"""Cutting a byte stream into records: lines, with limits, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from collectors.source import MAX_RECORD, Record

_KEPT = 64 * 1024  # bytes of an oversized record that its dead letter keeps
_CHUNK = 1024 * 1024
_CR = 13


def lines(stream: BinaryIO, *, limit: int = MAX_RECORD) -> Iterator[Record]:
    """Yield the stream's lines, ended by LF or CR LF (which are cut off), the last one with or without an end.

    A UTF-8 byte order mark is cut off the first line. A line longer than `limit` bytes is read past in bounded memory
    and yields a record with a `problem`, the first 64 KiB and the line's size. Empty lines are counted, not yielded.
    """
    read = getattr(stream, "read1", stream.read)  # what is there, so that a pipe's lines are seen as they come
    number, offset = 0, 0
    held: list[bytes] = []  # of the line that the last chunk left unfinished
    size = 0
    while chunk := read(_CHUNK):
        found = chunk.split(b"\n")
        size += len(found[0])
        if size - len(found[0]) <= limit:
            held.append(found[0])
        if len(found) == 1:
            continue
        number += 1
        yield from _line(b"".join(held), size + 1, offset, number, limit)
        offset += size + 1
        for raw in found[1:-1]:
            number += 1
            if raw and raw[-1] != _CR and len(raw) <= limit:
                yield Record(offset=offset, number=number, raw=raw)
            else:
                yield from _line(raw, len(raw) + 1, offset, number, limit)
            offset += len(raw) + 1
        held, size = found[-1:], len(found[-1])
    yield from _line(b"".join(held), size, offset, number + 1, limit, ended=False)


def _line(raw: bytes, size: int, offset: int, number: int, limit: int, *, ended: bool = True) -> Iterator[Record]:
    """Yield the record of a line, if it is not empty; `size` is its length with its end."""
    if size - ended > limit:
        problem = f"line of {size:,} bytes; the limit is {limit:,}"
        yield Record(offset=offset, number=number, raw=raw[:_KEPT], problem=problem, size=size)
        return
    line = raw.rstrip(b"\r").removeprefix(b"\xef\xbb\xbf") if offset == 0 else raw.rstrip(b"\r")
    if line:
        yield Record(offset=offset, number=number, raw=line)


def decode(raw: bytes) -> str:
    """Return the bytes as text; bytes that are not UTF-8 become visible escapes (`\\xff`), so that none is lost."""
    return raw.decode("utf-8", "backslashreplace")

"""Cutting a byte stream into records: lines, with limits, whatever the bytes are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from collectors.source import MAX_RECORD, Record

_KEPT = 64 * 1024  # bytes of an oversized record that its dead letter keeps
_CHUNK = 1024 * 1024
_SIFTED = 256 * 1024  # bytes of which so little is made that they are still in the processor's cache
_LF = 10
_ENDS = b"\r\n"


def lines(stream: BinaryIO, *, limit: int = MAX_RECORD) -> Iterator[Record]:
    """Yield the stream's lines, ended by LF or CR LF (which are cut off), the last one with or without an end.

    A UTF-8 byte order mark is cut off the first line. A line longer than `limit` bytes is read past in bounded memory
    and yields a record with a `problem`, the first 64 KiB and the line's size. Empty lines are counted, not yielded.
    """
    read = getattr(stream, "read1", stream.read)  # what is there, so that a pipe's lines are seen as they come
    number, offset = 0, 0
    held: list[bytes] = []  # of a line that the last chunk left unfinished
    size = 0
    while chunk := read(_CHUNK):
        for line in io.BytesIO(chunk):  # ten times as fast as splitting
            if line[-1] != _LF or held:
                if size <= limit:
                    held.append(line)
                size += len(line)
                if line[-1] == _LF:
                    number += 1
                    yield from line_records(b"".join(held), size, offset, number, limit)
                    offset += size
                    held, size = [], 0
                continue
            number += 1
            if offset and len(line) <= limit and (raw := line.rstrip(_ENDS)):
                yield Record(offset=offset, number=number, raw=raw)
            else:
                yield from line_records(line, len(line), offset, number, limit)
            offset += len(line)
    yield from line_records(b"".join(held), size, offset, number + 1, limit)


def sifted_lines(
    stream: BinaryIO, dismissed: Callable[[memoryview], bool], *, limit: int = MAX_RECORD
) -> Iterator[Record]:
    """Yield the stream's lines as `lines` does, but for those of whose bytes, with their ends, `dismissed` is true.

    Nothing is made of these but a look at them.
    """
    read = getattr(stream, "read1", stream.read)
    number, offset = 0, 0  # of lines so far; of the first byte that no line so far holds
    held: list[bytes] = []
    size = 0
    while chunk := read(_SIFTED):
        view, find, start = memoryview(chunk), chunk.find, 0
        if held or not offset:  # what has begun before ends here, or not even here
            start = find(b"\n") + 1 or len(chunk)
            if size <= limit:
                held.append(chunk[:start])
            size += start
            if chunk[start - 1] == _LF:
                number += 1
                yield from sifted(line_records(b"".join(held), size, offset, number, limit), dismissed)
                offset, held, size = offset + size, [], 0
        begin = start
        while end := find(b"\n", start) + 1:
            number += 1
            if end - start > limit or not dismissed(view[start:end]):
                yield from line_records(chunk[start:end], end - start, offset + start - begin, number, limit)
            start = end
        offset += start - begin
        if start < len(chunk):
            held, size = [chunk[start:]], len(chunk) - start
    yield from sifted(line_records(b"".join(held), size, offset, number + 1, limit), dismissed)


def sifted(records: Iterator[Record], dismissed: Callable[[memoryview], bool]) -> Iterator[Record]:
    """Yield the records but for those of whose bytes `dismissed` is true; one with a problem is never asked about."""
    return (record for record in records if record.problem is not None or not dismissed(memoryview(record.raw)))


def line_records(line: bytes, size: int, offset: int, number: int, limit: int) -> Iterator[Record]:
    """Yield the record of a line, if it is not empty. `size` is its length with its end, of which not all is there."""
    if size - line.endswith(b"\n") > limit:
        problem = f"line of {size:,} bytes; the limit is {limit:,}"
        yield Record(offset=offset, number=number, raw=line.removesuffix(b"\n")[:_KEPT], problem=problem, size=size)
        return
    raw = line.rstrip(_ENDS)
    if offset == 0:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    if raw:
        yield Record(offset=offset, number=number, raw=raw)


def decode(raw: bytes) -> str:
    """Return the bytes as text; bytes that are not UTF-8 become visible escapes (`\\xff`), so that none is lost."""
    return raw.decode("utf-8", "backslashreplace")

"""Cutting a byte stream into records: lines, with limits, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from collectors.source import MAX_RECORD, Record

_KEPT = 64 * 1024  # bytes of an oversized record that its dead letter keeps
_CHUNK = 1024 * 1024


def lines(stream: BinaryIO, *, limit: int = MAX_RECORD) -> Iterator[Record]:
    """Yield the stream's lines, ended by LF or CR LF (which are cut off), the last one with or without an end.

    A UTF-8 byte order mark is cut off the first line. A line longer than `limit` bytes is read past in bounded memory
    and yields a record with a `problem`, the first 64 KiB and the line's size. Empty lines are counted, not yielded.
    """
    number, offset = 0, 0
    while True:
        raw = stream.readline(limit + 1)
        if not raw:
            return
        number += 1
        if len(raw) > limit and not raw.endswith(b"\n"):
            size = len(raw) + _skip_line(stream)
            yield Record(
                offset=offset,
                number=number,
                raw=raw[:_KEPT],
                problem=f"line of {size:,} bytes; the limit is {limit:,}",
                size=size,
            )
            offset += size
            continue
        start, offset = offset, offset + len(raw)
        line = raw.rstrip(b"\r\n")
        if start == 0 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        if line:
            yield Record(offset=start, number=number, raw=line)


def _skip_line(stream: BinaryIO) -> int:
    skipped = 0
    while part := stream.readline(_CHUNK):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def decode(raw: bytes) -> str:
    """Return the bytes as text; bytes that are not UTF-8 become visible escapes (`\\xff`), so that none is lost."""
    return raw.decode("utf-8", "backslashreplace")

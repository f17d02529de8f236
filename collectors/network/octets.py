"""Octet-counted syslog (RFC 6587, 3.4.1): `83 <34>1 2024-...` puts each message's length in front of it.

Streams of TCP and TLS (RFC 5425) that were written to a file as they came have no line ends between messages, or have
line ends inside them. Lines without a count pass as they are; nothing is left out, whatever the counts claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.framing import lines
from collectors.source import Record

_COUNT = re.compile(rb"(?P<count>[1-9]\d{0,5}) (?=<\d{1,3}>)")
MAX_COUNTED = 64 * 1024  # bytes of a counted message; a larger count is not believed


def syslog_records(stream: BinaryIO) -> Iterator[Record]:
    """Yield the stream's messages: lines, and octet-counted messages wherever a line begins with a count."""
    number = 0
    held: Record | None = None
    for record in lines(stream):
        if held is not None and record.problem is None and not _COUNT.match(record.raw):
            record = Record(offset=held.offset, number=held.number, raw=held.raw + b"\n" + record.raw)  # noqa: PLW2901
        elif held is not None:
            number += 1
            yield _numbered(held, number, 0, held.raw)
        held = None
        if record.problem is not None:
            number += 1
            yield Record(offset=record.offset, number=number, raw=record.raw, problem=record.problem, size=record.size)
            continue
        at, cut = 0, True
        while cut and at < len(record.raw):
            start, end, cut = _message(record.raw, at)
            if end > len(record.raw):
                held = Record(offset=record.offset + at, number=record.number, raw=record.raw[at:])
                break
            number += 1
            yield _numbered(record, number, start, record.raw[start:end])
            at = end
    if held is not None:
        yield _numbered(held, number + 1, 0, held.raw)


def _message(raw: bytes, at: int) -> tuple[int, int, bool]:
    """Return where the message at `at` begins and ends, and whether a count said so."""
    found = _COUNT.match(raw, at)
    if found is None or int(found["count"]) > MAX_COUNTED:
        return at, len(raw), False
    return found.end(), found.end() + int(found["count"]), True


def _numbered(record: Record, number: int, start: int, raw: bytes) -> Record:
    return Record(offset=record.offset + start, number=number, raw=raw)

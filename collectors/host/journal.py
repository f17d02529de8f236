"""Cutting a journal's export format into entries and fields, and an entry as a line of syslog; see https://systemd.io/JOURNAL_EXPORT_FORMATS/.

An entry ends at an empty line. A binary field is its name on a line, 64 bits of length in little endian, the bytes and
a line end; so an empty line or anything like a field inside a value does not end or forge anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from collectors.source import MAX_RECORD, Record
from collectors.syslog import Header
from engine.events import Value

_KEPT = 64 * 1024
_LENGTH = 8
_LONGEST_LINE = 1024 * 1024


@dataclass(slots=True, kw_only=True)
class _Entry:
    """The entry that is being read: where it began, its bytes, and what is the matter with it."""

    offset: int
    parts: list[bytes]
    size: int = 0
    problem: str | None = None

    def add(self, part: bytes) -> None:
        """Take bytes; beyond the limit they are counted only."""
        self.size += len(part)
        if self.size <= MAX_RECORD:
            self.parts.append(part)
        elif self.problem is None:
            self.problem = f"entry longer than {MAX_RECORD:,} bytes"


def export_records(stream: BinaryIO) -> Iterator[Record]:
    """Yield the entries of an export; one that is cut off or too long has a `problem`."""
    number = offset = 0
    entry = _Entry(offset=0, parts=[])
    while line := stream.readline(_LONGEST_LINE):
        if line in (b"\n", b"\r\n"):
            if entry.parts:
                number += 1
                yield _record(entry, number)
            offset += entry.size + len(line)
            entry = _Entry(offset=offset, parts=[])
            continue
        entry.add(line)
        if b"=" not in line and line.endswith(b"\n"):
            _binary(stream, entry)
        while not line.endswith(b"\n") and (line := stream.readline(_LONGEST_LINE)):
            entry.add(line)
    if entry.parts:
        yield _record(entry, number + 1)


def _binary(stream: BinaryIO, entry: _Entry) -> None:
    """Take the length and the bytes of a binary field, and the line end behind them."""
    length = stream.read(_LENGTH)
    entry.add(length)
    left = int.from_bytes(length, "little") + 1
    if len(length) < _LENGTH or left > MAX_RECORD:
        entry.problem = entry.problem or "a binary field whose length can't be right"
        return
    while left > 0 and (part := stream.read(min(left, 1 << 20))):
        entry.add(part)
        left -= len(part)
    if left > 1:
        entry.problem = entry.problem or "the export ends inside a binary field"


def _record(entry: _Entry, number: int) -> Record:
    raw = b"".join(entry.parts)
    if entry.problem is None:
        return Record(offset=entry.offset, number=number, raw=raw.removesuffix(b"\n"))
    return Record(offset=entry.offset, number=number, raw=raw[:_KEPT], problem=entry.problem, size=entry.size)


def entries(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and values of one entry."""
    place = 0
    while place < len(raw):
        end = raw.find(b"\n", place)
        end = len(raw) if end == -1 else end
        line = raw[place:end]
        name, mark, value = line.partition(b"=")
        place = end + 1
        if not mark:
            size = int.from_bytes(raw[place : place + _LENGTH], "little")
            value = raw[place + _LENGTH : place + _LENGTH + size]
            place += _LENGTH + size + 1
        if line.strip():
            yield name, value.rstrip(b"\r") if mark else value


def as_line(header: Header, moment: Value | None) -> bytes:
    """Return an entry's message as syslog writes it into a file, for sources that read such lines."""
    stamp = moment.isoformat() if isinstance(moment, datetime) else "-"
    pid = f"[{header.pid}]" if header.pid is not None else ""
    return f"{stamp} {header.host or '-'} {header.program}{pid}: {header.message}".encode("utf-8", "replace")

"""Cutting a stream into JSON objects: one per line, in an array, in a wrapper such as {"Records": [...]}, or printed
wide.

One object per line is the fast and usual way. Everything else is scanned byte by byte for where objects begin and end,
in bounded memory; what stands between objects and is no JSON punctuation becomes a record with a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

from collectors.files import rewound
from collectors.framing import lines
from collectors.source import MAX_RECORD, Record

_HEAD = 64 * 1024
_CHUNK = 256 * 1024
_KEPT = 64 * 1024  # bytes of an oversized record that its dead letter keeps
_BOM = b"\xef\xbb\xbf"

# {"Records": [ {   the names under which services wrap what they export
_WRAPPER = re.compile(
    rb"\s*\{\s*\"(?:Records|records|Events|events|value|values|items|Items|results|logs|entries|logEvents|hits|data)\""
    rb"\s*:\s*\[\s*(?=[\{\]])"
)
_OUTSIDE = re.compile(rb"[\"{}\[\]]")
_INSIDE = re.compile(rb"[\"\\]")
_PUNCTUATION = b" \t\r\n,[]{}"


def json_objects(stream: BinaryIO, *, limit: int = MAX_RECORD) -> Iterator[Record]:
    """Yield the stream's JSON objects as records; `number` is the line where each has its own, else the object's."""
    head = stream.read(_HEAD)
    stream = rewound(stream, head)
    text = head.removeprefix(_BOM)
    if _WRAPPER.match(text):
        return _Scanner(limit=limit, base=2).scan(stream)
    if text.lstrip().startswith(b"["):
        return _Scanner(limit=limit, base=1).scan(stream)
    if _one_per_line(text):
        return lines(stream, limit=limit)
    return _Scanner(limit=limit, base=0).scan(stream)


def _one_per_line(head: bytes) -> bool:
    """Tell whether objects stand one on a line: the first line is one, or is broken and the next begins like one."""
    found = [line.strip() for line in head.split(b"\n")[:6] if line.strip()]
    if not found or not found[0].startswith(b"{"):
        return True
    if len(found) == 1 and len(head) >= _HEAD:
        return True  # a line longer than the head; its end will be found
    try:
        orjson.loads(found[0])
    except orjson.JSONDecodeError:
        return len(found) > 1 and len(found[0]) > 1 and found[1].startswith(b"{")
    return True


@dataclass(slots=True, kw_only=True)
class _Scanner:
    """Finds the objects that stand at depth `base`: 0 for one after the other, 1 in an array, 2 in a wrapper's
    array."""

    limit: int
    base: int
    depth: int = 0
    reading: bool = False  # an object is open
    in_string: bool = False
    escaped: bool = False  # the last byte of a chunk was a backslash in a string
    number: int = 0
    inner: int = 0  # objects found in the wrapper that is open
    start: int = 0
    size: int = 0
    kept: bytearray = field(default_factory=bytearray)
    outside: bytearray = field(default_factory=bytearray)
    outside_start: int = 0

    def scan(self, stream: BinaryIO) -> Iterator[Record]:
        """Read the stream to its end."""
        position = 0
        while chunk := stream.read(_CHUNK):
            if position == 0 and chunk.startswith(_BOM):
                position, chunk = len(_BOM), chunk[len(_BOM) :]
            yield from self._chunk(chunk, position)
            position += len(chunk)
        if self.reading:
            yield self._object("the file ends in the middle of a JSON object")
        yield from self._rest()

    def _chunk(self, chunk: bytes, position: int) -> Iterator[Record]:
        at = begun = 0
        if self.escaped:
            self.escaped, at = False, 1
        while match := (_INSIDE if self.in_string else _OUTSIDE).search(chunk, at):
            at = match.end()
            mark = match[0]
            if mark == b"\\":
                self.escaped = at == len(chunk)
                at += 1
            elif mark == b'"':
                self.in_string = not self.in_string and self.depth > 0
            elif mark in b"{[":
                if mark == b"{" and not self.reading and self.depth == self.base:
                    self._pass(chunk[begun : at - 1], position + begun)
                    yield from self._rest(wrapper=False)
                    begun, self.reading, self.start = at - 1, True, position + at - 1
                self.depth += 1
            else:
                self.depth = max(self.depth - 1, 0)
                if self.reading and self.depth == self.base:
                    self._keep(chunk[begun:at])
                    begun = at
                    yield self._object(None)
                elif not self.reading and self.depth == 0 and self.base == 2:
                    self._pass(chunk[begun:at], position + begun)
                    begun = at
                    yield from self._rest()
        if self.reading:
            self._keep(chunk[begun:])
        else:
            self._pass(chunk[begun:], position + begun)

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= self.limit:
            self.kept += part
        elif len(self.kept) < _KEPT:
            self.kept += part[: _KEPT - len(self.kept)]

    def _object(self, problem: str | None) -> Record:
        if self.size > self.limit:
            problem = f"object of {self.size:,} bytes; the limit is {self.limit:,}"
        self.number += 1
        self.inner += 1
        raw = bytes(self.kept) if problem is None else bytes(self.kept[:_KEPT])
        record = Record(offset=self.start, number=self.number, raw=raw, problem=problem, size=self.size)
        self.reading, self.size = False, 0
        self.kept.clear()
        return record

    def _pass(self, part: bytes, position: int) -> None:
        """Keep what stands outside objects: punctuation, a wrapper's other fields, or what is no JSON."""
        if not self.outside:
            lead = len(part) - len(part.lstrip(b" \t\r\n,"))
            part, position = part[lead:], position + lead
            self.outside_start = position
        if len(self.outside) < _KEPT:
            self.outside += part[: _KEPT - len(self.outside)]

    def _rest(self, *, wrapper: bool = True) -> Iterator[Record]:
        """Yield what stood outside objects where it is more than punctuation and no wrapper of objects found."""
        if self.base == 2 and not wrapper:
            return
        raw = bytes(self.outside).strip(b" \t\r\n,")
        self.outside.clear()
        found, self.inner = self.inner, 0
        if not raw.strip(_PUNCTUATION) or (self.base == 2 and found and raw.startswith(b"{")):
            return
        self.number += 1
        empty = self.base == 2 and raw.startswith(b"{") and raw.endswith(b"}")
        problem = None if empty else "no JSON object"
        yield Record(offset=self.outside_start, number=self.number, raw=raw, problem=problem, size=len(raw))

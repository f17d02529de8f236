"""Cutting JSON and XML text into Windows events: one a line, printed over many lines, or in one array.

A file's first bytes tell which: a whole JSON object on the first line means one event a line; anything else that
starts with `{` or `[` is read by its brackets, `<` by its `Event` elements. Memory stays within one event.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, cast

import orjson

from collectors.files import rewound
from collectors.framing import lines, sifted, sifted_lines
from collectors.source import MAX_RECORD, Record

_HEAD: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_KEPT: Final = 64 * 1024
_TOKEN: Final = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+\\?("?)|[{}]')
_IN_STRING: Final = re.compile(rb'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+\\?("?)')
_BETWEEN: Final = b" \t\r\n,[]\x00"
_PRIORITY: Final = re.compile(rb"<\d{1,3}>")  # of syslog, which carries one event a line
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_XML_EVENT: Final = re.compile(rb"<(?:\w{1,20}:)?Event[ \t\r\n/>]")
_XML_END: Final = re.compile(rb"</(?:\w{1,20}:)?Event[ \t\r\n]{0,20}>")
_FOLDING: Final = re.compile(rb"-[ \t]{0,4}(?=<(?:\w{1,20}:)?Event)")  # the mark of a viewer that folds elements
_XML_BETWEEN: Final = re.compile(rb"(?:[\s\x00\-]|<\?xml[^<>]{0,200}\?>|</?Events?[^<>]{0,300}>)*+")


def event_records(stream: BinaryIO, dismissed: Callable[[memoryview], bool] | None = None) -> Iterator[Record]:
    """Yield each event's text with its offset; what stands between events and is none has a `problem`.

    Events of whose bytes `dismissed` is true are left out.
    """
    head = stream.read(_HEAD)
    stream = rewound(stream, head)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stream = cast("BinaryIO", io.BufferedReader(_Utf16(stream), buffer_size=_PIECE))
        head = head.decode("utf-16", "replace").encode()
    start = unfolded(head.removeprefix(_UTF8_MARK).lstrip(b" \t\r\n"))
    if start.startswith(b"<") and not _PRIORITY.match(start):
        yield from _xml_events(stream)
    elif _is_printed(start):
        records = _Brackets(stream).records()
        yield from records if dismissed is None else sifted(records, dismissed)
    elif dismissed is not None:
        yield from sifted_lines(stream, dismissed)
    else:
        yield from lines(stream)


def unfolded(start: bytes) -> bytes:
    """Return the beginning of a text without the dash that browsers put in front of an element when they show XML."""
    found = _FOLDING.match(start)
    return start[found.end() :] if found else start


def _is_printed(start: bytes) -> bool:
    """Tell whether objects are printed over many lines, or stand in an array."""
    if start.startswith((b"{", b"[")):
        return not _is_lines(start)
    return start.partition(b"\n")[0].rstrip().endswith(b"{") and b'\n  "' in start[:_HEAD]


def _is_lines(start: bytes) -> bool:
    """Tell whether the first line is a whole object, or is cut but followed by lines that are."""
    first, *following = start.split(b"\n", 3)
    if _is_object(first) or not following:
        return not start.startswith(b"[")
    return not start.startswith(b"[") and len(following) > 1 and _is_object(following[0])


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


class _Utf16(io.RawIOBase):
    """UTF-16 text, as PowerShell's `>` writes it, as a stream of UTF-8; broken units become U+FFFD."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        while not self._ready:
            part = self._source.read(_HEAD)
            self._ready = self._decoder.decode(part, final=not part).encode()
            if not part and not self._ready:
                return 0
        view = memoryview(buffer)
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


class _Brackets:
    """Finds objects by counting brackets outside strings. A JSON string never spans lines, so a cut one ends there."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._parts: list[bytes] = []
        self._size = 0
        self._start = 0
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._number = 0

    def records(self) -> Iterator[Record]:
        """Yield the objects, and what stands between them and is no separator."""
        offset = 0
        while piece := self._stream.readline(_PIECE):
            if self._depth and not self._in_string and piece.startswith(b'{"') and _is_object(piece):
                yield self._made("an event that is cut off; the next one starts after it")
                self._depth = 0
            yield from self._piece(piece, offset)
            offset += len(piece)
        if self._depth or self._size:
            yield self._made("the text ends inside an event" if self._depth else None)

    def _piece(self, piece: bytes, offset: int) -> Iterator[Record]:
        at = 0
        for start, end, token in self._tokens(piece):
            if token == b"{":
                if self._depth == 0:
                    yield from self._between(piece[at:start], offset + at)
                    at, self._start = start, offset + start
                self._depth += 1
            elif token == b"}" and self._depth:
                self._depth -= 1
                if self._depth == 0:
                    self._keep(piece[at:end])
                    at = end
                    yield self._made(None)
        if self._depth:
            self._keep(piece[at:])
        else:
            yield from self._between(piece[at:], offset + at)

    def _tokens(self, piece: bytes) -> Iterator[tuple[int, int, bytes]]:
        at = 0
        if self._in_string:
            found = _IN_STRING.match(piece, 1 if self._escaped else 0)
            at = found.end() if found else 0
            self._in_string = bool(found and not found[1] and at == len(piece) and not piece.endswith(b"\n"))
            self._escaped = self._in_string and _odd_end(piece)
        for found in _TOKEN.finditer(piece, at):
            token = found[0]
            if token[:1] != b'"':
                yield found.start(), found.end(), token
            elif not found[1] and found.end() == len(piece):
                self._in_string, self._escaped = True, _odd_end(piece)

    def _keep(self, part: bytes) -> None:
        if self._size <= MAX_RECORD:
            self._parts.append(part)
        self._size += len(part)

    def _made(self, problem: str | None) -> Record:
        raw, size = b"".join(self._parts), self._size
        self._parts, self._size = [], 0
        self._number += 1
        if size > MAX_RECORD:
            problem = f"event of {size:,} bytes; the limit is {MAX_RECORD:,}"
        if problem:
            return Record(offset=self._start, number=self._number, raw=raw[:_KEPT], problem=problem, size=size)
        return Record(offset=self._start, number=self._number, raw=raw.strip())

    def _between(self, part: bytes, offset: int) -> Iterator[Record]:
        stray = part.removeprefix(_UTF8_MARK).strip(_BETWEEN)
        if stray:
            self._number += 1
            at = offset + part.index(stray[:1])
            why = "text between events"
            yield Record(offset=at, number=self._number, raw=stray[:_KEPT], problem=why, size=len(stray))


def _odd_end(piece: bytes) -> bool:
    return (len(piece) - len(piece.rstrip(b"\\"))) % 2 == 1


def _xml_events(stream: BinaryIO) -> Iterator[Record]:
    """Yield the text of each `Event` element, whether one stands on a line or many, or one on many."""
    number, base, at, buffer, ended = 0, 0, 0, b"", False
    while True:
        start = _XML_EVENT.search(buffer, at)
        end = _XML_END.search(buffer, start.end()) if start else None
        if start and end:
            number, stray = _stray(buffer[at : start.start()], base + at, number)
            yield from stray
            number += 1
            yield Record(offset=base + start.start(), number=number, raw=buffer[start.start() : end.end()])
            at = end.end()
            continue
        if ended or len(buffer) - at > MAX_RECORD:
            break
        part = stream.read(_PIECE)
        ended = not part
        base, buffer, at = base + at, buffer[at:] + part, 0
    rest, offset = buffer[at:], base + at
    if len(rest) > MAX_RECORD and not ended:
        size = len(rest)
        while part := stream.read(_PIECE):
            size += len(part)
        why = f"no end of an Event element within {MAX_RECORD:,} bytes; the rest of the text is not read"
        yield Record(offset=offset, number=number + 1, raw=rest[:_KEPT], problem=why, size=size)
        return
    _, stray = _stray(rest, offset, number, why="the text ends inside an Event element" if start else None)
    yield from stray


def _stray(part: bytes, offset: int, number: int, why: str | None = None) -> tuple[int, list[Record]]:
    """Return a record for what stands between events and is neither blank nor an enclosing element."""
    found = _XML_BETWEEN.match(part.removeprefix(_UTF8_MARK))
    rest = part.removeprefix(_UTF8_MARK)[found.end() if found else 0 :] if why is None else part
    if not rest.strip(b" \t\r\n\x00"):
        return number, []
    problem = why or "text between Event elements"
    return number + 1, [Record(offset=offset, number=number + 1, raw=rest[:_KEPT], problem=problem, size=len(rest))]

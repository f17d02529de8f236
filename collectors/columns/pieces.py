"""Cutting a byte stream into pieces of whole lines, each piece in one buffer, for reading by columns.

The lines are those of `collectors.framing.lines`, with the same offsets, numbers and limit; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.framing import line_records
from collectors.source import MAX_RECORD, Record
from engine.record_ids import WORD

Bytes: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]

CAPACITY: Final = 1024 * 1024  # bytes of a piece; its arrays then stay in the processor's cache
LINES: Final = 8192  # lines of a piece: most are far longer than the shortest
ROOM: Final = CAPACITY + 2 * WORD
_LF: Final = 10
_CR: Final = 13
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some whole lines: `buffer` holds the log's bytes from `offset` on, and is used again for the next piece.

    Both `offset` and the buffer's size are multiples of eight; it goes on for eight bytes behind the last line. Lines
    that are not empty lie at `starts` to `ends` in it, without their ends; `numbers` are theirs from 1. `odd` are
    records that do not stand in the buffer.
    """

    buffer: Bytes
    offset: int
    starts: Places
    ends: Places
    numbers: Places
    odd: tuple[Record, ...] = ()

    def parts(self) -> Iterator[Piece]:
        """Yield the piece as pieces of at most `LINES` lines."""
        if len(self.starts) <= LINES:
            yield self
            return
        for first in range(0, len(self.starts), LINES):
            part = slice(first, first + LINES)
            starts, ends = self.starts[part], self.ends[part]
            lead, behind = int(starts[0]) // WORD * WORD, _padded(int(ends[-1]))
            yield Piece(
                buffer=self.buffer[lead:behind],
                offset=self.offset + lead,
                starts=starts - lead,
                ends=ends - lead,
                numbers=self.numbers[part],
            )

    def raw(self, line: int) -> bytes:
        """Return the bytes of one line; those of the log's first line without a byte order mark."""
        start = int(self.starts[line])
        found = self.buffer[start : self.ends[line]].tobytes()
        return found.removeprefix(_BOM) if self.offset + start == 0 else found

    def record(self, line: int) -> Record:
        """Return one line as a record."""
        offset = self.offset + int(self.starts[line])
        return Record(offset=offset, number=int(self.numbers[line]), raw=self.raw(line))


class Pieces:
    """The pieces of a stream, in order. An `OSError` of the stream comes after the whole lines in front of it.

    The stream begins at `offset` of its log, behind so many lines (`number`, which counts those that are given out).
    """

    def __init__(self, stream: BinaryIO, *, limit: int = MAX_RECORD, offset: int = 0, number: int = 0) -> None:
        self._read = getattr(stream, "read1", stream.read)  # as `lines` reads
        self._limit = limit
        space = bytearray(ROOM + 2 * WORD)
        self._bytes = memoryview(space)
        self._buffer = np.frombuffer(space, dtype=np.uint8)
        self._marks = np.empty(ROOM, dtype=np.bool_)
        self._offset = offset // WORD * WORD  # in the log, of the buffer's first byte
        self._start = self._end = offset % WORD  # of what stands in the buffer and was not given out
        self.number = number
        self._failure: OSError | None = None

    def __iter__(self) -> Iterator[Piece]:
        """Read the stream to its end."""
        more = True
        while more and self._failure is None:
            more = self._fill()
            ends = self._line_ends()
            if len(ends):
                yield from self._piece(ends).parts()
                self._keep(int(ends[-1]) + 1)
            elif more:
                yield from self._long_line()
        if self._failure is not None:
            raise self._failure
        if self._end > self._start:
            yield self._piece(np.array([self._end]))

    def _fill(self) -> bool:
        """Fill the buffer; tell whether there may be more to read."""
        try:
            while self._end < ROOM:
                chunk = self._read(ROOM - self._end)
                if not chunk:
                    return False
                self._bytes[self._end : self._end + len(chunk)] = chunk
                self._end += len(chunk)
        except OSError as error:
            self._failure = error
            return False
        return True

    def _line_ends(self) -> Places:
        marks = self._marks[: self._end - self._start]
        np.equal(self._buffer[self._start : self._end], _LF, out=marks)
        return np.flatnonzero(marks) + self._start

    def _piece(self, ends: Places) -> Piece:
        """Return the lines that end in these places, without what is empty."""
        starts = np.empty_like(ends)
        starts[0], starts[1:] = self._start, ends[:-1] + 1
        numbers = np.arange(self.number + 1, self.number + 1 + len(ends))
        self.number += len(ends)
        ends = ends - self._turned(starts, ends)
        for line in np.flatnonzero(self._turned(starts, ends)).tolist():  # several of them: one pass over each line
            ends[line] = starts[line] + len(self._buffer[starts[line] : ends[line]].tobytes().rstrip(b"\r"))
        filled = ends > starts
        if not filled.all():
            starts, ends, numbers = starts[filled], ends[filled], numbers[filled]
        size = _padded(int(ends[-1])) if len(ends) else 0
        return Piece(buffer=self._buffer[:size], offset=self._offset, starts=starts, ends=ends, numbers=numbers)

    def _turned(self, starts: Places, ends: Places) -> NDArray[np.bool_]:
        """Tell which lines end in a carriage return."""
        found: NDArray[np.bool_] = (ends > starts) & (self._buffer[ends - 1] == _CR)
        return found

    def _keep(self, first: int) -> None:
        """Move what stands from `first` on to the buffer's beginning; its place in a word stays as it is."""
        lead = first % WORD
        rest = self._end - first
        self._buffer[lead : lead + rest] = self._buffer[first : self._end].copy()
        self._offset += first - lead
        self._start, self._end = lead, lead + rest

    def _long_line(self) -> Iterator[Piece]:
        """Read a line that fills the buffer to its end, in bounded memory, and yield it as a record."""
        held = [self._bytes[self._start : self._end].tobytes()]
        size, offset = len(held[0]), self._offset + self._start
        rest, ended = b"", False
        while not ended and (chunk := self._more()):
            part, mark, rest = chunk.partition(b"\n")
            if size <= self._limit:
                held.append(part + mark)
            ended, size = bool(mark), size + len(part) + len(mark)
        self.number += 1
        self._offset, self._start = (offset + size) // WORD * WORD, (offset + size) % WORD
        self._end = self._start + len(rest)
        self._bytes[self._start : self._end] = rest
        if self._failure is not None:
            return
        nothing = np.empty(0, dtype=np.int64)
        odd = tuple(line_records(b"".join(held), size, offset, self.number, self._limit))
        yield Piece(buffer=self._buffer[:0], offset=offset, starts=nothing, ends=nothing, numbers=nothing, odd=odd)

    def _more(self) -> bytes:
        try:
            chunk: bytes = self._read(CAPACITY)
        except OSError as error:
            self._failure = error
            return b""
        return chunk


def piece_of(lines: Sequence[bytes]) -> Piece:
    """Return lines that came one by one as a piece of a log that holds nothing else; none may have a line's end in it.

    There are at most `LINES`, of together at most `CAPACITY` bytes with an end for each.
    """
    widths = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines))
    ends = np.cumsum(widths + 1) - 1
    size = int(ends[-1]) if len(lines) else 0
    content = b"\n".join([*lines, b" " * (_padded(size) - size)])
    buffer = np.frombuffer(content, dtype=np.uint8, count=_padded(size))
    return Piece(buffer=buffer, offset=0, starts=ends - widths, ends=ends, numbers=np.arange(1, len(lines) + 1))


def _padded(end: int) -> int:
    """Return where a piece's buffer ends whose last line ends here."""
    return (-(-end // WORD) + 1) * WORD

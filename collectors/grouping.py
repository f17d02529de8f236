"""Records of several lines: a line that begins a record, and those up to the next one that does.

Bounded, in time as well: each line is looked at once and joined once. Blank lines inside a record are put back where
they stood, since the framer of lines passes over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import BinaryIO

from collectors.framing import lines
from collectors.source import Record

MAX_BYTES = 1024 * 1024  # of one record; what follows is a record of its own
MAX_LINES = 20_000
_MOST_BLANK = 100  # blank lines in a row that are put back

Begins = Callable[[bytes], bool]


def grouped_lines(stream: BinaryIO, begins: Begins) -> Iterator[Record]:
    """Yield the stream's records; `begins(line)` tells a line that starts one, and is asked of each line in order."""
    return grouped(lines(stream), begins)


def grouped(records: Iterator[Record], begins: Begins) -> Iterator[Record]:
    """Join lines into records. A line with a problem stands alone."""
    held: list[Record] = []
    size = 0
    for line in records:
        starts = line.problem is not None or begins(line.raw)
        if held and (starts or size + len(line.raw) > MAX_BYTES or len(held) >= MAX_LINES):
            yield _joined(held)
            held, size = [], 0
        if line.problem is not None:
            yield line
            continue
        held.append(line)
        size += len(line.raw) + 1
    if held:
        yield _joined(held)


def _joined(held: list[Record]) -> Record:
    first = held[0]
    if len(held) == 1:
        return first
    parts = [first.raw]
    for before, line in pairwise(held):
        parts.append(b"\n" * min(line.number - before.number, _MOST_BLANK))
        parts.append(line.raw)
    return Record(offset=first.offset, number=first.number, raw=b"".join(parts))


class Quotes:
    """Tells where CSV records begin: a line begins one unless a quoted value of the record before is still open."""

    def __init__(self) -> None:
        self._open = False
        self._lines = 0

    def begins(self, line: bytes) -> bool:
        """Tell whether a line begins a record; a quote that never ends swallows at most 2,000 lines."""
        begins = not self._open
        self._lines = 0 if begins else self._lines + 1
        if line.count(b'"') % 2:
            self._open = not self._open
        if self._lines > 2000:
            self._open, begins = line.count(b'"') % 2 == 1, True
        return begins

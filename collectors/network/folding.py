"""Records that a relay folded over several lines, put together again: bounded, and with nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from collectors.framing import lines
from collectors.source import Record

MAX_FOLDED = 256 * 1024  # bytes; a longer record ends there, and what follows is a record of its own

Continues = Callable[[bytes, bytes], bool]


def folded_lines(stream: BinaryIO, continues: Continues) -> Iterator[Record]:
    """Yield the stream's records; `continues(before, line)` tells a line that belongs to the record before it."""
    held: Record | None = None
    for record in lines(stream):
        if held is None or held.problem is not None or record.problem is not None:
            if held is not None:
                yield held
            held = record
        elif len(held.raw) + len(record.raw) < MAX_FOLDED and continues(held.raw, record.raw):
            held = Record(offset=held.offset, number=held.number, raw=held.raw + b"\n" + record.raw)
        else:
            yield held
            held = record
    if held is not None:
        yield held

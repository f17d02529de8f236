"""Many whole lines of a followed file, read by columns from where its checkpoint stands."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from collectors.columns.reading import ColumnReader
from collectors.columns.seam import ColumnParser
from collectors.columns.treatment import Untreated
from collectors.reader import Tally
from collectors.transports.decoding import Decoder
from collectors.transports.marks import Mark
from collectors.transports.section import Section
from engine.events import DeadLetter

_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The events and dead letters of some lines; `number` is that of the last line."""

    columns: Sequence[Untreated]
    letters: Sequence[DeadLetter]
    number: int


def read_backlog(section: Section, parser: ColumnParser, decoders: tuple[Decoder, Decoder], mark: Mark) -> Backlog:
    """Read a section that begins where the mark stands, and ends where a line does.

    Of two decoders alike the first has read the log so far, and goes on behind it.
    """
    stream = cast("BinaryIO", io.BufferedReader(section, buffer_size=_BUFFER))
    reader = ColumnReader(stream, parser, decoders, Tally(), offset=mark.offset, number=mark.number)
    portions = list(reader.portions())
    return Backlog(
        columns=[Untreated(batch=portion.batch, events_of=reader.events_of) for portion in portions],
        letters=[letter for portion in portions for letter in portion.letters],
        number=reader.number,
    )

"""A large object read by columns: many records at a time, with checkpoints between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from collectors.columns.reading import ColumnReader, Portion
from collectors.columns.treatment import EventsOf
from collectors.decoding import Decoder
from collectors.reader import Tally
from collectors.source import Columnar, Options, Source
from collectors.transports.tracked import Place
from engine.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of an object's records. `headers` are the lines so far that are none.

    `offset` is where the last of them begins and `number` its number, where all records before it were given; None
    where that is not sure, or where it is the end.
    """

    portion: Portion
    events_of: EventsOf
    headers: int
    offset: int | None
    number: int


def parts(
    stream: BinaryIO, source: Source, options: Options, *, identity: str, path: str, start: Place
) -> Iterator[Part]:
    """Yield all records of a stream that begins somewhere in its log; only for a source of columns."""
    if not isinstance(source, Columnar):
        raise TypeError(f"logs of {source.name} cannot be read by columns")
    first, second = (
        Decoder(source.open(options), options, source=source.name, identity=identity, path=path) for _ in range(2)
    )
    tally = Tally()
    parser = source.columns(options)
    reader = ColumnReader(stream, parser, (first, second), tally, offset=start.offset, number=start.number)
    held: Portion | None = None
    try:
        for portion in reader.portions():
            if held is not None:
                yield _part(held, reader, tally, portion)
            held = portion
    except InputError:  # the rest does not come; what came is good
        if held is not None:
            yield _part(held, reader, tally, None)
        raise
    if held is not None:
        yield _part(held, reader, tally, None)


def _part(portion: Portion, reader: ColumnReader, tally: Tally, following: Portion | None) -> Part:
    """Return a portion with its end, where what follows it begins behind that: its odd records may be given apart."""
    places, others = _places(portion), _places(following) if following is not None else []
    sure = bool(places and others) and max(places) < min(others)
    offset, number = max(places) if sure else (None, 0)
    return Part(portion=portion, events_of=reader.events_of, headers=tally.headers, offset=offset, number=number)


def _places(portion: Portion) -> list[tuple[int, int]]:
    """Return offset and number of the first and the last record in columns, and of all others."""
    batch = portion.batch
    edges = {0, batch.rows - 1} if batch.rows else set()
    found = [(batch.offsets[row].as_py(), batch.numbers[row].as_py()) for row in edges]
    found += [(event.origin.offset, event.origin.number) for event in batch.events]
    return found + [(letter.origin.offset, letter.origin.number) for letter in portion.letters]

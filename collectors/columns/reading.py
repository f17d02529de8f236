"""Reading one log by columns: the usual lines many at a time, all others one by one by the source's own parser.

Both give the same events; see `collectors.columns.seam` for what holds the two together. A parser that reads a line by
itself sees the line in front of it first, so that it knows what it would know had it read them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.columns.gathered import Gathered
from collectors.columns.pieces import ROOM, Piece, Pieces, Places
from collectors.columns.seam import ColumnParser, Cut
from collectors.decoding import Decoder
from collectors.source import Record
from engine.batches import EventBatch
from engine.events import DeadLetter, Event
from engine.record_ids import DIGITS, WORD, Digester, Words, hexadecimal

_MOST_ODD: Final = 8192  # records of a batch that are read one by one
_MOST_BYTES: Final = 16 * 1024 * 1024  # of the lines of a batch, about
_NO_PLACES: Final = np.empty(0, dtype=np.int64)


class Counts(Protocol):
    """Where records are counted (`collectors.reader.Tally`)."""

    records: int
    events: int
    dead: int
    headers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some events of a log, and records that could not be read."""

    batch: EventBatch
    letters: Sequence[DeadLetter]


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What was cut out of pieces and is not given out yet."""

    cuts: Gathered = field(default_factory=Gathered)
    digests: list[Words] = field(default_factory=list)
    offsets: list[Places] = field(default_factory=list)
    numbers: list[Places] = field(default_factory=list)
    odd: list[Record] = field(default_factory=list)
    size: int = 0  # bytes of all lines

    def takes(self, cut: Cut) -> bool:
        """Tell whether what was cut out of the next piece can be added."""
        return self.cuts.takes(cut) and self.size < _MOST_BYTES


class ColumnReader:
    """Reads a stream. Of two decoders alike, each of a parser of its own, the second reads for `events_of`.

    The stream begins at `offset` of its log, behind so many lines (`number`).
    """

    def __init__(
        self,
        stream: BinaryIO,
        parser: ColumnParser,
        decoders: tuple[Decoder, Decoder],
        tally: Counts,
        *,
        offset: int = 0,
        number: int = 0,
    ) -> None:
        self._pieces = Pieces(stream, offset=offset, number=number)
        self._parser = parser
        self._decoder, self._again = decoders
        self._tally = tally
        self._digester = Digester(self._decoder.identity, ROOM + 2 * WORD)
        self._gathered = _Gathered()
        self._before: Record | None = None  # the last line so far that columns took
        self._last = 0  # the number of the last record that was read by itself

    def portions(self) -> Iterator[Portion]:
        """Yield everything that the stream holds; an `OSError` comes after what was read before it."""
        failure: OSError | None = None
        try:
            for piece in self._pieces:
                cut = self._parser.cut(piece)
                if not self._gathered.takes(cut):
                    yield from self._given_out()
                self._gather(piece, cut)
                if len(self._gathered.odd) >= _MOST_ODD:
                    yield from self._given_out()
        except OSError as error:
            failure = error
        yield from self._given_out()
        self._show_the_last()
        if failure is not None:
            raise failure

    @property
    def number(self) -> int:
        """The number of the last line that was read."""
        return self._pieces.number

    def _show_the_last(self) -> None:
        """Let the decoder see the last line that columns took, as it would have: another reader may go on with it."""
        if self._before is not None and self._before.number > self._last:
            self._decoder.fields(self._before)

    def events_of(self, batch: EventBatch, rows: NDArray[np.bool_]) -> list[Event]:
        """Return events that stand in a batch's columns, whole."""
        places = np.flatnonzero(rows).tolist()
        found: list[Event] = []
        for place in places:
            record = _record(batch, place)
            fields = self._again.fields(record)
            if fields is None or isinstance(fields, DeadLetter):
                raise ValueError(f"a line that columns took cannot be read by itself: record {record.number}")
            found.append(self._again.event(record, fields))
        return found

    def letter(self, letter: DeadLetter) -> Portion:
        """Return a portion of nothing but a dead letter."""
        return Portion(batch=self._taken(_Gathered())[0], letters=[letter])

    def _gather(self, piece: Piece, cut: Cut) -> None:
        held = self._gathered
        others = np.ones(len(piece.starts), dtype=np.bool_)
        others[cut.lines] = False
        odd = [record for line in np.flatnonzero(others).tolist() if (record := piece.record(line)).raw]
        held.odd += (*piece.odd, *odd)
        held.size += len(piece.buffer) + sum(len(record.raw) for record in piece.odd)
        held.cuts.add(piece, cut)
        if len(cut.lines):
            starts, ends = piece.starts[cut.lines], piece.ends[cut.lines]
            held.digests.append(self._digester.digests(piece.buffer, piece.offset, starts, ends))
            held.offsets.append(starts + piece.offset)
            held.numbers.append(piece.numbers[cut.lines])

    def _given_out(self) -> Iterator[Portion]:
        """Yield what was gathered: its columns with the first of the other records, then the rest of those."""
        held, self._gathered = self._gathered, _Gathered()
        batch, odd = self._taken(held)
        numbers = batch.numbers.to_numpy()
        for first in range(0, max(1, len(odd)), _MOST_ODD):
            events, letters = self._read(odd[first : first + _MOST_ODD], batch, numbers)
            rows = np.full(batch.rows, first == 0)
            self._count(events=int(rows.sum()) + len(events), letters=len(letters))
            yield Portion(batch=batch.kept(rows, events), letters=letters)
        if batch.rows:
            self._before = _record(batch, batch.rows - 1)

    def _taken(self, held: _Gathered) -> tuple[EventBatch, list[Record]]:
        """Return the columns of the lines that were cut, and all records that are to be read by themselves."""
        found = held.cuts.columns(self._parser)
        batch = EventBatch(
            path=self._decoder.path,
            identity=self._decoder.identity,
            ids=_ids(held.digests),
            originals=held.cuts.raw(),
            offsets=pa.array(np.concatenate([_NO_PLACES, *held.offsets])),
            numbers=pa.array(np.concatenate([_NO_PLACES, *held.numbers])),
            values=found.values,
            lists=found.lists,
        )
        refused = [_record(batch, row) for row in np.flatnonzero(found.refused).tolist()]
        odd = sorted((*held.odd, *refused), key=lambda record: record.number)
        return batch.kept(~found.refused, ()), odd

    def _read(
        self, records: Sequence[Record], batch: EventBatch, numbers: Places
    ) -> tuple[list[Event], list[DeadLetter]]:
        """Read records one by one, each behind the line that stands in front of it."""
        events: list[Event] = []
        letters: list[DeadLetter] = []
        behind = np.searchsorted(numbers, [record.number for record in records])
        for record, place in zip(records, behind.tolist(), strict=True):
            before = _record(batch, place - 1) if place else self._before
            if before is not None and before.number > self._last:
                self._decoder.fields(before)
            self._last = record.number
            fields = self._decoder.fields(record)
            if fields is None:
                self._tally.headers += 1
            elif isinstance(fields, DeadLetter):
                letters.append(fields)
            else:
                events.append(self._decoder.event(record, fields))
        return events, letters

    def _count(self, *, events: int, letters: int) -> None:
        self._tally.records += events + letters
        self._tally.events += events
        self._tally.dead += letters


def _record(batch: EventBatch, row: int) -> Record:
    """Return the record that stands in a row."""
    raw = batch.originals[row].as_py().encode("ascii")
    return Record(offset=batch.offsets[row].as_py(), number=batch.numbers[row].as_py(), raw=raw)


def _ids(digests: Sequence[Words]) -> pa.Array:
    rows = sum(map(len, digests))
    edges = np.arange(0, (rows + 1) * DIGITS, DIGITS, dtype=np.int32)
    digits = hexadecimal(np.concatenate(digests)) if rows else b""
    return pa.StringArray.from_buffers(rows, pa.py_buffer(edges), pa.py_buffer(digits))

"""Reading one log from its first byte to its last: recognise, cut, parse, and account for every record.

The law: records = events + dead letters. Lines that are no records (headers, comments, blank lines) are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

from collectors.compression import archive_of, damage
from collectors.decoding import Decoder
from collectors.files import alias_of, identity_of, open_log, rewound, up_to
from collectors.framing import sifted
from collectors.registry import HEAD, find, recognise
from collectors.source import Columnar, Options, Record, Sifting, Source
from engine.errors import InputError
from engine.events import DeadLetter, Event, Fields
from engine.sketches import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from collectors.columns.reading import ColumnReader, Portion
    from engine.batches import EventBatch

_Item = TypeVar("_Item")
Wanted: TypeAlias = Callable[[Shape, Mapping[str, Any], bytes | memoryview], bool]
"""Tells from a record's sketch (shape and values) and its raw bytes whether its event is wanted."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many records were read, and what became of them."""

    records: int = 0
    events: int = 0
    dead: int = 0
    headers: int = 0


@dataclass(slots=True, kw_only=True)
class Parsed:
    """A record that was parsed: enough for rules. `LogReader.event` makes the whole event of it."""

    record: Record
    fields: Fields


class LogReader:
    """One log, opened. Iterate over `records()` once; `tally` is complete afterwards.

    `extra` are sources beside kulla's own: those that users write.
    Raise `InputError` where the log can't be opened or no source knows its bytes.
    """

    def __init__(
        self,
        path: Path,
        *,
        source: str = "auto",
        options: Options | None = None,
        known: Sequence[tuple[str, int, str]] = (),
        stream: BinaryIO | None = None,
        extra: Sequence[Source] = (),
    ) -> None:
        self.path = path
        self.tally = Tally()
        self._opened = self._stream = stream or open_log(path)
        try:
            head = self._peek()
            self.source = _choose(source, head, path, damage(self._opened), extra)
        except InputError:
            self._stream.close()
            raise
        self.identity, self.prefix_length = identity_of(head, str(path), known)
        self.alias = alias_of(head)
        self._options = options or Options(reference=modified(path))
        self._decoder = self._new_decoder()
        self._by_columns: ColumnReader | None = None

    def _peek(self) -> bytes:
        try:
            head = up_to(self._stream, HEAD)
        except OSError as error:
            raise InputError(f"cannot read it ({error.strerror})", where=str(self.path), hint=_COPY) from error
        self._stream = rewound(self._stream, head)
        return head

    def records(self, wanted: Wanted | None = None) -> Iterator[Parsed | DeadLetter]:
        """Yield every record in order, as parsed fields or as a dead letter with the reason.

        Where `wanted` is given, events whose sketch it refuses are counted, and neither parsed nor yielded.
        """
        return self._to_the_end(self._records(wanted if self._decoder.sketches else None), lambda letter: letter)

    def _records(self, screened: Wanted | None) -> Iterator[Parsed | DeadLetter]:
        for record in self.source.frame(self._stream) if screened is None else self._sifted(screened):
            item = self._read(record)
            if item is not None:
                yield item

    def _sifted(self, wanted: Wanted) -> Iterator[Record]:
        """Yield the records whose sketch is wanted, and those without one; count the others."""
        sketch_of, tally = self._decoder.sketch, self.tally

        def dismissed(raw: memoryview) -> bool:
            sketch = sketch_of(raw)
            if sketch is None or wanted(sketch[0], sketch[1], raw):
                return False
            tally.records += 1
            tally.events += 1
            return True

        if isinstance(self.source, Sifting):
            return self.source.sift(self._stream, dismissed)
        return sifted(self.source.frame(self._stream), dismissed)

    def _to_the_end(self, items: Iterator[_Item], item_of: Callable[[DeadLetter], _Item]) -> Iterator[_Item]:
        """Yield items and close the stream; where it breaks off, a last one tells why."""
        try:
            yield from items
            why = damage(self._opened)
        except OSError as error:
            why = f"the rest of the file cannot be read ({error.strerror or error})"
        finally:
            self._stream.close()
        if why:
            yield item_of(self._broken_off(why))

    @property
    def by_columns(self) -> bool:
        """Tell whether the log can be read by columns."""
        return isinstance(self.source, Columnar)

    def portions(self) -> Iterator[Portion]:
        """Yield what `records` yields, in the same order but for dead letters, as columns and whole events.

        Only for a log that can be read by columns.
        """
        reader = self._columns()
        return self._to_the_end(reader.portions(), reader.letter)

    def events_of(self, batch: EventBatch, rows: NDArray[np.bool_]) -> list[Event]:
        """Return the events in these rows of a batch's columns, whole."""
        return self._columns().events_of(batch, rows)

    def _columns(self) -> ColumnReader:
        from collectors.columns.reading import ColumnReader  # noqa: PLC0415 - most commands read by records only

        if self._by_columns is None:
            if not isinstance(self.source, Columnar):
                raise TypeError(f"logs of {self.source.name} cannot be read by columns")
            decoders = self._decoder, self._new_decoder()
            parser = self.source.columns(self._options)
            self._by_columns = ColumnReader(self._stream, parser, decoders, self.tally)
        return self._by_columns

    def _new_decoder(self) -> Decoder:
        parser = self.source.open(self._options)
        return Decoder(parser, self._options, source=self.source.name, identity=self.identity, path=str(self.path))

    def _broken_off(self, why: str) -> DeadLetter:
        self.tally.records += 1
        self.tally.dead += 1
        return self._decoder.bury(Record(offset=0, number=self.tally.records + self.tally.headers, raw=b""), why)

    def _read(self, record: Record) -> Parsed | DeadLetter | None:
        found = self._decoder.fields(record)
        if found is None:
            self.tally.headers += 1
            return None
        self.tally.records += 1
        if isinstance(found, DeadLetter):
            self.tally.dead += 1
            return found
        self.tally.events += 1
        return Parsed(record=record, fields=found)

    def event(self, parsed: Parsed) -> Event:
        """Make the whole event of a parsed record (see `Decoder.event`)."""
        return self._decoder.event(parsed.record, parsed.fields)


_COPY = "copy it again from its origin"


def _choose(name: str, head: bytes, path: Path, broken: str | None, extra: Sequence[Source]) -> Source:
    if not head and broken is not None:
        raise InputError(f"{broken}; nothing of it can be read", where=str(path), hint=_COPY)
    if name != "auto":
        return find(name, extra)
    if (source := recognise(head, path.name, extra)) is not None and archive_of(head) is None:
        return source
    what, hint = _unknown(head)
    raise InputError(what, where=str(path), hint=hint)


def _unknown(head: bytes) -> tuple[str, str]:
    """Return what is the matter with bytes that are no known log, and what can be done."""
    if not head:
        return "the file is empty", "nothing is lost; check that its program still writes"
    if archive := archive_of(head):
        kind, unpack = archive
        hint = f"unpack it first ({unpack} FILE); .gz, .zst and .xz are read as they are"
        return f"this is an archive ({kind}), which kulla does not look into", hint
    return "no log source recognises these bytes", "name its format with --source NAME (`kulla parse -h`)"


def modified(path: Path) -> datetime | None:
    """Return when a file was last written, None where that cannot be told."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except OSError:
        return None

"""What a log format is to kulla: a `Source` recognises its bytes, cuts them into records and parses each record.

A new format is one file in `collectors/sources/` that defines `SOURCE`; the contract tests pick it up. Parsing has two
stages, because hunting looks at far more events than it reports: `parse` does what rules need, `complete` adds the rest
of the ECS fields and is called for events that are stored, printed or part of an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from engine.events import Fields, Value
from engine.sketches import Sketch

if TYPE_CHECKING:
    from collectors.columns.seam import ColumnParser

MAX_RECORD = 16 * 1024 * 1024  # bytes; a longer record becomes a dead letter


@dataclass(slots=True, kw_only=True)
class Record:
    """One raw record. `offset` is in bytes of the uncompressed stream, `number` counts records from 1.

    `raw` is the record's bytes without its line end (for EVTX: the record as compact JSON). `problem` says why a
    framer could not cut a whole record out of the stream; `size` is then the length of what stood there.
    """

    offset: int
    number: int
    raw: bytes
    problem: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a log does not say itself: the zone of stamps without one, the reference for stamps without a year.

    `reference` is the newest instant at which the log can have been written (the file's modification time).
    `host` names the machine where records do not.
    """

    zone: tzinfo = UTC
    reference: datetime | None = None
    host: str | None = None


class Completed(dict[str, Value]):
    """Fields that have been completed already, by another source's parser: a record's own source leaves them alone."""


class Parser(Protocol):
    """Reads the records of one stream in order; it may keep state (a `#Fields:` header)."""

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields, or None for a line that is no record (header, comment, blank).

        Raise `MalformedRecordError` with the reason where the record can't be read.
        """
        ...

    def complete(self, fields: Fields) -> Fields:
        """Return the fields with everything else that ECS asks for; may change and return its argument."""
        ...


@runtime_checkable
class Sketching(Protocol):
    """A parser that can tell cheaply what a record says, so that most records need not be parsed at all."""

    def sketch(self, raw: bytes | memoryview) -> Sketch | None:
        """Return the sketch of a record's bytes, which may have their line's end.

        Its promises are those of `engine.sketches`; None where the record must be parsed.

        A record that `parse` would refuse or pass over as a header has no sketch.
        """
        ...


class Source(Protocol):
    """A log format. `name` is what `--source` takes, `aliases` other names for it."""

    name: str
    aliases: tuple[str, ...]
    title: str

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell from the first 64 KiB (uncompressed) how sure it is that this is its format: 0 (not) to 100.

        Decided by bytes; the file name may only break ties (a few points).
        """
        ...

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records: nothing is skipped in silence, what can't be cut has a `problem`."""
        ...

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        ...


@runtime_checkable
class Sifting(Protocol):
    """A source that cuts its streams faster where most records need not be looked at again."""

    def sift(self, stream: BinaryIO, dismissed: Callable[[memoryview], bool]) -> Iterator[Record]:
        """Cut the stream as `frame` does, but leave out records of whose bytes `dismissed` is true.

        It is given them, with or without their line's end, for as long as it looks at them.
        """
        ...


@runtime_checkable
class Columnar(Protocol):
    """A source of one record a line whose logs can be read by columns (see `collectors.columns.seam`)."""

    def columns(self, options: Options) -> ColumnParser:
        """Return a column parser for one stream."""
        ...

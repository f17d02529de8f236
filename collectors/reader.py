"""Reading one log from its first byte to its last: recognise, cut, parse, and account for every record.

The law: records = events + dead letters. Lines that are no records (headers, comments, blank lines) are counted apart.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from collectors.compression import archive_of, damage
from collectors.files import alias_of, identity_of, open_log, rewound
from collectors.framing import decode
from collectors.registry import HEAD, find, recognise
from collectors.source import Options, Parser, Record, Sketching, Source
from engine.errors import InputError, MalformedRecordError
from engine.events import DeadLetter, Event, Fields, Origin, event_id
from engine.sketches import Shape

Wanted: TypeAlias = Callable[[Shape, Mapping[str, Any], bytes], bool]
"""Tells from a record's sketch (shape and values) and its raw bytes whether its event is wanted."""

# What a parser may raise on a record that nobody thought of; such a record becomes a dead letter like any other.
_PARSER_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, csv.Error)


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
        self._parser: Parser = self.source.open(options or Options(reference=modified(path)))

    def _peek(self) -> bytes:
        try:
            head = _read_up_to(self._stream, HEAD)
        except OSError as error:
            raise InputError(f"cannot read it ({error.strerror})", where=str(self.path), hint=_COPY) from error
        self._stream = rewound(self._stream, head)
        return head

    def records(self, wanted: Wanted | None = None) -> Iterator[Parsed | DeadLetter]:
        """Yield every record in order, as parsed fields or as a dead letter with the reason.

        Where `wanted` is given, events whose sketch it refuses are counted, and neither parsed nor yielded.
        """
        sketch = self._parser.sketch if wanted is not None and isinstance(self._parser, Sketching) else None
        try:
            for record in self.source.frame(self._stream):
                if sketch is not None and wanted is not None and record.problem is None:
                    sketched = sketch(record)
                    if sketched is not None and not wanted(*sketched, record.raw):
                        self.tally.records += 1
                        self.tally.events += 1
                        continue
                item = self._read(record)
                if item is not None:
                    yield item
            if why := damage(self._opened):
                yield self._broken_off(why)
        except OSError as error:
            yield self._broken_off(f"the rest of the file cannot be read ({error.strerror or error})")
        finally:
            self._stream.close()

    def _broken_off(self, why: str) -> DeadLetter:
        self.tally.records += 1
        return self._bury(Record(offset=0, number=self.tally.records + self.tally.headers, raw=b""), why)

    def _read(self, record: Record) -> Parsed | DeadLetter | None:
        if record.problem is not None:
            self.tally.records += 1
            return self._bury(record, record.problem)
        try:
            fields = self._parser.parse(record)
        except MalformedRecordError as error:
            self.tally.records += 1
            return self._bury(record, error.message)
        except _PARSER_FAULTS as error:
            self.tally.records += 1
            return self._bury(record, f"a fault of kulla in reading this record ({_told(error)})")
        if fields is None:
            self.tally.headers += 1
            return None
        self.tally.records += 1
        self.tally.events += 1
        return Parsed(record=record, fields=fields)

    def event(self, parsed: Parsed) -> Event:
        """Make the whole event of a parsed record: completed fields, id, origin and original text.

        Where completing fails, the event keeps the fields it has, and says so in `error.message`.
        """
        record = parsed.record
        try:
            fields = self._parser.complete(parsed.fields)
        except _PARSER_FAULTS as error:
            fault = f"a fault of kulla in completing this record ({_told(error)})"
            fields = parsed.fields | {"error.message": fault}
        identifier = event_id(self.identity, record.offset, record.raw)
        original = decode(record.raw)
        return Event(id=identifier, origin=self._origin(record), original=original, fields=fields)

    def _bury(self, record: Record, reason: str) -> DeadLetter:
        self.tally.dead += 1
        return DeadLetter(
            id=event_id(self.identity, record.offset, record.raw),
            origin=self._origin(record),
            source=self.source.name,
            reason=reason,
            raw=record.raw,
            size=record.size or len(record.raw),
        )

    def _origin(self, record: Record) -> Origin:
        return Origin(path=str(self.path), identity=self.identity, offset=record.offset, number=record.number)


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


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"


def modified(path: Path) -> datetime | None:
    """Return when a file was last written, None where that cannot be told."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except OSError:
        return None


def _read_up_to(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

"""Records of one stream made into events or dead letters, by a source that is known already."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from collectors.framing import decode
from collectors.source import Options, Parser, Record, Source
from engine.errors import MalformedRecordError
from engine.events import DeadLetter, Event, Origin, event_id

# What a parser may raise on a record that nobody thought of; such a record becomes a dead letter like any other.
_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_HEADERS = 64  # header lines that are remembered
_HEADER_BYTES = 8192  # of one header line


class Decoder:
    """Reads the records of one stream in order, whose name in events is `path` and whose identity `identity`.

    `preamble` are header lines (`#Fields: ...`) that stood before the place where reading starts; `headers` are those
    that a later start will need.
    """

    def __init__(
        self, source: Source, options: Options, *, identity: str, path: str, preamble: Sequence[bytes] = ()
    ) -> None:
        self.source = source
        self.identity = identity
        self.path = path
        self.headers: deque[bytes] = deque(maxlen=_HEADERS)
        self._parser: Parser = source.open(options)
        for number, raw in enumerate(preamble, start=1):
            self.read(Record(offset=number, number=number, raw=raw))  # the offset is not 0: no byte order mark

    def read(self, record: Record) -> Event | DeadLetter | None:
        """Return the record's event or dead letter, None for a line that is no record."""
        if record.problem is not None:
            return self._bury(record, record.problem)
        try:
            fields = self._parser.parse(record)
        except MalformedRecordError as error:
            return self._bury(record, error.message)
        except _FAULTS as error:
            return self._bury(record, f"a fault of kulla in reading this record ({_told(error)})")
        if fields is None:
            if len(record.raw) <= _HEADER_BYTES:
                self.headers.append(record.raw)
            return None
        try:
            fields = self._parser.complete(fields)
        except _FAULTS as error:
            fields |= {"error.message": f"a fault of kulla in completing this record ({_told(error)})"}
        identifier = event_id(self.identity, record.offset, record.raw)
        return Event(id=identifier, origin=self._origin(record), original=decode(record.raw), fields=fields)

    def _bury(self, record: Record, reason: str) -> DeadLetter:
        return DeadLetter(
            id=event_id(self.identity, record.offset, record.raw),
            origin=self._origin(record),
            source=self.source.name,
            reason=reason,
            raw=record.raw,
            size=record.size or len(record.raw),
        )

    def _origin(self, record: Record) -> Origin:
        return Origin(path=self.path, identity=self.identity, offset=record.offset, number=record.number)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"

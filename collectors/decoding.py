"""From one record to its event or its dead letter, the same for logs that are read once, followed or listened to.

What a parser raises on a record that nobody thought of costs that record, never the run.
"""

from __future__ import annotations

import csv
from typing import Final

from collectors.framing import decode
from collectors.host.programs import Programs
from collectors.source import Completed, Options, Parser, Record, Sketching
from engine.errors import MalformedRecordError
from engine.events import DeadLetter, Event, Fields, Origin
from engine.sketches import Sketch

_FAULTS: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, csv.Error)


class Decoder:
    """Decodes the records of one stream in order, whose name in events is `path` and whose identity `identity`.

    A syslog line that the source refuses because another's program wrote it is that source's to read.
    """

    def __init__(self, parser: Parser, options: Options, *, source: str, identity: str, path: str) -> None:
        self._parser = parser
        self._others = Programs(options)
        self._sketching = parser if isinstance(parser, Sketching) else None  # asked once: it costs more than a sketch
        self.source = source
        self.identity = identity
        self.path = path

    @property
    def sketches(self) -> bool:
        """Tell whether records can be sketched (see `engine.sketches`)."""
        return self._sketching is not None

    def sketch(self, raw: bytes | memoryview) -> Sketch | None:
        """Return the sketch of a record's bytes; None where it must be parsed."""
        if self._sketching is None:
            return None
        try:
            return self._sketching.sketch(raw)
        except _FAULTS:
            return None

    def fields(self, record: Record) -> Fields | DeadLetter | None:
        """Return the record's fields, its dead letter where it cannot be read, or None for a line that is no record."""
        if record.problem is not None:
            return self.bury(record, record.problem)
        try:
            return self._parser.parse(record)
        except MalformedRecordError as error:
            return self._strayed(record) or self.bury(record, error.message)
        except _FAULTS as error:
            return self.bury(record, f"a fault of kulla in reading this record ({_told(error)})")

    def _strayed(self, record: Record) -> Fields | None:
        """Return the fields of a refused record that another program wrote; None where it is none, or is damaged."""
        try:
            return self._others.strayed(record, self.source)
        except (MalformedRecordError, *_FAULTS):
            return None

    def event(self, record: Record, fields: Fields) -> Event:
        """Make the whole event of a record and its fields: completed fields, id, origin and original text.

        Where completing fails, the event keeps the fields it has, and says so in `error.message`.
        """
        try:
            fields = fields if isinstance(fields, Completed) else self._parser.complete(fields)
        except _FAULTS as error:
            fields = fields | {"error.message": f"a fault of kulla in completing this record ({_told(error)})"}
        return Event(id=self._id(record), origin=self._origin(record), original=decode(record.raw), fields=fields)

    def bury(self, record: Record, reason: str) -> DeadLetter:
        """Make the dead letter of a record."""
        return DeadLetter(
            id=self._id(record),
            origin=self._origin(record),
            source=self.source,
            reason=reason,
            raw=record.raw,
            size=record.size or len(record.raw),
        )

    def _id(self, record: Record) -> str:
        from engine.record_ids import record_id  # noqa: PLC0415 - it needs numpy: 0.1 s, and most hunts find little

        return record_id(self.identity, record.offset, record.raw)

    def _origin(self, record: Record) -> Origin:
        return Origin(path=self.path, identity=self.identity, offset=record.offset, number=record.number)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"

"""Records of one stream made into events or dead letters, by a source that is known already."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from collectors import decoding
from collectors.source import Options, Record, Source
from engine.events import DeadLetter, Event, Fields

_HEADERS = 64  # header lines that are remembered
_HEADER_BYTES = 8192  # of one header line


class Decoder(decoding.Decoder):
    """Reads the records of one stream in order, whose name in events is `path` and whose identity `identity`.

    `preamble` are header lines (`#Fields: ...`) that stood before the place where reading starts; `headers` are those
    that a later start will need. `form` is the source.
    """

    def __init__(
        self, form: Source, options: Options, *, identity: str, path: str, preamble: Sequence[bytes] = ()
    ) -> None:
        super().__init__(form.open(options), options, source=form.name, identity=identity, path=path)
        self.form = form
        self.headers: deque[bytes] = deque(maxlen=_HEADERS)
        for number, raw in enumerate(preamble, start=1):
            self.fields(Record(offset=number, number=number, raw=raw))  # the offset is not 0: no byte order mark

    def rename(self, path: str, *, identity: str | None = None) -> None:
        """Let the records that follow come from another name, or from another identity."""
        self.path = path
        self.identity = identity or self.identity

    def fields(self, record: Record) -> Fields | DeadLetter | None:
        """See `collectors.decoding.Decoder`; a line that is no record is remembered."""
        found = super().fields(record)
        if found is None and len(record.raw) <= _HEADER_BYTES:
            self.headers.append(record.raw)
        return found

    def read(self, record: Record) -> Event | DeadLetter | None:
        """Return the record's event or dead letter, None for a line that is no record."""
        found = self.fields(record)
        return found if found is None or isinstance(found, DeadLetter) else self.event(record, found)

"""Records of one stream made into events or dead letters, by a source that is known already."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from collectors import decoding
from collectors.source import Options, Record, Source
from engine.events import DeadLetter, Event

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
        self.headers: deque[bytes] = deque(maxlen=_HEADERS)
        self._decoder = decoding.Decoder(source.open(options), source=source.name, identity=identity, path=path)
        for number, raw in enumerate(preamble, start=1):
            self.read(Record(offset=number, number=number, raw=raw))  # the offset is not 0: no byte order mark

    def rename(self, path: str, *, identity: str | None = None) -> None:
        """Let the records that follow come from another name, or from another identity."""
        self._decoder.path = path
        self._decoder.identity = identity or self._decoder.identity

    def read(self, record: Record) -> Event | DeadLetter | None:
        """Return the record's event or dead letter, None for a line that is no record."""
        found = self._decoder.fields(record)
        if isinstance(found, DeadLetter):
            return found
        if found is not None:
            return self._decoder.event(record, found)
        if len(record.raw) <= _HEADER_BYTES:
            self.headers.append(record.raw)
        return None

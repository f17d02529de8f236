"""Windows event log files (`.evtx`): decoded by the `evtx` package, checked against the file's own counts.

A record's raw text is the event as compact JSON, and its offset is where the record stands in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import orjson

from collectors.source import Options, Record
from collectors.windows.complete import complete
from collectors.windows.event_form import event_document, from_event
from collectors.windows.evtx_chunks import CHUNK_MAGIC, FILE_MAGIC
from collectors.windows.evtx_frames import evtx_records
from collectors.windows.normalise import finish
from collectors.windows.sketches import EVENTS
from engine.errors import MalformedRecordError
from engine.events import Fields
from engine.sketches import Sketch


class EvtxParser:
    """Reads the JSON that stands for an EVTX record."""

    def __init__(self, options: Options) -> None:
        self._host = options.host

    def sketch(self, raw: bytes | memoryview) -> Sketch | None:
        """Return what rules need to know first; see `engine.sketches`."""
        try:
            event = event_document(orjson.loads(raw))
        except orjson.JSONDecodeError:
            return None
        return EVENTS.of(event, self._host) if event is not None else None

    def parse(self, record: Record) -> Fields:
        """Return the fields that rules need: the `System` part and the event's data."""
        try:
            document = orjson.loads(record.raw)
        except orjson.JSONDecodeError as error:
            raise MalformedRecordError(f"the decoded record is no JSON ({error})") from error
        event = event_document(document) if isinstance(document, dict) else None
        if event is None:
            raise MalformedRecordError("the record holds no Event with a System element")
        return finish(from_event(event, host=self._host))

    def complete(self, fields: Fields) -> Fields:
        """Add the ECS fields that the event id implies."""
        return complete(fields)


class Evtx:
    """The `.evtx` format."""

    name = "evtx"
    aliases: tuple[str, ...] = ("windows_evtx", "winevt")
    title = "Windows event log files (.evtx)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the magic of the file, or of its first chunk where the file header is damaged."""
        if head.startswith(FILE_MAGIC):
            return 100
        if head[4096:4104] == CHUNK_MAGIC or head.startswith(CHUNK_MAGIC):
            return 90
        return 40 if filename.lower().endswith(".evtx") and b"**\x00\x00" in head else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the file into records; see `collectors.windows.evtx_frames`."""
        return evtx_records(stream)

    def open(self, options: Options) -> EvtxParser:
        """Return a parser for one file."""
        return EvtxParser(options)


SOURCE: Final = Evtx()

"""Windows events as text: every common JSON form, Windows' own XML and Snare's columns, by themselves or in syslog.

Winlogbeat and Elastic Agent, NXLog, flat Sysmon and Security JSON, evtx_dump, Wazuh, Azure Diagnostics, Fluent Bit,
`Get-WinEvent`; which form it is, is told for each event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import orjson

from collectors.framing import decode
from collectors.source import Options, Record
from collectors.windows.beats_form import is_beats
from collectors.windows.complete import complete
from collectors.windows.event_form import event_document
from collectors.windows.flat_form import from_flat
from collectors.windows.forms import NESTED, from_document, from_text, is_plainly_flat, merged
from collectors.windows.frames import event_records, unfolded
from collectors.windows.normalise import finish
from collectors.windows.sketches import EVENTS, FLAT
from collectors.windows.snare_form import snare_document
from engine.errors import MalformedRecordError
from engine.events import Fields
from engine.sketches import Sketch

_LONGEST_PREFIX: Final = 1024  # bytes that may stand before the object: a syslog header
_STRONG: Final = (
    b"schemas.microsoft.com/win/2004/08/events/event",
    b'"im_msvistalog"',
    b'"Microsoft-Windows-',
    b'"RawXml":',
    b'"winlog":',
    b'"winlog.',
)
_SNARE: Final = re.compile(rb"[^\n{\"]{0,300}?\bMSWinEventLog(?:\t|#011| )")
_EVENT_IDS: Final = (b'"EventID":', b'"EventID" :', b'"EventId":', b'"eventID":', b'"event_id":')


class WindowsParser:
    """Reads one event a record, whichever form it has."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def sketch(self, raw: bytes | memoryview) -> Sketch | None:
        """Return what rules need to know first, for the forms that are written most; see `engine.sketches`."""
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return None
        if type(document) is not dict:
            return None
        if "EventID" in document and document.keys().isdisjoint(NESTED):  # the form that is met most
            return FLAT.of(document, self._options.host)
        if is_plainly_flat(document):
            return FLAT.of(merged(document), self._options.host)
        event = event_document(document) if "Event" in document and not is_beats(document) else None
        return EVENTS.of(event, self._options.host) if event is not None else None

    def parse(self, record: Record) -> Fields:
        """Return the fields that rules need: the envelope and the event's data."""
        raw = record.raw
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            return finish(self._other(raw, error))
        if not isinstance(document, dict):
            raise MalformedRecordError("JSON, but no object")
        return finish(from_document(document, self._options))

    def _other(self, raw: bytes, error: orjson.JSONDecodeError) -> Fields:
        text = decode(raw)
        if _SNARE.match(text[:_LONGEST_PREFIX].encode()):
            return from_flat(snare_document(text, self._options.zone), self._options)
        start = min((at for mark in ("<Event", "<?xml", "{") if (at := text.find(mark)) != -1), default=-1)
        if start == -1 or start > _LONGEST_PREFIX:
            raise MalformedRecordError(f"neither JSON nor an Event element ({error})") from error
        if text[start] == "<":
            return from_text(text[start:], self._options)
        try:
            document = orjson.loads(text[start:])
        except orjson.JSONDecodeError as second:
            raise MalformedRecordError(f"no readable JSON ({second})") from second
        return from_document(document, self._options)

    def complete(self, fields: Fields) -> Fields:
        """Add the ECS fields that the event id implies."""
        return complete(fields)


class Windows:
    """Windows events as JSON or XML."""

    name = "windows"
    aliases: tuple[str, ...] = (
        "azure_windows",
        "nxlog",
        "snare",
        "sysmon",
        "system_security",
        "wazuh_windows",
        "windows_forwarded",
        "windows_json",
        "windows_powershell",
        "windows_powershell_operational",
        "windows_security",
        "windows_sysmon_operational",
        "windows_xml",
        "winlog",
        "winlogbeat",
    )
    title = "Windows events as JSON, XML or Snare's columns (winlogbeat, NXLog, flat, evtx_dump, Wazuh, Azure)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the names that the forms give to channel, provider and event id."""
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            head = head.decode("utf-16", "replace").encode()
        start = unfolded(head.removeprefix(b"\xef\xbb\xbf").lstrip())
        if _SNARE.match(start):
            return 97
        if not start.startswith((b"{", b"[", b"<")):
            return 60 if b'"im_msvistalog"' in start and b'"EventID":' in start else 0
        first = start[:32768]
        strong = any(mark in first for mark in _STRONG)
        if start.startswith(b"<"):
            return 95 if strong and b"<Event" in first and b"<System" in first else 0
        named = 2 * filename.lower().endswith((".json", ".jsonl", ".ndjson"))
        numbered = any(mark in first for mark in _EVENT_IDS)
        if strong and (numbered or b'"winlog' in first or b'"RawXml":' in first):
            return 93 + named
        return (
            78 + named
            if numbered and (b'"Channel":' in first or b'"Hostname":' in first or b'"SourceName":' in first)
            else 0
        )

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the text into events; see `collectors.windows.frames`."""
        return event_records(stream)

    def sift(self, stream: BinaryIO, dismissed: Callable[[memoryview], bool]) -> Iterator[Record]:
        """Cut the text into events, but for those that are dismissed by their bytes."""
        return event_records(stream, dismissed)

    def open(self, options: Options) -> WindowsParser:
        """Return a parser for one log."""
        return WindowsParser(options)


SOURCE: Final = Windows()

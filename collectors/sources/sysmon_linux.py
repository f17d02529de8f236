"""Sysmon for Linux: its events as syslog lines, as bare XML, or as JSON of journald and other shippers.

A system log in which Sysmon is one program among many is read by the source `auth`, which knows these events as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import orjson

from collectors.files import rewound
from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.json_framing import json_objects
from collectors.source import Options, Parser, Record, Source
from collectors.syslog import parse_header, syslog_fields
from collectors.windows.frames import event_records
from collectors.windows.sysmon_linux import DATASET, PROGRAMS, complete_linux, event_start, from_json, from_xml
from engine.errors import MalformedRecordError
from engine.events import Fields

_HEAD: Final = 4096
_LOOKED_AT: Final = 60  # lines of the head
_OBJECTS: Final = re.compile(rb"(?:\[\s*)?\{")
_EVENT: Final = re.compile(rb"<Event[ >].{0,600}?Linux-Sysmon|\"Linux-Sysmon(?:/Operational)?\"", re.DOTALL)


class _SysmonParser:
    """Reads one event a record; what Sysmon says in words when it starts is kept as a message."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record, None for a blank line; raise `MalformedRecordError` for what is neither."""
        text = decode(record.raw).strip()
        if not text:
            return None
        if text.startswith("{"):
            return self._object(record.raw)
        start = event_start(text)
        if start == -1:
            return self._words(text)
        fields = from_xml(text[start:], self._options)
        if start:
            header = parse_header(text[:start], self._options)
            if header.host is not None:
                fields.setdefault("host.name", header.host)
            if header.timestamp is not None:
                fields.setdefault("@timestamp", header.timestamp)
        return fields

    def _object(self, raw: bytes) -> Fields:
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise MalformedRecordError(f"no readable JSON ({error})") from error
        if not isinstance(document, dict):
            raise MalformedRecordError("JSON, but no object")
        return from_json(document, self._options)

    def _words(self, text: str) -> Fields:
        header = parse_header(text, self._options)
        if header.program is None:
            raise MalformedRecordError("neither an event of Sysmon for Linux nor a syslog line")
        refuse_others(header, "sysmon_linux")
        own = header.program in PROGRAMS
        fields: Fields = {
            "event.kind": "event",
            "event.module": "sysmon_linux" if own else "system",
            "event.dataset": DATASET if own else "system.syslog",
            "message": header.message,
            "process.name": header.program,
        }
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        if header.host is not None:
            fields["host.name"] = header.host
        if header.pid is not None:
            fields["process.pid"] = header.pid
        if header.priority is not None:
            fields.update(syslog_fields(header))
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add the ECS fields of the event."""
        return complete_linux(fields)


class _SysmonSource:
    """Sysmon for Linux; see the module's docstring."""

    name = "sysmon_linux"
    aliases: tuple[str, ...] = ("linux_sysmon", "sysmonforlinux", "sysmon_for_linux")
    title = "Sysmon for Linux: syslog lines, XML or JSON"
    datasets: tuple[str, ...] = (DATASET,)

    def recognise(self, head: bytes, filename: str) -> int:
        """Count the lines that hold an event; Sysmon's provider stands near the beginning of each."""
        if b"Linux-Sysmon" not in head:
            return 0
        found = [line for line in head.split(b"\n")[:_LOOKED_AT] if line.strip()]
        events = sum(_EVENT.search(line[:_HEAD]) is not None for line in found)
        if events * 2 >= len(found):
            return 90 + round(8 * events / len(found)) + ("sysmon" in filename.lower())
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        printed = start.startswith((b"<Event", b"<?xml", b"{", b"["))  # one event over many lines
        return 96 if printed and _EVENT.search(head[:_HEAD]) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines, XML elements or JSON objects, as it begins."""
        head = stream.read(_HEAD)
        stream = rewound(stream, head)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if _OBJECTS.match(start):
            return json_objects(stream)
        return event_records(stream) if start.startswith((b"<Event", b"<?xml")) else lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _SysmonParser(options)


SOURCE: Source = _SysmonSource()

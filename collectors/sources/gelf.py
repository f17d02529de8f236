"""GELF, Graylog's Extended Log Format: one JSON object a record, ended by a null byte or a line end.

Specification: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html (1.1). `timestamp` is in seconds,
`level` a severity of syslog; keys with `_` in front are the sender's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.framing import lines
from collectors.json_fields import flatten, load_record
from collectors.network.device import DeviceSource
from collectors.network.generic import generic_fields
from collectors.source import Options, Record
from collectors.syslog import SEVERITIES
from engine.errors import MalformedRecordError
from engine.events import Fields, texts

_OWN = re.compile(r'\s*\{.*"short_message"\s?:', re.DOTALL)
_VERSION = re.compile(r'"version"\s?:\s?"1\.[01]"|"_[\w.\-]{1,64}"\s?:')


def _read(line: str, options: Options) -> Fields:
    document = load_record(line.encode("utf-8", "backslashreplace"))
    if not isinstance(document, dict) or "short_message" not in document:
        raise MalformedRecordError("no GELF message: an object with a short_message")
    flat, _ = flatten(document)
    values = {name.removeprefix("_"): ", ".join(texts(value)) for name, value in flat.items() if name != "version"}
    short, level = values.pop("short_message", ""), values.pop("level", "")
    full = values.pop("full_message", "")
    fields = generic_fields(values, "gelf.", options.zone)
    fields |= {"event.dataset": "gelf.log", "event.module": "gelf"}
    fields["message"] = full or short
    if level.isdecimal() and len(level) == 1 and int(level) < len(SEVERITIES):
        fields["log.level"] = SEVERITIES[int(level)]
        fields["log.syslog.severity.code"] = int(level)
    if options.host:
        fields.setdefault("host.name", options.host)
    return fields


def _frame(stream: BinaryIO) -> Iterator[Record]:
    """Cut the stream at line ends and, inside lines, at the null bytes that GELF over TCP ends its messages with."""
    number = 0
    for record in lines(stream):
        if record.problem is not None or b"\x00" not in record.raw:
            number += 1
            yield Record(offset=record.offset, number=number, raw=record.raw, problem=record.problem, size=record.size)
            continue
        offset = record.offset
        for part in record.raw.split(b"\x00"):
            if part.strip():
                number += 1
                yield Record(offset=offset, number=number, raw=part)
            offset += len(part) + 1


def _own(line: str) -> bool:
    return _OWN.match(line) is not None and _VERSION.search(line) is not None


SOURCE = DeviceSource(
    name="gelf",
    aliases=("gelf.log", "graylog"),
    title="GELF messages (Graylog)",
    own=_own,
    read=_read,
    weight=90,
    framer=_frame,
)

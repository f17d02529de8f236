"""Generic `key=value` lines (logfmt, appliances), behind any header of syslog or without one.

Format: https://brandur.org/logfmt, and the many dialects of appliances. Keys that many products share become ECS fields
(`collectors.network.generic`); every key stays under `keyvalue.`.
"""

from __future__ import annotations

import re

from collectors.network.device import DeviceSource
from collectors.network.generic import generic_fields
from collectors.network.keyvalue import firsts, pairs
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_PAIR = re.compile(r"(?:^|[\s,;|])[A-Za-z_][\w.\-@]{0,63}=(?:\"[^\"]{0,4096}\"|[^\s\",;|]{0,4096})", re.ASCII)
_LEAST = 3  # pairs of a line


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    text = header.message
    if header.kind == "bare" or (header.program and "=" in header.program):
        text = line.strip()
    values = firsts(pairs(text))
    if not values:
        raise MalformedRecordError("no key=value in this line")
    fields: Fields = {"event.dataset": "keyvalue.log", "event.module": "keyvalue"}
    fields |= generic_fields(values, "keyvalue.", options.zone)
    fields.update(syslog_fields(header))
    if header.timestamp is not None:
        fields.setdefault("@timestamp", header.timestamp)
    host = (header.host if header.kind != "bare" else None) or options.host
    if host:
        fields.setdefault("host.name", host)
    if header.kind != "bare" and header.program and "=" not in header.program:
        fields.setdefault("process.name", header.program)
    if header.pid is not None:
        fields.setdefault("process.pid", header.pid)
    return fields


def _own(line: str) -> bool:
    """Tell a line that is mostly pairs: three or more, and they make half of what stands behind the header."""
    if line.lstrip()[:1] in {"{", "[", "#"}:
        return False
    found = [pair[0] for pair in _PAIR.finditer(line)]
    return len(found) >= _LEAST and sum(map(len, found)) * 2 >= len(line.partition("=")[2])


SOURCE = DeviceSource(
    name="keyvalue",
    aliases=("kv", "logfmt", "key_value"),
    title="Generic key=value lines (logfmt)",
    own=_own,
    read=_read,
    weight=30,
)

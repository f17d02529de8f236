"""Check Point firewalls and their blades: the formats of Log Exporter (syslog, CEF, LEEF, generic, JSON) and `fw log`.

Format: "Log Exporter" (sk122323), "Log Fields Description" (sk144192). Relays fold long records over several lines; a
line that begins nothing belongs to the record before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.checkpoint.ecs import checkpoint_fields
from collectors.checkpoint.forms import read_forms, recognised
from collectors.framing import decode
from collectors.network.device import DeviceSource
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_FOLDED = re.compile(r"[\w.\-]{1,128}=|[A-Za-z(][\w /.,()\-\\=;:']{0,400}$")
_START = re.compile(
    r"<\d|CEF:|LEEF:|\d\||\"\d|[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:|\d{4}-\d\d-\d\d|\{|\S{0,80}\[\w{1,40}:\""
)
_HEADER = re.compile(r"CEF:|LEEF:|\[(?=\w{1,40}[:@=])|\{")


def _read(line: str, options: Options) -> Fields:
    values, cef = read_forms(line)
    if len(values) < 3 or not {"action", "origin", "product", "src", "dst", "loguid", "time"} & values.keys():
        raise MalformedRecordError(
            "no record of Check Point: none of its fields (action, origin, product, src) is there"
        )
    fields: Fields = {
        "event.dataset": "checkpoint.firewall",
        "event.module": "checkpoint",
        "observer.vendor": "Checkpoint",
        "observer.type": "firewall",
    }
    fields |= checkpoint_fields(values, options)
    if cef is not None:
        fields["event.code"] = cef.event_class
        fields.setdefault("observer.product", cef.product)
    elif "loguid" in values:
        fields["event.code"] = values["loguid"]
    found = _HEADER.search(line, 0, 512)
    if found is not None and found.start() > 3:
        header = parse_header(line[: found.start()].rstrip() + " x", options)
        fields.update(syslog_fields(header))
        if header.timestamp is not None:
            fields.setdefault("@timestamp", header.timestamp)
        if header.host and header.kind != "bare":
            fields.setdefault("host.name", header.host)
    if options.host:
        fields.setdefault("host.name", options.host)
    return fields


def _continues(before: bytes, line: bytes) -> bool:
    """Tell a line that belongs to the CEF record before it: it begins with an attribute or is the rest of a value."""
    if b"|Check Point|" not in before[:512]:
        return False
    text = decode(line[:512])
    return _START.match(text) is None and _FOLDED.match(text) is not None


def _frame(stream: BinaryIO) -> Iterator[Record]:
    return folded_lines(stream, _continues)


SOURCE = DeviceSource(
    name="checkpoint",
    aliases=("check_point", "checkpoint.firewall", "checkpoint_firewall"),
    title="Check Point firewall logs (Log Exporter syslog, CEF, LEEF, generic; fw log)",
    own=recognised,
    read=_read,
    weight=99,
    framer=_frame,
)

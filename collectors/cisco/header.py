"""What stands in front of a Cisco message: stamp and host of syslog, sequence number, then `%ASA-6-302013:`.

ASA and FTD write `%ASA-level-id`, or with `logging list ... class` `%ASA-class-level-id`; relays put their own stamp
and
host in front of the device's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from collectors.source import Options
from collectors.syslog import Header, parse_header, syslog_fields
from engine.events import Fields

LEVELS = ("emergency", "alert", "critical", "error", "warning", "notification", "informational", "debugging")
MARK = re.compile(
    r"%(?P<product>ASA|FTD|PIX|FWSM|NGIPS|ACE)-(?:(?P<class>[A-Za-z][\w\-]{0,30}?)-)?(?P<level>\d)-(?P<id>\d{5,6})(?::\s*|\s+|$)",
    re.ASCII,
)
_DEVICE_STAMP = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{3,5})?)(?:"
    r" (?P<host>\S{1,255}) ?)? ?:? ?$",
    re.ASCII,
)
_LONGEST = 512  # characters in front of the mark; more is no header


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of ASA or FTD: who said it and when, its id and text. Without a mark, `code` is None."""

    header: Header
    product: str | None
    level: int | None
    code: str | None
    text: str


def read_message(line: str, options: Options) -> Message:
    """Take a line apart; what has no mark keeps its whole text."""
    found = MARK.search(line, 0, _LONGEST + 64)
    if found is None:
        header = parse_header(line, options)
        return Message(header=header, product=None, level=None, code=None, text=header.message or line.strip())
    header = _prefix(line[: found.start()], options)
    text = line[found.end() :].strip()
    return Message(header=header, product=found["product"], level=int(found["level"]), code=found["id"], text=text)


def _prefix(text: str, options: Options) -> Header:
    """Read the header; where the device wrote its own stamp behind a relay's, the device's counts."""
    header = parse_header(text, options)
    if header.host is None and header.pid is None and header.program is not None and header.program != "":
        header.host, header.program = header.program, None
    inner = _DEVICE_STAMP.search(text, max(0, len(text) - 120))
    if inner is not None and inner.start() > 8 and inner["stamp"] not in text[: inner.start()]:
        own = parse_header(f"{inner['stamp']} {inner['host'] or 'x'} :", options)
        moment: datetime | None = own.timestamp
        if moment is not None:
            header.timestamp = moment
            header.host = inner["host"] or header.host
    return header


def header_fields(header: Header, options: Options) -> Fields:
    """Return the fields that the header gives: the instant, the device's name, the process, `log.syslog.*`."""
    fields: Fields = {}
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    host = (header.host or "").rstrip(":") or options.host
    if host:
        fields["host.name"] = host
        fields["observer.hostname"] = host
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if header.program:
        fields["process.name"] = header.program
    fields.update(syslog_fields(header))
    return fields

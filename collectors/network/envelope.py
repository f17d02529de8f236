"""The header of syslog in front of a CEF, LEEF or other message, for sources that find the message themselves."""

from __future__ import annotations

from collectors.source import Options
from collectors.syslog import Header, parse_header, syslog_fields
from engine.events import Fields


def prefix_header(line: str, start: int, options: Options) -> Header:
    """Return the header in front of the message that begins at `start`; an empty one where nothing stands there."""
    if start < 4:
        return Header(kind="bare", message="")
    return parse_header(line[:start].rstrip() + " x", options)


def prefix_fields(header: Header, fields: Fields, options: Options) -> None:
    """Add what the header says and the message does not: the instant, the host, `log.syslog.*`."""
    fields.update(syslog_fields(header))
    if header.timestamp is not None:
        fields.setdefault("@timestamp", header.timestamp)
    host = header.host if header.kind != "bare" else None
    if host or options.host:
        fields.setdefault("host.name", (host or options.host or "").rstrip(":"))

"""X-Road's audit log: what administrators of a central or security server did, as JSON in lines of syslog.

Format: X-Road "Audit log events" (SPEC-AL), 1.1: `<header> correlation-id: [id] INFO [X-Road Proxy Admin REST API]
<stamp> - {"event": ..., "user": ..., "ipaddress": ..., "auth": ..., "url": ..., "reason": ..., "warning": ..., "data":
{...}}`; servers before version 6.24 write no correlation id, and neither `auth` nor `url`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.cloud.flatten import spread
from collectors.cloud.values import inner, put_source, put_text, text
from collectors.framing import decode
from collectors.json_fields import Json, load, load_record, to_instant
from collectors.network.finish import finish
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from collectors.xroad.audit_events import FAILED, classify
from collectors.xroad.logback import continues
from engine.errors import MalformedRecordError
from engine.events import Fields

_LONGEST_PREFIX = 1024  # characters that may stand before the object
_LOOKED_AT = 60
_OWN_KEYS = frozenset({"event", "user", "ipaddress", "reason", "warning", "auth", "url", "data"})
_COMPONENT = re.compile(r"\[(X-Road [^\]]{1,80})\]", re.ASCII)
_CORRELATION = re.compile(r"correlation-id:? ?\[([^\]]{1,128})\]", re.ASCII)
_LEVEL = re.compile(r"(?:^|[\s\]])(TRACE|DEBUG|INFO|WARN|ERROR)\s", re.ASCII)
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\s", re.ASCII)
_HOST = re.compile(r"(?:<\d{1,3}>)?\S{19,35} (?P<host>[\w.\-]{1,255}) ", re.ASCII)
_IDENTIFIERS = ("clientIdentifier", "memberIdentifier", "ownerIdentifier", "providerIdentifier")
_PARTS = ("xRoadInstance", "memberClass", "memberCode")


class AuditParser:
    """Reads the records of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank one."""
        line = decode(record.raw).strip("\x00\r\n ")
        if not line:
            return None
        start = line.find("{", 0, _LONGEST_PREFIX)
        if start == -1:
            raise MalformedRecordError("no JSON object in this line of X-Road's audit log")
        document = load_record(line[start:].encode())
        if not isinstance(document, dict) or not text(document.get("event")):
            raise MalformedRecordError("the object has no `event`, which X-Road's audit log always writes")
        fields: Fields = {"event.kind": "event", "event.module": "xroad", "event.dataset": "xroad.audit"}
        self._read_prefix(line[:start], fields)
        _read_event(document, fields)
        return fields

    def _read_prefix(self, prefix: str, fields: Fields) -> None:
        header = parse_header(prefix + "x", self._options)
        fields.update(syslog_fields(header))
        host = _HOST.match(prefix)
        name = header.host if header.kind in {"rfc3164", "rfc5424"} else host["host"] if host else None
        if name and not name.startswith("[") and name not in {"INFO", "WARN", "ERROR"}:
            fields["host.name"] = name
        elif self._options.host:
            fields["host.name"] = self._options.host
        own = _STAMP.findall(prefix)
        moment = to_instant(own[-1], self._options.zone) if own else None
        moment = moment or header.timestamp
        if moment is not None:
            fields["@timestamp"] = moment
        for pattern, name in (
            (_CORRELATION, "trace.id"),
            (_COMPONENT, "service.name"),
            (_LEVEL, "log.level"),
        ):
            if match := pattern.search(prefix):
                fields[name] = match[1]
        fields["observer.product"] = "X-Road"

    def complete(self, fields: Fields) -> Fields:
        """Add copies of addresses, URL parts and `related.*`."""
        return finish(fields)


def _read_event(document: dict[str, Json], fields: Fields) -> None:
    event = text(document.get("event"))
    failed = event.lower().endswith(FAILED)
    fields["event.action"] = event
    fields["event.category"], fields["event.type"] = classify(event)
    fields["event.outcome"] = "failure" if failed else "success"
    put_text("user.name", document.get("user"), fields)
    put_source(document.get("ipaddress"), fields)
    put_text("url.path", document.get("url"), fields)
    put_text("xroad.audit.auth", document.get("auth"), fields)
    reason = text(document.get("reason"))
    if reason:
        fields["event.reason"] = reason
        if failed:
            fields["error.message"] = reason
    warning = document.get("warning")
    if isinstance(warning, bool):
        fields["xroad.audit.warning"] = warning
    data = document.get("data")
    if isinstance(data, dict):
        _read_owner(data, fields)
        spread("xroad.audit.data.", data, fields, snaked=True)
    spread("xroad.audit.", document, fields, snaked=True, skip=_OWN_KEYS)


def _read_owner(data: dict[str, Json], fields: Fields) -> None:
    """Name the organization that an event is about, by the first identifier of its data."""
    for name in _IDENTIFIERS:
        identifier = inner(data, name)
        if parts := [text(identifier.get(part)) for part in _PARTS]:
            found = "/".join(part for part in parts if part)
            if found:
                fields["organization.id"] = found
                return


def _is_own(line: str) -> bool:
    start = line.find("{", 0, _LONGEST_PREFIX)
    if start == -1 or '"event"' not in line[start : start + 4000]:
        return False
    prefix = line[:start]
    if _COMPONENT.search(prefix):
        return True
    try:
        document = load(line[start:].encode("utf-8", "surrogateescape"))
    except ValueError:
        return "correlation-id" in prefix and '"user"' in line
    return isinstance(document, dict) and document.keys() <= _OWN_KEYS and {"event", "user"} <= document.keys()


class XRoadAudit:
    """X-Road's audit log."""

    name = "xroad_audit"
    aliases: tuple[str, ...] = ("xroad.audit",)
    title = "X-Road audit log of central and security servers"
    datasets: tuple[str, ...] = ("xroad.audit",)

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the component's name in front of the object, or by the object's keys."""
        text_of = decode(head[:65536])
        found = [line for line in text_of.splitlines()[:_LOOKED_AT] if line.strip() and not line[:1].isspace()]
        if len(found) > 1 and len(head) >= 4096:
            found = found[:-1]  # the last may be cut
        known = sum(_is_own(line[:65536]) for line in found)
        if not known or known * 2 < len(found):
            return 0
        named = 2 * ("audit" in filename.lower() or "xroad" in filename.lower())
        return (95 if _COMPONENT.search(text_of) else 80) + named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records; an object that was printed wide belongs to the line it begins in."""
        return folded_lines(stream, _continues)

    def open(self, options: Options) -> AuditParser:
        """Return a parser for one log."""
        return AuditParser(options)


def _continues(before: bytes, line: bytes) -> bool:
    return not line.startswith(b"{") and continues(before, line) and b"{" in before[:_LONGEST_PREFIX]


SOURCE: Final = XRoadAudit()

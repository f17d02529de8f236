"""ModSecurity and Coraza: the audit log (serial parts A to Z, JSON) and the lines they put into a server's error log.

Formats: see `collectors.waf.modsec_audit` and `collectors.waf.modsec_message`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.databases.ends import also
from collectors.files import rewound
from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.json_fields import load_record
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.network.times import instant_of
from collectors.source import Options, Record
from collectors.syslog import parse_header
from collectors.waf.modsec_audit import BOUNDARY, parts_of, put_document, put_parts
from collectors.waf.modsec_message import ENGINE, read_alert
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"\[?(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})? \d{4}"
    r"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\]?"
)
_JSON = re.compile(rb'\{\s*"transaction"\s*:\s*\{')
_LEVEL = re.compile(r"\[(?:[\w-]{1,40}:)?(?P<level>emerg|alert|crit|error|warn|notice|info|debug)\]")
_LOOKED_AT = 60


class ModSecurityParser:
    """Reads transactions and alerts, in any mixture."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one transaction or alert; None for a blank one. Raise where it is neither."""
        text = decode(record.raw).strip("\r\n \x00")
        if not text:
            return None
        fields: Fields = {
            "event.module": "modsecurity",
            "event.dataset": "modsecurity.auditlog",
            "event.kind": "event",
            "event.category": ["web"],
            "event.type": [],
        }
        if text.startswith("{"):
            self._json(record.raw, fields)
        elif BOUNDARY.match(text):
            if not put_parts(parts_of(text), fields, self._options.zone):
                raise MalformedRecordError("a transaction of the audit log without its head (part A)")
        elif not self._alert(text, fields):
            raise MalformedRecordError("neither a transaction of the audit log nor an alert of ModSecurity")
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add kind, type and outcome, addresses and `related.*`."""
        if "rule.id" in fields or "modsecurity.rule_ids" in fields:
            fields["event.kind"] = "alert"
            also(fields, "event.category", ("intrusion_detection",))
        denied = fields.get("event.action") == "denied"
        also(fields, "event.type", ("access", "denied") if denied else ("access",))
        status = fields.get("http.response.status_code")
        if isinstance(status, int):
            fields.setdefault("event.outcome", "failure" if status >= 400 else "success")
        fields["service.type"] = "modsecurity"
        fields["observer.product"], fields["observer.type"] = "ModSecurity", "waf"
        return finish(fields)

    def _json(self, raw: bytes, fields: Fields) -> None:
        document = load_record(raw)
        if not isinstance(document, dict) or not put_document(document, fields, self._options.zone):
            raise MalformedRecordError("JSON, but no transaction of the audit log")

    def _alert(self, text: str, fields: Fields) -> bool:
        if not read_alert(text, fields):
            return False
        fields["event.dataset"] = "modsecurity.error"
        stamp = _STAMP.match(text)
        if stamp is not None:
            moment = instant_of(stamp["stamp"].replace("/", "-"), self._options.zone)
        else:
            header = parse_header(text, self._options)
            moment = header.timestamp
            if header.host is not None:
                fields["host.name"] = header.host
        if moment is not None:
            fields["@timestamp"] = moment
        if level := _LEVEL.search(text, 0, 200):
            fields.setdefault("log.level", level["level"])
        return True


_BODIES = frozenset("CEIJ")  # parts that hold what client or server sent, line ends and all


class _Beginnings:
    """Tells where transactions begin: at a boundary of part A, once the one before has had its Z.

    A transaction that lost its Z ends where another begins, but not inside a body, which may hold lines like
    boundaries; the identifier of its own transaction is nothing that a client can know.
    """

    def __init__(self) -> None:
        self._open = self._part = ""

    def __call__(self, line: bytes) -> bool:
        found = BOUNDARY.fullmatch(decode(line[:64]).strip()) if line.startswith(b"--") else None
        if found is None:
            return not self._open
        if self._open and found["id"] != self._open and (found["part"] != "A" or self._part in _BODIES):
            return False
        begins = found["part"] == "A" and found["id"] != self._open
        self._open, self._part = ("", "") if found["part"] == "Z" else (found["id"], found["part"])
        return begins


class ModSecurity:
    """Audit logs and alerts of ModSecurity and Coraza."""

    name = "modsecurity"
    datasets = ("modsecurity.auditlog", "modsecurity.error")
    aliases: tuple[str, ...] = ("modsec", "coraza", "modsecurity.auditlog", "modsec_audit")
    title = "ModSecurity and Coraza (audit log in parts or JSON, alerts in error logs)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by a transaction's boundary or object; an error log only where nearly all lines are alerts."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = "modsec" in filename.lower()
        if _JSON.match(start):
            return 97 + named
        found = [line for line in decode(start[:65536]).split("\n")[:_LOOKED_AT] if line.strip()]
        if found and (boundary := BOUNDARY.fullmatch(found[0].strip())) and boundary["part"] == "A":
            return 97 + named
        if start.startswith((b"{", b"[")) and not _STAMP.match(decode(start[:80])):
            return 0
        known = sum(ENGINE.search(line[:4000]) is not None for line in found)
        return 99 if known and known * 10 >= len(found) * 8 else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, transactions or lines."""
        head = stream.read(4096)
        stream = rewound(stream, head)
        if _JSON.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()):
            return json_objects(stream)
        return grouped_lines(stream, _Beginnings())

    def open(self, options: Options) -> ModSecurityParser:
        """Return a parser for one log."""
        return ModSecurityParser(options)


SOURCE: Final = ModSecurity()

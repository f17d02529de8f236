"""Oracle Database audit: unified trail as JSON, XML audit files, syslog records, `.aud` text files.

Formats: see `collectors.databases.oracle_audit`. A record of a text file begins at its stamp; the lines that a file
begins with (release, instance, ORACLE_HOME) are headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.databases.ends import finish_database, put_words
from collectors.databases.oracle_audit import from_aud, from_document, from_syslog, from_xml, put_record, stamp_of
from collectors.files import rewound
from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.host.programs import begins_others
from collectors.json_fields import load_object
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}(?: [+-]\d\d:\d\d)?"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}(?:[+-]\d\d:\d\d|Z)?)\s*$",
    re.ASCII,
)
_SYSLOG = re.compile(r"Oracle (?:Unified )?Audit\[\d{1,10}\]", re.ASCII)
_OUTSIDE = re.compile(
    r"(?:<\?xml[^>]{0,200}\?>|</?Audit(?:\s[^>]{0,400})?>|<Version>[^<]{0,40}</Version>|\s)*", re.ASCII
)
_VALUE = re.compile(r"^(?:ACTION|LENGTH|DATABASE USER|SESSIONID|CLIENT USER) ?: ?", re.MULTILINE)
_COLUMNS = re.compile(rb'"(?:dbusername|DBUSERNAME|UNIFIED_AUDIT_POLICIES|unified_audit_policies)"')


class OracleAuditParser:
    """Reads the records of one log or file."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._node: str | None = options.host

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for the lines that a file begins with. Raise where it is none."""
        text = decode(record.raw).strip("\r\n \x00")
        if not text or (len(text) < 2000 and _OUTSIDE.fullmatch(text)):
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "oracle",
            "event.dataset": "oracle.database_audit",
            "event.category": ["database"],
            "event.type": [],
        }
        values = self._values(text, record.raw, fields)
        if values is None:
            return None
        if not values.keys() & {"action", "action_name", "return_code", "user", "session_id"}:
            raise MalformedRecordError("no audit record of Oracle: it has neither an action nor a user")
        put_record(values, fields, self._options.zone)
        if self._node:
            fields.setdefault("host.name", self._node)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add the type of what says nothing else, addresses and `related.*`."""
        fields["event.type"] = fields["event.type"] or ["info"]
        return finish_database(fields)

    def _values(self, text: str, raw: bytes, fields: Fields) -> dict[str, str] | None:
        if text.startswith("{"):
            document = load_object(raw)
            return from_document(document)
        if "<AuditRecord>" in text[:600]:
            return from_xml(text)
        first, _, rest = text.partition("\n")
        if stamp := _STAMP.fullmatch(first):
            values = from_aud(rest)
            moment = stamp_of(stamp["stamp"], self._options.zone)
            if moment is not None:
                fields["@timestamp"] = moment
            return values
        if "Oracle" in text[:300] and _SYSLOG.search(text, 0, 300):
            return self._syslog(text, fields)
        self._heading(text)
        return None

    def _syslog(self, text: str, fields: Fields) -> dict[str, str]:
        found = _SYSLOG.search(text, 0, 300)
        body = text[found.end() :].lstrip(": ") if found else text
        header = parse_header(text[: found.start()] + "oracle_audit: x" if found else text, self._options)
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        put_words("host.name", header.host, fields)
        fields.update(syslog_fields(header))
        return from_syslog(body)

    def _heading(self, text: str) -> None:
        """Remember the node that an `.aud` file names; raise where the text is no such heading."""
        if not text.startswith(
            ("Audit file ", "Oracle Database", "ORACLE_HOME", "Oracle9i", "With the ", "System name:")
        ):
            raise MalformedRecordError("no record of Oracle's audit: no stamp, no XML, no JSON and no syslog record")
        node = re.search(r"^Node name:\s{0,40}(\S{1,255})", text, re.MULTILINE)
        if node is not None and self._node is None:
            self._node = node[1]


def _begins(line: bytes) -> bool:
    """Tell whether a line begins a record: a stamp of its own, an XML record, or a syslog record."""
    if b"<AuditRecord>" in line[:200] or line.lstrip().startswith((b"<?xml", b"</Audit>", b"<Audit ")):
        return True
    if line.startswith(b"Audit file "):
        return True
    text = decode(line[:300])
    if _STAMP.fullmatch(text) is not None or _SYSLOG.search(text) is not None:
        return True
    return begins_others(line, "oracle_audit")


class OracleAudit:
    """Oracle Database audit trails."""

    name = "oracle_audit"
    datasets = ("oracle.database_audit",)
    aliases: tuple[str, ...] = ("oracle", "oracle.database_audit", "oracle_database", "unified_audit_trail")
    title = "Oracle Database audit (unified trail as JSON, XML, syslog, .aud text)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the heading of a file, the record's own tags, the columns of the unified trail or its tag."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = filename.lower().endswith((".aud", ".xml")) or "oracle" in filename.lower()
        if start.startswith(b"Audit file /") or (b"<AuditRecord>" in start[:2000] and start.startswith(b"<")):
            return 97 + named
        if start.startswith((b"{", b"[")):
            return 96 + named if _COLUMNS.search(start[:8192]) else 0
        text = decode(start[:8192])
        if _SYSLOG.search(text[:400]):
            return 96 + named
        first = text.partition("\n")[0]
        return 90 + named if _STAMP.fullmatch(first) and _VALUE.search(text[:2000]) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, or into records by their beginnings."""
        head = stream.read(4096)
        stream = rewound(stream, head)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return json_objects(stream)
        return grouped_lines(stream, _begins)

    def open(self, options: Options) -> OracleAuditParser:
        """Return a parser for one log."""
        return OracleAuditParser(options)


SOURCE: Final = OracleAudit()

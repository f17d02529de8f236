"""Audit logs of MySQL Enterprise (XML, JSON), Percona Server (XML, JSON, CSV) and MariaDB (server_audit).

Formats: see `collectors.databases.mysql_audit`. Each record says by its beginning in which form it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.databases.ends import finish_database
from collectors.databases.mysql_audit import from_csv, from_json, from_xml, put_record
from collectors.files import rewound
from collectors.framing import decode
from collectors.grouping import Quotes, grouped_lines
from collectors.host.programs import begins_others
from collectors.json_fields import load_object
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

# server_audit: 20240305 09:12:44,host,user,client,connection,query,OPERATION,database,object,code
_MARIADB = re.compile(
    r"\d{8} \d\d:\d\d:\d\d,[^,]{0,255},[^,]{0,128},[^,]{0,255},\d{1,20},\d{1,20},[A-Z_ ]{4,24},", re.ASCII
)
_MARIADB_SYSLOG = re.compile(r"[^,]{0,255},[^,]{0,128},[^,]{0,255},\d{1,20},\d{1,20},[A-Z_ ]{4,24},", re.ASCII)
_PERCONA_CSV = re.compile(r'"[A-Za-z ]{2,30}","\d{1,20}_\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"')
_XML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<AUDIT>\s*)?<AUDIT_RECORD[\s>]")
_OUTSIDE = re.compile(r"(?:<\?xml[^>]{0,200}\?>|</?AUDIT>|[\[\],]|\s)*", re.ASCII)
_SYSLOG = "mysql-server_auditing"


class MysqlAuditParser:
    """Reads the records of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for what stands around records. Raise where it is none."""
        text = decode(record.raw).strip("\r\n \x00")
        if not text or (_OUTSIDE.fullmatch(text[:1000]) and len(text) <= 1000):
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "mysql",
            "event.dataset": "mysql.audit",
            "event.category": ["database"],
            "event.type": [],
        }
        values = self._values(text, record.raw, fields)
        put_record(values, fields, self._options.zone)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        elif "mysql.audit.serverhost" in fields:
            fields.setdefault("host.name", str(fields["mysql.audit.serverhost"]))
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add the type of what says nothing else, addresses and `related.*`."""
        fields["event.type"] = fields["event.type"] or ["info"]
        return finish_database(fields)

    def _values(self, text: str, raw: bytes, fields: Fields) -> dict[str, str]:
        if "<AUDIT_RECORD" in text[:400]:
            fields["event.dataset"] = "mysql_enterprise.audit"
            values = from_xml(text)
            if values:
                return values
        elif text.startswith("{"):
            return self._json(raw, fields)
        elif _MARIADB.match(text):
            fields["mysql.audit.plugin"] = "server_audit"
            return from_csv(text)
        elif _PERCONA_CSV.match(text):
            fields["mysql.audit.plugin"] = "percona"
            return from_csv(text)
        elif _SYSLOG in text[:600]:
            return self._syslog(text, fields)
        raise MalformedRecordError("no record of an audit plugin of MySQL, Percona Server or MariaDB")

    def _json(self, raw: bytes, fields: Fields) -> dict[str, str]:
        document = load_object(raw)
        is_percona = "audit_record" in document
        if not is_percona and not {"class", "event"} <= document.keys():
            raise MalformedRecordError("JSON, but no audit record: it has no class and event")
        if is_percona:
            fields["mysql.audit.plugin"] = "percona"
        else:
            fields["event.dataset"] = "mysql_enterprise.audit"
        return from_json(document)

    def _syslog(self, text: str, fields: Fields) -> dict[str, str]:
        header = parse_header(text, self._options)
        body = header.message if header.program == _SYSLOG else text.partition(f"{_SYSLOG}:")[2].strip()
        if _MARIADB_SYSLOG.match(body.lstrip()) is None:
            raise MalformedRecordError("server_audit over syslog, but not its values")
        fields["mysql.audit.plugin"] = "server_audit"
        values = from_csv("," + body.lstrip())
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        if header.host:
            fields["host.name"] = header.host
        fields.update(syslog_fields(header))
        return values


def _begins(line: bytes) -> bool:
    """Tell whether a line begins a record of XML or of server_audit; statements of several lines go on."""
    start = line.lstrip()
    if start.startswith((b"<AUDIT_RECORD", b"<AUDIT>", b"<?xml", b"</AUDIT>")):
        return True
    text = decode(line[:600])
    return _MARIADB.match(text) is not None or _SYSLOG in text or begins_others(line, "mysql_audit")


class MysqlAudit:
    """Audit logs of MySQL, Percona Server and MariaDB."""

    name = "mysql_audit"
    datasets = ("mysql_enterprise.audit", "mysql.audit")
    aliases: tuple[str, ...] = (
        "mysql_enterprise",
        "mysql_enterprise.audit",
        "mariadb_audit",
        "percona_audit",
        "server_audit",
    )
    title = "MySQL Enterprise, Percona Server and MariaDB audit logs (XML, JSON, CSV)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the first record, whose forms are like nothing else."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = "audit" in filename.lower()
        if _XML.match(start):
            return 98 + named
        first = decode(start.split(b"\n", 1)[0][:4000])
        if _MARIADB.match(first) or _PERCONA_CSV.match(first) or f"{_SYSLOG}:" in first:
            return 97 + named
        if not start.startswith((b"{", b"[")):
            return 0
        top = start[:4096]
        if b'"audit_record"' in top and b'"connection_id"' in top:
            return 97 + named
        is_enterprise = b'"connection_id"' in top and b'"class"' in top and b'"event"' in top and b'"account"' in top
        starts = b'"class": "audit"' in top or b'"class":"audit"' in top
        return 96 + named if is_enterprise or (starts and b'"startup_data"' in top) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, rows or elements, by how it begins."""
        head = stream.read(4096)
        stream = rewound(stream, head)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith((b"{", b"[")):
            return json_objects(stream)
        if start.startswith(b'"'):
            return grouped_lines(stream, Quotes().begins)
        return grouped_lines(stream, _begins)

    def open(self, options: Options) -> MysqlAuditParser:
        """Return a parser for one log."""
        return MysqlAuditParser(options)


SOURCE: Final = MysqlAudit()

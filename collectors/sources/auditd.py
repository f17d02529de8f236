"""Linux audit records (`audit.log`), one event per record: raw or enriched, also as syslog and journald carry them.

A record is `type=SYSCALL msg=audit(1655000000.123:456): key=value ...`; the records of one event share stamp and serial
number and follow each other. What only the SYSCALL record says (process, users) is added to those after it, so that a
rule over EXECVE or PATH knows who did it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from collectors.auditd.ecs import SHARED, add_other_users, share, to_fields
from collectors.auditd.record import AuditRecord, parse_journal, parse_record
from collectors.framing import decode, lines
from collectors.source import Options, Parser, Record, Source
from collectors.syslog import Header, parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_DAEMONS = frozenset({"auditd", "audispd", "audisp-remote", "audisp-syslog", "auditctl", "augenrules", "kauditd"})
_START = re.compile(r"(?:node=\S{1,255} )?(?:type=[A-Z0-9_]{1,64}(?:\[\d{1,6}\])? (?:msg=)?)?audit\(", re.ASCII)
_SEPARATORS = ("----", "time->")  # lines that ausearch(8) puts between events
_REMEMBERED = (*SHARED, "auditd.log.sequence", "auditd.log.node", "@timestamp", "auditd.data.SYSCALL")

_RECORD = re.compile(
    rb"(?:^|\s)(?:node=\S{1,255} )?type=(?:[A-Z][A-Z0-9_]{1,40}|\d{4}|UNKNOWN\[\d{1,6}\]) (?:msg=)?audit\([^)]{3,40}\)"
)
_JOURNALED = re.compile(rb"^.{10,300} audit(?:\[\d{1,10}\])?: (?:type=\d{4} audit\(|[A-Z][A-Z_]{2,40} \S{1,64}=)")
_LOOKED_AT = 60  # lines of the head


class _AuditParser:
    """Reads the records of one audit log; remembers the last SYSCALL record for those that belong to it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._call: Fields = {}

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for ausearch's separators."""
        text = decode(record.raw).strip()
        if not text or text.startswith(_SEPARATORS):
            return None
        header: Header | None = None
        audit = parse_record(text, self._options.zone)
        if audit is None:
            header = parse_header(text, self._options)
            audit = self._carried(header)
        if audit is None:
            return self._daemon(header)
        fields = to_fields(audit)
        fields["message"] = text
        if header is not None:
            _put_header(header, fields)
        elif self._options.host and "host.name" not in fields:
            fields["host.name"] = self._options.host
        self._link(audit, fields)
        return fields

    def _carried(self, header: Header | None) -> AuditRecord | None:
        """Read a record that syslog carries: whole (audispd, the kernel) or without its stamp (journald's `audit`)."""
        if header is None or header.kind == "bare":
            return None
        message = header.message
        if message.startswith("[") and "] " in message[:32]:  # the kernel's seconds since boot
            message = message.partition("] ")[2]
        message = message.removeprefix("audit: ")
        if _START.match(message):
            return parse_record(message, self._options.zone)
        return parse_journal(message) if header.program == "audit" else None

    def _daemon(self, header: Header | None) -> Fields:
        """Keep what the audit daemons say themselves; raise for everything else."""
        if header is None or header.program not in _DAEMONS:
            raise MalformedRecordError("no audit record: `type=` and `audit(seconds:serial)` expected")
        fields: Fields = {"event.kind": "event", "event.module": "auditd", "event.dataset": "auditd.log"}
        fields["message"] = header.message
        _put_header(header, fields)
        fields["process.name"] = header.program
        if header.pid is not None:
            fields["process.pid"] = header.pid
        return fields

    def _link(self, audit: AuditRecord, fields: Fields) -> None:
        if audit.serial is None:
            return
        if audit.kind == "SYSCALL":
            self._call = {name: fields[name] for name in _REMEMBERED if name in fields}
            return
        call = self._call
        same = call.get("auditd.log.sequence") == audit.serial and call.get("@timestamp") == audit.timestamp
        if same and call.get("auditd.log.node") == audit.node:
            share(call, fields)

    def complete(self, fields: Fields) -> Fields:
        """Add host.hostname, addresses, the parts of file names, and `related.*`."""
        if "host.name" in fields:
            fields["host.hostname"] = fields["host.name"]
        for side in ("source", "destination"):
            if address := fields.get(f"{side}.ip") or fields.get(f"{side}.domain"):
                fields[f"{side}.address"] = address
        path = fields.get("file.path")
        if isinstance(path, str):
            folder, slash, name = path.rpartition("/")
            fields.setdefault("file.name", name)
            if slash:
                fields["file.directory"] = folder or "/"
        if fields.get("auditd.log.record_type") != "PATH":
            add_other_users(fields)
        for name in ("event.category", "event.type"):
            fields.setdefault(name, ())  # ECS: empty where none fits
        _relate(fields)
        return fields


def _put_header(header: Header, fields: Fields) -> None:
    if header.timestamp is not None:
        fields.setdefault("@timestamp", header.timestamp)
    if header.host is not None:
        fields.setdefault("host.name", header.host)


def _relate(fields: Fields) -> None:
    for related, names in (
        ("related.ip", ("source.ip", "destination.ip", "auditd.data.socket.addr")),
        ("related.user", ("user.name", "user.effective.name", "user.audit.name")),
        ("related.hosts", ("host.name", "source.domain")),
    ):
        values = list(dict.fromkeys(value for name in names if isinstance(value := fields.get(name), str)))
        if values:
            fields[related] = values


class _AuditSource:
    """Linux audit records; see the module's docstring."""

    name = "auditd"
    aliases: tuple[str, ...] = ("audit", "linux_audit", "audit.log", "auditd_manager", "auditd_manager_auditd")
    title = "Linux audit records, raw or enriched (audit.log; also carried by syslog and journald)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Count the lines that are audit records."""
        found = [line for line in head.split(b"\n")[:_LOOKED_AT] if line.strip() and not line.startswith(b"----")]
        if not found:
            return 0
        records = sum(1 for line in found if _RECORD.search(line[:600]) or _JOURNALED.match(line[:600]))
        if records * 2 < len(found):
            return 0
        return min(97, 75 + round(20 * records / len(found)) + (2 if "audit" in filename.lower() else 0))

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _AuditParser(options)


SOURCE: Source = _AuditSource()

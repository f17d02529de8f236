"""The systemd journal as `journalctl -o json` (also json-pretty, json-sse) and in its export format.

Formats: https://systemd.io/JOURNAL_EXPORT_FORMATS/ (lines `NAME=value`; binary values as `NAME`, a 64 bit length in
little endian, the bytes; an empty line ends an entry; JSON writes binary values as lists of numbers and repeated
fields as lists) and systemd.journal-fields(7). What a program says is read as in a syslog file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.auth.dispatch import is_auth, is_remote, read_message
from collectors.files import rewound
from collectors.framing import decode
from collectors.host.journal import as_line, entries, export_records
from collectors.host.programs import Programs
from collectors.json_fields import Json, load_record, to_instant
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.source import Completed, Options, Record
from collectors.syslog import FACILITIES, SEVERITIES, Header
from engine.errors import MalformedRecordError
from engine.events import Fields

_EXPORT = re.compile(rb"(?:__CURSOR|__REALTIME_TIMESTAMP|__MONOTONIC_TIMESTAMP|__SEQNUM|_BOOT_ID|_MACHINE_ID)[=\n]")
_MARKS = (b'"__REALTIME_TIMESTAMP"', b'"__CURSOR"')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_TEXTS = {
    "_HOSTNAME": "host.name", "_MACHINE_ID": "host.id", "_BOOT_ID": "host.boot.id", "_EXE": "process.executable",
    "_CMDLINE": "process.command_line", "_SYSTEMD_UNIT": "systemd.unit", "_SYSTEMD_SLICE": "systemd.slice",
    "_SYSTEMD_USER_UNIT": "systemd.user_unit", "_SYSTEMD_CGROUP": "systemd.cgroup",
    "_SYSTEMD_SESSION": "systemd.session", "_SYSTEMD_INVOCATION_ID": "systemd.invocation_id",
    "_TRANSPORT": "systemd.transport", "UNIT": "journald.unit", "CODE_FILE": "log.origin.file.name",
    "CODE_FUNC": "log.origin.function", "MESSAGE_ID": "journald.message_id", "CONTAINER_NAME": "container.name",
    "CONTAINER_ID_FULL": "container.id", "IMAGE_NAME": "container.image.name", "_SELINUX_CONTEXT": "journald.selinux",
    "_UID": "journald.uid", "_GID": "journald.gid", "_AUDIT_LOGINUID": "journald.audit.login_uid",
    "_AUDIT_SESSION": "journald.audit.session", "__CURSOR": "journald.cursor", "_NAMESPACE": "journald.namespace",
    "_CAP_EFFECTIVE": "journald.capabilities", "JOB_TYPE": "journald.job_type", "JOB_RESULT": "journald.job_result",
}  # fmt: skip
_NUMBERS = {"_PID": "process.pid", "CODE_LINE": "log.origin.file.line", "ERRNO": "journald.errno"}
_LONGEST = 64 * 1024
_MOST_OTHER = 200


class JournaldParser:
    """Reads the entries of one journal."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._programs = Programs(options)

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one entry; None for a blank one. Raise where it is no entry of a journal."""
        if not record.raw.strip():
            return None
        raw = record.raw.lstrip()
        values = _from_json(raw) if raw.startswith((b"{", b"data:")) else _from_export(record.raw)
        fields: Fields = {"event.kind": "event", "event.module": "system", "event.dataset": "system.syslog"}
        self._stamp(values, fields)
        header = _header(values)
        _put(values, header, fields)
        fields["message"] = header.message
        line = as_line(header, fields.get("@timestamp"))
        if (
            found := self._programs.read(header, Record(offset=record.offset, number=record.number, raw=line))
        ) is not None:
            return Completed(fields | found)
        if header.program is not None:
            if is_auth(header.program, header.message):
                fields["event.dataset"] = "system.auth"
                fields.setdefault("process.pid", header.pid or 0)
            read_message(header, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add host.hostname, `source.user.name` of remote log-ins, addresses and `related.*`."""
        if "host.name" in fields:
            fields["host.hostname"] = fields["host.name"]
        if "user.name" in fields and is_remote(fields):
            fields["source.user.name"] = fields["user.name"]
        return finish(fields)

    def _stamp(self, values: Mapping[str, str], fields: Fields) -> None:
        """The sender's own time where the journal has it, else when the journal got the entry (microseconds)."""
        for name in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
            text = values.get(name, "")
            if text.isascii() and text.isdecimal() and len(text) < 19 and (moment := to_instant(int(text))) is not None:
                fields["@timestamp"] = moment
                return


def _from_json(raw: bytes) -> dict[str, str]:
    document = load_record(raw.removeprefix(b"data:"))
    if not isinstance(document, dict) or not document.keys() & {"MESSAGE", "__REALTIME_TIMESTAMP", "__CURSOR"}:
        raise MalformedRecordError("JSON, but no entry of a journal: it has neither MESSAGE nor a time")
    return {str(name): text for name, value in document.items() if (text := _text(value))}


def _text(value: Json) -> str:
    """Return a value as text; bytes are written as numbers, and a field that an entry has twice as a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if value and all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 256 for one in value):
            return decode(bytes(one for one in value if isinstance(one, int)))
        return "\n".join(_text(one) for one in value[:50] if not isinstance(one, dict))
    return "" if value is None or isinstance(value, dict) else str(value)


def _from_export(raw: bytes) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in entries(raw):
        text = decode(name)
        if _NAME.fullmatch(text) is None:
            raise MalformedRecordError(f"no entry of a journal's export: {text[:60]!r} is no field's name")
        values.setdefault(text, decode(value))
    if not values.keys() & {"MESSAGE", "__REALTIME_TIMESTAMP", "__CURSOR"}:
        raise MalformedRecordError("no entry of a journal's export: it has neither MESSAGE nor a time")
    return values


def _header(values: Mapping[str, str]) -> Header:
    program = values.get("SYSLOG_IDENTIFIER") or values.get("_COMM")
    pid = values.get("_PID") or values.get("SYSLOG_PID", "")
    return Header(
        kind="rfc5424",
        message=values.get("MESSAGE", "").strip(),
        host=values.get("_HOSTNAME"),
        program=program,
        pid=int(pid) if pid.isascii() and pid.isdecimal() and len(pid) <= 10 else None,
    )


def _put(values: Mapping[str, str], header: Header, fields: Fields) -> None:
    for name, field in _TEXTS.items():
        if values.get(name):
            fields[field] = values[name][:_LONGEST]
    for name, field in _NUMBERS.items():
        text = values.get(name, "")
        if text.isascii() and text.isdecimal() and len(text) < 19:
            fields[field] = int(text)
    if header.program:
        fields["process.name"] = header.program
    if header.pid is not None:
        fields["process.pid"] = header.pid
    _priority(values, fields)
    known = _TEXTS.keys() | _NUMBERS.keys()
    others = (
        name for name in values if not name.startswith("_") and name not in known and not name.startswith("SYSLOG_")
    )
    for name in list(others)[:_MOST_OTHER]:
        if name not in {"MESSAGE", "PRIORITY"} and _NAME.fullmatch(name):
            fields[f"journald.custom.{name.lower()}"] = values[name][:_LONGEST]


def _priority(values: Mapping[str, str], fields: Fields) -> None:
    severity, facility = values.get("PRIORITY", ""), values.get("SYSLOG_FACILITY", "")
    if severity in set("01234567") and severity:
        fields["log.syslog.severity.code"] = int(severity)
        fields["log.syslog.severity.name"] = SEVERITIES[int(severity)]
        fields["log.level"] = SEVERITIES[int(severity)]
    if facility.isascii() and facility.isdecimal() and int(facility[:4]) < len(FACILITIES):
        fields["log.syslog.facility.code"] = int(facility)
        fields["log.syslog.facility.name"] = FACILITIES[int(facility)]


class Journald:
    """The systemd journal, exported."""

    name = "journald"
    datasets = ("system.syslog", "system.auth")
    aliases: tuple[str, ...] = ("journal", "journalctl", "systemd_journal", "journald.log")
    title = "systemd journal (journalctl -o json or export)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the fields that the journal itself gives an entry."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = "journal" in filename.lower()
        if start.startswith((b"{", b"data:", b"[")):
            return 97 + named if any(mark in start[:16384] for mark in _MARKS) else 0
        return 97 + named if _EXPORT.match(start) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects, or into the entries of an export."""
        head = stream.read(4096)
        stream = rewound(stream, head)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith((b"{", b"[", b"data:")):
            return json_objects(stream)
        return export_records(stream)

    def open(self, options: Options) -> JournaldParser:
        """Return a parser for one journal."""
        return JournaldParser(options)


SOURCE: Final = Journald()

"""Microsoft SQL Server: ERRORLOG and SQLAGENT.OUT, audit records as JSON or as the text of Windows event 33205.

Format of ERRORLOG: `2024-03-05 09:12:44.21 spid51      text`, in UTF-16 or UTF-8; lines without a stamp belong to the
record before. An `Error: N, Severity: N, State: N.` line belongs to the record that follows it in the same instant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.databases.ends import also, finish_database, put_client, put_words
from collectors.databases.mssql_audit import columns_of_document, columns_of_text, is_audit, put_audit
from collectors.files import rewound
from collectors.framing import decode, lines
from collectors.grouping import grouped
from collectors.json_fields import Json, load_object, to_instant
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from collectors.utf16 import as_utf8
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d(?:\.\d{2,7})?)
    \ (?:-\ (?P<mark>[?!+])\ |(?P<origin>[A-Za-z][\w/()-]{0,39})\s+)
    (?P<message>.*)""",
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_BEGINS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{2,7})? (?:- [?!+] |[A-Za-z][\w/()-]{0,39}\s)")
_ERROR = re.compile(r"Error: (?P<code>\d{1,9}), Severity: (?P<severity>\d{1,3}), State: (?P<state>\d{1,9})")
_ERROR_LINE = re.compile(
    rb"(?P<start>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S{0,8} \S{1,40})\s+Error: \d{1,9}, Severity: \d{1,3}, State: \d"
)
_LOGIN = re.compile(r"Login (?P<how>failed|succeeded) for user '(?P<user>[^']{0,256})'(?P<rest>.{0,2000})", re.DOTALL)
_CLIENT = re.compile(r"\[CLIENT: (?P<client>[^\]]{1,80})\]")
_REASON = re.compile(r"Reason: (?P<reason>[^\[]{1,600})")
_SSPI = re.compile(r"SSPI handshake failed with error code (?P<code>0x[0-9A-Fa-f]{1,8})")
_SPID = re.compile(r"spid(?P<id>\d{1,9})s?", re.ASCII)
_CONFIGURED = re.compile(
    r"Configuration option '(?P<option>[^']{1,128})' changed from (?P<old>-?\d{1,12}) to (?P<new>-?\d{1,12})"
)
_RISKY = ("xp_cmdshell", "Ole Automation", "clr enabled", "Ad Hoc Distributed")
_LOOKED_AT = 60
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("Starting up database", "database-start", "process"),
    ("SQL Server is terminating", "server-stop", "process"),
    ("SQL Server is starting", "server-start", "process"),
    ("SQL Server is now ready", "server-ready", "process"),
    ("Server process ID is", "server-start", "process"),
    ("Setting database option", "database-option", "configuration"),
    ("Database backed up", "backup", "database"),
    ("Log was backed up", "backup", "database"),
    ("Restore is complete", "restore", "database"),
    ("Attempting to load library", "load-library", "library"),
    ("Using '", "load-library", "library"),
    ("SQL Trace", "trace", "configuration"),
    ("Audit: ", "audit", "configuration"),
)


class MssqlParser:
    """Reads the records of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for a blank one. Raise where it is none of SQL Server's."""
        text = decode(record.raw).strip("\r\n \x00")
        if not text:
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "microsoft_sqlserver",
            "event.dataset": "microsoft_sqlserver.log",
            "event.category": ["database"],
            "event.type": [],
        }
        if text.startswith("{"):
            self._document(record.raw, fields)
        elif text.startswith("audit_schema_version:"):
            self._audit(columns_of_text(text), fields)
        else:
            self._line(text, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add the type of what says nothing else, addresses and `related.*`."""
        fields["event.type"] = fields["event.type"] or ["info"]
        return finish_database(fields)

    def _audit(self, values: dict[str, str], fields: Fields) -> None:
        if not is_audit(values):
            raise MalformedRecordError("no audit record of SQL Server: it has no action_id and principal")
        fields["event.dataset"] = "microsoft_sqlserver.audit"
        put_audit(values, fields, self._options.zone)

    def _document(self, raw: bytes, fields: Fields) -> None:
        document = load_object(raw)
        values = columns_of_document(document)
        if not is_audit(values):
            text = _event_text(document)
            values = columns_of_text(text) if text else values
            stamp = document.get("@timestamp") or document.get("EventTime")
            if isinstance(stamp, str):
                values.setdefault("time", stamp)
        self._audit(values, fields)

    def _line(self, text: str, fields: Fields) -> None:
        found = _LINE.match(text)
        if found is None:
            raise MalformedRecordError("no line of ERRORLOG: it has no stamp and origin")
        moment = to_instant(found["stamp"], self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        origin = found["origin"] or "SQLAgent"
        fields["microsoft_sqlserver.log.origin"] = origin
        if found["mark"]:
            fields["log.level"] = {"!": "error", "+": "warning"}.get(found["mark"], "info")
        if spid := _SPID.fullmatch(origin):
            fields["microsoft_sqlserver.log.spid"] = int(spid["id"])
        _message(found["message"], fields)


def _message(message: str, fields: Fields) -> None:
    """Read the message; one that an `Error:` line was joined to begins with that."""
    if error := _ERROR.match(message):
        fields["event.code"] = error["code"]
        fields["microsoft_sqlserver.log.severity"] = int(error["severity"])
        fields["microsoft_sqlserver.log.state"] = int(error["state"])
        if int(error["severity"]) > 10:
            fields["event.type"] = ["error"]
        after = message.partition("\n")[2]
        if again := _LINE.match(after):
            message = again["message"]
    fields["message"] = message
    if login := _LOGIN.search(message, 0, 2000):
        _login(login, fields)
    elif refused := _SSPI.match(message):
        fields["error.code"] = refused["code"]
        _asked(message[:2000], fields, failed=True)
    elif changed := _CONFIGURED.search(message, 0, 2000):
        fields["event.action"] = "configuration-changed"
        also(fields, "event.category", ("configuration",))
        also(fields, "event.type", ("change",))
        for name in ("option", "old", "new"):
            fields[f"microsoft_sqlserver.log.configuration.{name}"] = changed[name]
        fields["microsoft_sqlserver.log.configuration.risky"] = changed["option"].startswith(_RISKY)
    else:
        for start, action, category in _KINDS:
            if message.startswith(start):
                fields["event.action"] = action
                also(fields, "event.category", (category,))
                break
    if "source.ip" not in fields and (client := _CLIENT.search(message, 0, 4000)):
        put_client(_address(client["client"]), fields)


def _login(found: re.Match[str], fields: Fields) -> None:
    _asked(found["rest"], fields, failed=found["how"] == "failed")
    domain, mark, account = found["user"].partition("\\")
    put_words("user.name", account if mark else domain, fields)
    if mark:
        fields["user.domain"] = domain
    clients = _CLIENT.findall(found["rest"])
    if clients:  # who is refused may have written one into its name: the last is the server's
        put_client(_address(clients[-1]), fields)


def _asked(rest: str, fields: Fields, *, failed: bool) -> None:
    """Say that somebody asked to log in, and why it failed where the text tells."""
    fields["event.action"] = "login-failed" if failed else "login-succeeded"
    fields["event.outcome"] = "failure" if failed else "success"
    also(fields, "event.category", ("authentication",))
    also(fields, "event.type", ("start", "denied") if failed else ("start",))
    if reason := _REASON.search(rest):
        put_words("event.reason", reason["reason"].strip(), fields)


def _address(text: str) -> str:
    return "" if text.startswith("<") else text


def _event_text(document: dict[str, Json]) -> str:
    """Return the text that holds the audit columns in a Windows event, whatever agent shipped it; empty if none."""
    places: list[Json] = [document]
    for _ in range(5):
        deeper: list[Json] = []
        for place in places:
            for value in place.values() if isinstance(place, dict) else place if isinstance(place, list) else ():
                if isinstance(value, str) and "audit_schema_version:" in value:
                    return value[value.index("audit_schema_version:") :]
                if isinstance(value, dict | list):
                    deeper.append(value)
        places = deeper[:200]
    return ""


class _Beginnings:
    """Tells where records begin: not at the line that explains the `Error:` line before it."""

    def __init__(self) -> None:
        self._error = b""

    def __call__(self, line: bytes) -> bool:
        explains = bool(self._error) and line.startswith(self._error)
        found = _ERROR_LINE.match(line)
        self._error = found["start"] if found is not None else b""
        if explains and found is None:
            return False
        return _BEGINS.match(line) is not None or line.startswith(b"audit_schema_version:")


class Mssql:
    """Microsoft SQL Server's logs."""

    name = "mssql"
    datasets = ("microsoft_sqlserver.log", "microsoft_sqlserver.audit")
    aliases: tuple[str, ...] = ("microsoft_sqlserver", "sqlserver", "mssql.log", "errorlog", "microsoft_sqlserver.log")
    title = "Microsoft SQL Server (ERRORLOG, SQL Agent, audit records as JSON or Windows event 33205)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by ERRORLOG's stamps and origins and its usual words, or by the columns of audit records."""
        text = as_text(head).lstrip("\ufeff \r\n")
        named = 2 * ("errorlog" in filename.lower() or "mssql" in filename.lower())
        if "audit_schema_version" in text[:8192]:
            return 99 if text.startswith(("{", "[", "audit_schema_version:")) else 0
        if text.startswith(("{", "[")):
            start = text[:8192].lower()
            audited = '"action_id"' in start and '"server_principal_name"' in start and '"succeeded"' in start
            azure = "sqlsecurityauditevents" in start
            return 97 + named if audited or azure else 0
        found = [line for line in text[:32768].split("\n")[:_LOOKED_AT] if _LINE.match(line)]
        known = sum(_is_own(line) for line in found)
        return round(70 + 25 * known / len(found)) + named if known and known * 4 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the text, in UTF-16 or UTF-8, into records."""
        stream = as_utf8(stream)
        head = stream.read(64)
        stream = rewound(stream, head)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return json_objects(stream)
        return grouped(lines(stream), _Beginnings())

    def open(self, options: Options) -> MssqlParser:
        """Return a parser for one log."""
        return MssqlParser(options)


def as_text(head: bytes) -> str:
    """Return the head as text, whichever of the two encodings it has."""
    if head[:2] == b"\xff\xfe":
        return head.decode("utf-16-le", "replace")
    if head[:2] == b"\xfe\xff":
        return head.decode("utf-16-be", "replace")
    return decode(head)


def _is_own(line: str) -> bool:
    found = _LINE.match(line)
    if found is None:
        return False
    if found["mark"]:
        return found["message"].startswith("[")
    return found["origin"] in {"Server", "Logon", "Backup"} or _SPID.fullmatch(found["origin"]) is not None


SOURCE: Final = Mssql()

"""PostgreSQL's messages: sessions, log-ins, statements, durations, pgaudit's records, refusals.

Format: the server's own texts (`log_connections`, `log_disconnections`, `log_statement`, `log_duration`), in English as
with `lc_messages = C`, and pgaudit's comma-separated record (https://github.com/pgaudit/pgaudit, "Format").
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

from collectors.databases.ends import also, put_client, put_number, put_port, put_words, read_statement
from collectors.databases.postgres_prefix import put_user
from collectors.network.tls import put_tls
from engine.events import Fields

_DURATION = re.compile(r"duration: (?P<ms>\d{1,15}(?:\.\d{1,6})?) ms(?:  |$)", re.ASCII)
_STATEMENT = re.compile(
    r"(?P<step>statement|execute|parse|bind|fetch|plan)(?: (?P<name><unnamed>|\S{1,200}))?:\s(?P<query>.*)",
    re.ASCII | re.DOTALL,
)
_RECEIVED = re.compile(r"connection received: host=(?P<host>\S{1,255})(?: port=(?P<port>\d{1,5}))?")
_IDENTITY = re.compile(r'identity="(?P<user>[^"]{1,256})"')
_PAIR = re.compile(
    r"\b(?P<key>user|database|application_name|host|port|method|identity|protocol|cipher)=(?P<value>\"[^\"]{0,400}\"|[^\s,()]{1,255})"
)
_FAILED = re.compile(
    r"""(?P<method>[\w-]{1,20})\ authentication\ failed\ for\ user\ "(?P<user>[^"]{0,255})"
    |(?P<no_entry>no\ pg_hba\.conf\ entry|pg_hba\.conf\ rejects\ (?:replication\ )?connection)
    |role\ "(?P<role>[^"]{0,255})"\ (?:does\ not\ exist|is\ not\ permitted\ to\ log\ in)
    |(?P<no_base>database\ "[^"]{0,255}"\ does\ not\ exist)
    |permission\ denied\ for\ database\ "(?P<denied>[^"]{0,255})"
    |(?P<limit>sorry,\ too\ many\ clients|too\ many\ connections|remaining\ connection\ slots)""",
    re.VERBOSE,
)
_HBA = re.compile(
    r'host "(?P<host>[^"]{1,255})", user "(?P<user>[^"]{0,255})"(?:, database "(?P<database>[^"]{0,255})")?'
)
_DENIED = re.compile(r"permission denied|must be (?:superuser|owner)|only superuser|insufficient privilege")
_SESSION_TIME = re.compile(r"session time: (?P<h>\d{1,6}):(?P<m>\d\d):(?P<s>\d\d)(?:\.(?P<ms>\d{1,3}))?", re.ASCII)
_SETTINGS = (
    'parameter "',
    "received SIGHUP",
    "configuration file",
    "received fast",
    "received smart",
    "database system",
)
_AUDIT = "AUDIT: "
_AUDIT_NAMES = (
    "audit_type", "statement_id", "substatement_id", "class", "command", "object_type", "object_name", "statement",
    "parameter", "rows",
)  # fmt: skip
_AUDIT_KINDS = {
    "READ": ((), ("access",)),
    "WRITE": ((), ("change",)),
    "DDL": ((), ("change",)),
    "ROLE": (("iam",), ("admin", "change")),
}
_MILLION = 1_000_000


def read_message(message: str, fields: Fields) -> None:
    """Read a message's text into fields; one of no known kind leaves them as they are."""
    for reader in _READERS:
        if reader(message, fields):
            return


def _audit(message: str, fields: Fields) -> bool:
    """`AUDIT: SESSION,1,1,DDL,CREATE TABLE,TABLE,public.account,create table ...,<not logged>`"""
    if not message.startswith(_AUDIT):
        return False
    try:
        values = next(csv.reader([message[len(_AUDIT) :]], strict=False), [])
    except csv.Error:
        values = message[len(_AUDIT) :].split(",")
    found = dict(zip(_AUDIT_NAMES, values, strict=False))
    for name, value in found.items():
        if name in ("statement_id", "substatement_id", "rows"):
            put_number(f"postgresql.audit.{name}", value, fields)
        else:
            put_words(f"postgresql.audit.{name}", value, fields)
    fields["event.dataset"] = "postgresql.log"
    put_words("postgresql.log.query", found.get("statement"), fields)
    put_words("event.action", found.get("command", "").lower().replace(" ", "-"), fields)
    kind = _AUDIT_KINDS.get(found.get("class", ""))
    if kind is not None:
        also(fields, "event.category", kind[0])
        also(fields, "event.type", kind[1])
    read_statement(found.get("statement", ""), fields)
    fields["event.outcome"] = "unknown"  # pgaudit logs before the statement runs
    return True


def _query(message: str, fields: Fields) -> bool:
    duration = _DURATION.match(message)
    rest = message
    if duration is not None:
        fields["event.duration"] = int(float(duration["ms"]) * _MILLION)
        rest = message[duration.end() :]
    found = _STATEMENT.match(rest)
    if found is None:
        return duration is not None
    fields["postgresql.log.query_step"] = found["step"]
    put_words("postgresql.log.query_name", found["name"], fields)
    put_words("postgresql.log.query", found["query"], fields)
    if "event.action" not in fields:
        fields["event.action"] = found["step"]
    read_statement(found["query"], fields)
    return True


def _session(message: str, fields: Fields) -> bool:
    if received := _RECEIVED.match(message):
        put_client(received["host"], fields)
        put_port(received["port"] or "", fields)
        _say(fields, "connection-received", ("network",), ("connection", "start"), None)
        return True
    if message.startswith("disconnection: "):
        _say(fields, "disconnection", ("session",), ("end",), "success")
        _pairs(message, fields)
        _session_time(message, fields)
        return True
    if message.startswith(("connection authorized: ", "replication connection authorized: ")):
        _say(fields, "connection-authorized", ("authentication", "session"), ("start",), "success")
    elif message.startswith("connection authenticated: "):
        _say(fields, "connection-authenticated", ("authentication",), ("info",), "success")
        if (identity := _IDENTITY.search(message)) is not None:
            put_user(identity["user"], fields)
    else:
        return False
    _pairs(message, fields)
    return True


def _session_time(message: str, fields: Fields) -> None:
    found = _SESSION_TIME.search(message)
    if found is not None:
        seconds = int(found["h"]) * 3600 + int(found["m"]) * 60 + int(found["s"])
        fields["event.duration"] = (seconds * 1000 + int((found["ms"] or "0").ljust(3, "0"))) * _MILLION


def _pairs(message: str, fields: Fields) -> None:
    names = {
        "database": "postgresql.log.database",
        "application_name": "postgresql.log.application_name",
        "method": "postgresql.log.authentication_method",
        "identity": "postgresql.log.identity",
        "cipher": "tls.cipher",
    }
    for found in _PAIR.finditer(message):
        key, value = found["key"], found["value"].strip('"')
        if key == "user":
            put_user(value, fields)
        elif key == "host":
            put_client(value, fields)
        elif key == "port":
            put_port(value, fields)
        elif key == "protocol":
            put_tls(value, fields)
        else:
            put_words(names[key], value, fields)


def _refused(message: str, fields: Fields) -> bool:
    found = _FAILED.match(message)
    if found is None:
        return False
    _say(fields, "login", ("authentication",), ("start", "denied"), "failure")
    fields["event.reason"] = message.partition("\n")[0]
    user = found["user"] or found["role"]
    if user:
        put_user(user, fields)
    if found["method"]:
        fields["postgresql.log.authentication_method"] = found["method"].lower()
    if entry := _HBA.search(message):
        put_client(entry["host"], fields)
        put_user(entry["user"], fields)
        put_words("postgresql.log.database", entry["database"], fields)
    return True


def _denied(message: str, fields: Fields) -> bool:
    if _DENIED.search(message, 0, 400) is None:
        return False
    _say(fields, "denied", (), ("denied",), "failure")
    fields["event.reason"] = message.partition("\n")[0]
    return True


def _server(message: str, fields: Fields) -> bool:
    if not message.startswith(_SETTINGS):
        return False
    _say(
        fields, "server", ("configuration" if message.startswith(("param", "config")) else "process",), ("info",), None
    )
    return True


def _say(fields: Fields, action: str, categories: tuple[str, ...], types: tuple[str, ...], outcome: str | None) -> None:
    fields["event.action"] = action
    also(fields, "event.category", categories)
    also(fields, "event.type", types)
    if outcome is not None:
        fields["event.outcome"] = outcome


_READERS: tuple[Callable[[str, Fields], bool], ...] = (_audit, _query, _session, _refused, _denied, _server)

"""PostgreSQL's `log_line_prefix`: whatever the operator chose to put in front of a message, found without being told.

Format: https://www.postgresql.org/docs/current/runtime-config-logging.html (`log_line_prefix`). The escapes have forms
of their own (a stamp, `[pid]`, `user@database`, `host(port)`, a session's `hex.hex`), and operators name the others
(`user=%u,db=%d,app=%a,client=%h`); what has neither form nor name stays in the record's text.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from collectors.databases.ends import put_client, put_number, put_port, put_words
from collectors.json_fields import to_instant
from collectors.network.times import instant_of
from engine.events import Fields

_LEVELS = "DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC"
_MORE = "DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE"
# Two blanks follow the colon; a prefix may end in any sign or in none
LEVEL = re.compile(rf"(?<![A-Za-z])(?P<level>{_LEVELS}):  ", re.ASCII)
PART = re.compile(rf"(?<![A-Za-z])(?P<part>{_LEVELS}|{_MORE}):  ", re.ASCII)
LONGEST = 600  # characters that a prefix may have

_STAMP = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)"
    r"(?: ?(?P<zone>Z\b|[A-Z]{2,5}\b|[+-]\d\d(?::?\d\d)?))?",
    re.ASCII,
)
_EPOCH = re.compile(r"(?<![\d.])1\d{9}\.\d{3}(?![\d.])", re.ASCII)
_NAMED = re.compile(
    r"""\b(?P<key>user|usr|db|database|dbname|app|application|application_name|client|host|remote|rhost|ip|pid|line|session
    |sess|session_id|xid|txid|tx|vxid|vtx|query_id|qid|sqlstate|state|err|ps|cmd|tag|backend|type|port)
    \s?[=:]\s?(?P<value>"[^"]{0,128}"|[^\s,;|\]"]{1,256})""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?<![\w@=])(?P<user>[\w.$-]{1,63}|\[unknown\])@(?P<database>[\w.$-]{1,63}|\[unknown\])(?![\w@])"
)
_PID = re.compile(r"[\[(](?P<pid>\d{1,10})(?:-\d{1,10})?[\])]", re.ASCII)
_SESSION = re.compile(r"(?<![\w.])(?P<id>[0-9a-f]{7,9}\.[0-9a-f]{1,8})(?![\w.])", re.ASCII)
_REMOTE = re.compile(
    r"(?<![\w.=])(?P<host>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?:[(:](?P<port>\d{1,5})\)?)?(?![\w.])",
    re.ASCII,
)
_NAMES = {
    **dict.fromkeys(("user", "usr"), "user.name"),
    **dict.fromkeys(("db", "database", "dbname"), "postgresql.log.database"),
    **dict.fromkeys(("app", "application", "application_name"), "postgresql.log.application_name"),
    **dict.fromkeys(("session", "sess", "session_id"), "postgresql.log.session_id"),
    **dict.fromkeys(("ps", "cmd", "tag"), "postgresql.log.command_tag"),
    **dict.fromkeys(("vxid", "vtx"), "postgresql.log.virtual_transaction_id"),
    **dict.fromkeys(("sqlstate", "state", "err"), "postgresql.log.sql_state_code"),
    **dict.fromkeys(("backend", "type"), "postgresql.log.backend_type"),
    **dict.fromkeys(("query_id", "qid"), "postgresql.log.query_id"),
}
_NUMBERS = {
    "pid": "process.pid",
    "line": "postgresql.log.session_line_number",
    **dict.fromkeys(("xid", "txid", "tx"), "postgresql.log.transaction_id"),
}
_HOSTS = frozenset({"client", "host", "remote", "rhost", "ip"})
_EMPTY = frozenset({"[unknown]", ""})


def read_prefix(prefix: str, fields: Fields, zone: tzinfo) -> None:
    """Put what a prefix says into fields; stamps without a known zone are in `zone`."""
    rest = _stamp(prefix, fields, zone)
    for found in _NAMED.finditer(rest):
        _named(found["key"].lower(), found["value"].strip('":>'), fields)
    rest = _NAMED.sub(" ", rest)
    account = _ACCOUNT.search(rest)
    if account is not None:
        put_user(account["user"], fields)
        if account["database"] not in _EMPTY:
            fields.setdefault("postgresql.log.database", account["database"])
        rest = rest[: account.start()] + " " + rest[account.end() :]
    remote = _REMOTE.search(rest)
    if remote is not None and "source.ip" not in fields:
        put_client(remote["host"], fields)
        put_port(remote["port"] or "", fields)
        rest = rest[: remote.start()] + " " + rest[remote.end() :]
    pid = _PID.search(rest)
    if pid is not None:
        fields.setdefault("process.pid", int(pid["pid"]))
    session = _SESSION.search(rest)
    if session is not None:
        fields.setdefault("postgresql.log.session_id", session["id"])
        fields.setdefault("process.pid", int(session["id"].partition(".")[2], 16))


def put_user(name: str, fields: Fields) -> None:
    """Put the account of a session, where it has one yet."""
    if name not in _EMPTY:
        fields["user.name"] = name


def _stamp(prefix: str, fields: Fields, zone: tzinfo) -> str:
    """Take the stamp out of a prefix; where there are two, the second is when the session began (`%s`)."""
    found = _STAMP.search(prefix)
    if found is not None:
        moment = moment_of(found["stamp"], found["zone"] or "", zone)
        rest = prefix[: found.start()] + " " + prefix[found.end() :]
    elif epoch := _EPOCH.search(prefix):
        moment = to_instant(float(epoch[0]))
        rest = prefix[: epoch.start()] + " " + prefix[epoch.end() :]
    else:
        return prefix
    if moment is not None:
        fields["@timestamp"] = moment
    return _STAMP.sub(" ", rest)


def moment_of(stamp: str, zone_name: str, zone: tzinfo) -> datetime | None:
    """Return the instant of `%m` or `%t` and the name of its zone."""
    if len(zone_name) == 3 and zone_name[0] in "+-":
        zone_name += "00"
    return instant_of(f"{stamp.replace('T', ' ')} {zone_name}".strip(), zone)


def _named(key: str, value: str, fields: Fields) -> None:
    if value in _EMPTY:
        return
    if key in _HOSTS:
        host, mark, port = value.rstrip(")").partition("(")
        put_client(host, fields)
        if mark:
            put_port(port, fields)
    elif key == "port":
        put_port(value, fields)
    elif key in _NUMBERS:
        put_number(_NUMBERS[key], value.partition("-")[0].lstrip("#"), fields)
    else:
        put_words(_NAMES[key], value, fields)

"""What MySQL and MariaDB write of themselves: error log lines, slow queries, the general query log.

Formats: https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html (and the forms of 5.5, 5.6 and MariaDB, whose
hours may have one digit), https://dev.mysql.com/doc/refman/8.0/en/slow-query-log.html, and MariaDB's
https://mariadb.com/kb/en/slow-query-log-extended-statistics/. Every regular expression is anchored.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from collectors.databases.ends import also, put_client, put_number, put_words, read_statement
from collectors.json_fields import to_instant
from engine.events import Fields

STAMP = re.compile(
    r"""(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?)
    |(?P<date>\d{4}-\d\d-\d\d)\ {1,2}(?P<time>\d{1,2}:\d\d:\d\d)|(?P<short>\d{6})\ {1,2}(?P<clock>\d{1,2}:\d\d:\d\d)""",
    re.VERBOSE | re.ASCII,
)
# `0 [Note] [MY-010926] [Server] text`; the thread, the code and the subsystem came one after the other
_ERROR = re.compile(
    r"""\s+(?:(?P<thread>0x[0-9a-f]{1,16}|\d{1,20})\s+)?\[(?P<level>[A-Za-z]{1,12})\]\ ?
    (?:\[(?P<code>MY-\d{4,8})\]\ )?(?:\[(?P<part>[A-Za-z][\w ]{1,40})\]\ )?(?P<message>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_SAFE = re.compile(
    r"\s+(?:\d{1,10}\s+)?(?P<program>mysqld_safe|mariadbd-safe|mysqld_multi):?\s(?P<message>.*)", re.DOTALL
)
# `14 Connect\troot@localhost on db using TCP/IP`, after a stamp or after two tabs
_GENERAL = re.compile(
    r"""\s{1,32}(?P<thread>\d{1,20})\ (?P<command>Connect|Query|Quit|Init\ DB|Prepare|Execute|Close\ stmt|Field\ List
    |Change\ user|Ping|Statistics|Refresh|Shutdown|Kill|Fetch|Reset\ stmt|Binlog\ Dump(?:\ GTID)?|Register\ Slave
    |Create\ DB|Drop\ DB|Processlist|Debug|Daemon|Set\ option|Long\ Data|Table\ Dump|Connect\ Out|Delayed\ insert)
    (?:\s+(?P<argument>.*))?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
# Who is refused may have written these words into its name: the last of them are the server's.
_DENIED = re.compile(
    r"""Access\ denied\ for\ user\ '(?P<user>.{0,384})'@'(?P<host>[^']{0,255})'
    (?:\ \(using\ password:\ (?P<given>YES|NO)\)|\ to\ database\ '(?P<database>[^']{0,128})')?""",
    re.VERBOSE | re.DOTALL,
)
_ABORTED = re.compile(
    r"Aborted connection \d{1,20} to db: '(?P<database>[^']{0,128})' user: '(?P<user>[^']{0,128})'"
    r" host: '(?P<host>[^']{0,255})'",
)
_CONNECTED = re.compile(r"(?P<user>[^@\s]{0,128})@(?P<host>\S{0,255}) (?:as \S{0,128} )?on ?(?P<database>\S{0,128})")
_WHO = re.compile(
    r"# User@Host: (?P<login>[^\[\n]{0,128})\[(?P<user>[^\]\n]{0,128})\] @ {1,2}(?P<host>[^\[\n]{0,255}?) ?"
    r"\[(?P<ip>[^\]\n]{0,64})\](?: {1,3}Id: {1,12}(?P<id>\d{1,20}))?"
)
_PAIR = re.compile(r"(?P<key>[A-Z][\w]{1,40}): {1,2}(?P<value>[^\s:]{1,128})(?=\s|$)", re.ASCII)
_SET = re.compile(r"(?:^|\n)SET timestamp=(?P<epoch>\d{9,11})(?:\.(?P<fraction>\d{1,6}))?", re.ASCII)
_USE = re.compile(r"(?:^|\n)use (?P<schema>[^;\n]{1,128});")
_NUMBERS = {
    "Lock_time": "lock_time.sec", "Rows_sent": "rows_sent", "Rows_examined": "rows_examined",
    "Rows_affected": "rows_affected", "Bytes_sent": "bytes_sent", "Errno": "errno", "Killed": "killed",
    "Thread_id": "thread_id", "Schema": "schema", "QC_hit": "query_cache_hit", "Full_scan": "full_scan",
    "Full_join": "full_join", "Tmp_table": "tmp_table", "Filesort": "filesort", "Last_errno": "last_errno",
    "Bytes_received": "bytes_received", "Start": "start", "End": "end",
}  # fmt: skip
_BILLION = 1_000_000_000


def moment_of(found: re.Match[str], zone: tzinfo) -> datetime | None:
    """Return the instant of a `STAMP`; those without a zone are in `zone`."""
    if found["iso"]:
        return to_instant(found["iso"], zone)
    date = found["date"] or f"20{found['short'][:2]}-{found['short'][2:4]}-{found['short'][4:]}"
    time = found["time"] or found["clock"]
    return to_instant(f"{date}T{time.rjust(8, '0')}", zone)


def read_error(rest: str, fields: Fields) -> bool:
    """Read what stands behind the stamp of an error log line; tell whether it is one."""
    if safe := _SAFE.match(rest):
        fields["mysql.program"] = safe["program"]
        fields["message"] = safe["message"]
        return True
    found = _ERROR.match(rest)
    if found is None:
        return False
    fields["log.level"] = found["level"]
    put_words("event.code", found["code"], fields)
    put_words("event.provider", found["part"], fields)
    if found["thread"]:
        number = int(found["thread"], 16 if found["thread"].startswith("0x") else 10)
        fields["mysql.thread_id"] = number if number < 2**63 else found["thread"]
    fields["message"] = found["message"]
    if found["level"].upper() == "ERROR":
        fields["event.type"] = ["error"]
    read_refusal(found["message"], fields)
    return True


def read_refusal(message: str, fields: Fields) -> bool:
    """Read a refused log-in or a broken connection out of a message."""
    if found := _DENIED.search(message, 0, 4000):
        also(fields, "event.category", ("authentication",))
        fields["event.action"], fields["event.outcome"] = "login", "failure"
        if found["given"]:
            fields["mysql.using_password"] = found["given"] == "YES"
    elif found := _ABORTED.search(message, 0, 4000):
        also(fields, "event.category", ("session",))
        fields["event.action"], fields["event.outcome"] = "connection-aborted", "failure"
    else:
        return False
    if found["user"] and found["user"] != "unauthenticated":
        fields["user.name"] = found["user"]
    put_client(found["host"], fields)
    put_words("mysql.database", found["database"], fields)
    fields["event.reason"] = message.partition("\n")[0]
    return True


def read_general(rest: str, fields: Fields) -> bool:
    """Read what stands behind the stamp of the general query log; tell whether it is a line of it."""
    found = _GENERAL.match(rest)
    if found is None:
        return False
    command, argument = found["command"], (found["argument"] or "").strip()
    fields["event.dataset"] = "mysql.general"
    fields["event.action"] = command.lower().replace(" ", "-")
    put_number("mysql.thread_id", found["thread"], fields)
    fields["message"] = argument or command
    if command == "Connect":
        if not read_refusal(argument, fields):
            _connected(argument, fields)
    elif command in {"Query", "Prepare", "Execute"}:
        put_words("mysql.query", argument, fields)
        read_statement(argument, fields)
    elif command == "Quit":
        also(fields, "event.category", ("session",))
        also(fields, "event.type", ("end",))
    return True


def _connected(argument: str, fields: Fields) -> None:
    found = _CONNECTED.match(argument)
    if found is None:
        return
    also(fields, "event.category", ("authentication", "session"))
    also(fields, "event.type", ("start",))
    fields["event.outcome"] = "success"
    put_words("user.name", found["user"], fields)
    put_client(found["host"], fields)
    put_words("mysql.database", found["database"], fields)


def read_slow(text: str, fields: Fields, zone: tzinfo) -> bool:
    """Read one entry of the slow query log; tell whether it is one."""
    who = _WHO.search(text, 0, 4000)
    if who is None:
        return False
    fields["event.dataset"] = "mysql.slowlog"
    fields["event.outcome"] = "unknown"
    _person(who, fields)
    values = {found["key"]: found["value"] for line in _comments(text) for found in _PAIR.finditer(line)}
    _times(text, values, fields, zone)
    for key, name in _NUMBERS.items():
        if key in values:
            _number(f"mysql.slowlog.{name}", values[key], fields)
    query = _statement(text)
    if schema := _USE.search(text, 0, 8000):
        fields["mysql.slowlog.schema"] = schema["schema"].strip("`")
    put_words("mysql.slowlog.query", query, fields)
    fields["message"] = query
    return True


def _person(who: re.Match[str], fields: Fields) -> None:
    put_words("user.name", who["user"] or who["login"], fields)
    put_client(who["host"], fields)
    put_client(who["ip"], fields)
    if who["id"]:
        fields["mysql.thread_id"] = fields["process.thread.id"] = int(who["id"])


def _comments(text: str) -> list[str]:
    return [line for line in text.split("\n")[:12] if line.startswith("# ") and not line.startswith("# User@Host")]


def _times(text: str, values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    """The entry is written when the query ends; `SET timestamp` is when it began (or, before 8.0.14, ended)."""
    end: datetime | None = None
    first = text.partition("\n")[0]
    if first.startswith("# Time:") and (stamp := STAMP.match(first.removeprefix("# Time:").strip())):
        end = moment_of(stamp, zone)
    duration = _seconds(values.get("Query_time", ""))
    if duration is not None:
        fields["event.duration"] = int(duration * _BILLION)
        fields["mysql.slowlog.query_time.sec"] = duration
    found = _SET.search(text, 0, 8000)
    if found is not None:
        start = datetime.fromtimestamp(int(found["epoch"]), UTC)
        fields["event.start"] = start
        end = end or start
    if end is not None:
        fields["@timestamp"] = fields["event.end"] = end


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None


def _number(name: str, text: str, fields: Fields) -> None:
    if text.isascii() and text.isdecimal() and len(text) < 19:
        fields[name] = int(text)
    elif (seconds := _seconds(text)) is not None and "time" in name:
        fields[name] = seconds
    else:
        fields[name] = text


def _statement(text: str) -> str:
    """Return the statement behind the comments, `use` and `SET timestamp`."""
    lines = text.split("\n")
    place = 0
    while place < len(lines) and lines[place].startswith(("# ", "use ", "SET timestamp=", "SET last_insert_id=", "#")):
        place += 1
    return "\n".join(lines[place:]).strip()

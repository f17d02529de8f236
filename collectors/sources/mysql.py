"""MySQL and MariaDB server logs: error log (text and JSON), slow query log, general query log.

Formats: see `collectors.databases.mysql_server`; the JSON error log is that of `log_sink_json`. The audit logs are a
source of their own, `mysql_audit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.databases.ends import finish_database, put_number, put_words
from collectors.databases.mysql_server import STAMP, moment_of, read_error, read_general, read_refusal, read_slow
from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.host.programs import refuse_others
from collectors.json_fields import load_record, to_instant
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_HEADER = re.compile(
    r"\S{1,400}, Version: .*|(?:Tcp|TCP) port: .*|Time {1,40}Id Command {1,20}Argument.*",
    re.DOTALL,
)
_BEGINS = re.compile(
    rb"# Time:|\d{4}-\d\d-\d\d[T ] ?\d{1,2}:\d\d:\d\d|\d{6} {1,2}\d{1,2}:\d\d:\d\d"
    rb"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\{ ?\"|\S{1,400}, Version: |(?:Tcp|TCP) port: |Time {1,40}Id "
    rb"|\t\t {0,10}\d{1,20} [A-Z][a-z]|<\d{1,3}>"
)
_WHO = b"# User@Host:"
_PROGRAMS = frozenset({"mysqld", "mariadbd", "mysqld_safe", "mysql", "mariadb", "mysqld-auto.cnf"})
_LOOKED_AT = 80


class MysqlParser:
    """Reads the records of one log; the general log gives a stamp to the lines that follow it in the same second."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for the lines that a server writes when it opens a log.

        Raise where it is no record of these logs.
        """
        text = decode(record.raw).strip("\r\n \x00")
        if not text or _HEADER.fullmatch(text):
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "mysql",
            "event.dataset": "mysql.error",
            "event.category": ["database"],
            "event.type": ["info"],
        }
        if text.startswith("{"):
            self._json(record.raw, fields)
        elif text.startswith(("# Time:", "# User@Host:")) and read_slow(text, fields, self._options.zone):
            pass
        elif not self._stamped(text, fields):
            raise MalformedRecordError("no stamp of MySQL's logs in front of it")
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return finish_database(fields)

    def _stamped(self, text: str, fields: Fields) -> bool:
        found = STAMP.match(text)
        if found is not None:
            moment = moment_of(found, self._options.zone)
            if moment is not None:
                fields["@timestamp"] = moment
            rest = text[found.end() :]
            if not read_error(rest, fields) and not read_general(rest, fields):
                fields["message"] = rest.strip()
                read_refusal(rest, fields)
            return True
        header = parse_header(text, self._options)
        if header.kind != "bare":
            refuse_others(header, "mysql")
            values = (("@timestamp", header.timestamp), ("host.name", header.host), ("process.pid", header.pid))
            fields.update({name: value for name, value in values if value is not None})
            put_words("process.name", header.program, fields)
            fields.update(syslog_fields(header))
            fields["message"] = header.message
            return self._stamped(header.message, fields) or read_error(f" {header.message}", fields) or True
        return read_general(f" {text}", fields)

    def _json(self, raw: bytes, fields: Fields) -> None:
        """Read a record of `log_sink_json`."""
        document = load_record(raw)
        if not isinstance(document, dict) or "msg" not in document:
            raise MalformedRecordError("JSON, but no record of MySQL's JSON error log: it has no msg")
        values = {str(key): value if isinstance(value, str) else str(value) for key, value in document.items()}
        moment = to_instant(values.get("time"), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        names = {"label": "log.level", "subsystem": "event.provider", "err_symbol": "mysql.error_symbol",
                 "SQL_state": "mysql.sql_state", "source_file": "mysql.source_file", "component": "mysql.component",
                 "function": "mysql.function"}  # fmt: skip
        for key, name in names.items():
            put_words(name, values.get(key), fields)
        put_number("mysql.thread_id", values.get("thread", ""), fields)
        if values.get("err_code", "").isdecimal():
            fields["event.code"] = f"MY-{values['err_code'].zfill(6)}"
        fields["message"] = values["msg"]
        if values.get("label", "").upper() == "ERROR":
            fields["event.type"] = ["error"]
        read_refusal(values["msg"], fields)


class _Beginnings:
    """Tells where records begin; an entry of the slow log has a `# Time` line only once in a second."""

    def __init__(self) -> None:
        self._timed = False

    def __call__(self, line: bytes) -> bool:
        if line.startswith(_WHO):
            begins, self._timed = not self._timed, False
            return begins
        self._timed = line.startswith(b"# Time:")
        return _BEGINS.match(line) is not None


class Mysql:
    """MySQL's and MariaDB's server logs."""

    name = "mysql"
    datasets = ("mysql.error", "mysql.slowlog", "mysql.general")
    aliases: tuple[str, ...] = ("mariadb", "mysql.error", "mysql.slowlog", "mysqld", "percona")
    title = "MySQL and MariaDB error, slow query and general query logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the levels, threads and commands behind MySQL's stamps, or by the comments of the slow log."""
        found = [line for line in decode(head[:32768]).split("\n")[:_LOOKED_AT] if line.strip()]
        named = 2 * any(word in filename.lower() for word in ("mysql", "maria", "slow"))
        if any(line.startswith("# User@Host: ") for line in found):
            return 95 + named
        if found and found[0].startswith("{") and _is_json(found[0]):
            return 95 + named
        begun = [line for line in found if _BEGINS.match(line.encode("utf-8", "replace"))]
        known = sum(_is_own(line[:2000]) for line in begun)
        if not known or known * 2 < len(begun):
            return 0
        return round(78 + 14 * known / len(begun)) + named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records; lines without a beginning belong to the record before."""
        return grouped_lines(stream, _Beginnings())

    def open(self, options: Options) -> MysqlParser:
        """Return a parser for one log."""
        return MysqlParser(options)


def _is_json(line: str) -> bool:
    return '"err_symbol"' in line or ('"prio"' in line and '"err_code"' in line)


def _is_own(line: str) -> bool:
    fields: Fields = {}
    found = STAMP.match(line)
    if found is not None:
        rest = line[found.end() :]
        return (read_error(rest, fields) and _like_mysql(fields)) or read_general(rest, fields)
    if _HEADER.fullmatch(line):
        return "mysqld" in line or "mariadbd" in line or line.startswith(("Tcp port", "TCP port", "Time  "))
    header = parse_header(line, Options())
    return header.kind != "bare" and header.program in _PROGRAMS


def _like_mysql(fields: Fields) -> bool:
    """Tell MySQL's levels from those of other programs that write stamp and level in brackets."""
    if "mysql.program" in fields or "event.code" in fields:
        return True
    return fields.get("log.level") in {"Note", "Warning", "ERROR", "System", "Error"}


SOURCE: Final = Mysql()

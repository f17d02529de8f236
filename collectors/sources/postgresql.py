"""PostgreSQL's server log: stderr with any `log_line_prefix`, `csvlog`, `jsonlog`, syslog; with pgaudit's records.

Formats: https://www.postgresql.org/docs/current/runtime-config-logging.html (CSV columns of versions 9.0 to 17, JSON
keys since 15). A message's DETAIL, HINT, STATEMENT and CONTEXT lines belong to its event, as do the lines of a
statement of several lines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.databases.ends import also, finish_database, put_client, put_number, put_port, put_words, read_statement
from collectors.databases.postgres_messages import read_message
from collectors.databases.postgres_prefix import LEVEL, LONGEST, PART, moment_of, put_user, read_prefix
from collectors.files import rewound
from collectors.framing import decode
from collectors.grouping import Quotes, grouped_lines
from collectors.host.programs import begins_others
from collectors.json_fields import load_record, to_instant
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

# The columns of csvlog; 23 since 9.0, backend_type since 13, leader_pid and query_id since 14
_COLUMNS = (
    *("timestamp", "user", "dbname", "pid", "remote", "session_id", "line_num", "ps", "session_start", "vxid", "txid"),
    *("error_severity", "state_code", "message", "detail", "hint", "internal_query", "internal_position", "context"),
    *("statement", "cursor_position", "location", "application_name", "backend_type", "leader_pid", "query_id"),
)
_CSV = re.compile(rb'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z+\-\d:]{1,8},(?:"[^"]*"|)?,(?:"[^"]*")?,\d*,')
_JSON = re.compile(rb'\{(?=.{0,2000}"error_severity")(?=.{0,4000}"(?:line_num|backend_type|session_id)")', re.DOTALL)
_SYSLOG_PART = re.compile(r"\[(?P<message>\d{1,10})-(?P<part>\d{1,10})\] ", re.ASCII)
_STAMP = re.compile(r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: (?P<zone>\S{1,8}))?", re.ASCII)
_TEXTS = {
    "dbname": "database", "session_id": "session_id", "ps": "command_tag", "vxid": "virtual_transaction_id",
    "state_code": "sql_state_code", "detail": "detail", "hint": "hint", "internal_query": "internal_query",
    "context": "context", "location": "location", "application_name": "application_name",
    "backend_type": "backend_type", "session_start": "session_start_time", "func_name": "function",
    "file_name": "source_file",
}  # fmt: skip
_NUMBERS = {
    "line_num": "session_line_number", "txid": "transaction_id", "leader_pid": "leader_pid", "query_id": "query_id",
    "internal_position": "internal_query_pos", "cursor_position": "query_pos", "file_line_num": "source_line",
}  # fmt: skip
_PARTS = {"DETAIL": "detail", "HINT": "hint", "QUERY": "internal_query", "CONTEXT": "context", "LOCATION": "location",
          "BACKTRACE": "backtrace"}  # fmt: skip
_BAD = frozenset({"ERROR", "FATAL", "PANIC"})
_LOOKED_AT = 80


class PostgresParser:
    """Reads the records of one log; each says by its beginning which of the formats it is in."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for a blank one. Raise where it is none of PostgreSQL's formats."""
        raw = record.raw
        if not raw.strip(b" \t\x00"):
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "postgresql",
            "event.dataset": "postgresql.log",
            "event.category": ["database"],
            "event.type": [],
        }
        if raw.lstrip().startswith(b"{"):
            self._json(raw, fields)
        elif _CSV.match(raw):
            self._csv(decode(raw), fields)
        else:
            self._text(decode(raw), fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add the type of what says nothing else, addresses and `related.*`."""
        if fields.get("log.level") in _BAD:
            also(fields, "event.type", ("error",))
        fields["event.type"] = fields["event.type"] or ["info"]
        return finish_database(fields)

    def _json(self, raw: bytes, fields: Fields) -> None:
        document = load_record(raw)
        if not isinstance(document, dict) or "error_severity" not in document:
            raise MalformedRecordError("JSON, but no record of PostgreSQL's jsonlog: it has no error_severity")
        values = {str(key): _plain(value) for key, value in document.items() if value is not None}
        if "remote_host" in values:
            put_client(values["remote_host"], fields)
            put_port(values.get("remote_port", ""), fields)
        self._values(values, fields)

    def _csv(self, text: str, fields: Fields) -> None:
        try:
            row = next(csv.reader([text], strict=False), [])
        except csv.Error as error:
            raise MalformedRecordError(f"no row of csvlog: {error}") from error
        values = {name: value for name, value in zip(_COLUMNS, row, strict=False) if value != ""}
        if "error_severity" not in values or ("message" not in values and len(row) < 14):
            raise MalformedRecordError(f"{len(row)} columns; csvlog has at least 23")
        host, mark, port = values.pop("remote", "").rpartition(":")
        put_client(host if mark else port, fields)
        if mark:
            put_port(port, fields)
            fields["postgresql.log.client_port"] = port
        if "source.ip" in fields:
            fields["postgresql.log.client_addr"] = fields["source.ip"]
        self._values(values, fields)

    def _values(self, values: Mapping[str, str], fields: Fields) -> None:
        """Put the values of a row or a document, by csvlog's names."""
        stamp = _STAMP.match(values.get("timestamp", ""))
        moment = moment_of(stamp["stamp"], stamp["zone"] or "", self._options.zone) if stamp else None
        if moment is None:
            moment = to_instant(values.get("timestamp"), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
            fields["postgresql.log.timestamp"] = values["timestamp"]
        put_user(values.get("user", ""), fields)
        put_number("process.pid", values.get("pid", ""), fields)
        put_words("log.level", values.get("error_severity"), fields)
        for key, name in _TEXTS.items():
            put_words(f"postgresql.log.{name}", values.get(key), fields)
        for key, name in _NUMBERS.items():
            put_number(f"postgresql.log.{name}", values.get(key, ""), fields)
        _say(values.get("message", ""), values.get("statement"), fields)

    def _text(self, text: str, fields: Fields) -> None:
        """Read a record of stderr or syslog: the prefix, the message, and the parts that follow it."""
        head, mark, rest = text.partition("\n")
        header = parse_header(head, self._options)
        if header.program is not None and header.program.startswith("postgres") and header.kind != "bare":
            values = (("@timestamp", header.timestamp), ("host.name", header.host), ("process.pid", header.pid))
            fields.update({name: value for name, value in values if value is not None})
            fields.update(syslog_fields(header))
            part = _SYSLOG_PART.match(header.message)
            head = header.message[part.end() :] if part else header.message
        level = PART.search(head, 0, LONGEST)
        if level is None:
            raise MalformedRecordError("no severity (LOG, ERROR, ...) with two blanks behind it: no line of PostgreSQL")
        read_prefix(head[: level.start()], fields, self._options.zone)
        parts = _parts(level["part"], head[level.end() :] + mark + rest)
        fields["log.level"] = level["part"]
        for name, value in parts[1:]:
            if name in _PARTS:
                put_words(f"postgresql.log.{_PARTS[name]}", value, fields)
        statement = next((value for name, value in parts[1:] if name == "STATEMENT"), None)
        _say(parts[0][1], statement, fields)


def _parts(level: str, text: str) -> list[tuple[str, str]]:
    """Return the message and the parts behind it by their names; the lines that continue one lose their tab."""
    parts: list[tuple[str, list[str]]] = [(level, [])]
    for number, line in enumerate(text.split("\n")):
        found = PART.search(line, 0, LONGEST) if number and not line.startswith(("\t", "#011", "    ")) else None
        if found is not None:
            parts.append((found["part"], [line[found.end() :]]))
        else:
            own = _without_header(line) if number else line
            parts[-1][1].append(own.removeprefix("\t").removeprefix("#011"))
    return [(name, "\n".join(lines).rstrip()) for name, lines in parts]


def _without_header(line: str) -> str:
    """Return what a continuation says behind the syslog header that it got of its own."""
    if "postgres" not in line[:400]:
        return line
    header = parse_header(line, Options())
    part = _SYSLOG_PART.match(header.message)
    return header.message[part.end() :] if part and header.kind != "bare" else line


def _say(message: str, statement: str | None, fields: Fields) -> None:
    fields["message"] = message
    if statement:
        put_words("postgresql.log.query", statement, fields)
        read_statement(statement, fields)
    if fields.get("log.level") in _BAD:
        fields["event.outcome"] = "failure"
    read_message(message, fields)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _begins(line: bytes) -> bool:
    """Tell whether a line begins a record: it has a severity behind a prefix, and is no later part of a message."""
    if line[:1] in b"\t{" or line.startswith((b"    ", b"#011")):
        return line.startswith(b"{")
    text = decode(line[:LONGEST])
    if "]: [" in text and (part := _SYSLOG_PART.search(text)) is not None and part["part"] != "1":
        return False
    return LEVEL.search(text) is not None or begins_others(line, "postgresql")


class Postgres:
    """PostgreSQL's server log."""

    name = "postgresql"
    datasets = ("postgresql.log",)
    aliases: tuple[str, ...] = ("postgres", "pgsql", "postgresql.log", "pgaudit")
    title = "PostgreSQL server log (stderr with any prefix, csvlog, jsonlog, syslog) with pgaudit"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by csvlog's columns, jsonlog's keys, or the severities behind a prefix with stamp or pid."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = 2 * ("postgres" in filename.lower() or "pgsql" in filename.lower())
        if _CSV.match(start) or _JSON.match(start[:8192]):
            return 96 + named
        if start.startswith((b"{", b"[")):
            return 0
        found = [line for line in start[:32768].split(b"\n")[:_LOOKED_AT] if line.strip()]
        marked = [line for line in found if not line.startswith((b"\t", b"    "))]
        known = sum(_is_own(decode(line[:LONGEST])) for line in marked)
        if not known or known * 3 < len(marked):
            return 0
        return round(80 + 14 * known / len(marked)) + named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records: rows, objects, or messages with all their parts."""
        head = stream.read(8192)
        stream = rewound(stream, head)
        if _CSV.match(head.removeprefix(b"\xef\xbb\xbf")):
            return grouped_lines(stream, Quotes().begins)
        return grouped_lines(stream, _begins)

    def open(self, options: Options) -> PostgresParser:
        """Return a parser for one log."""
        return PostgresParser(options)


def _is_own(line: str) -> bool:
    found = PART.search(line)
    if found is None:
        return False
    prefix = line[: found.start()]
    fields: Fields = {}
    header = parse_header(line, Options())
    if header.program is not None and header.program.startswith("postgres"):
        return True
    read_prefix(prefix, fields, Options().zone)
    return "@timestamp" in fields or ("process.pid" in fields and "user.name" in fields)


SOURCE: Final = Postgres()

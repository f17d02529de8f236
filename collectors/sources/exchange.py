"""Exchange's own log files: HTTP proxy, cmdlets, message tracking, SMTP protocols, and the admin audit log as CSV.

They start with `#Software: Microsoft Exchange Server` (HTTP proxy logs: with the column names before it), say their
kind in `#Log-type` and their columns in `#Fields`; any selection of columns is read. `Search-AdminAuditLog |
Export-Csv` has its columns in the first line. Times are UTC unless a zone is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.source import MAX_RECORD, Options, Record
from collectors.windows.exchange_columns import TIMES, categorise, column_setter, word
from collectors.windows.exchange_sessions import SMTP, default_columns, read_session
from collectors.windows.system import moment_of
from engine.errors import MalformedRecordError
from engine.events import Fields

_SOFTWARE: Final = b"#Software: Microsoft Exchange"
_MOST_LINES: Final = 64  # that one quoted value may span
_ADMIN: Final = frozenset({"cmdletname", "caller"})
_PROXY: Final = frozenset({"datetime", "requestid", "majorversion"})


class ExchangeParser:
    """Reads rows by the columns that the log names."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._columns: list[tuple[str, Callable[[Fields, str], None]]] = []
        self._dataset = "exchange.log"

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of a row; None for directives and the line that names the columns."""
        text = decode(record.raw)
        if text.startswith("#"):
            self._directive(text)
            return None
        values = split_row(text)
        if _is_header({word(value) for value in values}):
            self._name(values)
            if {word(value) for value in values} >= _ADMIN:
                self._dataset = "exchange.admin_audit"
            return None
        if not self._columns:
            self._name_by_shape(values)
        if len(values) > len(self._columns):
            raise MalformedRecordError(f"{len(values)} values for {len(self._columns)} columns")
        return self._row(values)

    def _directive(self, text: str) -> None:
        name, _, value = text[1:].partition(":")
        if name.strip().lower() == "log-type":
            self._dataset = dataset_of(value)
        elif name.strip().lower() == "fields":
            self._name(split_row(value.strip()))

    def _name(self, columns: list[str]) -> None:
        self._columns = [(word(column), column_setter(column)) for column in columns[:400]]

    def _name_by_shape(self, values: list[str]) -> None:
        """Take the columns of a protocol log whose header was cut off; raise where a row is none of these."""
        columns = default_columns(values)
        if columns is None:
            raise MalformedRecordError("a row before any #Fields line")
        self._name(list(columns))
        self._dataset = "exchange.smtp" if columns is SMTP else "exchange.client_access"

    def _row(self, values: list[str]) -> Fields:
        fields: Fields = {
            "event.module": "exchange",
            "event.dataset": self._dataset,
            "event.kind": "event",
            "event.provider": "Microsoft Exchange Server",
        }
        times: dict[str, str] = {}
        for (plain, setter), value in zip(self._columns, values, strict=False):
            if plain in TIMES:
                times[plain] = value
            if value:
                setter(fields, value)
        stamp = next((times[name] for name in TIMES if times.get(name)), "")
        moment = moment_of(stamp, self._options.zone) if stamp else None
        if stamp and moment is None and "date" not in times:
            raise MalformedRecordError(f"a time that can't be read: {stamp[:60]}")
        if moment is not None:
            fields["@timestamp"] = moment
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add category, type, outcome and the related names."""
        categorise(fields)
        if "exchange.data" in fields or "exchange.command" in fields:
            read_session(fields)
        for target, name in (
            ("related.user", "user.name"),
            ("related.ip", "source.ip"),
            ("related.hosts", "host.name"),
        ):
            if name in fields:
                fields.setdefault(target, [str(fields[name])])
        return fields


def dataset_of(log_type: str) -> str:
    """Return the dataset of a `#Log-type`: "Message Tracking Log" is `exchange.message_tracking`."""
    words = "".join(letter if letter.isalnum() else " " for letter in log_type.lower()).split()
    while words and words[-1] in ("log", "logs"):
        words.pop()
    return "exchange." + ("_".join(words)[:80] or "log")


def split_row(text: str) -> list[str]:
    """Split a row at its commas; values in quotes may hold commas and doubled quotes."""
    values: list[str] = []
    at, end = 0, len(text)
    while at <= end:
        if at < end and text[at] == '"':
            value, at = _quoted(text, at + 1)
        else:
            comma = text.find(",", at)
            comma = end if comma == -1 else comma
            value, at = text[at:comma], comma
        values.append(value)
        at += 1
    return values


def _quoted(text: str, at: int) -> tuple[str, int]:
    """Return the quoted value that starts at `at`, and where the comma after it stands (or the text ends)."""
    parts: list[str] = []
    while True:
        quote = text.find('"', at)
        if quote == -1:
            parts.append(text[at:])
            return "".join(parts), len(text)
        parts.append(text[at:quote])
        if text[quote + 1 : quote + 2] != '"':
            comma = text.find(",", quote)
            comma = len(text) if comma == -1 else comma
            return "".join(parts) + text[quote + 1 : comma], comma
        parts.append('"')
        at = quote + 2


def _is_header(words: set[str]) -> bool:
    return words >= _ADMIN or words >= _PROXY


def _rows(stream: BinaryIO) -> Iterator[Record]:
    """Yield the lines, joined where a quoted value holds a line end; a quote that never ends joins nothing."""
    waiting: list[Record] = []
    for record in lines(stream):
        odd = record.raw.count(b'"') % 2 == 1 and record.problem is None
        if waiting:
            waiting.append(record)
            if odd and sum(len(part.raw) for part in waiting) < MAX_RECORD:
                raw = b"\n".join(part.raw for part in waiting)
                yield Record(offset=waiting[0].offset, number=waiting[0].number, raw=raw)
                waiting = []
            elif len(waiting) > _MOST_LINES or record.raw.startswith(b"#") or record.problem is not None:
                yield from waiting
                waiting = []
        elif odd:
            waiting.append(record)
        else:
            yield record
    yield from waiting


class Exchange:
    """Exchange's own log files."""

    name = "exchange"
    aliases: tuple[str, ...] = (
        "exchange_admin_audit",
        "exchange_httpproxy",
        "exchange_message_tracking",
        "microsoft_exchange",
        "msexchange",
    )
    title = "Microsoft Exchange logs (HTTP proxy, cmdlets, message tracking, admin audit)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the `#Software` line, or by the columns of the admin audit log."""
        start = head.removeprefix(b"\xef\xbb\xbf")[:16384]
        if _SOFTWARE in start:
            return 100
        first = [line for line in start.split(b"\n")[:2] if not line.startswith(b"#TYPE")]
        named = filename.lower().endswith((".csv", ".log"))
        if first and default_columns(split_row(decode(first[0][:8192].strip(b"\r\n")))) is not None:
            return 88 + 2 * named
        return (
            88 + 2 * named
            if first and _is_header({word(value) for value in split_row(decode(first[0].strip()))})
            else 0
        )

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the text into rows."""
        return _rows(stream)

    def open(self, options: Options) -> ExchangeParser:
        """Return a parser for one log."""
        return ExchangeParser(options)


SOURCE: Final = Exchange()

"""Microsoft IIS: W3C extended logs by their own `#Fields:` line, HTTP.sys error logs, and the older IIS format.

Formats: https://www.w3.org/TR/WD-logfile.html,
https://learn.microsoft.com/windows/win32/http/w3c-logging, https://learn.microsoft.com/windows/win32/http/iis-logging.
W3C stamps are UTC; the IIS format (commas) has the server's local time, for which `Options.zone` holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import BinaryIO

from collectors.framing import decode, lines
from collectors.source import Options, Parser, Record
from collectors.web.address import endpoint
from collectors.web.client import destination_fields, source_fields, user_fields
from collectors.web.complete import complete
from collectors.web.stamps import iso_instant, w3c_instant
from collectors.web.w3c import Columns, default_columns
from engine.errors import MalformedRecordError
from engine.events import Fields

_MILLISECOND = 1_000_000  # nanoseconds, the unit of `event.duration`
_QUOTED = re.compile(r'"([^"]*)"|(\S+)')
_NATIVE = re.compile(
    r"""(?P<client>[^\s,]{1,255}),\ ?(?P<user>[^,]{0,255}),\ ?(?P<date>[\d./\-]{6,10}),\ ?(?P<time>\d{1,2}:\d\d:\d\d),
    \ ?(?P<site>[^,]{0,255}),\ ?(?P<computer>[^,]{0,255}),\ ?(?P<server>[^\s,]{0,255}),\ ?(?P<taken>\d{1,15}),
    \ ?(?P<received>\d{1,15}),\ ?(?P<sent>\d{1,15}),\ ?(?P<status>\d{1,3}),\ ?(?P<win32>\d{1,15}),
    \ ?(?P<method>[^\s,]{1,32}),\ ?(?P<target>[^,]*+),(?P<query>.*?),?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NATIVE_DATE = re.compile(r"(\d{1,4})[./\-](\d{1,2})[./\-](\d{1,4})", re.ASCII)


class IisParser:
    """Reads lines by the last `#Fields:` line, which may come again and name other columns."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone
        self._host = options.host
        self._columns: Columns | None = None
        self._dataset = "iis.access"
        self._day: datetime | None = None  # midnight of the date that `#Date:` gave, for logs without a date column
        self._previous = ""

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for directives and for the zero bytes that IIS leaves behind a crash."""
        line = decode(record.raw).strip("\x00")
        if not line.strip():
            return None
        if line[0] == "#":
            self._directive(line)
            return None
        values = line.split(" ")
        columns = self._columns
        if columns is None or len(values) != columns.count:
            columns, values = self._fit(line, values)
            if columns is None:
                return self._native(line)
        fields: Fields = {
            "@timestamp": self._instant(columns, values),
            "event.dataset": self._dataset,
            "event.module": "iis",
        }
        columns.read(values, fields)
        if self._host is not None:
            fields.setdefault("host.name", self._host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; IIS names the ends by their roles, so `client.*` and `server.*` are known too."""
        for name, copy in (
            ("source.ip", "client.ip"),
            ("destination.ip", "server.ip"),
            ("http.request.bytes", "client.bytes"),
            ("http.response.bytes", "server.bytes"),
        ):
            if name in fields:
                fields[copy] = fields[name]
        return complete(fields)

    def _directive(self, line: str) -> None:
        name, _, value = line.partition(":")
        match name.lower():
            case "#fields":
                names = value.split()
                self._columns = Columns(names) if names else None
                errors = self._columns is not None and "s-reason" in self._columns.names
                self._dataset = "iis.error" if errors else "iis.access"
            case "#date":
                try:
                    moment = iso_instant(value.strip(), UTC)
                except MalformedRecordError:
                    return  # a damaged directive costs no record; lines that need its date say so themselves
                self._day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
                self._previous = ""

    def _fit(self, line: str, values: list[str]) -> tuple[Columns | None, list[str]]:
        """Find the reading of a line that fits: empty values, quoted values, or (without a header) default columns."""
        readings = [values, line.split()]
        if '"' in line:
            readings.append([quoted or word for quoted, word in _QUOTED.findall(line)])
        if self._columns is None:
            for reading in readings:
                columns = default_columns(reading)
                if columns is not None:
                    return columns, reading
            return None, values
        for reading in readings:
            if len(reading) == self._columns.count:
                return self._columns, reading
        if _NATIVE.fullmatch(line):
            return None, values
        raise MalformedRecordError(f"{len(values)} values where #Fields names {self._columns.count} columns")

    def _instant(self, columns: Columns, values: list[str]) -> datetime:
        if columns.time is None:
            raise MalformedRecordError("#Fields names no time column")
        time = values[columns.time]
        if columns.date is not None:
            return w3c_instant(f"{values[columns.date]} {time}")
        if self._day is None:
            raise MalformedRecordError("no date: #Fields names no date column, and no #Date: line stands in front")
        if time < self._previous and _hour(self._previous) - _hour(time) > 12:
            self._day += timedelta(days=1)
        self._previous = time
        return w3c_instant(f"{self._day:%Y-%m-%d} {time}")

    def _native(self, line: str) -> Fields:
        found = _NATIVE.fullmatch(line)
        if found is None:
            raise MalformedRecordError(
                f"{len(line.split())} values, no #Fields line in front, and not the shape of a default IIS log"
            )
        fields = _native_fields(found, self._zone)
        if self._host is not None:
            fields.setdefault("host.name", self._host)
        return fields


class IisSource:
    """IIS access logs and HTTP.sys error logs."""

    name = "iis"
    aliases: tuple[str, ...] = ("iis.access", "iis.error", "w3c", "httperr")
    title = "Microsoft IIS access logs (W3C, IIS format) and HTTP.sys error logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Return how surely it is IIS's: by `#Software:` and `#Fields:`, else by the shape of its lines."""
        first = [line.strip("\x00") for line in decode(head).splitlines()[:60]]
        directives = [line for line in first if line.startswith("#")]
        if any(line.startswith("#Software: Microsoft Internet Information Services") for line in directives):
            return 98
        for line in directives:
            if line.lower().startswith("#fields:") and Columns(line[8:].split()).looks_like_iis():
                return 92
        content = [line for line in first if line and not line.startswith("#")]
        if directives or not content:
            return 0
        alike = sum(1 for line in content if default_columns(line.split(" ")) or _NATIVE.fullmatch(line))
        named = 3 if filename.lower().startswith(("u_ex", "u_nc", "u_in", "ex", "in")) else 0
        return round(85 * alike / len(content)) + named if 2 * alike >= len(content) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return IisParser(options)


def _hour(text: str) -> int:
    return int(text[:2]) if text[:2].isascii() and text[:2].isdecimal() else 0


def _native_fields(found: re.Match[str], zone: tzinfo) -> Fields:
    fields: Fields = {
        "@timestamp": _native_instant(found["date"], found["time"], zone),
        "event.dataset": "iis.access",
        "event.module": "iis",
        "event.duration": int(found["taken"]) * _MILLISECOND,
        "http.request.bytes": int(found["received"]),
        "http.response.bytes": int(found["sent"]),
        "http.response.status_code": int(found["status"]),
        "http.request.method": found["method"],
        "iis.access.win32_status": int(found["win32"]),
    }
    source_fields(found["client"], fields)
    destination_fields(endpoint(found["server"]), fields)
    target, query = found["target"].strip(), found["query"].strip().removesuffix(",").strip()
    if target not in {"", "-"}:
        fields["url.path"] = fields["url.original"] = target
    if query not in {"", "-"}:
        fields["url.query"] = query
        fields["url.original"] = f"{target}?{query}"
    named = (("site", "iis.access.site_name"), ("computer", "host.name"))
    user_fields(found["user"].strip(), fields)
    fields.update({name: text for group, name in named if (text := found[group].strip()) not in {"", "-"}})
    return fields


@lru_cache(maxsize=4096)
def _native_instant(day: str, time: str, zone: tzinfo) -> datetime:
    """Read the date as the server's locale wrote it: month first with slashes (unless that is no month), day first
    with dots, year first with hyphens.
    """
    found = _NATIVE_DATE.fullmatch(day)
    if found is None:
        raise MalformedRecordError(f"unreadable date {day}")
    first, second, third = found.groups()
    if len(first) == 4:
        year, month, number = first, second, third
    elif "." in day or int(first) > 12:
        year, month, number = third, second, first
    else:
        year, month, number = third, first, second
    if len(year) == 2:
        year = ("19" if int(year) >= 70 else "20") + year
    return iso_instant(f"{year:0>4}-{month:0>2}-{number:0>2} {time:0>8}", zone)


SOURCE = IisSource()

"""Redis' own log (also Valkey's and Sentinel's): what the server does, who connects, attacks that it noticed.

Format: Redis source, `serverLogRaw` (`PID:ROLE DAY MONTH YEAR TIME LEVEL MESSAGE`; to version 2.8 `[PID] DAY MONTH TIME
LEVEL MESSAGE`, the number left out before). Levels are `.` debug, `-` verbose, `*` notice, `#` warning. Fields of the
log: `redis.log.role`. Connections are told at the level verbose and below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields, year_of
from collectors.web.address import endpoint
from collectors.web.stamps import MONTHS
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"(?:\[(?P<old>\d{1,10})\] |(?P<pid>\d{1,10}):(?P<role>[XCSM]) |(?P<signal>\d{1,10}):signal-handler \(\d+\) )?"
    r"(?:(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?:(?P<year>\d{4}) )?(?P<time>\d\d:\d\d:\d\d(?:\.\d{3})?) )?"
    r"(?P<level>[.\-*#]) (?P<message>.*)",
    re.ASCII,
)
_ROLES: Final = {"X": "sentinel", "C": "child", "S": "replica", "M": "master"}
_LEVELS: Final = {".": "debug", "-": "verbose", "*": "notice", "#": "warning"}
_CONNECTED: Final = re.compile(r"(?P<what>Accepted|Client closed connection|Closing idle client)\b(?P<rest>.{0,200})")
_PLACE = re.compile(
    r"(?:addr=)?(?P<end>\[[0-9A-Fa-f:.]{2,45}\]:\d{1,5}|[0-9.]{7,15}:\d{1,5}|[0-9A-Fa-f:]{2,39}:\d{1,5})"
)
_ATTACK: Final = "Possible SECURITY ATTACK detected"
_STARTS: Final = ("Server initialized", "Ready to accept connections", "oO0OoO0OoO0Oo Redis is starting")
_ENDS: Final = ("User requested shutdown", "Redis is now ready to exit", "Sentinel is now ready to exit")


class RedisParser:
    """Reads the lines of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is none of Redis'."""
        line = decode(record.raw).strip()
        if not line:
            return None
        header = parse_header(line, self._options)
        found = _LINE.fullmatch(header.message if header.program is not None else line)
        stands = found is not None and (found["day"] is not None or header.program is not None)
        if found is None or not stands or (found["month"] is not None and found["month"] not in MONTHS):
            raise MalformedRecordError("no line of Redis: number, time, level (. - * #) and message are wanted")
        fields: Fields = {"event.kind": "event", "event.module": "redis", "event.dataset": "redis.log"}
        if header.program is not None:
            fields.update(syslog_fields(header))
        moment = self._moment(found) or header.timestamp
        if moment is not None:
            fields["@timestamp"] = moment
        if host := header.host or self._options.host:
            fields["host.name"] = host
        if number := found["pid"] or found["old"] or found["signal"]:
            fields["process.pid"] = int(number)
        if role := _ROLES.get(found["role"] or ""):
            fields["redis.log.role"] = role
        fields["service.type"] = "redis"
        fields["log.level"] = _LEVELS[found["level"]]
        fields["message"] = found["message"]
        _classify(found["message"], fields)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return finish(fields)

    def _moment(self, found: re.Match[str]) -> datetime | None:
        if found["day"] is None:
            return None
        day, month = int(found["day"]), MONTHS[found["month"]]
        options = self._options
        year = int(found["year"]) if found["year"] else year_of(month, day, options.reference, options.zone)
        return to_instant(f"{year:04}-{month:02}-{day:02}T{found['time']}", options.zone) if year else None


def _classify(message: str, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("database",), ("info",)
    if message.startswith(_ATTACK):
        fields["event.kind"] = "alert"
        fields["event.category"], fields["event.type"] = ("database", "intrusion_detection"), ("denied",)
    elif message.startswith(_STARTS):
        fields["event.type"] = ("start",)
    elif message.startswith(_ENDS):
        fields["event.type"] = ("end",)
    elif connected := _CONNECTED.match(message):
        kind = "start" if connected["what"] == "Accepted" else "end"
        fields["event.category"], fields["event.type"] = ("database", "network"), ("connection", kind)
        if place := _PLACE.search(connected["rest"]):
            _put_end(place["end"], fields)


def _put_end(written: str, fields: Fields) -> None:
    found = endpoint(written)
    if found.ip is not None:
        fields["source.ip"] = found.ip
        if found.port is not None:
            fields["source.port"] = found.port


class Redis:
    """The log of a Redis server."""

    name = "redis"
    datasets = ("redis.log",)
    aliases: tuple[str, ...] = ("redis.log", "valkey", "wazuh_redis")
    title = "Redis and Valkey: server log"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the first line: number, time and one of four signs."""
        line = decode(head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0][:600]).strip()
        found = _LINE.fullmatch(line)
        if found is None or found["day"] is None or found["month"] not in MONTHS:
            return 0
        named = any(word in filename.lower() for word in ("redis", "valkey"))
        return (90 if found["pid"] or found["old"] else 70) + 5 * named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> RedisParser:
        """Return a parser for one log."""
        return RedisParser(options)


SOURCE: Final = Redis()

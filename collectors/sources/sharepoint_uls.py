"""SharePoint's unified logging service (ULS): tab-separated lines padded with blanks, in UTF-8 or UTF-16.

Columns: Timestamp, Process, TID, Area, Category, EventID, Level, Message, Correlation
(https://learn.microsoft.com/sharepoint/administration/view-diagnostic-logs). A long message goes on in lines whose
stamp ends in an asterisk and whose text begins with `...`; they belong to the event before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode, lines
from collectors.grouping import grouped
from collectors.network.finish import finish
from collectors.network.times import instant_of
from collectors.source import Options, Record
from collectors.utf16 import as_utf8
from collectors.web.client import user_fields
from collectors.web.request import read_request, read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_HEADER = re.compile(r"Timestamp\s{0,40}\tProcess\s")
_STAMP = re.compile(r"(?P<stamp>\d\d[/.]\d\d[/.]\d{4} \d\d:\d\d:\d\d(?:\.\d{1,3})?)(?P<more>\*?)", re.ASCII)
_PROCESS = re.compile(r"(?P<name>[^()]{1,200}?) \((?:(?P<host>[^():]{1,255}):)?0x(?P<pid>[0-9A-Fa-f]{1,8})\)")
_REQUEST = re.compile(r"Name=Request \((?P<method>[A-Z]{3,10}):(?P<url>[^)\s]{1,4000})\)")
_USER = re.compile(
    r"\b(?:User|Logged in user|Current User)(?: is|:|=) ?"
    r"(?P<user>[^\s,;\\]{1,255}\\[^\s,;]{1,255}|[^\s|]{0,80}[|][^\s,;]{1,255})"
)
_ADDRESS = re.compile(r"(?:from IP|client IP|Client IP|IP address)[: ]{1,2}(?P<ip>\d{1,3}(?:\.\d{1,3}){3})")
_LEVELS = frozenset({"Critical", "Unexpected", "Exception", "Assert", "High", "Monitorable", "Medium", "Verbose",
                     "VerboseEx", "Warning", "Error", "Information", "Unassigned", "None"})  # fmt: skip
_BAD = frozenset({"Critical", "Unexpected", "Exception", "Assert", "Error"})
_ZERO = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_AREAS = {"Claims Authentication": "authentication", "SharePoint Portal Server": "web", "Search": "web"}
_COLUMNS = 8


class UlsParser:
    """Reads the events of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one event; None for the line of column names. Raise where it is no line of ULS."""
        text = decode(record.raw).strip("\r\n \x00\ufeff")
        if not text or _HEADER.match(text):
            return None
        head, _, rest = text.partition("\n")
        values = [value.strip() for value in head.split("\t")]
        stamp = _STAMP.fullmatch(values[0])
        if stamp is None or len(values) < _COLUMNS:
            raise MalformedRecordError(f"{len(values)} columns behind a stamp; a line of ULS has nine")
        message, correlation = _message(values, rest)
        fields: Fields = {
            "event.kind": "event",
            "event.module": "sharepoint",
            "event.dataset": "sharepoint.uls",
            "event.category": ["web"],
            "event.type": ["error"] if values[6] in _BAD else ["info"],
            "event.code": values[5],
            "event.provider": values[3],
            "log.level": values[6],
            "message": message,
            "sharepoint.uls.area": values[3],
            "sharepoint.uls.category": values[4],
        }
        moment = instant_of(_american(stamp["stamp"]), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        self._process(values[1], values[2], fields)
        if correlation:
            fields["trace.id"] = correlation
        _read(message, fields)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        fields["service.type"] = "sharepoint"
        fields["event.category"] = [_AREAS.get(str(fields["sharepoint.uls.category"]), "web")]
        return finish(fields)

    def _process(self, process: str, thread: str, fields: Fields) -> None:
        """Read `w3wp.exe (SERVER:0x1A2C)` and the thread `0x0B30`."""
        found = _PROCESS.match(process)
        fields["process.name"] = found["name"] if found else process
        if found is not None:
            fields["process.pid"] = int(found["pid"], 16)
            if found["host"]:
                fields["host.name"] = found["host"]
        if thread.lower().startswith("0x") and len(thread) < 12:
            try:
                fields["process.thread.id"] = int(thread, 16)
            except ValueError:
                fields["sharepoint.uls.thread"] = thread
        if self._options.host:
            fields.setdefault("host.name", self._options.host)


def _american(stamp: str) -> str:
    """Return the stamp as month/day/year; where it has dots it is day.month.year."""
    return stamp if "." not in stamp[:6] else f"{stamp[3:5]}/{stamp[:2]}/{stamp[6:]}"


def _message(values: list[str], rest: str) -> tuple[str, str]:
    """Return the message with its later lines, and the correlation. A message may hold tabs."""
    correlation = values[-1] if _GUID.fullmatch(values[-1]) and len(values) > _COLUMNS else ""
    message = "\t".join(values[7:-1] if correlation else values[7:]).strip()
    for line in rest.split("\n") if rest else ():
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) >= _COLUMNS and _STAMP.fullmatch(parts[0]):
            if _GUID.fullmatch(parts[-1]):
                correlation, parts = parts[-1], parts[:-1]
            message = message.removesuffix("...") + "\t".join(parts[7:]).removeprefix("...")
        else:
            message += "\n" + line
    return message, "" if correlation == _ZERO else correlation


def _read(message: str, fields: Fields) -> None:
    if found := _REQUEST.search(message, 0, 8000):
        fields["http.request.method"] = found["method"]
        read_target(found["url"].replace(":80/", "/", 1).replace(":443/", "/", 1), fields)
    elif message.startswith(("GET ", "POST ")):
        read_request(message.partition("\n")[0], fields)
    if found := _USER.search(message, 0, 8000):
        user_fields(found["user"].rpartition("|")[2], fields)
    if found := _ADDRESS.search(message, 0, 8000):
        fields["source.ip"] = found["ip"]


class _Beginnings:
    """Tells where events begin: at a stamp without an asterisk; one with it goes on with a message that ended in
    dots, unless the line before did not (then it is an event of its own)."""

    def __init__(self) -> None:
        self._open = False

    def __call__(self, line: bytes) -> bool:
        found = _STAMP.match(decode(line[:40]))
        goes_on = found is not None and found["more"] == "*" and self._open and b"\t..." in line
        self._open = b"..." in line[-80:] or b"...\t" in line
        return (found is not None and not goes_on) or line.startswith(b"Timestamp")


class SharePointUls:
    """SharePoint's ULS logs."""

    name = "sharepoint_uls"
    datasets = ("sharepoint.uls",)
    aliases: tuple[str, ...] = ("sharepoint", "uls", "sharepoint.uls")
    title = "SharePoint unified logging service (ULS trace logs)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the line of column names, or by a stamp and a level in their columns."""
        stripped = head.replace(b"\x00", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
        text = decode(stripped[:16384]).lstrip("\ufeff\r\n ")
        named = "uls" in filename.lower()
        if _HEADER.match(text) and "\tArea" in text[:400]:
            return 99 + named
        known = [line for line in text.split("\n")[:40] if _is_own(line)]
        found = [line for line in text.split("\n")[:40] if line.strip()]
        return 90 + named if known and len(known) * 3 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the text into events."""
        return grouped(lines(as_utf8(stream)), _Beginnings())

    def open(self, options: Options) -> UlsParser:
        """Return a parser for one log."""
        return UlsParser(options)


def _is_own(line: str) -> bool:
    values = [value.strip() for value in line.split("\t")]
    return len(values) >= _COLUMNS and _STAMP.fullmatch(values[0]) is not None and values[6] in _LEVELS


SOURCE: Final = SharePointUls()

"""Windows events as text, as Splunk's forwarder hands them on: a stamp, `Name=value` lines, and the rendered message.

    03/05/2024 09:12:44 AM
    LogName=Security
    EventCode=4625
    ComputerName=WIN1
    Keywords=Audit Failure
    Message=An account failed to log on. ...

Format: Splunk, "Monitor Windows event log data" (`WinEventLog`, not rendered as XML). Stamps are local and name no
zone. What the event's data were is read out of its message: see `collectors.windows.message`. A message that holds such
a stamp on a line of its own begins another record: the form cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final

from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.source import Options, Record
from collectors.windows.complete import complete
from collectors.windows.flat_form import from_flat
from collectors.windows.names import EVENT_DATA
from collectors.windows.normalise import finish
from engine.errors import MalformedRecordError
from engine.events import Fields

_BEGINS: Final = re.compile(rb"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [AP]M)?\s{0,8}", re.ASCII)
_STAMP: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?: (?P<half>[AP]M))?", re.ASCII)
_LINE: Final = re.compile(r"(?P<name>[A-Za-z]{2,24})=(?P<value>.*)", re.ASCII | re.DOTALL)
_NAMES: Final = {  # as it writes them, and as flat events have them
    "LogName": "Channel",
    "EventCode": "EventID",
    "ComputerName": "Computer",
    "SourceName": "SourceName",
    "RecordNumber": "RecordNumber",
    "Type": "Severity",
    "TaskCategory": "Category",
    "OpCode": "Opcode",
    "Sid": "UserID",
    "Message": "Message",
}
_PROVIDERS: Final = {"microsoft windows security auditing.": "Microsoft-Windows-Security-Auditing"}
_AUDITS: Final = (("Audit Success", "AUDIT_SUCCESS"), ("Audit Failure", "AUDIT_FAILURE"))
_SERVICE: Final = (
    ("Service Name", "ServiceName"),
    ("Service File Name", "ImagePath"),
    ("Service Type", "ServiceType"),
    ("Service Start Type", "StartType"),
    ("Service Account", "AccountName"),
)
_SCRIPT: Final = re.compile(r"\((?P<number>\d{1,6}) of (?P<total>\d{1,6})\):\r?\n(?P<text>.*)\Z", re.DOTALL)
_SCRIPT_ENDS: Final = "\nScriptBlock ID: "
_SERVICE_INSTALLED, _SCRIPT_BLOCK = "7045", "4104"


class WindowsTextParser:
    """Reads one event a record."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields:
        """Return the fields that rules need: the envelope, and the event's data out of its message."""
        document = _document(decode(record.raw))
        fields = from_flat(document, self._options)
        moment = _moment(str(document["stamp"]), self._options)
        if moment is not None:
            fields["@timestamp"] = moment
        fields.pop("winlog.event_data.stamp", None)
        for name, value in _further(str(fields["event.code"]), str(document.get("Message", ""))):
            fields.setdefault(EVENT_DATA[name], value)
        return finish(fields)

    def complete(self, fields: Fields) -> Fields:
        """Add the ECS fields that the event id implies."""
        return complete(fields)


def _document(record: str) -> dict[str, Any]:
    """Return a record as a flat event; raise `MalformedRecordError` where it is none."""
    stamp, _, rest = record.partition("\n")
    found: dict[str, Any] = {"stamp": stamp.strip()}
    while rest:
        line, _, behind = rest.partition("\n")
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            break
        name, value = match["name"], match["value"].strip()
        if name == "Message":  # all that is left
            found["Message"] = f"{value}\n{behind}".strip()
            break
        if name == "Keywords":
            found["EventType"] = next((kind for word, kind in _AUDITS if word in value), None)
        elif (known := _NAMES.get(name)) is not None and value:
            found.setdefault(known, value)
        rest = behind
    if "EventID" not in found or "Channel" not in found:
        raise MalformedRecordError("no event of Windows as text: a stamp, then LogName= and EventCode= are wanted")
    provider = str(found.get("SourceName", ""))
    found["SourceName"] = _PROVIDERS.get(provider.lower(), provider)
    return found


def _moment(stamp: str, options: Options) -> datetime | None:
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    month, day, year, hour, minute, second = (int(part) for part in found.groups()[:6])
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"] == "PM")
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=options.zone)
    except (ValueError, OverflowError):
        return None


def _further(code: str, message: str) -> Iterator[tuple[str, str]]:
    """Yield the data of events that rules ask for and whose message has a form of its own."""
    if code == _SERVICE_INSTALLED:
        for label, name in _SERVICE:
            found = re.search(rf"(?:^|\n){label}:[ \t]{{0,8}}(?P<value>[^\r\n]{{0,4096}})", message)
            if found is not None:
                yield name, found["value"].strip()
    elif code == _SCRIPT_BLOCK and (found := _SCRIPT.search(message)) is not None:
        text, mark, behind = found["text"].rpartition(_SCRIPT_ENDS)
        yield "MessageNumber", found["number"]
        yield "MessageTotal", found["total"]
        yield "ScriptBlockText", (text if mark else found["text"]).rstrip()
        if mark:
            yield "ScriptBlockId", behind.partition("\n")[0].strip()


class WindowsText:
    """The text form of Windows events."""

    name = "windows_text"
    aliases: tuple[str, ...] = ("splunk_windows", "wineventlog", "xmlwineventlog_text")
    title = "Windows events as text (Splunk's forwarder: LogName=, EventCode=, Message=)"
    datasets: tuple[str, ...] = ("winlog",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by a stamp that stands alone, and the first names below it."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        first, _, rest = start[:4096].partition(b"\n")
        if _BEGINS.fullmatch(first.rstrip()) is None:
            return 0
        return 96 if rest.startswith(b"LogName=") and b"\nEventCode=" in rest[:1024] else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the text at lines that hold a stamp alone."""
        return grouped_lines(stream, lambda line: _BEGINS.fullmatch(line) is not None)

    def open(self, options: Options) -> WindowsTextParser:
        """Return a parser for one log."""
        return WindowsTextParser(options)


SOURCE: Final = WindowsText()

"""SiGa, the signature gateway: events of containers, signatures, and the Mobile-ID and Smart-ID services behind it.

Format: SiGa's event logger (`SigaEvent`, open-eid): `[timestamp=1570000000000, event_type=FINISH, event_name=...,
client_name=..., person_identifier=..., result=SUCCESS]`, behind whatever the logging pattern puts in front; values with
blanks are quoted and escaped as in Java.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.values import put_text
from collectors.json_fields import load, to_instant
from collectors.network.device import DeviceSource
from collectors.network.folding import folded_lines
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_START: Final = re.compile(r"\[(?=(?:timestamp=\d{1,19}, )?event_type=(?:START|FINISH)\b)", re.ASCII)
_NEXT: Final = re.compile(r", ([a-z_][a-z0-9_.]{0,63})=", re.ASCII)
_FIRST: Final = re.compile(r"([a-z_][a-z0-9_.]{0,63})=", re.ASCII)
_PREFIX: Final = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d{0,9}(?:Z|[+-]\d\d:?\d\d)?)?[^\n]{0,64}?"
    r"\b(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\b",
    re.ASCII,
)
_LOGGER: Final = re.compile(r"\b(e[\w$]{0,31}(?:\.[\w$]{1,63}){1,12}\.Siga[\w$]{1,63})", re.ASCII)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.ASCII | re.DOTALL)
_PLAIN_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_TEXTS: Final = {
    "event_name": "event.action",
    "client_name": "organization.name",
    "client_uuid": "organization.id",
    "service_name": "service.name",
    "service_uuid": "service.id",
    "request_url": "url.full",
    "person_identifier": "user.id",
    "error_code": "error.code",
    "error_message": "error.message",
}
_NUMBERS: Final = {"status_code": "http.response.status_code"}
_KINDS: Final = (("CREATE_", "creation"), ("UPLOAD_", "creation"), ("ADD_", "change"), ("DELETE_", "deletion"))


def event_pairs(body: str) -> dict[str, str]:
    """Return the values of an event's body, `name=value, name="quoted value"`, unescaped."""
    pairs: dict[str, str] = {}
    match = _FIRST.match(body)
    while match is not None:
        following = _NEXT.search(body, _end_of_quote(body, match.end()))
        value = body[match.end() : following.start() if following else len(body)]
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        pairs.setdefault(match[1], _ESCAPE.sub(_unescaped, value))
        match = following
    return pairs


def _end_of_quote(body: str, start: int) -> int:
    """Return where a quoted value ends; `start` where the value is not quoted, or its quote never closed."""
    if not body.startswith('"', start):
        return start
    place = body.find('"', start + 1)
    while place != -1:
        before = place
        while before > start + 1 and body[before - 1] == "\\":
            before -= 1
        if (place - before) % 2 == 0:
            return place + 1
        place = body.find('"', place + 1)
    return start


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return _SURROGATE.sub("\ufffd", chr(int(match[1], 16)))
    return _PLAIN_ESCAPES.get(match[2], match[2])


def _read(line: str, options: Options) -> Fields:
    text = _message(line)
    start = _START.search(text)
    if start is None:
        raise MalformedRecordError("no event of SiGa in this line")
    end = text.rfind("]", start.end())
    pairs = event_pairs(text[start.end() : end if end != -1 else len(text)])
    fields: Fields = {"event.kind": "event", "event.module": "siga", "event.dataset": "siga.event"}
    _read_prefix(text[: start.start()], fields, options)
    stamp = to_instant(int(pairs["timestamp"])) if pairs.get("timestamp", "").isdigit() else None
    if stamp is not None:
        fields["@timestamp"] = stamp
    for name, field in _TEXTS.items():
        put_text(field, pairs.get(name), fields)
    for name, value in pairs.items():
        if name not in _TEXTS and name not in {"timestamp", "duration_ms", "status_code"} and value:
            fields[f"siga.{name}"] = value
    _read_meaning(pairs, fields)
    return fields


def _message(line: str) -> str:
    """Return the text that holds the event: the line, or the message of a line that is JSON."""
    if not line.lstrip().startswith("{"):
        return line
    try:
        document = load(line.encode("utf-8", "surrogateescape"))
    except ValueError:
        return line
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else line


def _read_prefix(prefix: str, fields: Fields, options: Options) -> None:
    header = parse_header(prefix + " x", options)
    if header.kind in {"rfc3164", "rfc5424"}:
        fields.update(syslog_fields(header))
        put_text("host.name", header.host, fields)
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    if match := _PREFIX.search(prefix[:400]):
        fields["log.level"] = match["level"]
    if logger := _LOGGER.search(prefix[:1000]):
        fields["log.logger"] = logger[1]
    if options.host:
        fields.setdefault("host.name", options.host)


def _read_meaning(pairs: dict[str, str], fields: Fields) -> None:
    for name, field in _NUMBERS.items():
        if (digits := pairs.get(name, "")).isdigit() and len(digits) < 6:
            fields[field] = int(digits)
    if (digits := pairs.get("duration_ms", "")).isdigit() and len(digits) < 12:
        fields["event.duration"] = int(digits) * 1_000_000  # nanoseconds
    finished = pairs.get("event_type") == "FINISH"
    result = pairs.get("result")
    kinds = ["end" if finished else "start"]
    if result is not None:
        fields["event.outcome"] = "success" if result == "SUCCESS" else "failure"
    if result == "EXCEPTION" or "error_code" in pairs:
        kinds.append("error")
        fields.setdefault("event.outcome", "failure")
    name = pairs.get("event_name", "").removeprefix("HC_")
    kinds += [kind for verb, kind in _KINDS if name.startswith(verb) and finished and result == "SUCCESS"]
    fields["event.category"] = _categories(name)
    fields["event.type"] = tuple(kinds)


def _categories(name: str) -> tuple[str, ...]:
    if name == "AUTHENTICATION":
        return ("authentication",)
    return ("api", "file") if "CONTAINER" in name or "DATAFILE" in name else ("api",)


def _own(line: str) -> bool:
    return _START.search(line) is not None


def _continues(before: bytes, line: bytes) -> bool:
    """Tell the further lines of an error message: SiGa escapes its own, a logger's stack trace it does not."""
    return line[:1].isspace() or (
        b"event_type=" in before and line.startswith((b"Caused by:", b"java.", b"eu.", b"ee."))
    )


SOURCE: Final = DeviceSource(
    name="siga",
    aliases=("siga_event", "siga.event"),
    title="SiGa signature gateway events",
    own=_own,
    read=_read,
    weight=96,
    framer=lambda stream: folded_lines(stream, _continues),
)

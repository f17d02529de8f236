"""Authelia: log-ins by password and second factor, and access that was refused, as text or as JSON.

Format: Authelia documentation, "Logging" (`log.format: text`, `json`): `time="2024-03-05T09:12:44+01:00" level=error
msg="Unsuccessful 1FA authentication attempt by user 'eva'" method=POST path=/api/firstfactor remote_ip=198.51.100.7`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.values import put_text, text
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from collectors.web.request import read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_ATTEMPT: Final = re.compile(
    r"(?P<result>Successful|Unsuccessful) (?P<factor>[\w/ -]{1,32}?) authentication attempt (?:made )?by user "
    r"'(?P<user>[^']{1,256})'(?P<rest>.*)",
    re.DOTALL | re.ASCII,
)
_UNKNOWN: Final = re.compile(r".{0,64}user with username input '(?P<user>[^']{1,256})' which usually.*", re.DOTALL)
_REFUSED: Final = re.compile(
    r"Access to (?P<url>\S{1,2048}) \(method (?P<method>[A-Z]{1,16})\) is not authorized to user "
    r"(?P<user><anonymous>|[^\s,]{1,256}), responding with status code (?P<status>\d{3}).*",
    re.DOTALL | re.ASCII,
)
_OWN: Final = re.compile(
    r"authelia|authentication attempt (?:made )?by user '|user with username input '|is not authorized to user",
    re.ASCII,
)
_LEVELS: Final = frozenset({"trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"})


def _document(line: str) -> Mapping[str, Json]:
    """Return a line's values; a key that stands twice with different values says nothing."""
    if line.startswith("{"):
        return load_object(line.encode("utf-8", "surrogatepass"))
    values, doubtful = firsts_and_doubts(pairs(line))
    return {name: value for name, value in values.items() if name not in doubtful}


def _own(line: str) -> bool:
    if ("level=" not in line and '"level"' not in line) or _OWN.search(line[:4096]) is None:
        return False
    try:
        document = _document(line[line.find("{") if line.startswith("{") else 0 :])
    except MalformedRecordError:
        return False
    return text(document.get("level")) in _LEVELS and bool(document.get("msg")) and "time" in document


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    inner = header.message if header.kind != "bare" and header.program else line.strip()
    document = _document(inner)
    message = text(document.get("msg"))
    if not message or text(document.get("level")) not in _LEVELS:
        raise MalformedRecordError("no record of Authelia: it has no level or no msg")
    fields: Fields = {
        "event.dataset": "authelia.log",
        "event.module": "authelia",
        "event.kind": "event",
        "event.category": ["web"],
        "event.type": ["info"],
        "message": message,
        "log.level": text(document.get("level")),
        **syslog_fields(header),
    }
    moment = to_instant(document.get("time"), options.zone) or header.timestamp
    if moment is not None:
        fields["@timestamp"] = moment
    host = (header.host if header.kind != "bare" else None) or options.host
    if host:
        fields["host.name"] = host
    put_end(fields, "source", document.get("remote_ip"))
    put_text("http.request.method", document.get("method"), fields)
    put_text("event.reason", document.get("error"), fields)
    put_count(fields, "http.response.status_code", document.get("status_code"))
    if path := text(document.get("path")):
        read_target(path, fields)
    _read_message(message, fields)
    kept = {name: value for name, value in document.items() if name not in {"level", "msg", "time", "stack"}}
    spread("authelia.", kept, fields)
    return fields


def _read_message(message: str, fields: Fields) -> None:
    if (found := _ATTEMPT.fullmatch(message)) is not None:
        failed = found["result"] == "Unsuccessful"
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.outcome"] = "failure" if failed else "success"
        fields["event.action"] = "login-failed" if failed else "logged-in"
        fields["authelia.factor"], fields["user.name"] = found["factor"], found["user"]
        put_text("event.reason", found["rest"].lstrip(": "), fields)
    elif (found := _UNKNOWN.fullmatch(message)) is not None:
        fields["event.category"], fields["event.type"] = ["authentication"], ["info"]
        fields["event.outcome"], fields["user.name"] = "failure", found["user"]
    elif (found := _REFUSED.fullmatch(message)) is not None:
        fields["event.type"], fields["event.outcome"] = ["access", "denied"], "failure"
        read_target(found["url"], fields)
        fields["http.request.method"] = found["method"]
        fields["http.response.status_code"] = int(found["status"])
        if found["user"] != "<anonymous>":
            fields["user.name"] = found["user"]
    elif fields["log.level"] in {"error", "fatal", "panic"}:
        fields["event.type"] = ["error"]


SOURCE = LineSource(
    name="authelia",
    aliases=("authelia_log",),
    title="Authelia",
    datasets=("authelia.log",),
    own=_own,
    read=_read,
    weight=96,
)

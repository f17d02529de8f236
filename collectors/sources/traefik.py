"""Traefik: access logs in its common format and as JSON, and its own log (logfmt and JSON).

Formats: https://doc.traefik.io/traefik/observability/access-logs/ (`common` is the combined format with the number of
the request, router, service address and milliseconds behind it; JSON durations are in nanoseconds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.values import text as text_of
from collectors.databases.ends import put_client, put_port
from collectors.framing import decode, lines
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.web.client import user_fields
from collectors.web.complete import complete
from collectors.web.request import read_host, read_request, read_target
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_QUOTED = r'"(?P<%s>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_COMMON = re.compile(
    rf"""(?P<client>\S{{1,255}})\ -\ (?P<user>[^\[]{{1,255}}?)\ \[(?P<stamp>[^\]]{{20,40}})\]\ {_QUOTED % "request"}
    \ (?P<status>\d{{1,3}}|-)\ (?P<bytes>\d{{1,18}}|-)\ {_QUOTED % "referrer"}\ {_QUOTED % "agent"}
    \ (?P<count>\d{{1,18}}|-)\ {_QUOTED % "router"}\ {_QUOTED % "service"}\ (?P<ms>\d{{1,12}})ms""",
    re.VERBOSE | re.ASCII,
)
_PAIR = re.compile(
    r'(?:^|\s)(?P<key>[A-Za-z_][\w.]{0,60})=(?:"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)"|(?P<text>[^\s"]{0,2000}))'
)
_OWN = re.compile(r'time="?\d{4}-\d\d-\d\dT[^ ]{8,30} level=(?:debug|info|warning|error|fatal|panic)\b')
_CONSOLE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))"
    r" (?P<level>DBG|INF|WRN|ERR|FTL|PNC|TRC) (?P<message>.*)"
)
_HANDLING = re.compile(
    r"Handling (?P<what>TCP connection|UDP stream) from (?P<client>\S{1,80}) to (?P<server>\S{1,80})"
)
_LEVELS = {
    "DBG": "debug",
    "INF": "info",
    "WRN": "warning",
    "ERR": "error",
    "FTL": "fatal",
    "PNC": "panic",
    "TRC": "trace",
}
_TEXTS = {
    "referrer": "http.request.referrer",
    "agent": "user_agent.original",
    "router": "traefik.access.router_name",
    "service": "traefik.access.service_url",
}
_HEADERS = {
    "request_User-Agent": "user_agent.original",
    "request_Referer": "http.request.referrer",
    "request_X-Forwarded-For": "traefik.access.forwarded_for",
    "TLSCipher": "tls.cipher",
}
_KEPT = {
    "RouterName": "router_name", "ServiceName": "service_name", "ServiceAddr": "service_address",
    "entryPointName": "entry_point", "RequestCount": "request_count", "RetryAttempts": "retry_attempts",
    "OriginStatus": "origin_status", "OriginDuration": "origin_duration", "Overhead": "overhead",
    "ServiceURL": "service_url", "SpanId": "span_id",
}  # fmt: skip


class TraefikParser:
    """Reads the lines of either log, in any of their forms."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is none of Traefik's forms."""
        line = decode(record.raw).strip(" \x00")
        if not line:
            return None
        fields: Fields = {"event.module": "traefik", "event.dataset": "traefik.access"}
        if line.startswith("{"):
            self._json(record.raw, fields)
        elif found := _COMMON.match(line):
            self._common(found, fields)
        elif not self._own(line, fields):
            raise MalformedRecordError("neither an access log line of Traefik nor a line of its own log")
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add category, type and outcome, addresses and `related.*`."""
        if fields["event.dataset"] == "traefik.access":
            complete(fields)
        else:
            network = "source.ip" in fields
            fields["event.category"] = ["network"] if network else ["process"]
            level = str(fields.get("log.level", "")).lower()
            fields["event.type"] = (
                ["connection"] if network else ["error"] if level in {"error", "fatal", "panic"} else ["info"]
            )
            fields["service.type"] = "traefik"
        return finish(fields)

    def _common(self, found: re.Match[str], fields: Fields) -> None:
        moment = clf_instant(found["stamp"], self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        put_client(found["client"], fields)
        user_fields(found["user"], fields)
        read_request(found["request"], fields)
        for key, name in (("status", "http.response.status_code"), ("bytes", "http.response.body.bytes"),
                          ("count", "traefik.access.request_count")):  # fmt: skip
            if found[key].isdecimal():
                fields[name] = int(found[key])
        for key, name in _TEXTS.items():
            if found[key] not in {"", "-"}:
                fields[name] = found[key]
        fields["event.duration"] = int(found["ms"]) * 1_000_000

    def _json(self, raw: bytes, fields: Fields) -> None:
        document = load_object(raw)
        stamp = text_of(document.get("StartUTC")) or text_of(document.get("time"))
        moment = to_instant(_to_micro(stamp), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        if "DownstreamStatus" in document or "RequestMethod" in document or "ClientHost" in document:
            _access(document, fields)
        elif "msg" in document or "message" in document:
            fields["event.dataset"] = "traefik.log"
            fields["message"] = text_of(document.get("msg")) or text_of(document.get("message"))
            _connection(str(fields["message"]), fields)
        else:
            raise MalformedRecordError("JSON, but neither a request nor a message of Traefik")
        if level := text_of(document.get("level")):
            fields["log.level"] = level

    def _own(self, line: str, fields: Fields) -> bool:
        fields["event.dataset"] = "traefik.log"
        if console := _CONSOLE.match(line):
            moment = to_instant(console["stamp"], self._options.zone)
            fields["log.level"], fields["message"] = _LEVELS[console["level"]], console["message"]
        elif _OWN.match(line):
            pairs = {
                found["key"]: found["quoted"] if found["quoted"] is not None else found["text"]
                for found in _PAIR.finditer(line)
            }
            moment = to_instant(pairs.pop("time", ""), self._options.zone)
            fields["log.level"], fields["message"] = pairs.pop("level", ""), pairs.pop("msg", "").replace('\\"', '"')
            fields.update({f"traefik.log.{key}": value for key, value in pairs.items() if value})
        else:
            return False
        if moment is not None:
            fields["@timestamp"] = moment
        _connection(str(fields["message"]), fields)
        return True


def _access(document: Mapping[str, Json], fields: Fields) -> None:
    put_client(text_of(document.get("ClientHost")) or text_of(document.get("ClientAddr")), fields)
    put_port(text_of(document.get("ClientPort")), fields)
    user_fields(text_of(document.get("ClientUsername")), fields)
    if version := text_of(document.get("TLSVersion")):
        fields["tls.version"], fields["tls.version_protocol"] = version, "tls"
    method = text_of(document.get("RequestMethod"))
    if method:
        fields["http.request.method"] = method
    read_target(text_of(document.get("RequestPath")), fields, connect=method == "CONNECT")
    protocol = text_of(document.get("RequestProtocol"))
    if protocol.startswith("HTTP/"):
        fields["http.version"] = protocol.removeprefix("HTTP/")
    host = text_of(document.get("RequestHost")) or text_of(document.get("RequestAddr"))
    read_host(host, fields)
    port = text_of(document.get("RequestPort"))
    if port.isdecimal() and 0 < int(port[:9]) < 65536:
        fields["url.port"] = int(port)
    if scheme := text_of(document.get("RequestScheme")):
        fields["url.scheme"] = scheme
    for key, name in (("DownstreamStatus", "http.response.status_code"), ("Duration", "event.duration"),
                      ("DownstreamContentSize", "http.response.body.bytes"),
                      ("RequestContentSize", "http.request.body.bytes")):  # fmt: skip
        value = document.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
            fields[name] = value
    _headers(document, fields)


def _headers(document: Mapping[str, Json], fields: Fields) -> None:
    for key, name in _HEADERS.items():
        if found := text_of(document.get(key)):
            fields[name] = found
    for key, short in _KEPT.items():
        value = document.get(key)
        if isinstance(value, str | int | float) and value not in ("", "-") and not isinstance(value, bool):
            fields[f"traefik.access.{short}"] = (
                value if not isinstance(value, int) or abs(value) < 2**63 else str(value)
            )


def _connection(message: str, fields: Fields) -> None:
    found = _HANDLING.search(message, 0, 400)
    if found is not None:
        put_client(found["client"], fields)
        put_client(found["server"], fields, side="destination")
        fields["network.transport"] = "tcp" if found["what"].startswith("TCP") else "udp"
        fields["event.action"] = "connection"


def _to_micro(stamp: str) -> str:
    """Return a stamp of nanoseconds with the six digits that an instant holds."""
    head, dot, rest = stamp.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)]}{rest[digits:] or 'Z'}" if dot else stamp


class Traefik:
    """Traefik's access log and its own log."""

    name = "traefik"
    datasets = ("traefik.access", "traefik.log")
    aliases: tuple[str, ...] = ("traefik.access", "traefik.log")
    title = "Traefik proxy (access log in common format or JSON, own log)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the keys of its JSON, the four values behind the combined format, or its own log's shape."""
        found = [line for line in decode(head[:32768]).split("\n")[:40] if line.strip()]
        named = 2 * ("traefik" in filename.lower())
        if found and found[0].startswith("{"):
            own = '"DownstreamStatus"' in found[0] or '"RouterName"' in found[0] or '"entryPointName"' in found[0]
            return 96 + named if own else 0
        known = sum(_COMMON.match(line) is not None for line in found)
        if known and known * 2 >= len(found):
            return 95 + named
        own_lines = sum(_OWN.match(line) is not None or _CONSOLE.match(line) is not None for line in found)
        marked = named or any("entryPoint" in line or _HANDLING.search(line) for line in found)
        return 88 + named if marked and own_lines * 2 >= len(found) and own_lines else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> TraefikParser:
        """Return a parser for one log."""
        return TraefikParser(options)


SOURCE: Final = Traefik()

"""Kibana and OpenSearch Dashboards: requests, errors and messages of the server, with or without a syslog header.

Formats: Kibana guide, "Logging" (to version 7; one JSON object a line with `type`, `@timestamp`, `tags`, `pid`), which
OpenSearch Dashboards kept; Kibana 8's audit log is ECS, which the source of ECS lines reads. Headers are what the
client wrote. Fields of the log: `kibana.log.*`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.flatten import spread
from collectors.cloud.values import inner, number, put_text, text
from collectors.framing import decode, lines
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options, Record
from collectors.web.request import read_host, read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_TYPES: Final = frozenset(("log", "response", "error", "ops", "request"))
_MILLION: Final = 1_000_000
_LOG_IN: Final = ("/auth/login", "/auth/basic/login", "/api/security/v1/login", "/internal/security/login")
_LOG_OUT: Final = ("/auth/logout", "/api/security/logout", "/api/security/v1/logout")


class KibanaParser:
    """Reads one JSON object a line."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is none of Kibana's."""
        line = decode(record.raw).strip()
        if not line:
            return None
        start = line.find("{")
        document = load_object(line[start:].encode()) if start >= 0 else {}
        if not _owns(document):
            raise MalformedRecordError("no line of Kibana: JSON with its type, @timestamp, tags and pid is wanted")
        header = prefix_header(line, start, self._options)
        fields: Fields = {"event.kind": "event", "event.module": "kibana", "event.dataset": "kibana.log"}
        moment = to_instant(document.get("@timestamp"), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        prefix_fields(header, fields, self._options)
        put_text("process.name", header.program, fields)
        if (pid := number(document.get("pid"))) is not None:
            fields["process.pid"] = pid
        _read(document, fields)
        spread("kibana.log.", document, fields, skip=frozenset(("req",)))
        spread("kibana.log.req.", inner(document, "req"), fields, skip=frozenset(("headers",)))
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses, parts of the user agent and `related.*`."""
        return finish(fields)


def _read(document: Mapping[str, Json], fields: Fields) -> None:
    kind = text(document.get("type"))
    tags = [text(tag) for tag in tags] if isinstance(tags := document.get("tags"), list) else []
    fields["event.category"] = ("web",)
    fields["event.type"] = ("error",) if kind == "error" or "error" in tags else ("info",)
    put_text("message", document.get("message"), fields)
    put_text("log.level", document.get("level"), fields)
    error = inner(document, "error")
    for name, key in (("message", "message"), ("code", "code"), ("stack_trace", "stack"), ("type", "name")):
        put_text(f"error.{name}", error.get(key), fields)
    if kind == "response":
        fields["event.type"] = ("access",)
        _read_request(document, fields)
    elif failed := text(document.get("url")):
        read_target(failed, fields)
    elif text(document.get("message")).startswith("Failed authentication"):
        fields["event.category"], fields["event.type"] = ("authentication", "web"), ("start",)
        fields["event.outcome"] = "failure"


def _read_request(document: Mapping[str, Json], fields: Fields) -> None:
    request, response = inner(document, "req"), inner(document, "res")
    headers = inner(request, "headers")
    put_text("http.request.method", document.get("method") or request.get("method"), fields)
    put_text("http.request.referrer", request.get("referer") or headers.get("referer"), fields)
    put_text("user_agent.original", headers.get("user-agent") or request.get("userAgent"), fields)
    if known_ip(address := text(request.get("remoteAddress"))):
        fields["source.ip"] = address
    target = text(request.get("url"))
    if target:
        read_target(target, fields)
    if host := text(headers.get("host")):
        read_host(host, fields)
    if (size := number(headers.get("content-length"))) is not None and size >= 0:
        fields["http.request.body.bytes"] = size
    for name, value in (("bytes", response.get("contentLength")), ("status_code", document.get("statusCode"))):
        if (found := number(value)) is not None and found >= 0:
            fields[f"http.response.{name}" if name == "status_code" else "http.response.body.bytes"] = found
    status = fields.get("http.response.status_code")
    if isinstance(status, int):
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    if (took := number(response.get("responseTime"))) is not None and took >= 0:
        fields["event.duration"] = took * _MILLION
    _read_log_in(target.partition("?")[0], fields)


def _read_log_in(path: str, fields: Fields) -> None:
    """Tell a log-in and a log-out by the path that both programs have for them."""
    if path.endswith(_LOG_IN) and fields.get("http.request.method", "") in {"post", "POST"}:
        fields["event.category"], fields["event.type"] = ("authentication", "web"), ("start",)
    elif path.endswith(_LOG_OUT):
        fields["event.category"], fields["event.type"] = ("authentication", "web"), ("end",)


def _owns(document: Mapping[str, Json]) -> bool:
    return text(document.get("type")) in _TYPES and {"@timestamp", "tags", "pid"} <= document.keys()


class Kibana:
    """The server log of Kibana and OpenSearch Dashboards."""

    name = "kibana"
    datasets = ("kibana.log",)
    aliases: tuple[str, ...] = ("opensearch_dashboards", "wazuh_dashboard", "wazuh_wazuh_dashboard")
    title = "Kibana and OpenSearch Dashboards: requests, errors and messages"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the keys that every line has."""
        line = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
        start = line.find(b'{"type":"')
        if start < 0 or start > 300:
            return 0
        keys = (b'"@timestamp":"', b'"tags":[', b'"pid":')
        known = line[start + 9 :].split(b'"', 1)[0].decode("ascii", "replace") in _TYPES
        named = any(word in filename.lower() for word in ("kibana", "dashboards"))
        return 95 + named if known and all(key in line[start : start + 4000] for key in keys) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> KibanaParser:
        """Return a parser for one log."""
        return KibanaParser(options)


SOURCE: Final = Kibana()

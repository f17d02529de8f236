"""Caddy: its JSON log: requests (`http.log.access`), handlers' errors, TLS and administration, Coraza's alerts.

Format: https://caddyserver.com/docs/logging and the `log` directive's JSON encoder (zap). Durations are in seconds.
Access logs that an operator made Caddy write in the common format are read as such logs by the web server sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.values import inner
from collectors.cloud.values import text as text_of
from collectors.databases.ends import put_client, put_port
from collectors.framing import lines
from collectors.json_fields import Json, flatten, load_record, to_instant
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.waf.modsec_message import read_alert
from collectors.web.client import user_fields
from collectors.web.complete import complete
from collectors.web.request import read_host, read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_LOGGER = re.compile(rb'"logger"\s*:\s*"(?:http\.|tls|admin|caddy|events|docker|pki|dynamic_dns|layer4)')
_ZAP = re.compile(rb'\{\s*"level"\s*:\s*"[a-zA-Z]{3,8}"\s*,\s*"ts"\s*:')
_BILLION = 1_000_000_000
_TLS = {769: "1.0", 770: "1.1", 771: "1.2", 772: "1.3"}
_ERROR_LEVELS = frozenset({"error", "fatal", "panic", "dpanic"})
_HEADERS = {
    "user-agent": "user_agent.original",
    "referer": "http.request.referrer",
    "x-forwarded-for": "caddy.access.forwarded_for",
    "x-request-id": "http.request.id",
}
_USED = frozenset({"level", "ts", "logger", "msg", "request", "status", "size", "bytes_read", "duration", "user_id"})


class CaddyParser:
    """Reads one object a line."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no object of Caddy's log."""
        if not record.raw.strip():
            return None
        document = load_record(record.raw)
        if not isinstance(document, dict) or not document.keys() & {"msg", "logger", "request"}:
            raise MalformedRecordError("no line of Caddy's log: it has neither msg nor logger nor request")
        logger = text_of(document.get("logger"))
        fields: Fields = {"event.module": "caddy", "event.dataset": "caddy.error"}
        moment = to_instant(document.get("ts"), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        for name, key in (("log.level", "level"), ("log.logger", "logger"), ("message", "msg")):
            if found := text_of(document.get(key)):
                fields[name] = found
        request = inner(document, "request")
        if request:
            _request(request, fields)
        if logger.startswith("http.log.access") or (request and "status" in document):
            fields["event.dataset"] = "caddy.access"
        _answer(document, fields)
        _rest(document, fields)
        if logger.startswith("http.handlers.waf"):
            read_alert(str(fields.get("message", "")), fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add category, type and outcome, addresses and `related.*`."""
        alert = fields.get("event.kind") == "alert"
        denied = fields.get("event.action") == "denied"
        complete(fields)
        if alert:
            fields["event.kind"] = "alert"
            fields["event.type"] = ["denied"] if denied else ["info"]
        elif fields["event.dataset"] == "caddy.error":
            fields["event.type"] = ["error"] if fields.get("log.level") in _ERROR_LEVELS else ["info"]
        return finish(fields)


def _request(request: Mapping[str, Json], fields: Fields) -> None:
    """Read who asked for what. Before 2.5 there was `remote_addr`; `client_ip` is behind trusted proxies."""
    put_client(text_of(request.get("client_ip")) or text_of(request.get("remote_ip")), fields)
    if "source.ip" not in fields:
        put_client(text_of(request.get("remote_addr")), fields)
    put_port(text_of(request.get("remote_port")), fields)
    method, uri = text_of(request.get("method")), text_of(request.get("uri"))
    if method:
        fields["http.request.method"] = method
    read_target(uri, fields, connect=method == "CONNECT")
    protocol = text_of(request.get("proto"))
    if protocol.startswith("HTTP/"):
        fields["http.version"] = protocol.removeprefix("HTTP/")
    if host := text_of(request.get("host")):
        read_host(host, fields)
    _headers(inner(request, "headers"), fields)
    _tls(inner(request, "tls"), fields)


def _headers(headers: Mapping[str, Json], fields: Fields) -> None:
    flat = {
        key.lower(): text_of(value[0] if isinstance(value, list) and value else value) for key, value in headers.items()
    }
    for key, name in _HEADERS.items():
        if flat.get(key):
            fields[name] = flat[key]


def _tls(tls: Mapping[str, Json], fields: Fields) -> None:
    version = tls.get("version")
    if isinstance(version, int) and version in _TLS:
        fields["tls.version"], fields["tls.version_protocol"] = _TLS[version], "tls"
    if name := text_of(tls.get("server_name")):
        fields["tls.client.server_name"] = name
    if tls:
        fields["url.scheme"] = "https"


def _answer(document: Mapping[str, Json], fields: Fields) -> None:
    for key, name in (("status", "http.response.status_code"), ("size", "http.response.body.bytes"),
                      ("bytes_read", "http.request.body.bytes")):  # fmt: skip
        value = document.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
            fields[name] = value
    duration = document.get("duration", document.get("latency"))
    if isinstance(duration, int | float) and not isinstance(duration, bool) and 0 <= duration < 1e9:
        fields["event.duration"] = int(duration * _BILLION)
    user_fields(text_of(document.get("user_id")), fields)


def _rest(document: Mapping[str, Json], fields: Fields) -> None:
    """Keep what else the line says under Caddy's name; the request's own parts too."""
    more = {key: value for key, value in document.items() if key not in _USED}
    request = inner(document, "request")
    if request:
        more["request"] = {key: value for key, value in request.items() if key in {"tls", "remote_ip", "client_ip"}}
    found, _ = flatten(more)
    for name, value in found.items():
        fields.setdefault(f"caddy.{name}", value)
    if error := text_of(document.get("error")):
        fields["error.message"] = error


class Caddy:
    """Caddy's JSON log."""

    name = "caddy"
    datasets = ("caddy.access", "caddy.error")
    aliases: tuple[str, ...] = ("caddy.access", "caddyserver")
    title = "Caddy web server (JSON log, Coraza alerts)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by zap's first keys and a logger of Caddy's, or a request with an answer."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        line = start.split(b"\n", 1)[0]
        if not line.startswith(b"{") or b'"ts"' not in line[:300]:
            return 0
        named = "caddy" in filename.lower()
        if _LOGGER.search(line[:600]):
            return 95 + named
        handled = b'"request"' in line and b'"resp_headers"' in line
        return 93 + named if handled or (_ZAP.match(line) and named) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> CaddyParser:
        """Return a parser for one log."""
        return CaddyParser(options)


SOURCE: Final = Caddy()

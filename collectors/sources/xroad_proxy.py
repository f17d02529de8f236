"""X-Road's program logs: proxy.log and its like (signer, confclient, op-monitor), and the access log of the interface.

Format: X-Road's logback configurations (see `collectors.xroad.logback`); fault codes: X-Road "Message Protocol"
(PR-MESS), annex on faults. A stack trace is part of the record it follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.framing import decode
from collectors.network.finish import finish
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from collectors.syslog import parse_header
from collectors.web.address import endpoint
from collectors.xroad.identifiers import read_identifiers
from collectors.xroad.logback import LogbackLine, continues, exception_of, read_line
from engine.errors import MalformedRecordError
from engine.events import Fields

_LOOKED_AT = 60
# `198.51.100.7 - xrd "GET /api/v1/clients HTTP/1.1" 200 512`
_ACCESS = re.compile(
    r'(?P<client>[^\s"]{1,255}) (?P<ident>[^\s"]{1,255}) (?P<user>[^"]{1,255}?) "(?P<request>[^"]*)" '
    r"(?P<status>\d{3}|-) (?P<bytes>\d{1,18}|-)",
    re.ASCII,
)
_REQUEST = re.compile(r"(?P<method>[A-Z]{2,16}) (?P<target>\S+) HTTP/(?P<version>\d(?:\.\d)?)", re.ASCII)
_FAULT = re.compile(r"\b((?:Server|Client)\.[A-Z]\w{1,63}(?:\.\w{1,63}){0,4})(?::|\b)", re.ASCII)
_REQUEST_ID = re.compile(r"(?i:xRequestId|x-road-request-id|requestId)[=: ]{1,4}['\"]?([0-9A-Fa-f\-]{8,64})", re.ASCII)
_MESSAGE_ID = re.compile(r"(?i:messageId|queryId|message id|query id)[=: ]{1,4}['\"]?([\w\-.:/]{1,128})", re.ASCII)
_DENIED = re.compile(r"AccessDenied|SslAuthenticationFailed|not allowed|is not authorized|Access is denied", re.ASCII)
_XROAD = ("ee.ria.xroad", "e.r.x", "org.niis.xroad", "o.n.x", "o.niis.xroad", "e.r.xroad", "ee.r.x", "e.ria.xroad")
_ACCESS_LOGGER = "RequestLog"


def _is_xroad(line: LogbackLine) -> bool:
    return line.program is not None or (line.logger is not None and line.logger.startswith(_XROAD))


class ProxyParser:
    """Reads the records of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank one."""
        text = decode(record.raw).strip("\x00\r\n")
        if not text.strip():
            return None
        line = read_line(text, self._options)
        if line is None or not (_is_xroad(line) or line.logger is not None):
            raise MalformedRecordError("no line of X-Road's logback format")
        fields: Fields = {"event.kind": "event", "event.module": "xroad", "event.dataset": "xroad.proxy"}
        self._read_head(text, line, fields)
        access = _ACCESS.fullmatch(line.message) if (line.logger or "").endswith(_ACCESS_LOGGER) else None
        if access is not None:
            _read_access(access, fields)
        else:
            _read_message(line, fields)
        return fields

    def _read_head(self, text: str, line: LogbackLine, fields: Fields) -> None:
        if line.stamp is not None:
            fields["@timestamp"] = line.stamp
        for name, value in (
            ("message", line.message),
            ("log.level", line.level),
            ("log.logger", line.logger),
            ("service.name", line.program),
            ("process.thread.name", line.thread),
            ("trace.id", line.correlation),
            ("error.stack_trace", line.trace),
        ):
            if value:
                fields[name] = value
        header = parse_header(text.partition("\n")[0], self._options)
        if header.host and (header.kind != "iso" or header.program):
            fields["host.name"] = header.host
        elif self._options.host:
            fields["host.name"] = self._options.host
        fields["observer.product"] = "X-Road"

    def complete(self, fields: Fields) -> Fields:
        """Add copies of addresses, URL parts and `related.*`."""
        return finish(fields)


def _read_access(match: re.Match[str], fields: Fields) -> None:
    client = endpoint(match["client"])
    if client.ip is not None:
        fields["source.ip"] = client.ip
    elif client.domain is not None:
        fields["source.domain"] = client.domain
    if match["user"] != "-":
        fields["user.name"] = match["user"]
    request = _REQUEST.fullmatch(match["request"])
    if request is not None:
        fields["http.request.method"] = request["method"]
        fields["http.version"] = request["version"]
        fields["url.original"] = request["target"]
    elif match["request"]:
        fields["url.original"] = match["request"]
    if match["status"] != "-":
        status = int(match["status"])
        fields["http.response.status_code"] = status
        fields["event.outcome"] = "success" if 100 <= status < 400 else "failure"
    if match["bytes"] != "-":
        fields["http.response.bytes"] = int(match["bytes"])
    fields["event.category"], fields["event.type"] = ("web",), ("access",)


def _read_message(line: LogbackLine, fields: Fields) -> None:
    trouble = line.level in {"ERROR", "FATAL"} or line.trace is not None
    if line.trace and (found := exception_of(line.trace)):
        fields["error.type"] = found[0]
        if found[1]:
            fields["error.message"] = found[1]
    text = f"{line.message}\n{line.trace or ''}"[:20_000]
    if fault := _FAULT.search(text):
        fields["error.code"] = fault[1]
        trouble = True
    for pattern, name in ((_REQUEST_ID, "trace.id"), (_MESSAGE_ID, "xroad.message_id")):
        if match := pattern.search(line.message[:20_000]):
            fields.setdefault(name, match[1])
    read_identifiers(text, fields)
    denied = trouble and _DENIED.search(text) is not None
    fields["event.category"] = ("network", "api") if denied or "error.code" in fields else ()
    fields["event.type"] = ("connection", "denied") if denied else ("error",) if trouble else ("info",)
    if trouble:
        fields["event.outcome"] = "failure"
        fields.setdefault("error.message", line.message)


class XRoadProxy:
    """X-Road's program logs."""

    name = "xroad_proxy"
    aliases: tuple[str, ...] = ("xroad.proxy", "xroad_log")
    title = "X-Road proxy.log and the other program logs of a security server"
    datasets: tuple[str, ...] = ("xroad.proxy",)

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the program's name or the logger of the lines that begin records."""
        found = [line for line in decode(head[:32768]).splitlines()[:_LOOKED_AT] if line.strip()]
        read = [line for text in found if (line := read_line(text[:4000], Options())) is not None]
        known = sum(_is_xroad(line) and not line.message.startswith('{"event"') for line in read)
        if not known or known * 2 < len(read):
            return 0
        return 94 + 2 * ("xroad" in filename.lower() or "proxy" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records: a line that begins with no stamp belongs to the one before it."""
        return folded_lines(stream, continues)

    def open(self, options: Options) -> ProxyParser:
        """Return a parser for one log."""
        return ProxyParser(options)


SOURCE: Final = XRoadProxy()

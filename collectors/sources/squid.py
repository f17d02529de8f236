"""squid: access logs in the native format, in its emulations of the common and combined formats, with more behind.

Formats: http://www.squid-cache.org/Doc/config/logformat/ (`squid`, `common`, `combined`), and
https://wiki.squid-cache.org/Features/LogFormat. `elapsed` is in milliseconds; squid escapes blanks in URLs and names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO
from urllib.parse import unquote

from collectors.framing import decode, lines
from collectors.network.values import split_account
from collectors.source import Options, Parser, Record
from collectors.syslog import parse_header
from collectors.web.address import Endpoint, endpoint
from collectors.web.client import destination_fields, source_fields
from collectors.web.complete import complete
from collectors.web.request import read_request, read_target
from collectors.web.stamps import any_instant, clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_LOOKED_AT = 60  # lines
_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
# %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt, then whatever the operator added
_NATIVE = re.compile(
    r"""(?P<stamp>\d{9,10}(?:\.\d{1,6})?)\s+(?P<elapsed>-?\d{1,12}|-)\s+(?P<client>\S+)
    \s+(?P<result>[A-Z_]{2,60})/(?P<status>\d{1,3}|-)\s+(?P<bytes>-?\d{1,18}|-)\s+(?P<method>\S+)\s+(?P<url>\S+)
    \s+(?P<user>\S+)\s+(?P<hierarchy>[A-Z_]{2,60}|-)(?:/(?P<peer>\S+))?(?:\s+(?P<mime>[^\s"\[]\S*))?(?P<more>(?:\s.*)?)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# %>a %[ui %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st ["%{Referer}>h" "%{User-Agent}>h"] %Ss:%Sh
_EMULATED = re.compile(
    rf"""(?P<client>\S+)\ (?P<ident>\S+)\ (?P<user>\S+)\ \[(?P<stamp>[^\]]{{20,40}})\]
    \ {_QUOTED.replace("(", "(?P<request>", 1)}\ (?P<status>\d{{1,3}}|-)\ (?P<bytes>-?\d{{1,18}}|-)
    (?:\ {_QUOTED.replace("(", "(?P<referrer>", 1)}\ {_QUOTED.replace("(", "(?P<agent>", 1)})?
    \ (?P<result>[A-Z_]{{2,60}}):(?P<hierarchy>[A-Z_]{{2,60}})(?:/(?P<peer>\S+))?(?P<more>(?:\s.*)?)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# cache.log: `2024/03/05 09:12:44 kid1| WARNING: ...`, `2024/03/05 09:12:44| ...`
_CACHE_LOG = re.compile(
    r"(?P<stamp>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: (?P<worker>[\w-]{1,40}))?\| ?(?P<message>.*)",
    re.DOTALL | re.ASCII,
)
_LEVEL = re.compile(r"(?P<level>FATAL|ERROR|SECURITY ALERT|WARNING|NOTICE|DEBUG)\b", re.ASCII)
_LOCAL_REMOTE = re.compile(r"remote=(?P<remote>\S{1,80}?)(?: FD \d{1,9})?(?: flags=\d{1,9})?(?:\s|$)", re.ASCII)
_TEXTS = re.compile(_QUOTED, re.DOTALL)
_HEADERS = re.compile(r"\[([^\]]*+)\]")  # log_mime_hdrs: the request's headers, then the reply's, URL-encoded
_ESCAPED = re.compile(r'\\(["\\])')
_CACHE = (
    ("DENIED", "denied"),
    ("REFRESH_UNMODIFIED", "hit"),
    ("REFRESH_MODIFIED", "miss"),
    ("HIT", "hit"),
    ("MISS", "miss"),
)
_FAILED = ("ABORTED", "TIMEOUT", "FAIL", "DENIED", "INVALID")


class SquidParser:
    """Reads lines of the native and the emulated formats in any mixture."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; see `Parser`."""
        line = decode(record.raw).strip(" \x00")
        if not line or line.startswith("#"):
            return None
        host = self._options.host
        found = _NATIVE.fullmatch(line) or _EMULATED.fullmatch(line)
        if found is None:
            header = parse_header(line, self._options)
            host = header.host or host
            found = _NATIVE.fullmatch(header.message) or _EMULATED.fullmatch(header.message)
        if found is None and (event := _CACHE_LOG.fullmatch(line)) is not None:
            return self._cache_log(event, host)
        if found is None and (header.program or "").startswith("squid"):
            return self._diary(header.message, header.timestamp, host)
        if found is None:
            raise MalformedRecordError("no line of squid: neither native nor common nor combined nor of cache.log")
        fields = self._fields(found)
        if host is not None:
            fields["host.name"] = host
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        complete(fields)
        fields["event.category"] = ["network", "web"]
        if fields["event.dataset"] == "squid.cache":
            fields["event.type"] = ["error"] if fields.get("log.level") in {"error", "fatal"} else ["info"]
            return fields
        fields["event.type"] = _types(str(fields.get("squid.result_code", "")))
        fields["network.direction"] = "egress"
        fields["observer.vendor"] = fields["observer.product"] = "Squid"
        fields["observer.type"] = "proxy"
        if "url.scheme" in fields:
            fields["url.full"] = fields["url.original"]
            fields.setdefault("url.port", 443 if fields["url.scheme"] == "https" else 80)
        return fields

    def _cache_log(self, found: re.Match[str], host: str | None) -> Fields:
        """Read a line of cache.log, squid's own diary; its alerts name the client's connection."""
        stamp = any_instant(found["stamp"].replace("/", "-").replace(" ", "T"), self._options.zone)
        fields = self._diary(found["message"], stamp, host)
        if found["worker"]:
            fields["squid.worker"] = found["worker"]
        return fields

    @staticmethod
    def _diary(message: str, stamp: datetime | None, host: str | None) -> Fields:
        """Read a message of squid's own, from cache.log or from syslog."""
        fields: Fields = {"event.dataset": "squid.cache", "event.module": "squid", "message": message}
        if stamp is not None:
            fields["@timestamp"] = stamp
        level = _LEVEL.match(message)
        if level is not None:
            fields["log.level"] = level["level"].lower()
        if remote := _LOCAL_REMOTE.search(message, 0, 2000):
            source_fields(remote["remote"], fields)
        if host is not None:
            fields["host.name"] = host
        return fields

    def _fields(self, found: re.Match[str]) -> Fields:
        is_native = found.re is _NATIVE
        stamp = found["stamp"]
        fields: Fields = {
            "@timestamp": any_instant(stamp, self._options.zone)
            if is_native
            else clf_instant(stamp, self._options.zone),
            "event.dataset": "squid.access",
            "event.module": "squid",
        }
        source_fields(found["client"], fields)
        for name, text in (("http.response.status_code", found["status"]), ("http.response.bytes", found["bytes"])):
            if text.isdecimal():
                fields[name] = int(text)
        if found["user"] not in {"-", "%20"}:
            domain, fields["user.name"] = split_account(unquote(found["user"]))
            if domain is not None:
                fields["user.domain"] = domain
        if is_native:
            _native(found, fields)
        else:
            read_request(found["request"], fields)
            _texts([found["referrer"] or "", found["agent"] or ""], fields)
        _result(found["result"], found["hierarchy"], fields)
        _ends(found["peer"] or "-", fields)
        _more(found["more"], fields)
        return fields


def _native(found: re.Match[str], fields: Fields) -> None:
    if found["elapsed"].isdecimal():
        fields["event.duration"] = int(found["elapsed"]) * 1_000_000  # nanoseconds
    method, url = found["method"], found["url"]
    if method not in {"-", "NONE"}:
        fields["http.request.method"] = method
    if url.startswith("error:"):
        fields["event.reason"] = url
    elif url != "-":
        read_target(url, fields, connect=method == "CONNECT")
    mime = found["mime"]
    if mime and mime not in {"-", ":"}:
        fields["http.response.mime_type"] = mime.rstrip(";")


def _result(result: str, hierarchy: str, fields: Fields) -> None:
    fields["squid.result_code"] = result
    if hierarchy != "-":
        fields["squid.hierarchy_code"] = hierarchy
    status = next((status for word, status in _CACHE if word in result), None)
    if status is not None:
        fields["squid.cache_status"] = status
    transport = result.partition("_")[0].lower()
    if transport in {"tcp", "udp"}:
        fields["network.transport"] = transport
    if any(word in result for word in _FAILED):
        fields["event.outcome"] = "failure"


def _ends(peer: str, fields: Fields) -> None:
    """Tell where the request went: the peer that squid spoke to, and where it asked no one, the host of the URL.

    A tunnel's destination is the host that the client named; the peer behind it is then `server`.
    """
    asked = endpoint(str(fields.get("url.domain", "")))
    port = fields.get("url.port")
    wanted = Endpoint(ip=asked.ip, domain=asked.domain, port=port if isinstance(port, int) else None)
    spoken = endpoint(peer) if peer != "-" else Endpoint()
    is_tunnel = fields.get("http.request.method") == "CONNECT"
    has_peer = spoken.ip is not None or spoken.domain is not None
    destination_fields(wanted if is_tunnel or not has_peer else spoken, fields)
    if is_tunnel and spoken.ip is not None:
        fields["server.ip"] = spoken.ip
    elif is_tunnel and spoken.domain is not None:
        fields["server.domain"] = spoken.domain


def _more(text: str, fields: Fields) -> None:
    """Read what operators add most: referrer and user agent in quotes, headers in brackets (`log_mime_hdrs`)."""
    if not text.strip():
        return
    quoted = _TEXTS.findall(text)
    if quoted:
        _texts(quoted, fields)
    for name, block in zip(("request", "response"), _HEADERS.findall(text), strict=False):
        fields[f"squid.{name}_headers"] = block
        if name == "request":
            _headers(unquote(block), fields)


def _texts(quoted: list[str], fields: Fields) -> None:
    """Take two quoted texts for referrer and user agent; a single one is the user agent."""
    names = ("http.request.referrer", "user_agent.original") if len(quoted) > 1 else ("user_agent.original",)
    for name, text in zip(names, quoted, strict=False):
        if text not in {"", "-"}:
            fields[name] = _ESCAPED.sub(r"\1", text)


def _headers(block: str, fields: Fields) -> None:
    for line in block.splitlines():
        name, _, text = line.partition(":")
        field = {"user-agent": "user_agent.original", "referer": "http.request.referrer"}.get(name.strip().lower())
        if field is not None and text.strip():
            fields.setdefault(field, text.strip())


def _types(result: str) -> list[str]:
    kinds = ["connection"]
    if "DENIED" in result:
        kinds.append("denied")
    if any(word in result for word in _FAILED):
        kinds.append("error")
    return kinds if len(kinds) > 1 else ["access", "connection"]


class SquidSource:
    """squid access logs."""

    name = "squid"
    aliases: tuple[str, ...] = ("squid.access", "squid.log")
    title = "squid proxy access logs (native, common, combined)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Return the share of lines of squid's shapes; its result codes are like nothing else. See `Source`."""
        found = [line for line in decode(head[:65536]).splitlines()[:_LOOKED_AT] if line.strip()]
        if len(head) >= 65536 and len(found) > 1:
            found = found[:-1]
        known = sum(_is_own(line) for line in found)
        if not found or known * 2 < len(found):
            return 0
        return round(90 * known / len(found)) + (5 if "squid" in filename.lower() else 4)

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return SquidParser(options)


def _is_own(line: str) -> bool:
    if _NATIVE.fullmatch(line) or _EMULATED.fullmatch(line) or _CACHE_LOG.fullmatch(line):
        return True
    return "squid" in line[:200] and bool(_NATIVE.fullmatch(parse_header(line, Options()).message))


SOURCE = SquidSource()

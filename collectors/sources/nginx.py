"""nginx: access logs in any `log_format`, as JSON, from ingress controllers and proxy managers, and error logs.

Formats: https://nginx.org/en/docs/http/ngx_http_log_module.html, https://nginx.org/en/docs/ngx_core_module.html#error_log.
Stamps of the error log have no zone; `Options.zone` holds for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, BinaryIO

from collectors.framing import lines
from collectors.source import Options, Parser, Record
from collectors.web.address import endpoint
from collectors.web.client import destination_fields, source_fields
from collectors.web.likeness import nginx_habits, sureness
from collectors.web.mixed import MixedParser
from collectors.web.relayed import relayed
from collectors.web.request import read_host, read_request, read_target
from collectors.web.stamps import clf_instant, iso_instant
from engine.events import Fields

if TYPE_CHECKING:
    from collectors.columns.seam import ColumnParser

_ERROR = re.compile(
    r"""(?P<stamp>\d{4}/\d\d/\d\d\ \d\d:\d\d:\d\d)\ \[(?P<level>[a-z]{4,6})\]
    \ (?P<pid>\d{1,10})\#(?P<tid>\d{1,20}):\ (?:\*(?P<connection>\d{1,18})\ )?(?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# What nginx appends to a message, in this order. Values hold the client's bytes: each ends where the next name begins.
_CONTEXT = re.compile(r", client: (?P<client>[^\s,]{1,255})(?:, server: (?P<server>[^\s,]{0,255}))?(?=, |$)", re.ASCII)
_ORDER = ("request", "subrequest", "upstream", "host", "referrer")
_QUOTED = re.compile(r', (request|subrequest|upstream|host|referrer): "')
_USER = re.compile(r'user "(?P<name>[^"]{1,255})"(?:: password mismatch| was not found in )', re.ASCII)
_FILE = re.compile(r'(?:open|stat|opendir|mkdir)\(\) "(?P<path>[^"]{1,4096})" failed', re.ASCII)
# https://nginxproxymanager.com: proxied hosts, and the default host with its shorter line.
_MANAGER = re.compile(
    r"""\[(?P<stamp>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\ [+-]\d{4})\]\ (?:(?P<cache>\S++)\ (?P<upstream>\S++)\ )??
    (?P<status>\d{3})\ -\ (?P<method>\S{1,32})\ (?P<scheme>\S{1,16})\ (?P<host>\S{1,255})
    \ "(?P<target>[^"\\]*+(?:\\.[^"\\]*+)*+)"\ \[Client\ (?P<client>[^\]\s]{1,100})\]\ \[Length\ (?P<bytes>\d{1,18}|-)\]
    \ \[Gzip\ [^\]]*+\](?:\ \[Sent-to\ (?P<sent>[^\]]*+)\])?
    \ "(?P<agent>[^"\\]*+(?:\\.[^"\\]*+)*+)"\ "(?P<referrer>[^"\\]*+(?:\\.[^"\\]*+)*+)".*""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


class NginxParser(MixedParser):
    """Reads nginx's access and error lines in any mixture, and those of a proxy manager."""

    module = "nginx"

    def own(self, line: str, zone: tzinfo) -> Fields | None:
        """Return the fields of a proxy manager's line, None for any other."""
        found = _MANAGER.fullmatch(line) if line[0] == "[" else None
        return _manager(found, zone) if found is not None else None

    def error(self, line: str, zone: tzinfo) -> Fields | None:
        """Return the fields of an error line, None for any other."""
        found = _ERROR.fullmatch(line) if line[4:5] == "/" else None
        return _error(found, zone) if found is not None else None


class NginxSource:
    """nginx access and error logs."""

    name = "nginx"
    aliases: tuple[str, ...] = ("nginx.access", "nginx.error", "ingress-nginx", "openresty", "oracle_weblogic_access")
    title = "nginx access and error logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Return how surely it is nginx's; see `Source`."""
        return sureness(head, filename, nginx_habits(_is_own))

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return NginxParser(options)

    def columns(self, options: Options) -> ColumnParser:
        """Return a column parser of access events for one stream."""
        from collectors.columns.web import WebColumns  # noqa: PLC0415 - Arrow is heavy, and only columns need it

        return WebColumns(NginxParser.module, options)


def _is_own(line: str) -> bool:
    text = line[relayed(line)[1] :]
    return (_ERROR.fullmatch(text) or _MANAGER.fullmatch(text)) is not None


def _error(found: re.Match[str], zone: tzinfo) -> Fields:
    message = found["message"]
    fields: Fields = {
        "@timestamp": iso_instant(found["stamp"], zone),
        "event.dataset": "nginx.error",
        "event.module": "nginx",
        "log.level": found["level"],
        "process.pid": int(found["pid"]),
        "process.thread.id": int(found["tid"]),
        "message": message,
    }
    if found["connection"]:
        fields["nginx.error.connection_id"] = int(found["connection"])
    context = _context(message)
    if context is not None:
        source_fields(context["client"], fields)
        destination_fields(endpoint(context["server"] or ""), fields)
        if fields.get("destination.ip") in {"0.0.0.0", "::"}:  # noqa: S104 # the wildcard of a listener, no address
            del fields["destination.ip"]
        _quoted(message[context.end() :], fields)
        message = message[: context.start()]
    if user := _USER.match(message):
        fields["user.name"] = user["name"]
        fields["event.outcome"] = "failure"
    if file := _FILE.match(message):
        fields["file.path"] = file["path"]
    return fields


def _context(message: str) -> re.Match[str] | None:
    """Return where the context of a message begins: at the first client that does not stand inside quotes.

    A path with `, client: 192.0.2.9` in it stands in quotes, and is not taken for the client.
    """
    first: re.Match[str] | None = None
    quotes, end = 0, 0
    for found in _CONTEXT.finditer(message):
        quotes += message.count('"', end, found.start())
        end = found.start()
        if quotes % 2 == 0:
            return found
        first = first or found
    return first


def _quoted(text: str, fields: Fields) -> None:
    """Read the quoted values behind the client: each ends where the next name begins."""
    marks: list[re.Match[str]] = []
    for found in _QUOTED.finditer(text):
        if not marks or _ORDER.index(found[1]) > _ORDER.index(marks[-1][1]):
            marks.append(found)
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        value = text[mark.end() : end].removesuffix('"')
        match mark[1]:
            case "request":
                read_request(value, fields)
            case "host":
                read_host(value, fields)
            case "referrer":
                fields["http.request.referrer"] = value
            case name:
                fields[f"nginx.error.{name}"] = value


def _manager(found: re.Match[str], zone: tzinfo) -> Fields:
    fields: Fields = {
        "@timestamp": clf_instant(found["stamp"], zone),
        "event.dataset": "nginx.access",
        "event.module": "nginx",
        "http.response.status_code": int(found["status"]),
        "http.request.method": found["method"],
        "url.scheme": found["scheme"],
    }
    source_fields(found["client"], fields)
    read_target(found["target"], fields)
    read_host(found["host"], fields)
    if found["bytes"] != "-":
        fields["http.response.body.bytes"] = int(found["bytes"])
    named = {
        "user_agent.original": "agent",
        "http.request.referrer": "referrer",
        "nginx.access.upstream_cache_status": "cache",
        "nginx.access.upstream_status": "upstream",
        "nginx.access.upstream_addr": "sent",
    }
    fields.update({name: value for name, group in named.items() if (value := found[group]) not in {None, "", "-"}})
    return fields


SOURCE = NginxSource()

"""Symantec (Blue Coat) ProxySG and Edge SWG: what users asked of the web through the proxy.

Format: SGOS administration guide, "Access Log Formats": W3C extended lines by their `#Fields:` line, any selection of
names (`main`, `bcreportermain_v1`, `bcreporterssl_v1`), values with blanks in quotes, instants in UTC; each line may
stand behind a header of syslog. The names that the guide gives for `main` hold until a `#Fields:` line says others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import BinaryIO, Final

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text
from collectors.framing import decode, lines
from collectors.network.finish import finish
from collectors.network.times import instant_of
from collectors.source import Options, Record
from collectors.syslog import parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_MAIN: Final = (
    *("date", "time", "time-taken", "c-ip", "cs-username", "cs-auth-group", "x-exception-id", "sc-filter-result"),
    *("cs-categories", "cs(referer)", "sc-status", "s-action", "cs-method", "rs(content-type)", "cs-uri-scheme"),
    *("cs-host", "cs-uri-port", "cs-uri-path", "cs-uri-query", "cs-uri-extension", "cs(user-agent)", "s-ip"),
    *("sc-bytes", "cs-bytes", "x-virus-id"),
)
_OWN: Final = frozenset(
    ("x-exception-id", "sc-filter-result", "cs-auth-group", "s-action", "cs-categories", "s-supplier-name")
)
_TEXTS: Final[Mapping[str, str]] = {
    "cs-method": "http.request.method",
    "cs(referer)": "http.request.referrer",
    "cs(user-agent)": "user_agent.original",
    "rs(content-type)": "http.response.mime_type",
    "cs-uri-scheme": "url.scheme",
    "cs-host": "url.domain",
    "s-action": "event.action",
    "x-exception-id": "event.reason",
    "x-virus-id": "threat.software.name",
    "x-bluecoat-virus-id": "threat.software.name",
    "cs-uri-extension": "url.extension",
    "cs-uri": "url.original",
    "s-computername": "observer.name",
    "x-rs-connection-negotiated-ssl-version": "tls.version",
    "x-rs-connection-negotiated-cipher": "tls.cipher",
    "x-rs-certificate-hostname": "tls.server.x509.subject.common_name",
}
_COUNTS: Final[Mapping[str, str]] = {
    "sc-status": "http.response.status_code",
    "sc-bytes": "http.response.bytes",
    "cs-bytes": "http.request.bytes",
    "cs-uri-port": "url.port",
    "c-port": "source.port",
}
_USED: Final = frozenset(
    (
        *(*_TEXTS, *_COUNTS, "date", "time", "gmttime", "time-taken", "c-ip", "s-ip", "r-ip", "cs-username", "cs-user"),
        *("cs-uri-path", "cs-uri-query", "cs-uri-stem"),
    )
)
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9_]+")
_ABSENT: Final = frozenset({"-", ""})
_MILLISECOND: Final = 1_000_000  # nanoseconds


class _Parser:
    """Reads lines by the last `#Fields:` line."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._names = list(_MAIN)

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a directive."""
        line = decode(record.raw).strip("\x00\r\n ")
        if not line:
            return None
        header = parse_header(line, self._options) if line[0] == "<" or line[0].isupper() else None
        text = header.message if header is not None and header.kind != "bare" else line
        if text.startswith("#"):
            name, _, value = text.partition(":")
            if name.lower() == "#fields" and value.split():
                self._names = [each.lower() for each in value.split()]
            return None
        values = list(_values(text))
        if len(values) != len(self._names):
            raise MalformedRecordError(f"{len(values)} values where #Fields names {len(self._names)} columns")
        found = {name.lower(): value for name, value in zip(self._names, values, strict=True) if value not in _ABSENT}
        fields = _read(found)
        if "@timestamp" not in fields:
            if header is None or header.timestamp is None:
                raise MalformedRecordError("no date and time, or none that is one")
            fields["@timestamp"] = header.timestamp
        host = (header.host if header is not None and header.kind != "bare" else None) or self._options.host
        if host:
            fields["host.name"] = host
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)


def _values(text: str) -> Iterator[str]:
    """Yield the values of a line: words, and texts in quotes, which end where a blank follows a quote."""
    at, quoted = 0, True
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        if text[at] == '"' and quoted:
            end = text.find('" ', at + 1)
            if end == -1 and text.endswith('"') and at < len(text) - 1:
                end = len(text) - 1
            if end != -1:
                yield text[at + 1 : end]
                at = end + 1
                continue
            quoted = False  # no quote closes from here on
        end = text.find(" ", at)
        end = len(text) if end == -1 else end
        yield text[at:end]
        at = end


def _read(found: Mapping[str, str]) -> Fields:
    fields: Fields = {
        "event.dataset": "proxysg.log",
        "event.module": "proxysg",
        "event.kind": "event",
        "event.category": ["web", "network"],
        "event.type": ["access"],
        "observer.vendor": "Symantec",
        "observer.product": "ProxySG",
        "observer.type": "proxy",
    }
    stamp = f"{found.get('date', '')} {found.get('time', '')}" if "date" in found else found.get("gmttime", "")
    if (moment := instant_of(stamp, UTC)) is not None:
        fields["@timestamp"] = moment
    put_end(fields, "source", found.get("c-ip"))
    put_end(fields, "destination", found.get("r-ip") or found.get("cs-ip") or found.get("s-supplier-ip"))
    put_end(fields, "observer", found.get("s-ip"))
    for column, name in _TEXTS.items():
        put_text(name, found.get(column), fields)
    for column, name in _COUNTS.items():
        put_count(fields, name, found.get(column))
    _put_user(found.get("cs-username") or found.get("cs-user") or "", fields)
    path = found.get("cs-uri-path") or found.get("cs-uri-stem")
    if path and not path.startswith("http"):
        fields["url.path"] = path
        query = found.get("cs-uri-query", "").removeprefix("?")
        if query:
            fields["url.query"] = query
        fields.setdefault("url.original", f"{path}?{query}" if query else path)
    elif path:
        fields.setdefault("url.original", path)
    taken = found.get("time-taken", "")
    if taken.isdecimal() and len(taken) < 12:
        fields["event.duration"] = int(taken) * _MILLISECOND
    _judge(found, fields)
    for name, value in found.items():
        if name not in _USED:
            fields[f"proxysg.{_NOT_A_NAME.sub('_', name).strip('_')}"] = value
    return fields


def _judge(found: Mapping[str, str], fields: Fields) -> None:
    """Tell whether the proxy let the request through, and whether it went well."""
    status = fields.get("http.response.status_code")
    if isinstance(status, int) and status:
        fields["event.outcome"] = "success" if status < 400 else "failure"
    if found.get("sc-filter-result") == "DENIED" or found.get("s-action", "").endswith("DENIED"):
        fields["event.type"], fields["event.outcome"] = ["access", "denied"], "failure"
    elif found.get("sc-filter-result") in {"OBSERVED", "PROXIED"}:
        fields["event.type"] = ["access", "allowed"]
    if "threat.software.name" in fields:
        fields["event.category"] = ["web", "network", "malware"]


def _put_user(name: str, fields: Fields) -> None:
    domain, mark, account = name.rpartition("\\")
    put_text("user.name", account, fields)
    if mark:
        put_text("user.domain", domain, fields)


class _Source:
    """ProxySG's access log."""

    name = "proxysg"
    aliases: tuple[str, ...] = ("bluecoat", "edge_swg", "symantec_proxysg")
    title = "Symantec (Blue Coat) ProxySG, Edge SWG: access log"
    datasets: tuple[str, ...] = ("proxysg.log",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the directives, or by names that other W3C logs have not."""
        text = decode(head[:16384])
        if "#Software: SGOS" in text:
            return 97
        named = re.search(r"#Fields:([^\n]{1,4000})", text)
        own = len(_OWN & set(named[1].lower().split())) if named is not None else 0
        return 96 if own >= 2 else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> _Parser:
        """Return a parser for one log."""
        return _Parser(options)


SOURCE: Final = _Source()

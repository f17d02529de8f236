"""Amazon CloudFront's access logs: standard logs (tabs, by their `#Fields:` line) and the same as JSON.

Format: Amazon CloudFront developer guide, "Standard logging reference"; JSON with the same names as keys is what
version 2 of standard logs and connectors deliver. Values are percent-encoded, instants UTC. Field names: Elastic's
`aws.cloudfront.*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final
from urllib.parse import unquote

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text, text
from collectors.framing import decode, lines
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.finish import finish
from collectors.network.tls import put_tls
from collectors.source import Options, Record
from collectors.web.address import endpoint
from engine.errors import MalformedRecordError
from engine.events import Fields

_NAMES: Final = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
    "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
    "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
    "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
)  # fmt: skip
_OWN: Final = frozenset(("x-edge-location", "c-ip", "sc-status", "x-edge-result-type"))
_START = re.compile(
    r"\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[A-Z]{3}\d[\w\-]{0,20}\t(?:\d{1,18}|-)\t[0-9A-Fa-f.:]{3,45}\t[A-Z]{1,20}\t",
    re.ASCII,
)
_FEWEST: Final = 18  # columns of the oldest format
_P: Final = "aws.cloudfront."


class CloudFrontParser:
    """Reads lines by the last `#Fields:` line, or by the columns that the format has; and JSON."""

    def __init__(self, options: Options) -> None:
        self._host = options.host
        self._names: Sequence[str] = _NAMES

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for directives and blank ones. Raise where it is none of CloudFront's."""
        line = decode(record.raw).strip("\r\n")
        if not line.strip():
            return None
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                self._names = line.removeprefix("#Fields:").split()
            return None
        row = self._row(line)
        fields: Fields = {"event.kind": "event", "event.module": "aws", "event.dataset": "aws.cloudfront_logs"}
        fields["cloud.provider"], fields["cloud.service.name"] = "aws", "cloudfront"
        _read(row, fields)
        if self._host:
            fields.setdefault("host.name", self._host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses, parts of the URL and `related.*`."""
        return finish(fields)

    def _row(self, line: str) -> Mapping[str, Json]:
        if line.startswith("{"):
            document = load_object(line.encode())
            if not document.keys() >= _OWN:
                raise MalformedRecordError("JSON, but none of the fields that CloudFront's logs have")
            return document
        values = line.split("\t")
        if len(values) < _FEWEST or len(values) > len(self._names) + 8:
            raise MalformedRecordError("no line of CloudFront: values with tabs between are wanted")
        return dict(zip(self._names, values, strict=False))


def _said(value: Json) -> str:
    found = text(value)
    return "" if found == "-" else unquote(found) if "%" in found else found


def _read(row: Mapping[str, Json], fields: Fields) -> None:
    clock = text(row.get("time")) or text(row.get("start_time"))
    moment = to_instant(f"{text(row.get('date'))}T{clock}" if clock else row.get("timestamp"))
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.category"], fields["event.type"] = ("web",), ("access",)
    put_end(fields, "source", row.get("c-ip"), row.get("c-port"))
    put_text("http.request.method", _said(row.get("cs-method")), fields)
    put_text("http.request.referrer", _said(row.get("cs(Referer)")), fields)
    put_text("user_agent.original", _said(row.get("cs(User-Agent)")), fields)
    put_text("http.request.id", _said(row.get("x-edge-request-id")), fields)
    put_text("event.id", _said(row.get("x-edge-request-id")), fields)
    put_text("event.action", _said(row.get("x-edge-response-result-type")), fields)
    put_text("http.version", _said(row.get("cs-protocol-version")).removeprefix("HTTP/"), fields)
    put_text("http.response.mime_type", _said(row.get("sc-content-type")).partition(";")[0], fields)
    for name, key in (
        ("http.request.bytes", "cs-bytes"),
        ("http.response.bytes", "sc-bytes"),
        ("http.response.body.bytes", "sc-content-len"),
        ("http.response.status_code", "sc-status"),
    ):
        put_count(fields, name, row.get(key))
    _read_outcome(row, fields)
    _read_address(row, fields)
    put_tls(_said(row.get("ssl-protocol")), fields)
    put_text("tls.cipher", _said(row.get("ssl-cipher")), fields)
    for key, value in row.items():
        put_text(_P + key.lower().replace("(", "_").replace(")", "").replace("-", "_"), _said(value), fields)


def _read_outcome(row: Mapping[str, Json], fields: Fields) -> None:
    status = fields.get("http.response.status_code")
    if status == 0:  # the client went away before an answer
        del fields["http.response.status_code"]
    elif isinstance(status, int):
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    took = text(row.get("time-taken"))
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", took):
        fields["event.duration"] = round(float(took) * 1e9)


def _read_address(row: Mapping[str, Json], fields: Fields) -> None:
    """Read what was asked for: by the name in the header where it is another than the distribution's."""
    put_text("destination.domain", endpoint(_said(row.get("cs(Host)"))).domain, fields)
    scheme = _said(row.get("cs-protocol"))
    put_text("url.scheme", scheme, fields)
    put_text("network.protocol", scheme, fields)
    path, query = text(row.get("cs-uri-stem")), text(row.get("cs-uri-query"))
    if path and path != "-":
        fields["url.path"] = path
    if query and query != "-":
        fields["url.query"] = query
    domain = endpoint(_said(row.get("x-host-header")) or _said(row.get("cs(Host)"))).domain
    put_text("url.domain", domain, fields)
    if domain and scheme and "url.path" in fields:
        tail = f"?{query}" if "url.query" in fields else ""
        fields["url.full"] = f"{scheme}://{domain}{path}{tail}"


class CloudFront:
    """CloudFront's access logs."""

    name = "aws_cloudfront"
    datasets = ("aws.cloudfront_logs",)
    aliases: tuple[str, ...] = ("cloudfront", "aws_cloudfront_logs", "aws.cloudfront_logs")
    title = "Amazon CloudFront access logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the `#Fields:` line, the first columns, or the keys of JSON."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = "cloudfront" in filename.lower()
        if start.startswith(b"#Version:"):
            return 97 + named if b"x-edge-location" in start[:2000] else 0
        line = start.split(b"\n", 1)[0][:4000]
        if line.startswith(b"{"):
            return 95 + named if all(f'"{key}"'.encode() in line for key in _OWN) else 0
        return 92 + named if _START.match(decode(line)) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> CloudFrontParser:
        """Return a parser for one log."""
        return CloudFrontParser(options)


SOURCE: Final = CloudFront()

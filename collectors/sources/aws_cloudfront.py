"""Amazon CloudFront: standard logs (W3C by their `#Fields:` line, without it, or as JSON) and real-time logs.

Format: Amazon CloudFront developer guide, "Standard logging reference" and "Use real-time access logs". Values are
percent-encoded, so that nothing a client wrote holds a tab. Field names: Elastic's `aws.cloudfront`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Final
from urllib.parse import unquote

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text, text
from collectors.framing import decode, lines
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.finish import finish
from collectors.network.tls import put_tls
from collectors.sensors.addresses import known_ip
from collectors.source import Options, Parser, Record
from collectors.web.address import endpoint
from collectors.web.complete import extension
from engine.errors import MalformedRecordError
from engine.events import Fields

# Columns were only ever added at the end, so that a line of an older log has the first of these.
_STANDARD: Final = (
    *("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(host)", "cs-uri-stem", "sc-status"),
    *("cs(referer)", "cs(user-agent)", "cs-uri-query", "cs(cookie)", "x-edge-result-type", "x-edge-request-id"),
    *("x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher"),
    *("x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port"),
    *("time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start"),
    "sc-range-end",
)
_REALTIME: Final = (
    *("timestamp", "c-ip", "time-to-first-byte", "sc-status", "sc-bytes", "cs-method", "cs-protocol", "cs-host"),
    *("cs-uri-stem", "cs-bytes", "x-edge-location", "x-edge-request-id", "x-host-header", "time-taken"),
    *("cs-protocol-version", "c-ip-version", "cs-user-agent", "cs-referer", "cs-cookie", "cs-uri-query"),
    *("x-edge-response-result-type", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-result-type"),
    *("fle-encrypted-fields", "fle-status", "sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end"),
    *("c-port", "x-edge-detailed-result-type", "c-country", "cs-accept-encoding", "cs-accept"),
    *("cache-behavior-path-pattern", "cs-headers", "cs-header-names", "cs-headers-count"),
)
_FEWEST = 12  # columns of the oldest standard log
_FEWEST_REALTIME = 15
_SAME: Final = {"cs-host": "cs(host)", "cs-user-agent": "cs(user-agent)", "cs-referer": "cs(referer)",
                "cs-cookie": "cs(cookie)"}  # fmt: skip
_SHOWN: Final = (  # columns kept as CloudFront has them
    ("edge_location", "x-edge-location"),
    ("edge_result_type", "x-edge-result-type"),
    ("edge_response_result_type", "x-edge-response-result-type"),
    ("edge_detailed_result_type", "x-edge-detailed-result-type"),
    ("content_type", "sc-content-type"),
    ("cookies", "cs(cookie)"),
    ("forwarded_for", "x-forwarded-for"),
    ("range.start", "sc-range-start"),
    ("range.end", "sc-range-end"),
    ("fle_status", "fle-status"),
    ("time_to_first_byte", "time-to-first-byte"),
    ("distribution_id", "distributionid"),
)
_JSON_MARKS: Final = ({"x-edge-location", "x-edge-result-type"}, {"x-edge-request-id", "x-edge-result-type"})
_HEAD = 65536
_LOOKED_AT = 60
_SECOND = 1_000_000_000  # nanoseconds, the unit of `event.duration`
_P: Final = "aws.cloudfront."

Values = Mapping[str, str]


def _named(columns: Sequence[str], values: Sequence[str]) -> Values:
    return {
        _SAME.get(name, name): value for name, value in zip(columns, values, strict=False) if value not in {"", "-"}
    }


def _by_shape(values: list[str]) -> Sequence[str]:
    """Return the columns that a line without a header has by its shape, none where it is no line of CloudFront."""
    if len(values) >= _FEWEST:
        if known_ip(values[4]) and values[8].isdecimal() and to_instant(f"{values[0]} {values[1]}") is not None:
            return _STANDARD
        whole, dot, part = values[0].partition(".")
        stamped = (whole + part).isdecimal() and dot and len(whole) == 10
        if len(values) >= _FEWEST_REALTIME and stamped and known_ip(values[1]) and values[3].isdecimal():
            return _REALTIME
    return ()


def _fields_line(line: str) -> Sequence[str]:
    name, _, rest = line.partition(":")
    return tuple(rest.lower().split()) if name.lower() == "#fields" else ()


def _document(line: str) -> Values:
    """Return a JSON record's values by the names of the columns, in small letters."""
    found = {name.lower(): text(value) for name, value in load_object(line.encode()).items()}
    return _named(tuple(found), tuple(found.values()))


def _is_document(line: str) -> bool:
    if '"x-edge-re' not in line:
        return False
    try:
        names = {name.lower() for name in load_object(line.encode())}
    except MalformedRecordError:
        return False
    return any(marks <= names for marks in _JSON_MARKS) and not names.isdisjoint({"c-ip", "cs-method", "sc-status"})


class CloudFrontParser:
    """Reads lines by the last `#Fields:` line, else by their shape."""

    def __init__(self, options: Options) -> None:
        self._host = options.host
        self._columns: Sequence[str] = ()

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for directives and empty lines."""
        line = decode(record.raw).strip("\x00\r\n")
        if not line.strip():
            return None
        if line[0] == "#":
            self._columns = _fields_line(line) or self._columns
            return None
        fields = _read(self._values(line))
        if self._host:
            fields["host.name"] = self._host
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)

    def _values(self, line: str) -> Values:
        if line.lstrip().startswith("{"):
            return _document(line)
        values = line.split("\t")
        columns = self._columns
        if columns and len(columns) != len(values):
            raise MalformedRecordError(f"{len(values)} values where #Fields names {len(columns)} columns")
        columns = columns or _by_shape(values)
        if not columns:
            raise MalformedRecordError("no request of CloudFront: columns with tabs between, a date, an address")
        return _named(columns, values)


class CloudFrontSource:
    """CloudFront's access logs."""

    name = "aws_cloudfront"
    aliases: tuple[str, ...] = ("cloudfront", "aws_cloudfront_logs", "aws.cloudfront_logs")
    title = "Amazon CloudFront access logs (standard, real-time)"
    datasets: tuple[str, ...] = ("aws.cloudfront_logs",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the names of columns that only CloudFront has, else by the shape of lines. See `Source`."""
        found = [line for line in decode(head[:_HEAD]).splitlines()[: _LOOKED_AT + 1] if line.strip()]
        columns = next((columns for line in found if (columns := _fields_line(line))), ())
        if columns:
            return 98 if "x-edge-location" in columns or "x-edge-request-id" in columns else 0
        content = [line for line in found if not line.startswith("#")]
        if len(content) > 1 and (len(head) >= _HEAD or len(content) > _LOOKED_AT):
            content = content[:-1]  # the last may be cut
        known = sum(
            _is_document(line) if line.startswith("{") else bool(_by_shape(line.split("\t"))) for line in content
        )
        return round(97 * known / len(content)) if content and known * 2 >= len(content) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one log."""
        return CloudFrontParser(options)


def _moment(values: Values) -> datetime:
    """Return when the request ended: all of CloudFront's stamps are UTC."""
    time = values.get("time") or values.get("start_time", "")
    given = values.get("timestamp") or values.get("timestamp(ms)") or f"{values.get('date', '')} {time}"
    moment = to_instant(given)
    if moment is None:
        raise MalformedRecordError("no request of CloudFront: it has no date and time")
    return moment


def _said(value: str | None) -> str:
    """Return a header as the client sent it; CloudFront once encoded it twice."""
    found = unquote(value or "")
    return unquote(found) if "%20" in found and " " not in found else found


def _read(values: Values) -> Fields:
    if "c-ip" in values and not known_ip(values["c-ip"]):
        raise MalformedRecordError("no request of CloudFront: c-ip is no address")
    fields: Fields = {"@timestamp": _moment(values), "event.dataset": "aws.cloudfront_logs", "event.module": "aws"}
    fields["event.kind"], fields["event.category"] = "event", ["web"]
    fields["event.type"] = ["access"]
    fields["cloud.provider"], fields["cloud.service.name"] = "aws", "cloudfront"
    put_end(fields, "source", values.get("c-ip"), values.get("c-port"))
    put_text("event.action", values.get("x-edge-response-result-type") or values.get("x-edge-result-type"), fields)
    for name in ("event.id", "http.request.id"):
        put_text(name, values.get("x-edge-request-id"), fields)
    _read_request(values, fields)
    _read_answer(values, fields)
    forwarded = unquote(values.get("x-forwarded-for", "")).partition(",")[0].strip()
    if known_ip(forwarded):
        fields["network.forwarded_ip"] = forwarded
    for name, column in _SHOWN:
        put_text(_P + name, values.get(column), fields)
    return fields


def _read_request(values: Values, fields: Fields) -> None:
    put_text("http.request.method", values.get("cs-method"), fields)
    put_text("http.request.referrer", _said(values.get("cs(referer)")), fields)
    put_text("user_agent.original", _said(values.get("cs(user-agent)")), fields)
    put_text("http.version", values.get("cs-protocol-version", "").rpartition("/")[2], fields)
    put_count(fields, "http.request.bytes", values.get("cs-bytes"))
    put_text("destination.domain", values.get("cs(host)"), fields)
    scheme = values.get("cs-protocol", "").lower()
    put_text("network.protocol", scheme, fields)
    put_text("url.scheme", scheme, fields)
    asked = endpoint(values.get("x-host-header") or values.get("cs(host)") or "")
    put_text("url.domain", asked.ip or asked.domain, fields)
    path, query = values.get("cs-uri-stem", ""), values.get("cs-uri-query", "")
    put_text("url.path", path, fields)
    put_text("url.query", query, fields)
    target = f"{path}?{query}" if query else path
    put_text("url.original", target, fields)
    if scheme and target.startswith("/") and (host := values.get("x-host-header") or values.get("cs(host)")):
        fields["url.full"] = f"{scheme}://{host}{target}"
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    if stem and dot:
        put_text("url.extension", extension(ending), fields)
    put_text("tls.cipher", values.get("ssl-cipher"), fields)
    put_tls(values.get("ssl-protocol", ""), fields)


def _read_answer(values: Values, fields: Fields) -> None:
    status = _count(values.get("sc-status"))
    if status is not None and 100 <= status <= 599:  # 000: the client was gone before the answer
        fields["http.response.status_code"] = status
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    put_count(fields, "http.response.bytes", values.get("sc-bytes"))
    put_count(fields, "http.response.body.bytes", values.get("sc-content-len"))
    whole, _, part = values.get("time-taken", "").partition(".")
    seconds = _count(whole)
    if seconds is not None:
        fields["event.duration"] = seconds * _SECOND + (_count(part[:9].ljust(9, "0")) or 0)


def _count(value: Json) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10 else None


SOURCE = CloudFrontSource()

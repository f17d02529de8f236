"""Cisco Umbrella: DNS, proxy, firewall and IP logs, and what administrators changed, as it stores them in S3.

Format: Cisco Umbrella documentation, "Log formats and versioning": CSV whose values are quoted, without a header; which
log a line is of follows from its columns. Columns that later versions add at the end are kept by number. Field names:
Elastic's `cisco.umbrella.*`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

from collectors.cloud.ends import put_end
from collectors.dns.question import ask
from collectors.framing import decode, lines
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options, Record
from collectors.web.request import read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_VERDICTS: Final = {
    "allowed": "allowed",
    "allow": "allowed",
    "blocked": "denied",
    "block": "denied",
    "proxied": "allowed",
}
_DNS_TYPE = re.compile(r"(?P<number>\d{1,5})(?: \((?P<name>[A-Za-z0-9]{1,16})\))?", re.ASCII)
_DNS: Final = (
    *("identity", "identities", "internal_ip", "external_ip", "action", "query_type", "response_code", "domain"),
    *("categories", "identity_type", "identity_types", "blocked_categories"),
)
_PROXY: Final = (
    *("identity", "identities", "internal_ip", "external_ip", "destination_ip", "content_type", "verdict", "url"),
    *("referer", "user_agent", "status_code", "request_size", "response_size", "body_size", "sha", "categories"),
    *(
        "av_detections",
        "puas",
        "amp_disposition",
        "amp_malware_name",
        "amp_score",
        "identity_type",
        "blocked_categories",
    ),
)
_FIREWALL: Final = (
    *("origin_id", "identity", "identity_type", "direction", "protocol", "packet_size", "source_ip", "source_port"),
    *("destination_ip", "destination_port", "data_center", "rule_id", "verdict"),
)
_IP: Final = (
    "identity",
    "source_ip",
    "source_port",
    "destination_ip",
    "destination_port",
    "categories",
    "identity_type",
)
_AUDIT: Final = ("id", "time", "email", "user", "type", "action", "logged_in_from", "before", "after")
_DIRECTIONS: Final = {"to": "outbound", "from": "inbound"}
_OPERATIONS: Final = {"create": "creation", "delete": "deletion", "update": "change", "login": "start", "logout": "end"}
_FEWEST: Final = 6  # columns of the shortest log


class UmbrellaParser:
    """Reads the lines of any of the logs."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is of none of the logs."""
        line = decode(record.raw).strip()
        if not line:
            return None
        values = _split(line)
        found = _log_of(values)
        if found is None:
            raise MalformedRecordError("no line of Umbrella: quoted values, a time first (UTC), are wanted")
        kind, names = found
        fields: Fields = {
            "event.kind": "event",
            "event.module": "cisco_umbrella",
            "event.dataset": f"cisco_umbrella.{kind}",
        }
        fields["observer.vendor"], fields["observer.product"] = "Cisco", "Umbrella"
        start = 0 if kind == "audit" else 1
        moment = to_instant(values[1] if kind == "audit" else values[0])
        if moment is not None:
            fields["@timestamp"] = moment
        row = dict(zip(names, values[start:], strict=False))
        _READERS[kind](row, fields)
        for name, value in row.items():
            if value:
                fields[f"cisco.umbrella.{name}"] = value
        for number, value in enumerate(values[start + len(names) :], start + len(names) + 1):
            if value:
                fields[f"cisco.umbrella.column_{number}"] = value
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses, parts of URLs and `related.*`."""
        return finish(fields)


def _split(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise MalformedRecordError(f"no CSV: {error}") from error


def _log_of(values: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    """Return which log a line is of, by what stands in columns that only it has, and the names of its columns."""
    if len(values) < _FEWEST:
        return None
    if _STAMP.fullmatch(values[1]) and "@" in values[2] and len(values) >= len(_AUDIT):
        return "audit", _AUDIT
    if not _STAMP.fullmatch(values[0]):
        return None
    if len(values) > 8 and "://" in values[8] and (known_ip(values[3]) or known_ip(values[4])):
        return "proxy", _PROXY
    if len(values) >= 10 and _DNS_TYPE.fullmatch(values[6]) and (known_ip(values[3]) or known_ip(values[4])):
        return "dns", _DNS
    if len(values) >= len(_FIREWALL) and values[4].strip().lower() in _DIRECTIONS:
        return "cloudfirewall", _FIREWALL
    return ("ip", _IP) if known_ip(values[2]) and known_ip(values[4]) else None


def _verdict(word: str) -> tuple[str, ...]:
    found = _VERDICTS.get(word.lower())
    return (found,) if found is not None else ("info",)


def _read_identity(row: dict[str, str], fields: Fields) -> None:
    """Read whose it was: a person where the identity is one of the directory, else a network or a computer."""
    if name := row.get("identity", ""):
        fields["user.name"] = name
    put_end(fields, "source", row.get("internal_ip"))
    put_end(fields, "source.nat", row.get("external_ip"))
    if "source.ip" not in fields:
        put_end(fields, "source", row.get("external_ip"))


def _read_dns(row: dict[str, str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), (*_verdict(row["action"]), "protocol")
    fields["event.action"] = f"dns-request-{row['action'].lower()}"
    fields["observer.type"] = "dns"
    fields["network.protocol"] = "dns"
    _read_identity(row, fields)
    kind = _DNS_TYPE.fullmatch(row["query_type"])
    ask(fields, row["domain"], (kind["name"] or "") if kind is not None else "")
    if code := row["response_code"]:
        fields["dns.response_code"] = code


def _read_proxy(row: dict[str, str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network", "web"), _verdict(row["verdict"])
    fields["observer.type"] = "proxy"
    _read_identity(row, fields)
    put_end(fields, "destination", row["destination_ip"])
    fields["url.original"] = fields["url.full"] = row["url"]
    read_target(row["url"], fields)
    for name, key in (
        ("http.request.referrer", "referer"),
        ("user_agent.original", "user_agent"),
        ("http.response.mime_type", "content_type"),
        ("file.hash.sha256", "sha"),
        ("rule.name", "amp_malware_name"),
    ):
        if value := row.get(key):
            fields[name] = value
    for name, key in (
        ("http.response.status_code", "status_code"),
        ("http.request.bytes", "request_size"),
        ("http.response.bytes", "response_size"),
        ("http.response.body.bytes", "body_size"),
    ):
        value = row.get(key, "")
        if value.isascii() and value.isdigit() and len(value) < 16:
            fields[name] = int(value)


def _read_firewall(row: dict[str, str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), _verdict(row["verdict"])
    fields["observer.type"] = "firewall"
    fields["event.action"] = row["verdict"].lower()
    put_end(fields, "source", row["source_ip"], row["source_port"])
    put_end(fields, "destination", row["destination_ip"], row["destination_port"])
    fields.update(transport_fields(row["protocol"]))
    if direction := _DIRECTIONS.get(row["direction"].strip().lower()):
        fields["network.direction"] = direction
    if rule := row["rule_id"]:
        fields["rule.id"] = rule
    if name := row["identity"]:
        fields["user.name"] = name


def _read_ip(row: dict[str, str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), ("connection",)
    fields["observer.type"] = "firewall"
    put_end(fields, "source", row["source_ip"], row["source_port"])
    put_end(fields, "destination", row["destination_ip"], row["destination_port"])
    if name := row["identity"]:
        fields["user.name"] = name


def _read_audit(row: dict[str, str], fields: Fields) -> None:
    kind = _OPERATIONS.get(row["action"].lower(), "change")
    fields["event.category"] = ("authentication",) if kind in {"start", "end"} else ("configuration",)
    fields["event.type"] = (kind,)
    fields["event.action"] = f"{row['type']}-{row['action']}".lower()
    fields["event.id"] = row["id"]
    fields["user.email"], fields["user.name"] = row["email"], row["user"] or row["email"]
    put_end(fields, "source", row["logged_in_from"])


_READERS: Final[dict[str, Callable[[dict[str, str], Fields], None]]] = {
    "audit": _read_audit,
    "cloudfirewall": _read_firewall,
    "dns": _read_dns,
    "ip": _read_ip,
    "proxy": _read_proxy,
}


class Umbrella:
    """The logs of Cisco Umbrella."""

    name = "cisco_umbrella"
    datasets = ("cisco_umbrella.",)
    aliases: tuple[str, ...] = ("umbrella", "cisco_umbrella.log")
    title = "Cisco Umbrella: DNS, proxy, firewall, IP, audit"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the first line's columns."""
        line = decode(head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0][:8000]).strip()
        if not line.startswith('"'):
            return 0
        try:
            found = _log_of(_split(line))
        except MalformedRecordError:
            return 0
        named = "umbrella" in filename.lower()
        return 0 if found is None else 88 + named if found[0] != "ip" else 70 + 18 * named

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> UmbrellaParser:
        """Return a parser for one log."""
        return UmbrellaParser(options)


SOURCE: Final = Umbrella()

"""The rest of ECS for a network device's event: kind, copies of addresses, network totals, URL parts, `related.*`."""

from __future__ import annotations

import base64
import struct
from functools import lru_cache
from hashlib import sha1
from ipaddress import ip_address

from collectors.web.address import is_ip
from collectors.web.request import read_target
from engine.events import Fields, Value

_SIDES = ("source", "destination", "client", "server")
_ADDRESSES = tuple((f"{side}.address", f"{side}.ip", f"{side}.domain") for side in _SIDES)
_HASHED = ("file", "process", "email.attachments.file")
_RELATED = (
    (
        "related.ip",
        (
            *(f"{side}.{part}" for side in _SIDES for part in ("ip", "nat.ip")),
            *("network.forwarded_ip", "host.ip", "observer.ip", "dns.resolved_ip"),
        ),
    ),
    (
        "related.user",
        (
            *(f"{side}user.{part}" for side in ("", *(f"{s}." for s in _SIDES)) for part in ("name", "email")),
            *("user.target.name", "user.effective.name"),
        ),
    ),
    (
        "related.hosts",
        (
            *(f"{side}.domain" for side in _SIDES),
            *("host.name", "host.hostname", "observer.hostname", "observer.name", "url.domain", "dns.question.name"),
        ),
    ),
    (
        "related.hash",
        (
            *(f"{holder}.hash.{name}" for holder in _HASHED for name in ("md5", "sha1", "sha256")),
            "tls.server.hash.sha256",
        ),
    ),
)
_PORTED = frozenset((6, 17, 132))


def finish(fields: Fields) -> Fields:
    """Complete the event of a device; changes and returns its argument. What the source has set stays."""
    fields.setdefault("event.kind", "event")
    fields.setdefault("event.category", ())  # ECS: empty where none fits
    fields.setdefault("event.type", ())
    for address, ip, domain in _ADDRESSES:
        known = fields.get(ip) or fields.get(domain)
        if known:
            fields.setdefault(address, known)
    _network(fields)
    _url(fields)
    for name, sources in _RELATED:
        if name not in fields and (members := _members(fields, sources)):
            fields[name] = members
    return fields


def _members(fields: Fields, sources: tuple[str, ...]) -> list[str]:
    found: dict[str, None] = {}
    for source in sources:
        value = fields.get(source)
        for text in (value,) if isinstance(value, str) else value if isinstance(value, list) else ():
            if isinstance(text, str) and text:
                found[text] = None
    return list(found)


def _network(fields: Fields) -> None:
    source, destination = fields.get("source.ip"), fields.get("destination.ip")
    address = source or destination
    if isinstance(address, str):
        fields.setdefault("network.type", "ipv6" if ":" in address else "ipv4")
    for unit in ("bytes", "packets"):
        parts = [fields.get(f"{side}.{unit}") for side in ("source", "destination")]
        numbers = [part for part in parts if isinstance(part, int)]
        if numbers:
            fields.setdefault(f"network.{unit}", sum(numbers))
    number = fields.get("network.iana_number")
    if isinstance(source, str) and isinstance(destination, str) and isinstance(number, str):
        found = _flow(fields, source, destination, int(number))
        if found is not None:
            fields.setdefault("network.community_id", found)


def _flow(fields: Fields, source: str, destination: str, protocol: int) -> str | None:
    if protocol not in _PORTED:
        return None
    ports = (fields.get("source.port"), fields.get("destination.port"))
    if not all(isinstance(port, int) and 0 <= port <= 65535 for port in ports):
        return None
    return community_id(source, destination, _port(ports[0]), _port(ports[1]), protocol)


def _port(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


@lru_cache(maxsize=8192)
def community_id(source: str, destination: str, source_port: int, destination_port: int, protocol: int) -> str | None:
    """Return the Community ID, version 1 with seed 0, of a flow (https://github.com/corelight/community-id-spec)."""
    if not (is_ip(source) and is_ip(destination)):
        return None
    one, other = ip_address(source).packed, ip_address(destination).packed
    if len(one) != len(other):
        return None
    ends = sorted(((one, source_port), (other, destination_port)))
    packed = struct.pack("!H", 0) + ends[0][0] + ends[1][0] + struct.pack("!BB", protocol, 0)
    packed += struct.pack("!HH", ends[0][1], ends[1][1])
    return "1:" + base64.b64encode(sha1(packed, usedforsecurity=False).digest()).decode("ascii")


def _url(fields: Fields) -> None:
    original = fields.get("url.original")
    if isinstance(original, str) and "url.path" not in fields and "url.scheme" not in fields:
        parts: Fields = {}
        read_target(original, parts)
        for name, value in parts.items():
            fields.setdefault(name, value)
        if "url.scheme" in parts:
            fields.setdefault("url.full", original)
            fields.setdefault("url.port", 443 if parts["url.scheme"] == "https" else 80)
    path = fields.get("url.path")
    if isinstance(path, str):
        stem, dot, extension = path.rpartition("/")[2].rpartition(".")
        if stem and dot and extension.isalnum() and len(extension) <= 16:
            fields.setdefault("url.extension", extension.lower())

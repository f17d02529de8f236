"""The other end of a mail connection, and mail addresses, as transport agents write them.

Postfix writes `name[address]:port`, where an unknown name is the word `unknown`; Exim writes `H=name (helo)
[address]:port`. Addresses of mail stand in angle brackets or without; an empty sender is `<>`.
"""

from __future__ import annotations

import re

from collectors.web.address import is_ip
from engine.events import Fields

PEER_PATTERN = r"(?P<name>[^\s\[\],;<>()=]{0,255})\[(?P<ip>[0-9A-Fa-f:.]{2,45})(?:/\d{1,3})?\](?::(?P<port>\d{1,5}))?"
PEER = re.compile(PEER_PATTERN, re.ASCII)
_UNKNOWN = frozenset({"", "unknown", "none", "local", "-"})
_LONGEST = 320  # of a mail address, RFC 3696 erratum 1690


def put_peer(side: str, found: re.Match[str], fields: Fields) -> None:
    """Put a `PEER` under `source` or `destination`: address, port, and the name where one is known."""
    if is_ip(found["ip"]):
        fields[f"{side}.ip"] = found["ip"]
    put_port(side, found["port"], fields)
    put_domain(side, found["name"], fields)


def put_port(side: str, port: str | None, fields: Fields) -> None:
    """Put a port that is one."""
    if port and port.isdecimal() and 0 < int(port) < 65536:
        fields[f"{side}.port"] = int(port)


def put_domain(side: str, name: str | None, fields: Fields) -> None:
    """Put a host name, or the literal in brackets that a client gave for one."""
    bare = (name or "").strip("[]<>")
    if bare.lower() not in _UNKNOWN and len(bare) <= 255:
        fields[f"{side}.domain"] = bare


def mail_address(text: str) -> str:
    """Return the address out of `<a@b>`, `a@b`, `"x y"@b`; empty for the empty sender and what is too long."""
    bare = text.strip().strip("<>").strip()
    return bare if 0 < len(bare) <= _LONGEST else ""


def put_mail(name: str, text: str, fields: Fields) -> str:
    """Put a mail address as the list that ECS asks for; return its domain, empty where it has none."""
    address = mail_address(text)
    if not address:
        return ""
    there = fields.get(name)
    fields[name] = [*there, address] if isinstance(there, list) and address not in there else [address]
    return domain_of(address)


def domain_of(address: str) -> str:
    """Return what stands behind the last @ of an address."""
    return address.rpartition("@")[2] if "@" in address else ""

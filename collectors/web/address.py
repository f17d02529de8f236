"""Addresses as web logs write them: IPv4, IPv6, host names, with or without a port, and lists of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"({_OCTET}(?:\.{_OCTET}){{3}})(?::(\d{{1,5}}))?", re.ASCII)
_LIKE_IPV4 = re.compile(r"[\d.]+(?::\d+)?", re.ASCII)
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})(?:%[\w.\-]{1,32})?\](?::(\d{1,5}))?", re.ASCII)
_NAME = re.compile(r"([A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,252}))(?::(\d{1,5}))?", re.ASCII)
_LONGEST = 300  # characters of a host name with its port; nothing longer is one, or is remembered
_ABSENT = frozenset({"", "-", "_", "unix:", "unix", "(null)", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One end of a connection; `ip` is in the form the log has it, `domain` a host name."""

    ip: str | None = None
    domain: str | None = None
    port: int | None = None


_NOWHERE = Endpoint()


def endpoint(text: str) -> Endpoint:
    """Read an address or a host name with an optional port; what is neither gives an empty endpoint."""
    return _endpoint(text) if len(text) <= _LONGEST else _NOWHERE


@lru_cache(maxsize=65536)
def _endpoint(text: str) -> Endpoint:
    found = _IPV4.fullmatch(text)
    if found is not None:
        return Endpoint(ip=found[1], port=_port(found[2]))
    if text.lower() in _ABSENT or _LIKE_IPV4.fullmatch(text):
        return _NOWHERE
    found = _BRACKETED.fullmatch(text)
    if found is not None:
        return Endpoint(ip=found[1], port=_port(found[2])) if is_ip(found[1]) else _NOWHERE
    bare = text.partition("%")[0]
    if ":" in bare and is_ip(bare):
        return Endpoint(ip=bare)
    found = _NAME.fullmatch(text)
    return _NOWHERE if found is None else Endpoint(domain=found[1].rstrip("."), port=_port(found[2]))


def is_ip(text: str) -> bool:
    """Tell whether the text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    number = int(text)
    return number if 0 < number < 65536 else None


def addresses(text: str) -> list[str]:
    """Return the members of a list of addresses (`X-Forwarded-For`: commas, blanks), without empty ones."""
    return [part for part in text.replace(",", " ").split() if part not in {"-", "unknown"}]


def first_public(members: list[str]) -> str:
    """Return the client out of a forwarding chain: its first public address, else its first member."""
    return next((part for part in members if _is_public(part)), members[0])


def _is_public(text: str) -> bool:
    address = endpoint(text).ip
    return address is not None and ip_address(address).is_global

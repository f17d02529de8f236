"""Networks of addresses without any outside list: the part of an address that a household or a carrier shares."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_INSIDE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


@lru_cache(maxsize=65_536)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=65_536)
def near(address: str) -> str:
    """Return the network of a site: /24 of IPv4, /48 of IPv6; the text itself where it is no address."""
    return _network(address, 24, 48)


@lru_cache(maxsize=65_536)
def wide(address: str) -> str:
    """Return the network of a provider, roughly: /16 of IPv4, /32 of IPv6; the text itself where it is no address."""
    return _network(address, 16, 32)


def _network(address: str, four: int, six: int) -> str:
    found = _parsed(address)
    if found is None:
        return address
    return str(ip_network((found, four if found.version == 4 else six), strict=False))


@lru_cache(maxsize=65_536)
def is_inside(address: str) -> bool:
    """Tell whether an address belongs to a private network, the machine itself, or its link."""
    found = _parsed(address)
    return found is not None and any(found.version == net.version and found in net for net in _INSIDE)


@lru_cache(maxsize=65_536)
def is_single(address: str) -> bool:
    """Tell whether this is the address of one machine: no multicast, broadcast or unspecified address."""
    found = _parsed(address)
    if found is None or found.is_multicast or found.is_unspecified:
        return False
    return not (found.version == 4 and str(found).endswith(".255"))

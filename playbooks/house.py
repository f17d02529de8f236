"""What the organisation is to kulla: its networks, its domains, and the deadlines that hold for it.

Private addresses are its own always; public ones and domains are those that the configuration names. What is its own is
never offered for blocking, and never told to others as the attacker's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network

from publicsuffixlist import PublicSuffixList

from engine.private_networks import PRIVATE_NETWORKS
from playbooks.legal import Rule, own_rules
from playbooks.values import Address, Network

_NOBODYS: tuple[Network, ...] = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The organisation. `networks` are its public networks, `domains` its domains (each with all names below it)."""

    networks: tuple[Network, ...] = ()
    domains: tuple[str, ...] = ()
    deadlines: tuple[Rule, ...] = field(default_factory=own_rules)

    def is_inside(self, value: str) -> bool:
        """Tell whether this is the address of one of its machines: in a private network, or in its own."""
        return _in(value, (*PRIVATE_NETWORKS, *self.networks))

    def is_outside(self, value: str) -> bool:
        """Tell whether this is the address of somebody else's machine."""
        return _address(value) is not None and not self.is_inside(value) and not is_nobodys(value)


def is_nobodys(value: str) -> bool:
    """Tell whether this is an address of no one machine: loopback, multicast, broadcast, unspecified."""
    return _in(value, _NOBODYS)


def is_public_suffix(name: str) -> bool:
    """Tell whether anybody may register names right below this one (`com.al`), by the Public Suffix List."""
    return bool(_suffixes().is_public(name.lower().strip(".")))


@cache
def _suffixes() -> PublicSuffixList:
    """Return the list, read when it is first asked for: that takes a tenth of a second."""
    return PublicSuffixList()


def _in(value: str, networks: tuple[Network, ...]) -> bool:
    address = _address(value)
    return address is not None and any(address in network for network in networks)


def _address(value: str) -> Address | None:
    try:
        address = ip_address(value.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

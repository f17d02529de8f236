"""Where messages may go: hosts that are listed, at addresses that are no private ones unless these are listed too.

A name is looked up once and the connection goes to the address that was checked, so that a name which changes its
address between check and use (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from engine.errors import ConfigurationError

Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]


def _resolve(host: str, port: int) -> list[str]:
    return [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The allow-list: names (`hooks.example.com`, `*.example.com`, each with or without `:PORT`) and networks.

    A private address (also loopback, link-local, reserved) is allowed where a listed network contains it.
    """

    names: tuple[str, ...]
    networks: tuple[Network, ...]
    resolve: Resolver = _resolve

    def address(self, host: str, port: int) -> str:
        """Return the address to connect to; raise `ConfigurationError` where the host or its address is not allowed.

        Raise `OSError` where the name cannot be looked up.
        """
        if not self._is_named(host, port):
            raise ConfigurationError(
                f"{host}:{port} is not on the list of destinations",
                where="notify.allow",
                hint=f'[notify] allow = ["{host}"] in kulla.toml, if messages may go there',
            )
        found = self.resolve(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        for address in found:
            if not self._is_open(address):
                raise ConfigurationError(
                    f"{host} has the address {address}, which is not public and not on the list",
                    where="notify.allow",
                    hint=f'[notify] allow = ["{host}", "{address}/32"], if that is meant',
                )
        return found[0]

    def _is_named(self, host: str, port: int) -> bool:
        wanted = host.lower().rstrip(".")
        for entry in self.names:
            name, _, number = entry.lower().partition(":")
            if number and number != str(port):
                continue
            if name == wanted or (name.startswith("*.") and wanted.endswith(name[1:])):
                return True
        return self._in_networks(host)

    def _in_networks(self, address: str) -> bool:
        try:
            number = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        number = getattr(number, "ipv4_mapped", None) or number
        return any(number in network for network in self.networks if network.version == number.version)

    def _is_open(self, address: str) -> bool:
        try:
            number = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        number = getattr(number, "ipv4_mapped", None) or number
        return (number.is_global and not number.is_multicast) or self._in_networks(address)


def guard_of(allowed: Sequence[str], where: str) -> Guard:
    """Return the guard that a list of names, addresses and networks makes; raise `ConfigurationError`."""
    names: list[str] = []
    networks: list[Network] = []
    for entry in allowed:
        try:
            networks.append(ip_network(entry))
        except ValueError:
            if "/" in entry or "@" in entry or not entry.strip("*. "):
                raise ConfigurationError(
                    f"{entry!r} is no host, address or network", where=where, hint='allow = ["hooks.example.com"]'
                ) from None
            names.append(entry)
    return Guard(names=tuple(names), networks=tuple(networks))

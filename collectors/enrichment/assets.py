"""What the organisation knows of its own machines: which asset an address or a host name is, and what it serves.

The list is a CSV file with a heading line; `match` is an address, a network or a host name (`*` at its start stands
for anything), the others are optional:

    match,name,criticality,service,owner
    10.1.0.0/16,office network,2,,IT
    srv-portal-*,portal front end,5,e-albania,AKSHI

The longest network, and the longest name, wins. Criticality is 1 (low) to 5.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from engine.errors import ConfigurationError

_COLUMNS: Final = ("match", "name", "criticality", "service", "owner")
_MAX_BYTES: Final = 64 * 1024 * 1024
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One line of the list; what it does not say is empty. `criticality` is a digit from 1 (low) to 5."""

    name: str
    criticality: str
    service: str
    owner: str


class Assets:
    """The list, asked by address and by host name."""

    def __init__(self, entries: Sequence[tuple[str, Asset]]) -> None:
        self._names: dict[str, Asset] = {}
        self._endings: dict[str, Asset] = {}
        self._beginnings: dict[str, Asset] = {}
        self._networks: dict[int, dict[Network, Asset]] = {}
        for match, asset in entries:
            self._enter(match.strip().lower(), asset)
        self._lengths = sorted(self._networks, reverse=True)

    def _enter(self, match: str, asset: Asset) -> None:
        try:
            network = ip_network(match, strict=False)
        except ValueError:
            if match.startswith("*"):
                self._endings[match[1:]] = asset
            elif match.endswith("*"):
                self._beginnings[match[:-1]] = asset
            else:
                self._names[match] = asset
        else:
            self._networks.setdefault(network.prefixlen, {})[network] = asset

    def of_address(self, text: str) -> Asset | None:
        """Return the asset of an address: that of the smallest network which holds it."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        for length in self._lengths:
            if length <= address.max_prefixlen:
                found = self._networks[length].get(ip_network((address, length), strict=False))
                if found is not None:
                    return found
        return None

    def of_host(self, name: str) -> Asset | None:
        """Return the asset of a host: by its name, by its name without the domain, or by the longest pattern."""
        plain = name.lower().rstrip(".")
        exact = self._names.get(plain) or self._names.get(plain.partition(".")[0])
        if exact is not None:
            return exact
        found = [(len(ending), asset) for ending, asset in self._endings.items() if plain.endswith(ending)]
        found += [(len(start), asset) for start, asset in self._beginnings.items() if plain.startswith(start)]
        return max(found, key=lambda item: item[0], default=(0, None))[1]


def load_assets(path: Path) -> Assets:
    """Read the list; raise `ConfigurationError` with the line where it is wrong."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError("the list of assets is too large", where=str(path), hint="64 MiB at most")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the list of assets cannot be read: {error}", where=str(path), hint="name a CSV file in UTF-8"
        ) from error
    return Assets(list(_entries(text, str(path))))


def _entries(text: str, where: str) -> Iterator[tuple[str, Asset]]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    unknown = [name for name in reader.fieldnames or () if name not in _COLUMNS]
    if "match" not in (reader.fieldnames or ()) or unknown:
        raise ConfigurationError(
            "the heading line names no column `match`" if not unknown else f"unknown column: {', '.join(unknown)}",
            where=f"{where}:1",
            hint="columns: " + ", ".join(_COLUMNS),
        )
    try:
        for row in reader:
            yield _entry(row, f"{where}:{reader.line_num}")
    except csv.Error as error:
        raise ConfigurationError(f"no line of CSV: {error}", where=f"{where}:{reader.line_num}") from error


def _entry(row: Mapping[str, str | None], where: str) -> tuple[str, Asset]:
    match = (row.get("match") or "").strip()
    if not match:
        raise ConfigurationError("`match` is empty", where=where, hint="an address, a network or a host name")
    name, level, service, owner = ((row.get(column) or "").strip() for column in _COLUMNS[1:])
    if level not in {"", "1", "2", "3", "4", "5"}:
        raise ConfigurationError(f"criticality {level!r} is none", where=where, hint="1 (low) to 5")
    return match, Asset(name=name or match, criticality=level, service=service, owner=owner)

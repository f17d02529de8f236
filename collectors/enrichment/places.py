"""Country, city and network of an address, from MaxMind databases (format 2.0) that the user has.

kulla ships none: their licences do not allow it. GeoLite2, DB-IP's and other files of the same format do; what a file
knows is asked by the names that MaxMind gives (`country`, `city`, `autonomous_system_number`, ...).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import maxminddb

from engine.errors import ConfigurationError

# ECS name, below the address' own field, and where its value stands in a record.
_TEXTS: Final = (
    ("geo.continent_code", ("continent", "code")),
    ("geo.country_iso_code", ("country", "iso_code")),
    ("geo.country_name", ("country", "names", "en")),
    ("geo.region_name", ("subdivisions", 0, "names", "en")),
    ("geo.city_name", ("city", "names", "en")),
    ("as.organization.name", ("autonomous_system_organization",)),
)


class Places:
    """Looks addresses up in some databases; they are read as they are needed and never as a whole."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._databases = [_opened(path) for path in paths]

    def describe(self, address: str) -> Mapping[str, str | int]:
        """Return `geo.*` and `as.*` of an address, nothing where no database knows it (or it is none)."""
        found: dict[str, str | int] = {}
        for database in self._databases:
            try:
                record = database.get(address)
            except ValueError:  # no address, or one of IPv6 in a database of IPv4
                continue
            except maxminddb.InvalidDatabaseError:
                continue  # one damaged record costs what it says, not the event
            for name, value in _facts(record):
                found.setdefault(name, value)
        return found


def _facts(record: object) -> list[tuple[str, str | int]]:
    facts: list[tuple[str, str | int]] = []
    for name, path in _TEXTS:
        value = _at(record, path)
        if isinstance(value, str) and value:
            facts.append((name, value))
    number = _at(record, ("autonomous_system_number",))
    if isinstance(number, int):
        facts.append(("as.number", number))
    latitude, longitude = _at(record, ("location", "latitude")), _at(record, ("location", "longitude"))
    if isinstance(latitude, float) and isinstance(longitude, float):
        facts.append(("geo.location", f"{latitude},{longitude}"))
    return facts


def _at(record: object, path: Sequence[str | int]) -> object:
    for step in path:
        if isinstance(step, int):
            record = record[step] if isinstance(record, list) and len(record) > step else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record


def _opened(path: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        raise ConfigurationError(
            f"no database of addresses: {error}", where=str(path), hint="name a MaxMind file (.mmdb)"
        ) from error

"""Reading a table of settings (TOML): typed values, spans of time, and no key that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from engine.alerts import Level
from engine.errors import ConfigurationError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhdw])")


def span_of(word: str) -> timedelta | None:
    """Return the span of time that a word such as `30s`, `5m` or `2d` names, None where it names none."""
    found = _SPAN.fullmatch(word.strip())
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])}) if found else None


class Table:
    """One table; `where` is the file it stands in, `path` its name there. Values are taken by key; see `close`."""

    def __init__(self, values: object, where: str, path: str) -> None:
        if not isinstance(values, Mapping):
            raise ConfigurationError(f"{path} has to be a table", where=where, hint=f"[{path}]")
        self._values: Mapping[str, object] = values
        self._asked: set[str] = set()
        self.where = where
        self.path = path

    def error(self, key: str, problem: str) -> ConfigurationError:
        """Return the error that a key's value is."""
        return ConfigurationError(f"{self.path}.{key}: {problem}", where=self.where, hint="kulla config check")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it has to be there and not empty."""
        found = self._get(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found:
            raise self.error(key, "a text is wanted")
        return found

    def word(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """Return one of these words."""
        found = self.text(key, default)
        if found not in allowed:
            raise self.error(key, f"one of {', '.join(allowed)} is wanted")
        return found

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        found = self._get(key)
        if found is None:
            return default
        items = [found] if isinstance(found, str) else found
        if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
            raise self.error(key, "a list of texts is wanted")
        return tuple(items)

    def number(self, key: str, default: int | None = None, *, least: int = 0, most: int = 10**9) -> int:
        """Return a whole number."""
        found = self._get(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            raise self.error(key, f"a whole number from {least:,} to {most:,} is wanted")
        return found

    def switch(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        found = self._get(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self.error(key, "true or false is wanted")
        return found

    def span(self, key: str, default: timedelta | None = None) -> timedelta:
        """Return a span of time (`30s`, `5m`, `2h`, `7d`)."""
        found = self._get(key)
        if found is None and default is not None:
            return default
        parsed = span_of(found) if isinstance(found, str) else None
        if parsed is None:
            raise self.error(key, "a span of time such as 30s, 5m or 2h is wanted")
        return parsed

    def level(self, key: str, default: Level) -> Level:
        """Return a level by its name."""
        found = self._get(key)
        if found is None:
            return default
        try:
            return Level.parse(str(found))
        except ValueError:
            raise self.error(key, "one of " + ", ".join(level.label for level in Level) + " is wanted") from None

    def zone(self, key: str, default: str = "UTC") -> ZoneInfo:
        """Return a time zone by its IANA name."""
        found = self.text(key, default)
        try:
            return ZoneInfo(found)
        except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise self.error(key, "an IANA time zone such as Europe/Tirane is wanted") from None

    def moment(self, key: str) -> date | None:
        """Return a day or an instant (TOML knows both; ISO 8601 as text is taken too), None where there is none."""
        found = self._get(key)
        if found is None or isinstance(found, date):
            return found
        try:
            return datetime.fromisoformat(str(found))
        except ValueError:
            raise self.error(key, "a day or an instant such as 2026-03-01T08:00:00Z is wanted") from None

    def table(self, key: str) -> Table | None:
        """Return a table within this one, None where there is none."""
        found = self._get(key)
        return None if found is None else Table(found, self.where, f"{self.path}.{key}")

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables (`[[KEY]]`)."""
        found = self._get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.error(key, f"a list of tables is wanted: [[{self.path}.{key}]]")
        return [Table(item, self.where, f"{self.path}.{key}[{number}]") for number, item in enumerate(found, start=1)]

    def named(self) -> Iterator[tuple[str, Table]]:
        """Yield every table within this one by its name."""
        for name in self._values:
            inner = self.table(name)
            if inner is not None:
                yield name, inner

    def keys(self) -> tuple[str, ...]:
        """Return the names of all keys."""
        return tuple(self._values)

    def close(self) -> None:
        """Raise `ConfigurationError` for a key that nobody has asked for."""
        for key in self._values:
            if key not in self._asked:
                near = get_close_matches(key, self._asked, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self._asked))}"
                raise ConfigurationError(f"unknown setting {self.path}.{key}", where=self.where, hint=hint)

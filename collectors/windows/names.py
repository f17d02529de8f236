"""The names and values of Windows event data as kulla writes them.

A provider may put blanks into the names of its data (Defender's `Threat Name`). kulla takes the blanks out
(`winlog.event_data.ThreatName`), which is how Sigma rules spell such names. All values are text, as Windows itself
renders them; a list of values stays a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from engine.events import Value

_LIMIT: Final = 20_000  # distinct names kept; names come from the log, so from whoever writes to it


class Names(dict[str, str]):
    """Maps the name of a datum to its field name; computed once per name, bounded."""

    def __init__(self, prefix: str, *, capital: bool = False) -> None:
        super().__init__()
        self._prefix = prefix
        self._capital = capital

    def __missing__(self, name: str) -> str:
        short = "".join(name.split()) or "unnamed"
        if self._capital and not short.startswith("param"):
            short = short[0].upper() + short[1:]
        full = self._prefix + short
        if len(self) < _LIMIT:
            self[name] = full
        return full


EVENT_DATA: Final = Names("winlog.event_data.")
USER_DATA: Final = Names("winlog.user_data.")
WAZUH_DATA: Final = Names("winlog.event_data.", capital=True)  # Wazuh writes the first letter small


def text(value: object) -> Value:
    """Return a decoded JSON value as event data: text, or a list of texts. A missing value is the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict) and "#text" in value:
        return text(value["#text"])
    if isinstance(value, list):
        return [one_text(item) for item in value]
    return orjson.dumps(value).decode()


def one_text(value: object) -> str:
    """Return a decoded JSON value as a single text; lists are joined by line ends."""
    found = text(value)
    if isinstance(found, str):
        return found
    return "\n".join(str(item) for item in found) if isinstance(found, Sequence) else str(found)

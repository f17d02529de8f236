"""Zeek's TSV: the header lines that name path, fields and types, and rows read by them.

Format: "Zeek log formats" (https://docs.zeek.org/en/master/log-formats.html) and `src/threading/formatters/Ascii.cc`:
`#separator \\x09`, `#set_separator`, `#empty_field`, `#unset_field`, `#path`, `#open`, `#fields`, `#types`, `#close`.
Bytes that would break a row are written `\\xNN`; printable ones are read back, others stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from collectors.json_fields import Json
from engine.errors import MalformedRecordError

_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
_INT64 = 2**63
_MOST_FIELDS = 512

Cast = Callable[[str], Json]


def _count(text: str) -> Json:
    return int(text) if len(text) < 19 or abs(int(text[:20])) < _INT64 else text


def _double(text: str) -> Json:
    number = float(text)
    return number if abs(number) < 1e300 else text


def _bool(text: str) -> Json:
    return text in {"T", "t", "true", "1"}


_CASTS: dict[str, Cast] = {
    "count": _count, "int": _count, "counter": _count, "port": _count, "bool": _bool,
    "double": _double, "interval": _double, "time": _double,
}  # fmt: skip


@dataclass(slots=True)
class Header:
    """What the header lines of a TSV log said; `fields` are name, cast, and whether the column is a list."""

    path: str = ""
    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    names: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    columns: list[tuple[str, Cast | None, bool]] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take one header line in; lines with unknown words are comments."""
        word, _, rest = line[1:].partition(" ") if line.startswith("#separator") else line[1:].partition(self.separator)
        if word == "separator":
            self.separator = unescaped(rest.strip(), every=True) or "\t"
            self.columns = []
        elif word == "set_separator":
            self.set_separator = unescaped(rest, every=True) or ","
        elif word == "empty_field":
            self.empty = rest
        elif word == "unset_field":
            self.unset = rest
        elif word == "path":
            self.path = rest.strip()
        elif word == "fields":
            self.names, self.types = rest.split(self.separator)[:_MOST_FIELDS], []
            self._build()
        elif word == "types":
            self.types = rest.split(self.separator)[:_MOST_FIELDS]
            self._build()

    def _build(self) -> None:
        self.columns = []
        for at, name in enumerate(self.names):
            kind = self.types[at] if at < len(self.types) else "string"
            container, _, inner = kind.partition("[")
            many = container in {"set", "vector", "table"} and bool(inner)
            self.columns.append((name, _CASTS.get(inner.rstrip("]") if many else kind), many))

    def row(self, line: str) -> dict[str, Json]:
        """Return a row's values by field; unset ones are left out. Raise where there are fewer columns than fields."""
        if not self.columns:
            raise MalformedRecordError("a row before the #fields line, which says what its columns are")
        cells = line.split(self.separator)
        if len(cells) != len(self.columns):
            raise MalformedRecordError(f"{len(cells)} columns, where #fields names {len(self.columns)}")
        found: dict[str, Json] = {}
        for (name, cast, many), cell in zip(self.columns, cells, strict=True):
            if cell == self.unset:
                continue
            if many:
                items = [] if cell == self.empty else cell.split(self.set_separator)
                if items:
                    found[name] = [_value(item, cast) for item in items if item != self.unset]
            elif cell != self.empty:
                found[name] = _value(cell, cast)
        return found


def _value(cell: str, cast: Cast | None) -> Json:
    if cast is None:
        return unescaped(cell) if "\\x" in cell else cell
    try:
        return cast(cell)
    except ValueError:
        return cell


def unescaped(text: str, *, every: bool = False) -> str:
    """Return the text with its `\\xNN` read back: printable characters, or every one."""

    def char(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if every or 0x20 <= code < 0x7F else found[0]

    return _ESCAPE.sub(char, text)

"""Where a setting stands within a table of the user's own names: the line of `kulla.toml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

_HEADER = re.compile(r"\[(?P<name>[^\[\]]*)\]")
_QUOTES = re.compile(r"[\s\"']")


def places(table: str, origin: str) -> Callable[[Sequence[str]], str]:
    """Return what tells the place (`FILE:LINE`) of a setting by the names below `table`.

    `origin` is where the table begins; it is also told where the setting cannot be found, or comes from no file.
    """
    path, _, line = origin.rpartition(":")
    lines: list[str] = []
    if path and line.isdigit():
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            lines = []

    def place(names: Sequence[str]) -> str:
        wanted = ".".join((table, *names))
        for number, full in _named(lines):
            if names and full == wanted:
                return f"{path}:{number}"
        return origin

    return place


def _named(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return each line's number with the full name of the table or the key that it begins with."""
    found: list[tuple[int, str]] = []
    section = ""
    for number, line in enumerate(lines, start=1):
        if header := _HEADER.match(line.strip()):
            section = _QUOTES.sub("", header["name"])
            found.append((number, section))
        elif "=" in line:
            found.append((number, f"{section}.{_QUOTES.sub('', line.partition('=')[0])}".lstrip(".")))
    return found

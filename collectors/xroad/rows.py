"""Rows of CSV behind a line of column names, as `psql --csv`, `COPY ... HEADER` and spreadsheets write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from collectors.json_fields import Json
from engine.errors import MalformedRecordError

DELIMITERS: Final = ",;\t|"
LONGEST_HEADER: Final = 4096  # characters
_LONGEST_ROW: Final = 8 * 1024 * 1024  # characters
_EMPTY: Final = frozenset({"", "\\N", "NULL", "null"})


class Rows:
    """Reads a stream's rows as documents. `names` gives a column's plain name (see `plain_name`) the name to use.

    `known` tells from a line's names whether they are the columns of this format.
    """

    def __init__(self, names: Mapping[str, str], known: Callable[[Sequence[str]], bool]) -> None:
        self._names, self._known = names, known
        self._columns: list[str] = []
        self._delimiter = ","

    def header(self, line: str) -> bool:
        """Take a line of names; tell whether it was one."""
        found = header_of(line, self._names, self._known)
        if found is not None:
            self._columns, self._delimiter = found
        return found is not None

    @property
    def begun(self) -> bool:
        """Tell whether a line of names has been seen."""
        return bool(self._columns)

    def cells(self, line: str) -> dict[str, Json]:
        """Return a row's cells by name, without the empty ones; raise `MalformedRecordError` where they do not fit."""
        if not self._columns:
            raise MalformedRecordError("neither a JSON object nor CSV behind a line of column names")
        found = _split(line, self._delimiter)
        if len(found) != len(self._columns):
            raise MalformedRecordError(f"{len(found)} columns where the header has {len(self._columns)}")
        return {name: cell for name, cell in zip(self._columns, found, strict=True) if cell not in _EMPTY}

    def without(self, line: str, names: frozenset[str]) -> str:
        """Return a row with the cells of these columns empty; raise `MalformedRecordError` where it does not fit."""
        self.cells(line)
        found = _split(line, self._delimiter)
        out = io.StringIO()
        kept = ["" if name in names else cell for name, cell in zip(self._columns, found, strict=True)]
        csv.writer(out, delimiter=self._delimiter, lineterminator="").writerow(kept)
        return out.getvalue()


def plain_name(name: str) -> str:
    """Return a column's name without case and underscores: there are `requestInTs`, `request_in_ts`, `requestints`."""
    return name.lower().replace("_", "")


def header_of(
    line: str, names: Mapping[str, str], known: Callable[[Sequence[str]], bool]
) -> tuple[list[str], str] | None:
    """Return the columns and the delimiter of a line of names; None for any other line."""
    if len(line) > LONGEST_HEADER:
        return None
    for delimiter in DELIMITERS:
        if line.count(delimiter) < 2:
            continue
        columns = [name.strip().strip('"') for name in line.split(delimiter)]
        columns = [names.get(plain_name(name), name) for name in columns]
        if known(columns):
            return columns, delimiter
    return None


def _split(line: str, delimiter: str) -> list[str]:
    if len(line) > _LONGEST_ROW:
        raise MalformedRecordError(f"a row longer than {_LONGEST_ROW:,} characters")
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise MalformedRecordError(f"no row of CSV ({error})") from error


def open_quote(before: bytes, line: bytes) -> bool:  # noqa: ARG001 - what stands before decides
    """Tell that a quoted cell is still open, so that the next line is a part of it."""
    return before.count(b'"') % 2 == 1

"""From bytes to records, and from a record to its named values, as a source file says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.declared.model import Cut, Declaration
from collectors.framing import decode, lines
from collectors.json_fields import Json, load_object
from collectors.json_framing import json_objects
from collectors.network.folding import folded_lines
from collectors.source import Record
from engine.errors import MalformedRecordError

MOST_PAIRS: Final = 2000


def records(cut: Cut, stream: BinaryIO) -> Iterator[Record]:
    """Cut a stream into records."""
    start = cut.start
    if cut.framing == "json" and not cut.syslog:
        return json_objects(stream)
    if cut.framing == "multiline" and start is not None:
        return folded_lines(stream, lambda _, line: start.match(decode(line[:8192])) is None)
    if cut.framing == "csv" and cut.quote:
        quote = cut.quote.encode()
        return folded_lines(stream, lambda before, _: before.count(quote) % 2 == 1)
    return lines(stream)


def document_of(text: str) -> dict[str, Json]:
    """Return a record that is a JSON object, also behind what stands in front of its brace."""
    start = text.find("{", 0, 1024)
    if start == -1:
        raise MalformedRecordError("no JSON object")
    return load_object(text[start:].encode("utf-8", "surrogatepass"))


def captures_of(declared: Declaration, text: str) -> dict[str, str]:
    """Return the captures of the first pattern that fits the whole text; raise where none does."""
    for pattern in declared.patterns:
        match = pattern.regex.fullmatch(text)
        if match is None:
            continue
        found: dict[str, str] = {}
        for name, value in zip(pattern.names, match.groups(), strict=True):
            if name and value:
                found.setdefault(name, value)
        return found
    count = len(declared.patterns)
    what = "does not fit the pattern" if count == 1 else f"fits none of the {count} patterns"
    raise MalformedRecordError(f"{what} of the source {declared.name}")


def pairs_of(cut: Cut, text: str) -> dict[str, Json]:
    """Return the keys and values of `key=value` texts; a value may be quoted, with the quote escaped by a backslash."""
    found: dict[str, Json] = {}
    for part in _parts(text, cut.pairs, cut.quote):
        key, assign, value = part.partition(cut.assign)
        key, value = key.strip(), value.strip()
        if not assign or not key or len(found) >= MOST_PAIRS:
            continue
        if cut.quote and len(value) >= 2 and value[0] == value[-1] == cut.quote:
            value = value[1:-1].replace("\\" + cut.quote, cut.quote)
        if value:
            found.setdefault(key, value)
    if not found:
        raise MalformedRecordError(f"no key{cut.assign}value in this record")
    return found


def _parts(text: str, separator: str, quote: str) -> Iterator[str]:
    """Yield what stands between separators, not parting what is quoted."""
    kept: list[str] = []
    is_open = False
    for part in text.split(separator):
        kept.append(part)
        if quote:
            is_open ^= (part.count(quote) - part.count("\\" + quote)) % 2 == 1
        if not is_open:
            yield separator.join(kept)
            kept = []
    yield from kept  # a quote that never closed


class Table:
    """Reads rows of CSV; where the file names no columns, the log's first line does."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._columns = list(cut.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns, as far as they are known."""
        return tuple(self._columns)

    def row(self, text: str) -> Mapping[str, Json] | None:
        """Return a row's cells by column, None for the line of names."""
        cells = self._cells(text)
        if not self._columns:
            self._columns = [cell.strip() for cell in cells]
            return None
        if cells == self._columns:
            return None
        if len(cells) != len(self._columns):
            raise MalformedRecordError(f"{len(cells)} columns where {len(self._columns)} are expected")
        return {name: cell for name, cell in zip(self._columns, cells, strict=True) if cell not in {"", "-"}}

    def _cells(self, text: str) -> list[str]:
        cut = self._cut
        if not cut.quote or cut.quote not in text:
            return text.split(cut.delimiter)
        try:
            return next(
                csv.reader(io.StringIO(text, newline=""), delimiter=cut.delimiter, quotechar=cut.quote), list[str]()
            )
        except csv.Error as error:
            raise MalformedRecordError(f"no row of CSV ({error})") from error

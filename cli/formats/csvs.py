"""CSV as RFC 4180 has it, every text quoted, no control characters, and nothing that a spreadsheet would run.

A text that starts with a character that spreadsheets take for a formula (also its full-width form) gets an apostrophe
in front (CWE-1236). Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from cli.document import Listing
from cli.formats.cells import cell
from cli.safe import escape

_PLAIN_NAME = re.compile(r"@?[A-Za-z0-9_.]{1,100}")  # `@timestamp` is a name, and no formula
_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")


def field(value: object) -> str | int | float:
    """Return a value as the CSV writer takes it: numbers as they are, every other value as harmless text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = cell(value)
    start = text.lstrip(" \u00a0\u3000")[:1]
    return ("'" if start in _FORMULA and start else "") + escape(text)


def rows(listing: Listing) -> Iterator[str]:
    """Yield the header line and then one line (ended by CR LF) per row."""
    yield _line([name if _PLAIN_NAME.fullmatch(name) else field(name) for name in listing.fields])
    for row in listing.rows:
        yield _line([field(row.get(name)) for name in listing.fields])


def _line(values: list[str | int | float]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(values)
    return buffer.getvalue()

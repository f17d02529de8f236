"""JSON and JSON lines: whole records, with everything that could act on a terminal written as an escape."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum

from cli.document import Document, Listing, Row
from cli.safe import escape_json
from engine.errors import KullaError
from engine.events import instant


def plain(value: object) -> object:
    """Return a value as JSON knows it: instants as text, levels by name, sequences as lists, no NaN."""
    if value is None or isinstance(value, str | bool | int):
        return value.name.lower() if isinstance(value, Enum) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


_FAST = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain)


def dumps(value: object, *, indent: int | None = None) -> str:
    """Return the value as JSON text that is safe to look at (levels are to be given by name, as the views do)."""
    if indent is None:
        try:
            return escape_json(_FAST.encode(value))
        except ValueError:  # NaN or infinity, which JSON does not know
            pass
    return escape_json(json.dumps(plain(value), ensure_ascii=False, indent=indent, allow_nan=False))


def issue_row(issue: KullaError) -> Row:
    """Return a collected issue as it stands under `issues`."""
    return {"where": issue.where, "what": issue.message, "hint": issue.hint}


def jsonl(document: Document) -> Iterator[str]:
    """Yield one line per row (a report is one row)."""
    rows = document.rows if isinstance(document, Listing) else (document.record,)
    for row in rows:
        yield dumps(row) + "\n"


def json_document(document: Document, issues: Sequence[KullaError]) -> Iterator[str]:
    """Yield one object: the rows under the listing's name (or the record), and the issues met on the way.

    `issues` is read after the rows, because reading rows may add to it.
    """
    if isinstance(document, Listing):
        yield "{" + json.dumps(document.name) + ": ["
        separator = "\n"
        for row in document.rows:
            yield separator + "  " + dumps(row)
            separator = ",\n"
        yield "\n]"
    else:
        yield "{" + json.dumps(document.name) + ": " + dumps(document.record, indent=2)
    yield ', "issues": ' + dumps([issue_row(issue) for issue in issues]) + "}\n"

"""Markdown (CommonMark with GitHub's tables): values show as they are, no markup, link or tag in them acts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cli.document import Column, Document, Grid, Lines, Listing, Pairs, Row, Section
from cli.formats.cells import cell
from cli.safe import escape

_SPECIAL = re.compile(r"[\\`*_{}\[\]|~$@]|(?<=[A-Za-z]):")
_LEADING = re.compile(r"^(\s*)([-+=#]|\d+(?=[.)]))")


def text(value: object) -> str:
    """Return a value as inline Markdown that renders as exactly that value.

    Angle brackets and ampersands become entities, punctuation with a meaning gets a backslash (which also keeps bare
    addresses from becoming links), and a leading list or heading mark is escaped.
    """
    plain = escape(cell(value))
    escaped = _SPECIAL.sub(r"\\\g<0>", plain).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = escaped.replace("www.", "www\\.").replace("WWW.", "WWW\\.")
    return _LEADING.sub(_leading, escaped)


def _leading(match: re.Match[str]) -> str:
    mark = match.group(2)
    return match.group(1) + (f"&#{ord(mark[0])};{mark[1:]}" if mark[0].isdigit() else f"\\{mark}")


def verbatim(value: str) -> str:
    """Return a command or raw record as an indented code block, in which Markdown has no meaning.

    A line feed in the value is shown as an escape, so nothing can leave the block.
    """
    return "    " + escape(value)


def document(content: Document) -> Iterator[str]:
    """Yield the document's text in parts."""
    yield f"# {text(content.title)}\n\n"
    if isinstance(content, Listing):
        yield from _table(content.columns, content.rows)
        return
    for section in content.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    if section.heading:
        yield f"## {text(section.heading)}\n\n"
    match section.body:
        case Pairs(filled=pairs):
            yield from (f"- **{text(label)}**: {text(value)}\n" for label, value in pairs)
        case Grid(columns=columns, rows=rows):
            yield from _table(columns, rows)
        case Lines(lines=lines, numbered=numbered, verbatim=as_is):
            yield from _lines(lines, numbered=numbered, as_is=as_is)
    yield "\n"


def _lines(lines: Sequence[str], *, numbered: bool, as_is: bool) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if as_is:
            yield verbatim(line) + "\n"
        elif numbered:
            yield f"{number}. {text(line)}\n"
        else:
            yield f"{text(line)}\n\n"


def _table(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    yield "| " + " | ".join(text(column.heading) for column in columns) + " |\n"
    yield "|" + "|".join("---:" if column.number else "---" for column in columns) + "|\n"
    for row in rows:
        yield "| " + " | ".join(text(column.value(row)) for column in columns) + " |\n"

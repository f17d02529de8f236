"""HTML: one self-contained page without scripts, links or anything loaded from elsewhere.

The content security policy allows the page's own style sheet, by its hash, and nothing else.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from cli.document import Column, Document, Grid, Lines, Listing, Pairs, Row, Section
from cli.formats.cells import cell
from cli.safe import escape

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem;border-bottom:1px solid #767676;overflow-wrap:anywhere;min-width:8rem}"
    ".n,.w{white-space:nowrap;min-width:0}.n{text-align:right}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f2f2f2;padding:.6rem}dt{font-weight:bold}"
    "dd{margin:0 0 .5rem 0;overflow-wrap:anywhere}p,li,h1,h2{overflow-wrap:anywhere}.t{overflow-x:auto}"
)


def text(value: object) -> str:
    """Return a value as HTML text, also harmless inside a quoted attribute."""
    return html.escape(escape(cell(value)), quote=True)


def head(title: str, *, lang: str, style: str) -> str:
    """Return how every page begins, up to its body: its own style sheet applies, by its hash, and nothing is loaded."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html lang="{text(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )


def page(document: Document) -> Iterator[str]:
    """Yield the page in parts."""
    yield head(document.title, lang=document.lang, style=_STYLE)
    yield f"<main>\n<h1>{text(document.title)}</h1>\n"
    if isinstance(document, Listing):
        yield from _table(document.columns, document.rows, document.title)
    else:
        for section in document.sections:
            yield from _section(section)
    yield "</main>\n</body>\n</html>\n"


def _section(section: Section) -> Iterator[str]:
    yield "<section>\n"
    if section.heading:
        yield f"<h2>{text(section.heading)}</h2>\n"
    match section.body:
        case Pairs(filled=pairs):
            yield "<dl>\n"
            yield from (f"<dt>{text(label)}</dt><dd>{text(value)}</dd>\n" for label, value in pairs)
            yield "</dl>\n"
        case Grid(columns=columns, rows=rows):
            yield from _table(columns, rows, section.heading)
        case Lines(lines=lines, numbered=numbered, verbatim=as_is):
            yield from _lines(lines, numbered=numbered, as_is=as_is)
    yield "</section>\n"


def _lines(lines: Sequence[str], *, numbered: bool, as_is: bool) -> Iterator[str]:
    if as_is:
        yield "<pre>" + "\n".join(text(line) for line in lines) + "</pre>\n"
    elif numbered:
        yield "<ol>\n" + "".join(f"<li>{text(line)}</li>\n" for line in lines) + "</ol>\n"
    else:
        yield "".join(f"<p>{text(line)}</p>\n" for line in lines)


def _table(columns: Sequence[Column], rows: Iterable[Row], name: str) -> Iterator[str]:
    """Yield a table inside of what scrolls sideways where the screen is narrow, by keyboard too."""
    label = f' role="group" aria-label="{text(name)}"' if name else ""
    yield f'<div class="t" tabindex="0"{label}>\n<table>\n<thead><tr>'
    yield "".join(f'<th scope="col"{_kind(column)}>{text(column.heading)}</th>' for column in columns)
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        cells = "".join(f"<td{_kind(column)}>{text(column.value(row))}</td>" for column in columns)
        yield f"<tr>{cells}</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _kind(column: Column) -> str:
    if column.number:
        return ' class="n"'
    return ' class="w"' if column.whole else ""

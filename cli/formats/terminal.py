"""Text for a terminal: tables that fold long values inside their column, readable without colour at 80 columns."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from cli.document import Column, Document, Grid, Lines, Listing, Pairs, Report, Row, Section
from cli.formats.cells import cell
from cli.safe import escape, safe_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MIN_WIDTH = 40
WHOLE = 26  # cells; a longer value folds even in a column that is kept whole, so that none is cut
_LEVEL_STYLES: Mapping[str, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}


def console(stream: TextIO, *, width: int, colour: bool) -> Console:
    """Return a rich console that interprets nothing: no markup, no emoji codes, no highlighting, no links.

    Without colour it writes no escape sequence at all.
    """
    from rich.console import Console

    return Console(
        file=stream,
        width=max(width, MIN_WIDTH),
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )


def parts(document: Document, *, width: int, colour: bool) -> Iterator[str]:
    """Yield the document as text for a screen of `width` columns."""
    if isinstance(document, Listing):
        yield _rendered(_table(document.columns, document.rows), width=width, colour=colour)
        return
    yield from _report(document, width=width, colour=colour)


def _report(report: Report, *, width: int, colour: bool) -> Iterator[str]:
    yield _rendered(safe_text(report.title, "bold"), width=width, colour=colour)
    for section in report.sections:
        yield "\n"
        if section.heading:
            yield _rendered(safe_text(section.heading, "bold underline"), width=width, colour=colour)
        if isinstance(section.body, Lines) and section.body.verbatim:
            yield from (f"    {escape(line)}\n" for line in section.body.lines)  # never folded: it is copied from here
        else:
            yield _rendered(_body(section), width=width, colour=colour)


def _body(section: Section) -> Table:
    match section.body:
        case Pairs(filled=pairs):
            return _pairs(pairs)
        case Grid(columns=columns, rows=rows):
            return _table(columns, rows)
        case Lines() as lines:
            return _lines(lines)


def _rendered(renderable: object, *, width: int, colour: bool) -> str:
    buffer = io.StringIO()
    screen = console(buffer, width=width, colour=colour)
    screen.print(renderable, soft_wrap=False)
    lines = buffer.getvalue().splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)


def _bare(**settings: object) -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True, **settings)  # type: ignore[arg-type] # settings are literals of this module


def _table(columns: Sequence[Column], rows: Iterable[Row]) -> Table:
    table = _bare(show_header=True, header_style="bold")
    grid = [[_styled(column, row) for column in columns] for row in rows]
    for index, column in enumerate(columns):
        longest = max((text.cell_len for text in (line[index] for line in grid)), default=0)
        table.add_column(
            safe_text(column.heading),
            justify="right" if column.number else "left",
            overflow="fold",
            no_wrap=column.whole and longest <= WHOLE,
        )
    for line in grid:
        table.add_row(*line)
    return table


def _styled(column: Column, row: Row) -> Text:
    """Return a cell; a level has its colour by what the row says, whatever language it is shown in."""
    levelled = column.field.endswith(("level", "severity"))
    return safe_text(cell(column.value(row)), _LEVEL_STYLES.get(cell(row.get(column.field)), "") if levelled else "")


def _pairs(pairs: Sequence[tuple[str, object]]) -> Table:
    table = _bare(show_header=False)
    table.add_column(overflow="fold", max_width=36)
    table.add_column(overflow="fold", ratio=1)
    for label, value in pairs:
        table.add_row(safe_text(label, "bold"), safe_text(cell(value)))
    return table


def _lines(body: Lines) -> Table:
    table = _bare(show_header=False)
    if body.numbered:
        table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for number, line in enumerate(body.lines, start=1):
        text = safe_text(line)
        table.add_row(*([safe_text(f"{number}."), text] if body.numbered else [text]))
    return table

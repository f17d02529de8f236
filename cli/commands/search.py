"""`kulla search`: find stored events by field, word or SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from cli.document import Column, Listing, Row
from cli.expression import parse
from cli.formats.cells import cell
from cli.group import single_app
from cli.options import Format, Limit, Output, Since, Until, command, window
from cli.output import target
from cli.search_sql import SEVERAL, select
from cli.session import Session
from engine.errors import UsageError
from engine.store.protocol import Store

app = single_app()


def _time(row: Row) -> object:
    return cell(row.get("@timestamp"))[:19].replace("T", " ")


def _told(row: Row) -> object:
    """Return what a row of the table says of an event: what it was, who and what, else its raw record's beginning."""
    parts = [f"{word}{cell(row[name])}" for name, word in _TOLD.items() if row.get(name) not in (None, "")]
    text = ", ".join(parts) or cell(row.get("event.original"))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ... (the whole record: -f jsonl)"


_SHOWN = 240  # characters of an event in a table
_TOLD = {
    "event.code": "event ",
    "event.action": "",
    "user.name": "user ",
    "source.ip": "from ",
    "http.request.method": "",
    "url.original": "",
    "http.response.status_code": "status ",
    "process.command_line": "ran ",
    "process.executable": "by ",
    "file.path": "file ",
}
_COLUMNS = (
    Column(field="@timestamp", heading="Time (UTC)", whole=True, derive=_time),
    Column(field="event.dataset", heading="Dataset"),
    Column(field="host.name", heading="Host"),
    Column(field="event.original", heading="What", derive=_told),
)
_FIRST = tuple(column.field for column in _COLUMNS)


@command(app, "search")
def search(
    session: Session,
    *,
    expression: Annotated[
        list[str] | None, typer.Argument(metavar="[EXPRESSION]...", help="Terms; see above.", show_default=False)
    ] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="SQL", help="A read-only query over the views events and alerts.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 1000,
    fmt: Format = None,
    output: Output = None,
) -> None:
    r"""Find stored events: FIELD:VALUE terms, words of the raw record, or SQL.

    \b
    kulla search 'source.ip:10.* AND NOT user.name:(svc-backup OR "NT AUTHORITY")'
    kulla search 'http.response.status_code:>=500 url.original:*/_layouts/*'
    kulla search '"cmd.exe /c"' --since 2d
    kulla search --sql 'SELECT "host.name", count(*) AS n FROM events GROUP BY 1'

    A star stands for any text, a question mark for one character, FIELD:* asks whether the field is there. Comparisons
    (>, >=, <, <=) take numbers and times. A bare word, or a phrase in double quotes, is looked for in the raw record.
    Terms side by side must all hold; OR binds weaker than AND; NOT, AND and OR are written in capitals. Letters are
    compared without case.
    """
    out = target(session, fmt, output)
    words = " ".join(expression or ())
    if bool(words) == bool(sql):
        raise UsageError("either an expression or --sql is wanted", hint="kulla search --help")
    with session.open_store() as store:
        if sql:
            names, rows = store.query(sql)
        else:
            span = window(session, since, until)
            names, rows = store.query(select(parse(words), columns(store), span=span, now=session.now(), limit=limit))
    records = [_record(names, row) for row in rows]
    shown = _sql_columns(names) if sql else _COLUMNS
    fields = tuple(names) if sql else _field_order(records)
    listing = Listing(
        name="events", title="Events", columns=shown, rows=records, fields=fields, empty="no event matches"
    )
    out.write(listing)
    if limit and not sql and len(records) == limit:
        session.say(f"the newest {limit:,} events; --limit 0 shows all")
    session.hint("kulla store search-fields")


def columns(store: Store) -> Mapping[str, str]:
    """Return the columns of the view `events` with their types."""
    _, rows = store.query("SELECT column_name, column_type FROM (DESCRIBE events)")
    return {str(name): str(kind) for name, kind in rows}


def _record(names: Sequence[str], row: Sequence[object]) -> Row:
    record: dict[str, object] = {}
    for name, value in zip(names, row, strict=True):
        if value is not None:
            record[name.removesuffix(SEVERAL)] = value
    return record


def _field_order(records: Sequence[Row]) -> tuple[str, ...]:
    names = sorted({name for record in records for name in record})
    return (*_FIRST, *(name for name in names if name not in _FIRST))


def _sql_columns(names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(field=name.removesuffix(SEVERAL), heading=name) for name in names)

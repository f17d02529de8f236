"""`kulla sources`: the log formats that are read."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.document import Column, Listing
from cli.group import single_app
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session

app = single_app()
FIELDS = ("name", "title", "aliases", "datasets")
_COLUMNS = (
    Column(field="name", heading="Source", whole=True),
    Column(field="title", heading="What it reads"),
    Column(field="datasets", heading="Datasets"),
)
Words = Annotated[list[str] | None, typer.Argument(metavar="[WORD...]", help="Only those with all these words.")]


@command(app, "sources")
def sources(session: Session, words: Words = None, *, fmt: Format = None, output: Output = None) -> None:
    """List the log formats that are read: the name that --source takes, and the datasets its events belong to."""
    from cli.reading import own_sources
    from collectors.datasets import datasets_of
    from collectors.registry import sources as known

    rows = [
        {"name": item.name, "title": item.title, "aliases": list(item.aliases), "datasets": list(datasets_of(item))}
        for item in (*known(), *own_sources(session))
    ]
    wanted = [word.lower() for word in words or ()]
    shown = [row for row in rows if all(word in str(list(row.values())).lower() for word in wanted)]
    out = target(session, fmt, output)
    empty = "no source has these words" if wanted else "nothing to list"
    out.write(Listing(name="sources", title="Sources", columns=_COLUMNS, rows=shown, fields=FIELDS, empty=empty))
    session.hint("kulla parse FILE" if shown else "kulla sources; or describe the format: docs/sources.md")

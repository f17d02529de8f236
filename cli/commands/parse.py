"""`kulla parse`: logs in, ECS documents out, one a line; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from cli.declaring import check_source
from cli.document import Listing, Row
from cli.enriching import enriched, enricher_of
from cli.group import single_app
from cli.options import Format, Output, SourceFile, SourceName, command
from cli.output import target
from cli.privacy import privacy
from cli.reading import Host, Letters, Reading, Year, Zone, logs, reading
from cli.session import Session
from collectors.document import document
from engine.errors import InputError, UsageError
from engine.events import DeadLetter

app = single_app()

MaybePaths = Annotated[list[str] | None, typer.Argument(metavar="PATH...", help="Log files and folders; - is stdin.")]
Private = Annotated[bool, typer.Option("--privacy", help="As they would be stored: without personal data.")]
Enrich = Annotated[
    bool, typer.Option("--enrich/--no-enrich", help="Add what values say: user agents, domains, places, assets.")
]
Check = Annotated[bool, typer.Option("--check", help="Run the tests inside --source-file instead; no PATH is needed.")]


@command(app, "parse")
def parse(
    session: Session,
    paths: MaybePaths = None,
    *,
    source: SourceName = "auto",
    source_file: SourceFile = None,
    check: Check = False,
    zone: Zone = None,
    year: Year = None,
    host: Host = None,
    fmt: Format = None,
    private: Private = False,
    enrich: Enrich = True,
    output: Output = None,
) -> None:
    """Print the logs' events as ECS documents, one JSON object a line (NDJSON)."""
    if check:
        check_source(session, source_file, year=year, fmt=fmt, output=output)
        return
    if not paths:
        raise UsageError("no log is named", where="PATH...", hint="kulla parse access.log, or - for stdin")
    how = reading(session, source=source, zone=zone, host=host, year=year, source_file=source_file)
    kept = privacy(session, how, stored=False).events if private else how.kept
    how = replace(how, kept=enriched(enricher_of(session) if enrich else None, kept))
    rows = _documents(session, paths, how)
    listing = Listing(name="events", title="Events", columns=(), rows=rows, fields=())
    target(session, fmt or "jsonl", output, allowed=("jsonl", "json")).write(listing)


def _documents(session: Session, paths: Sequence[str], how: Reading) -> Iterator[Row]:
    for path in logs(session, paths):
        try:
            reader = how.open(path, stdin=session.stdin)
        except InputError as error:
            session.issue(error)
            continue
        letters = Letters(session)
        for item in reader.records():
            if isinstance(item, DeadLetter):
                letters.add(item)
            else:
                yield from map(document, how.kept([reader.event(item)]))
        letters.conclude(path)
        session.detail(f"{path}: {reader.source.name}, {reader.tally.events:,} events, {reader.tally.dead:,} unread")

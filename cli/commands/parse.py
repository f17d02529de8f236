"""`kulla parse`: logs in, ECS documents out, one a line; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.document import Listing, Row
from cli.group import single_app
from cli.options import Format, Output, SourceName, command
from cli.output import target
from cli.reading import Host, Letters, Paths, Reading, Year, Zone, logs, reading
from cli.session import Session
from collectors.document import document
from engine.errors import InputError
from engine.events import DeadLetter

app = single_app()


@command(app, "parse")
def parse(
    session: Session,
    paths: Paths,
    *,
    source: SourceName = "auto",
    zone: Zone = None,
    year: Year = None,
    host: Host = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Print the logs' events as ECS documents, one JSON object a line (NDJSON)."""
    how = reading(session, source=source, zone=zone, host=host, year=year)
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
                yield document(reader.event(item))
        letters.conclude(path)
        session.detail(f"{path}: {reader.source.name}, {reader.tally.events:,} events, {reader.tally.dead:,} unread")

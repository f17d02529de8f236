"""`kulla store`: where events are kept; setting it up, what it holds, what could not be read."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.privacy import register_erasure
from cli.commands.search import columns
from cli.commands.store_copy import register_copy
from cli.commands.store_gaps import register_gaps
from cli.commands.store_retention import register_retention
from cli.document import Column, Listing, Pairs, Report, Section
from cli.formats.jsons import plain
from cli.group import sub_app
from cli.health_words import health_words
from cli.home import open_cluster
from cli.options import Format, Limit, Output, command
from cli.output import REPORT_FORMATS, target
from cli.search_sql import SEVERAL
from cli.session import Session
from cli.settings_table import Lang
from cli.views import letter_row
from engine.errors import ConfigurationError, StoreError
from engine.events import instant
from engine.store.protocol import Status, Store

app = sub_app("The events kept: set up, status, dead letters, fields.")
LETTER_FIELDS = ("where", "source", "reason", "size", "offset", "id", "raw")
_LETTER_COLUMNS = (
    Column(field="where", heading="Where"),
    Column(field="source", heading="Source", whole=True),
    Column(field="reason", heading="Reason"),
    Column(field="raw", heading="Begins with", derive=lambda row: str(row["raw"])[:120]),
)


@command(app, "init")
def init(
    session: Session,
    *,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Set the store up on this cluster (as --store).")
    ] = None,
) -> None:
    """Set up the store: in the home folder (readable by you alone), or on an Elasticsearch cluster (--url).

    On a cluster this installs index templates, indices and aliases. A store that is there already stays as it is.
    """
    if url is not None:
        session.flags["store"] = ("--url", url)
        session.forget_settings()
    home = session.settings.home
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the folder ({error.strerror})", where=str(home), hint="set KULLA_HOME to a folder of yours"
        ) from error
    if session.settings.store:
        with open_cluster(session.settings, session.now) as cluster:
            cluster.install()
    with session.open_store() as store:
        status = store.status()
    session.say(f"store at {status.location}: {status.events:,} events")
    session.hint("kulla collect PATH")


@command(app, "status")
def status(session: Session, fmt: Format = None, output: Output = None) -> None:
    """Show what the store holds: events by dataset, dead letters, alerts, incidents, size on disk, span of time.

    The database is read whole, to see whether it is damaged (exit code 4).
    """
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        found = store.status()
        damage = _damage(store)
    if damage is not None:
        session.issue(damage)
    out.write(_report(found, damage, session.lang))
    if not found.events:
        session.hint("kulla collect PATH")
    elif found.dead_letters:
        session.hint("kulla store dead-letters")
    else:
        session.hint("kulla incidents list" if found.open_incidents else "kulla detect")


def _damage(store: Store) -> StoreError | None:
    try:
        store.examine()
    except StoreError as error:
        return error
    return None


def _report(found: Status, damage: StoreError | None, lang: Lang) -> Report:
    words = health_words(lang)
    span = [instant(stamp) for stamp in (found.first_timestamp, found.last_timestamp) if stamp]
    pairs = (
        (words.location, found.location),
        (words.condition, words.sound if damage is None else words.damaged.format(why=damage)),
        (words.events, f"{found.events:,}"),
        (words.span, words.between.format(first=span[0], last=span[-1]) if span else ""),
        (words.segments, f"{found.segments:,}"),
        (words.dead_letters, f"{found.dead_letters:,}"),
        (words.alerts, f"{found.alerts:,}"),
        (words.open_incidents, f"{found.open_incidents:,}"),
        (words.size, f"{found.size_bytes / 1e6:,.1f} MB"),
    )
    datasets = tuple((name, f"{count:,}") for name, count in sorted(found.datasets.items()))
    record = {name: plain(getattr(found, name)) for name in Status.__dataclass_fields__}
    record["damage"] = str(damage or "")
    sections = (
        Section(heading="", body=Pairs(rows=pairs)),
        *([Section(heading=words.by_dataset, body=Pairs(rows=datasets))] if datasets else []),
    )
    return Report(name="status", title=words.store, record=record, sections=sections, lang=lang)


@command(app, "compact")
def compact(session: Session) -> None:
    """Join small files of stored events into large ones, which are read faster; others may read and write meanwhile.

    `kulla detect` does it by itself where there are many. Files that were joined are removed an hour later.
    """
    with session.open_store() as store:
        joined = store.compact()
        left = store.status().segments
    session.say(f"{joined:,} files joined, {left:,} segments")
    session.hint("kulla store status")


register_gaps(app)
register_copy(app)
register_retention(app)
register_erasure(app)


@command(app, "dead-letters")
def dead_letters(
    session: Session,
    *,
    limit: Limit = 100,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List records that no parser could read, with the place and the reason; nothing that came in is dropped."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        letters = store.dead_letters(limit=limit or None)
        total = store.status().dead_letters
    listing = Listing(
        name="dead_letters",
        title="Dead letters",
        columns=_LETTER_COLUMNS,
        rows=[letter_row(letter) for letter in letters],
        fields=LETTER_FIELDS,
        empty="no dead letters",
    )
    out.write(listing)
    if total > len(letters):
        session.say(f"{len(letters):,} of {total:,} dead letters; --limit 0 shows all")
    session.hint("kulla sources, then kulla collect PATH --source NAME" if letters else "kulla store status")


@command(app, "search-fields")
def search_fields(
    session: Session,
    prefix: Annotated[str, typer.Argument(metavar="[WORD]", help="Only fields with this word in their name.")] = "",
    *,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List the fields that stored events have, for `kulla search`."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        found = columns(store)
    names: dict[str, str] = {}
    for column, kind in found.items():
        name = column.removesuffix(SEVERAL)
        if prefix.lower() in name.lower():
            names[name] = f"{names[name]} or {kind}" if name in names else kind
    listing = Listing(
        name="fields",
        title="Fields",
        columns=(Column(field="field", heading="Field"), Column(field="type", heading="Type")),
        rows=[{"field": name, "type": names[name]} for name in sorted(names)],
        fields=("field", "type"),
        empty="no field of that name",
    )
    out.write(listing)
    session.hint("kulla search 'FIELD:VALUE'")

"""`kulla indicators`: threat intelligence from others, matched against stored events back in time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import Actor, actor_of, record
from cli.document import Column, Listing
from cli.group import sub_app
from cli.options import FailOn, Format, Limit, Output, Since, Until, choice, command, window
from cli.options import level as level_of
from cli.output import target
from cli.session import Session
from cli.views import SHORT, alert_listing, alert_row
from engine.errors import InputError, NotFoundError, UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.indicators.keeping import Kept
    from engine.indicators.model import Refused, Tlp
    from engine.indicators.watching import Sighting
    from engine.store.protocol import Store

_TLPS = ("clear", "green", "amber", "amber+strict", "red")
_FIELDS = ("id", "name", "looks_for", "source", "level", "tlp", "until", "state", "tags", "references")
_COLUMNS = (
    Column(field="id", heading="Indicator", whole=True, derive=lambda row: str(row["id"])[:SHORT]),
    Column(field="tlp", heading="TLP", whole=True),
    Column(field="until", heading="Until", whole=True, derive=lambda row: str(row["until"] or "")[:10]),
    Column(field="looks_for", heading="Looks for"),
    Column(field="name", heading="Name"),
    Column(field="source", heading="Source"),
)

app = sub_app("Threat intelligence: import indicators, list them, match stored events, remove them.")


@command(app, "import")
def import_files(
    session: Session,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="STIX 2.1, MISP JSON, CSV, or a plain list.")],
    *,
    clearance: Annotated[
        str, typer.Option("--clearance", metavar="TLP", help="Refuse indicators marked above this.")
    ] = "amber+strict",
    private: Annotated[bool, typer.Option("--private", help="Take private addresses as well.")] = False,
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Import indicators; what is not taken is listed with the reason, as data.

    The next run of kulla detect, or kulla indicators match, looks for the new ones in all that is stored.
    """
    from engine.indicators.keeping import keep
    from engine.indicators.reading import read_indicators

    out = target(session, fmt, output)
    limit = cast("Tlp", choice("--clearance", clearance, _TLPS))
    who = actor_of(session, actor)
    refused: list[Refused] = []
    taken = False
    with session.open_store() as store:
        for name in files:
            path = Path(name).expanduser()
            try:
                found = read_indicators(
                    path if path.is_absolute() else session.cwd / path, clearance=limit, private=private
                )
            except InputError as error:
                session.issue(error)
                continue
            refused += found.refused
            details = {"taken": str(len(found.indicators)), "refused": str(len(found.refused))}
            record(session, store, actor=who, kind="indicators.imported", subject=f"file/{path.name}", details=details)
            fresh, known = keep(store, found.indicators)
            taken = True
            session.say(f"{path.name}: {fresh:,} new indicators, {known:,} known, {len(found.refused):,} refused")
    out.write(_refusals(refused))
    if taken:
        session.hint("kulla indicators match")


def _refusals(refused: list[Refused]) -> Listing:
    columns = (
        Column(field="where", heading="Where"),
        Column(field="what", heading="What"),
        Column(field="reason", heading="Why it was not taken"),
    )
    rows = [{"where": item.where, "what": item.what, "reason": item.reason} for item in refused]
    return Listing(
        name="refused",
        title="Not taken",
        columns=columns,
        rows=rows,
        fields=("where", "what", "reason"),
        empty="everything was taken",
    )


@command(app, "list")
def list_indicators(
    session: Session,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]...", help="All of these in it.")] = None,
    *,
    expired: Annotated[bool, typer.Option("--expired", help="Only those whose time is over.")] = False,
    limit: Limit = 0,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List indicators: what they look for, whose they are, how they are marked, and until when they are valid."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        found = _wanted(store, words or [], session.now() if expired else None)
    shown = found[:limit] if limit else found
    if len(shown) < len(found):
        session.say(f"{len(shown):,} of {len(found):,} indicators; --limit 0 shows all")
    out.write(
        Listing(
            name="indicators",
            title="Indicators",
            columns=_COLUMNS,
            rows=[_row(item) for item in shown],
            fields=_FIELDS,
            empty="no indicators",
        )
    )
    session.hint("kulla indicators match" if found else "kulla indicators import FILE")


def _wanted(store: Store, words: list[str], expired_at: datetime | None) -> list[Kept]:
    from engine.indicators.keeping import kept

    lowered = [word.casefold() for word in words]
    return [
        item
        for item in kept(store)
        if all(word in _searched(item) for word in lowered)
        and (expired_at is None or (item.indicator.until is not None and item.indicator.until <= expired_at))
    ]


def _searched(item: Kept) -> str:
    found = item.indicator
    return f"{found.id} {found.name} {found.source} {found.text} tlp:{found.tlp} {' '.join(found.tags)}".casefold()


def _row(item: Kept) -> dict[str, object]:
    found = item.indicator
    return {
        "id": found.id,
        "name": found.name,
        "looks_for": found.text,
        "source": found.source,
        "level": found.level.label,
        "tlp": found.tlp,
        "until": instant(found.until) if found.until else None,
        "state": item.state,
        "tags": list(found.tags),
        "references": list(found.references),
    }


@command(app, "match")
def match(
    session: Session,
    *,
    since: Since = None,
    until: Until = None,
    fail_on: FailOn = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Match stored events: new indicators against all of them, the others against what came since the last time.

    With --since or --until, every indicator is matched against that span of event time. What is found are alerts like
    any other, and joins incidents; kulla detect does the same after its rules.
    """
    from cli.indicating import match_stored

    out = target(session, fmt, output)
    span, alarm = window(session, since, until), level_of("--fail-on", fail_on)
    with session.open_store() as store:
        sighting = match_stored(session, store, span)
    rows = [alert_row(item) for item in sighting.alerts]
    out.write(alert_listing(rows, session.lang, empty="no event matches an indicator"))
    _tell(session, sighting)
    session.alarm |= alarm is not None and any(item.rule.level >= alarm for item in sighting.alerts)
    session.hint("kulla incidents list" if rows else "kulla indicators list")


def _tell(session: Session, sighting: Sighting) -> None:
    names = Counter(item.rule.name for item in sighting.alerts)
    session.say(f"{len(sighting.alerts):,} matches ({sighting.new:,} new) of {len(names):,} indicators")


@command(app, "remove")
def remove(
    session: Session,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or their beginnings.")] = None,
    *,
    expired: Annotated[bool, typer.Option("--expired", help="Those whose time is over.")] = False,
    source: Annotated[
        str | None, typer.Option("--from", metavar="SOURCE", help="All of this source, as kulla indicators list says.")
    ] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")],
    actor: Actor = None,
) -> None:
    """Remove indicators, with the reason, which enters the ledger; alerts that they gave stay."""
    from engine.indicators.keeping import kept
    from engine.indicators.keeping import remove as remove_kept

    if not (ids or expired or source):
        raise UsageError("which indicators?", where="ID", hint="ids, --expired, or --from SOURCE")
    if not why.strip():
        raise UsageError("removing needs its reason", where="--why", hint='--why "false positives, see ticket 12"')
    who, now = actor_of(session, actor), session.now()
    with session.open_store() as store:
        known = kept(store)
        for identifier in ids or ():
            if not any(item.indicator.id.startswith(identifier) for item in known):
                raise NotFoundError(f"no indicator starts with {identifier}", hint="kulla indicators list")
        gone = [
            item
            for item in known
            if any(item.indicator.id.startswith(identifier) for identifier in ids or ())
            or (source is not None and item.indicator.source == source)
            or (expired and item.indicator.until is not None and item.indicator.until <= now)
        ]
        details = {"reason": why.strip(), "count": str(len(gone)), "ids": " ".join(i.indicator.id for i in gone[:100])}
        if gone:
            record(session, store, actor=who, kind="indicators.removed", subject="indicators", details=details)
        count = remove_kept(store, gone, now)
    session.say(f"{count:,} indicators removed")
    session.hint("kulla indicators list")

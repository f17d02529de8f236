"""`kulla incidents`: alerts that belong together, why they do, what happened when; and closing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from cli.commands.incidents_byhand import register_byhand
from cli.commands.incidents_casework import register_casework
from cli.commands.incidents_clocks import register_clocks
from cli.commands.incidents_export import register_export
from cli.commands.incidents_foresight import foresight
from cli.commands.incidents_leads import register_leads
from cli.commands.incidents_noise import register_noise
from cli.commands.incidents_paper import register_papers
from cli.commands.incidents_report import register_report
from cli.decisions import Actor, IncidentId, actor_of, record_about
from cli.document import Column, Grid, Lines, Listing, Pairs, Report, Row, Section
from cli.group import sub_app
from cli.naming import incident_named
from cli.options import Format, MinLevel, Output, Since, Until, command, shown_level, window
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from cli.views import (
    INCIDENT_FIELDS,
    SHORT,
    SHORTEST,
    incident_columns,
    incident_record,
    incident_row,
    join_row,
    kind_in,
    link_row,
    moment_row,
    sighting_row,
    term_rows,
    title_in,
    to_the_minute,
    to_the_second,
    told_in,
    word_of,
)
from cli.words import Words, word_for, words
from engine.attack.words import tactic_names
from engine.entities import Entity
from engine.errors import UsageError
from engine.events import instant
from engine.incidents.model import Incident, Join, Moment

_TOP_ENTITIES, _TOP_TERMS, _TOP_JOINS = 6, 15, 12
MOMENT_FIELDS = ("@timestamp", "rule.level", "host.name", "rule.name", "summary", "tactics", "techniques", "alert")

app = sub_app("Alerts that belong together: list, show, timeline, merge, split, close; and what is held back.")


@command(app, "list")
def list_incidents(
    session: Session,
    *,
    since: Since = None,
    until: Until = None,
    level: MinLevel = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only incidents that are not closed.")] = False,
    wanted: Annotated[
        str | None,
        typer.Option("--search", metavar="WORDS", help='All of these: "dc01 mimikatz", "host:dc01 tag:vip".'),
    ] = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List incidents, the most severe first, then by score; --since and --until look at when they were active."""
    out = target(session, fmt, output)
    span = window(session, since, until)
    lowest = shown_level(session, level)
    with session.open_store() as store:
        found = sorted(store.incidents(), key=lambda item: (-item.severity, -item.score))  # stable: then the newest
        if wanted is not None:
            from engine.casework.keeping import cases
            from engine.casework.searching import search

            found = search(found, cases(store, found), wanted)
    kept = [
        item
        for item in found
        if item.severity >= lowest
        and (span.since is None or item.last_seen >= span.since)
        and (span.before is None or item.first_seen < span.before)
        and not (open_only and item.status == "closed")
    ]
    texts = words(session.lang)
    listing = Listing(
        name="incidents",
        title=texts.incidents,
        columns=incident_columns(texts, session.lang),
        rows=[incident_row(item) for item in kept],
        fields=INCIDENT_FIELDS,
        empty=texts.no_incidents,
        lang=session.lang,
    )
    out.write(listing)
    session.hint(f"kulla incidents show {kept[0].id[:SHORT]}" if kept else "kulla incidents leads")


@command(app, "show")
def show(
    session: Session,
    identifier: IncidentId,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every alert of the timeline, every entity and every join.")
    ] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show one incident: how bad, who and what, what happened in which order, and why the alerts were joined."""
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
    texts = words(session.lang)
    out.write(report(incident, texts, session.lang, everything=everything))
    session.hint(texts.next_respond.format(id=incident.id[:SHORT]))


def report(incident: Incident, texts: Words, lang: Lang, *, everything: bool) -> Report:
    """Return the incident as a report; without `everything`, what people read is cut to the parts that matter most."""
    told = told_in(incident, lang)
    terms = term_rows(told)
    points = (
        Column(field="points", heading=texts.points, number=True, derive=_rounded("points")),
        Column(field="without", heading=texts.without, number=True, derive=_rounded("without")),
        Column(field="term", heading=texts.term),
    )
    joins = told.joins if everything else _telling(told.joins)
    sections = [
        Section(heading="", body=Pairs(rows=_head(incident, texts, lang))),
        Section(heading=texts.entities, body=Pairs(rows=_by_kind(told.entities, texts, lang, everything=everything))),
        Section(heading=texts.timeline, body=_timeline(told, texts))
        if everything
        else Section(heading=texts.story, body=_story(incident, texts)),
        *(
            [Section(heading=texts.elsewhere, body=_elsewhere(told, texts, everything=everything))]
            if told.elsewhere
            else []
        ),
        *([Section(heading=texts.linked, body=_links(told, texts))] if incident.links else []),
        Section(heading=texts.score_terms, body=Grid(columns=points, rows=terms if everything else terms[:_TOP_TERMS])),
        Section(heading=texts.joins, body=_joins(joins, texts)),
    ]
    if not everything:
        shown = texts.show_all.format(shown=len(joins), count=len(incident.joins))
        sections.append(Section(heading="", body=Lines(lines=(shown,))))
    return Report(
        name="incident", title=told.title, record=incident_record(incident), sections=tuple(sections), lang=lang
    )


def _telling(joins: Sequence[Join]) -> tuple[Join, ...]:
    """Return one join for each different reason, the least sure first: the ones worth a second look."""
    different = {join.reason: join for join in reversed(joins)}
    return tuple(sorted(different.values(), key=lambda join: (join.confidence, join.reason))[:_TOP_JOINS])


def _story(incident: Incident, texts: Words) -> Grid:
    """Return one line per rule: when it first fired, how often, on how many hosts."""
    chapters: dict[str, list[Moment]] = {}
    for moment in incident.timeline:
        chapters.setdefault(moment.rule_id, []).append(moment)
    rows = [
        {
            "@timestamp": instant(found[0].timestamp),
            "level": word_for(texts, found[0].level.label),
            "times": len(found),
            "hosts": len({moment.host for moment in found if moment.host}),
            "rule": found[0].rule_name,
        }
        for found in chapters.values()
    ]
    columns = (
        Column(field="@timestamp", heading=texts.first, whole=True, derive=to_the_second("@timestamp")),
        Column(field="level", heading=texts.level, whole=True),
        Column(field="times", heading=texts.times, number=True),
        Column(field="hosts", heading=texts.hosts, number=True),
        Column(field="rule", heading=texts.rule),
    )
    return Grid(columns=columns, rows=rows)


def _head(incident: Incident, texts: Words, lang: Lang) -> tuple[tuple[str, object], ...]:
    rows: tuple[tuple[str, object], ...] = (
        (texts.incident, incident.id),
        (texts.status, word_for(texts, incident.status)),
        (texts.severity, word_for(texts, incident.severity.label)),
        (texts.score, f"{incident.score:.1f}"),
        (texts.first_seen, instant(incident.first_seen)),
        (texts.opened, instant(incident.opened)),
        (texts.last_seen, instant(incident.last_seen)),
        (texts.alerts, len(incident.alerts)),
        (texts.context, len(incident.context) or ""),
        (texts.campaign, incident.campaign),
        (texts.tactics, tactic_names(incident.tactics, lang)),
        (texts.techniques, incident.techniques),
        (texts.playbooks, incident.playbooks),
    )
    return (*rows, (texts.closed_because, incident.closed_why)) if incident.closed_why else rows


def _by_kind(
    entities: tuple[Entity, ...], texts: Words, lang: Lang, *, everything: bool
) -> tuple[tuple[str, object], ...]:
    grouped: dict[str, list[str]] = {}
    for entity in entities:
        grouped.setdefault(kind_in(entity.kind, lang), []).append(entity.value)
    if everything:
        return tuple(grouped.items())
    return tuple((kind, _first_few(values, texts)) for kind, values in grouped.items())


def _first_few(values: list[str], texts: Words) -> list[str]:
    more = len(values) - _TOP_ENTITIES
    return values if more <= 1 else [*values[:_TOP_ENTITIES], texts.and_more.format(count=more)]


def _timeline(incident: Incident, texts: Words) -> Grid:
    return Grid(columns=_moment_columns(texts, "en"), rows=[moment_row(moment) for moment in incident.timeline])


def _moment_columns(texts: Words, lang: Lang) -> tuple[Column, ...]:
    """Return the columns of a timeline. Rows are what programs read, too: other languages are of the columns alone."""
    summary: Callable[[str], str] = str
    place: Callable[[str], str] = str
    if lang == "sq":
        from engine.incidents import albanian

        summary, place = albanian.summary, albanian.place
    return (
        Column(field="@timestamp", heading=texts.time_utc, whole=True, derive=to_the_second("@timestamp")),
        Column(field="rule.level", heading=texts.level, whole=True, derive=word_of(texts, "rule.level")),
        Column(field="host.name", heading=texts.host, derive=lambda row: place(str(row["host.name"]))),
        Column(field="rule.name", heading=texts.rule),
        Column(field="summary", heading=texts.what, derive=lambda row: summary(str(row["summary"]))),
    )


def _elsewhere(incident: Incident, texts: Words, *, everything: bool) -> Grid:
    """Return the unusual alerts elsewhere: each with `everything`, else the first of each rule in each place."""
    found = list(incident.elsewhere)
    if not everything:
        found = list({(item.rule_id, item.place): item for item in reversed(found)}.values())[::-1]
    columns = (
        Column(field="@timestamp", heading=texts.time_utc, whole=True, derive=to_the_minute("@timestamp")),
        Column(field="rule.level", heading=texts.level, whole=True, derive=word_of(texts, "rule.level")),
        Column(field="place", heading=texts.host),
        Column(field="rule.name", heading=texts.rule),
        Column(field="reason", heading=texts.reason),
    )
    return Grid(columns=columns, rows=[sighting_row(item) for item in found])


def _links(incident: Incident, texts: Words) -> Grid:
    columns = (
        Column(field="incident", heading=texts.incident, whole=True, derive=lambda row: str(row["incident"])[:SHORT]),
        Column(field="confidence", heading=texts.confidence, number=True),
        Column(field="reason", heading=texts.reason),
    )
    return Grid(columns=columns, rows=[link_row(link) for link in incident.links])


def _rounded(field: str) -> Callable[[Row], object]:
    return lambda row: f"{row[field]:.1f}"


def _joins(joins: Sequence[Join], texts: Words) -> Grid:
    columns = (
        Column(field="alert", heading=texts.alert, whole=True, derive=lambda row: str(row["alert"])[:SHORTEST]),
        Column(field="confidence", heading=texts.confidence, number=True),
        Column(field="reason", heading=texts.reason),
    )
    return Grid(columns=columns, rows=[join_row(join) for join in joins])


@command(app, "timeline")
def timeline(session: Session, identifier: IncidentId, fmt: Format = None, output: Output = None) -> None:
    """Show what happened when, in one line per alert, oldest first."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
    texts = words(session.lang)
    title = title_in(incident.title, session.lang)
    listing = Listing(
        name="timeline",
        title=f"{texts.timeline}: {title}",
        columns=_moment_columns(texts, session.lang),
        rows=[moment_row(moment) for moment in incident.timeline],
        fields=MOMENT_FIELDS,
        empty=texts.no_timeline,
        lang=session.lang,
    )
    out.write(listing)
    session.hint(texts.next_respond.format(id=incident.id[:SHORT]))


@command(app, "close")
def close(
    session: Session,
    identifier: IncidentId,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")],
    actor: Actor = None,
) -> None:
    """Close an incident, with the reason, which enters the ledger too; its alerts keep their own verdicts."""
    if not why.strip():
        raise UsageError(
            "closing an incident needs its reason", where="--why", hint='--why "hosts rebuilt, see case 7"'
        )
    who = actor_of(session, actor)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        if incident.status == "closed":  # by somebody else meanwhile: their reason stays
            name = incident.id[:SHORT]
            raise UsageError(f"{name} is closed already: {incident.closed_why}", hint=f"kulla incidents reopen {name}")
        details = {"reason": why.strip(), "was": incident.status}
        sequence = record_about(session, store, incident.id, actor=who, kind="incident.closed", details=details)
        store.save_incidents([replace(incident, status="closed", closed_why=why.strip())])
    session.say(f"incident {incident.id[:SHORT]} is closed (ledger record {sequence})")
    session.hint("kulla incidents list --open")


command(app, "foresight")(foresight)
register_casework(app)


register_byhand(app)
register_noise(app)
register_leads(app)
register_export(app)
register_papers(app)
register_clocks(app)
register_report(app)

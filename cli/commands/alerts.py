"""`kulla alerts`: what rules found in the store, one by one, with the reason; and the verdicts of people."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from cli import rulesets
from cli.decisions import Actor, actor_of, record
from cli.document import Column, Grid, Lines, Pairs, Report, Section
from cli.group import sub_app
from cli.options import (
    Filters,
    Format,
    Limit,
    MinLevel,
    Output,
    PipelineFiles,
    Placeholders,
    Rules,
    Since,
    Until,
    choice,
    command,
    shown_level,
    window,
)
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.settings_table import Lang
from cli.tailoring import Own, tailoring
from cli.views import SHORT, alert_listing, alert_row, at_least
from cli.words import Words, word_for, words
from engine.alerts import Alert, Verdict
from engine.errors import UsageError
from engine.events import instant

VERDICTS = ("true-positive", "false-positive", "benign")
AlertId = Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or the beginning of it.")]

app = sub_app("What rules found: list, show, explain and judge alerts.")


@command(app, "list")
def list_alerts(
    session: Session,
    *,
    since: Since = None,
    until: Until = None,
    level: MinLevel = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only alerts that nobody has judged yet.")] = False,
    limit: Limit = 0,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List alerts by event time, oldest first; with --limit, the newest ones."""
    out = target(session, fmt, output)
    span = window(session, since, until)
    lowest = shown_level(session, level)
    with session.open_store() as store:
        found = at_least(lowest, store.alerts(since=span.since, before=span.before))
    kept = [alert for alert in found if alert.is_open or not open_only]
    newest = kept[-limit:] if limit else kept
    if len(newest) < len(kept):
        session.say(f"the newest {len(newest):,} of {len(kept):,} alerts; --limit 0 shows all")
    out.write(alert_listing([alert_row(alert) for alert in newest], session.lang))
    session.hint(f"kulla alerts show {newest[-1].id[:SHORT]}" if newest else "kulla detect")


@command(app, "show")
def show(session: Session, identifier: AlertId, fmt: Format = None, output: Output = None) -> None:
    """Show one alert in full: the rule, the events it rests on, why it fired, and any verdict."""
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        alert = store.alert(identifier)
    out.write(report(alert, words(session.lang), session.lang))
    session.hint(
        f"kulla alerts close {alert.id[:SHORT]} --verdict true-positive --why TEXT"
        if alert.is_open
        else "kulla alerts list"
    )


def report(alert: Alert, texts: Words, lang: Lang) -> Report:
    """Return the whole alert as a report."""
    rule = alert.rule
    head = (
        (texts.alert, alert.id),
        (texts.time_utc, instant(alert.timestamp)),
        (texts.level, word_for(texts, rule.level.label)),
        (texts.rule, rule.id),
        (texts.rule_file, rule.path),
        (texts.status, rule.status),
        (texts.tags, rule.tags),
        (texts.verdict, f"{alert.verdict}: {alert.verdict_why}" if alert.verdict else word_for(texts, "open")),
    )
    reasons = [{"field": item.field, "predicate": item.predicate, "value": item.value} for item in alert.why]
    columns = tuple(Column(field=name, heading=word_for(texts, name)) for name in ("field", "predicate", "value"))
    sections = [
        Section(heading="", body=Pairs(rows=head)),
        Section(heading=texts.why_it_fired, body=Grid(columns=columns, rows=reasons)),
        Section(heading=texts.fields, body=Pairs(rows=tuple(alert.fields.items()))),
    ]
    for event in alert.events:
        lines = Lines(lines=event.original.splitlines() or ("",), verbatim=True)
        sections.append(Section(heading=texts.event_at.format(id=event.id, source=event.source), body=lines))
    if rule.falsepositives:
        sections.append(Section(heading=texts.false_positives, body=Lines(lines=rule.falsepositives)))
    row = alert_row(alert) | {"rule.description": rule.description, "rule.falsepositives": rule.falsepositives}
    return Report(name="alert", title=rule.name, record=row, sections=tuple(sections), lang=lang)


@command(app, "explain")
def explain(
    session: Session,
    identifier: AlertId,
    *,
    rules: Rules = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Say which predicates held for an alert's events, which did not, and how near the others came."""
    from cli.explaining_alerts import explained

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    with session.open_store() as store:
        alert = store.alert(identifier)
        events = store.events_by_id([event.id for event in alert.events])
    out.write(explained(session, alert, events, rulesets.load(session, rules, own=own), tailoring(session, own)))
    session.hint(f"kulla alerts show {alert.id[:SHORT]}")


@command(app, "close")
def close(
    session: Session,
    identifier: AlertId,
    *,
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="VERDICT", help="true-positive, false-positive or benign.")
    ],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")],
    actor: Actor = None,
) -> None:
    """Record a verdict on an alert, with its reason; it enters the ledger too."""
    word = cast("Verdict", choice("--verdict", verdict, VERDICTS))
    if not why.strip():
        raise UsageError("a verdict needs its reason", where="--why", hint='--why "backup job of the mail team"')
    who = actor_of(session, actor)
    with session.open_store() as store:
        alert = store.alert(identifier)
        details = {"verdict": word, "reason": why.strip(), "rule": alert.rule.id}
        sequence = record(session, store, actor=who, kind="alert.judged", subject=f"alert/{alert.id}", details=details)
        store.judge_alert(alert.id, word, why.strip())
    session.say(f"alert {alert.id[:SHORT]} is closed: {word} (ledger record {sequence})")
    session.hint("kulla alerts list --open")

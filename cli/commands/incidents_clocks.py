"""`kulla incidents clocks`: what must be sent until when, from when awareness began; and what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import Actor, IncidentId, actor_of, open_ledger
from cli.document import Column, Grid, Pairs, Report, Section
from cli.house import deadlines
from cli.naming import incident_named
from cli.options import Format, Output, choice, command, moment
from cli.output import REPORT_FORMATS, target
from cli.paper_words import PaperWords, paper_words
from cli.session import Session
from cli.settings_table import Lang
from cli.views import SHORT, title_in, to_the_minute
from engine.errors import UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.incidents.model import Incident
    from playbooks.ledger import Ledger
    from playbooks.legal import Clock
    from playbooks.papers.casefile import CaseFile


def register_clocks(app: typer.Typer) -> None:
    """Add the command to `kulla incidents`."""
    command(app, "clocks")(cast("Callable[..., None]", clocks))


def clocks(
    session: Session,
    identifier: IncidentId,
    *,
    aware: Annotated[
        str | None, typer.Option("--aware", metavar="INSTANT", help="Record since when you have been aware of it.")
    ] = None,
    sent: Annotated[
        str | None, typer.Option("--sent", metavar="DEADLINE", help="Record that this paper was sent (see --at).")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="When it was sent; now by default.")] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")] = "",
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show the legal clocks of an incident: what is due when, by which rule, and what was sent."""
    from cli.casefile import gather
    from playbooks.awareness import INCIDENTS

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        ledger = open_ledger(session, store)
        if aware is not None or sent is not None:
            ledger.preload(INCIDENTS)  # so that the whole of it is read once
        if aware is not None:
            _aware(session, ledger, incident, aware, why=why, actor=actor)
        if sent is not None:
            _sent(session, ledger, incident, sent, at=at, why=why, actor=actor)
        case = gather(session, store, ledger, incident, courses=0, foresees=False)
    texts = paper_words(session.lang)
    out.write(_report(case, texts, session))
    session.hint(texts.next_clocks.format(id=incident.id[:SHORT]))


def _aware(session: Session, ledger: Ledger, incident: Incident, word: str, *, why: str, actor: str | None) -> None:
    from playbooks.awareness import AWARE, about

    at = moment("--aware", word, session.now())
    if at is None or not why.strip():
        raise UsageError("this needs its reason", where="--why", hint='--why "the duty officer confirmed it"')
    if at > session.now():
        raise UsageError("nobody is aware of it in the future", where="--aware")
    details = {"at": instant(at), "reason": why.strip()}
    ledger.append(actor=actor_of(session, actor), kind=AWARE, subject=about(incident.id), details=details)


def _sent(
    session: Session, ledger: Ledger, incident: Incident, deadline: str, *, at: str | None, why: str, actor: str | None
) -> None:
    from playbooks.awareness import SENT, about

    name = choice("--sent", deadline, [rule.id for rule in deadlines(session)])
    when = moment("--at", at, session.now()) or session.now()
    if when > session.now():
        raise UsageError("it was not sent in the future", where="--at")
    details = {"deadline": name, "at": instant(when), "reason": why.strip()}
    ledger.append(actor=actor_of(session, actor), kind=SENT, subject=about(incident.id), details=details)


def _report(case: CaseFile, texts: PaperWords, session: Session) -> Report:
    lang = session.lang
    rows = [clock_row(clock, case, texts, lang) for clock in case.clocks]
    head = (
        (texts.incident, f"{case.incident.id} {title_in(case.incident.title, lang)}"),
        (texts.aware, instant(case.aware)),
        (texts.by, case.aware_by.in_language(lang)),
    )
    columns = (
        Column(field="state_words", heading=texts.state),
        Column(field="due", heading=texts.due, whole=True, derive=to_the_minute("due")),
        Column(field="left_words", heading=texts.left),
        Column(field="title", heading=texts.what),
        Column(field="basis", heading=texts.basis),
        Column(field="applies", heading=texts.applies),
    )
    record = {"incident": case.incident.id, "aware": instant(case.aware), "aware_by": head[2][1], "clocks": rows}
    sections = (Section(heading="", body=Pairs(rows=head)), Section(heading="", body=Grid(columns=columns, rows=rows)))
    return Report(name="clocks", title=texts.clocks, record=record, sections=sections, lang=lang)


def clock_row(clock: Clock, case: CaseFile, texts: PaperWords, lang: Lang) -> dict[str, object]:
    """Return a clock as one row; `left` counts seconds, and is negative once the hour has passed."""
    from playbooks.papers.doings import CLOCK_WORDS, span

    state = clock.state(case.now)
    left = clock.due - case.now if clock.due and clock.sent is None else None
    applies = {"always": texts.always, "personal-data": texts.personal_data, "high-risk": texts.high_risk}
    return {
        "deadline": clock.rule.id,
        "title": clock.rule.title.in_language(lang),
        "to": clock.rule.to.in_language(lang),
        "basis": clock.rule.basis,
        "state": state,
        "state_words": CLOCK_WORDS[state].in_language(lang),
        "due": instant(clock.due) if clock.due else None,
        "left": int(left.total_seconds()) if left is not None else None,
        "left_words": span(left) if left is not None else "",
        "sent": instant(clock.sent) if clock.sent else None,
        "record": clock.record or None,
        "applies": applies[clock.rule.where],
    }

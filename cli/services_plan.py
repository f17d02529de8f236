"""The documents of `kulla services plan`: the plan, its shift sheets, its reasons, its curve; and beginning with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cli.decisions import actor_of, record
from cli.document import Column, Grid, Lines, Report, Section
from cli.restoring import Situation
from cli.services_page import curve_page
from cli.services_view import (
    assignment_row,
    compared,
    curve_section,
    figures,
    head,
    late_rows,
    sheets,
    task_columns,
    unplanned_rows,
)
from cli.services_words import WORDS
from cli.session import Session
from engine.errors import UsageError
from engine.events import instant
from playbooks.restoration.bound import Bound, lower_bound
from playbooks.restoration.curve import curve
from playbooks.restoration.explain import why_before
from playbooks.restoration.keeping import begin, need_none
from playbooks.restoration.planning import Plan
from playbooks.restoration.problem import mean_hours

_FIRST = 20


def plan_report(session: Session, situation: Situation, plan: Plan, *, bound: bool) -> Report:
    """Return the plan with its figures; JSON has every task, the screen the first ones."""
    texts = WORDS[session.lang]
    fresh = not situation.progress.done and not situation.progress.running and not plan.unplanned
    lowest = lower_bound(plan.built.problem, plan.schedule) if bound and fresh else None
    rows = [assignment_row(situation, plan, row, session.lang) for row in plan.assignments]
    open_rows = [row for row in rows if row["state"] != "done"]
    late = late_rows(situation, plan, session.lang)
    sections = [head(figures(plan, lowest, texts))]
    if fresh:
        sections.append(Section(heading="", body=compared(situation, plan, texts)))
    sections.append(curve_section(plan, texts, session.width))
    sections.append(Section(heading=texts.plan, body=Grid(columns=task_columns(texts), rows=open_rows[:_FIRST])))
    if len(open_rows) > _FIRST:
        session.say(f"the first {_FIRST} of {len(open_rows):,} tasks; --sheets or -f jsonl has all of them")
    if late:
        columns = (
            Column(field="service", heading=texts.service),
            Column(field="hours", heading=texts.hours, number=True),
            Column(field="rto", heading="RTO", number=True),
            Column(field="fallback", heading=texts.fallback),
        )
        sections.append(Section(heading=texts.late, body=Grid(columns=columns, rows=late[:_FIRST])))
    if plan.unplanned:
        both = (Column(field="task", heading=texts.task), Column(field="reason", heading=texts.reason))
        sections.append(Section(heading=texts.not_planned, body=Grid(columns=both, rows=unplanned_rows(plan))))
    record = _record(situation, plan, lowest) | {"tasks": rows, "late": late, "unplanned": unplanned_rows(plan)}
    return Report(name="plan", title=texts.plan, record=record, sections=tuple(sections), lang=session.lang)


def _record(situation: Situation, plan: Plan, lowest: Bound | None) -> dict[str, object]:
    bound = None if lowest is None else mean_hours(lowest.cost, plan.built.problem)
    return {
        "start": instant(situation.begun.start),
        "weigh": situation.begun.weigh,
        "services": len(situation.catalogue.services),
        "people": len(situation.crews.people),
        "mean_outage_hours": round(plan.outage, 4),
        "lower_bound_hours": None if bound is None else round(bound, 4),
        "ratio": round(plan.outage / bound, 4) if bound else None,
        "last_back_hours": round(plan.end / 60, 4),
    }


def check_wishes(situation: Situation, *, why: str | None, crew: str | None) -> None:
    """Raise before anything is planned where a service or a crew is asked for that is not there."""
    _need_crew(situation, crew)
    for name in _pair(why) if why is not None else ():
        if all(service.id != name for service in situation.catalogue.services):
            raise UsageError(f"no service `{name[:200]}`", where="--why", hint="kulla services list FILE")


def check_begin(session: Session, actor: str | None) -> None:
    """Raise before anything is planned where no restoration can be begun: nobody begins it, or one is under way."""
    actor_of(session, actor)
    with session.open_store() as store:
        need_none(store)


def _need_crew(situation: Situation, crew: str | None) -> None:
    crews = sorted({person.crew for person in situation.crews.people})
    if crew is not None and crew not in crews:
        raise UsageError(f"no crew `{crew}`", where="--crew", hint=f"one of: {', '.join(crews)}")


def _pair(why: str) -> tuple[str, str]:
    names = [name.strip() for name in why.split(",")]
    if len(names) != 2:
        raise UsageError("two services are compared", where="--why", hint="--why vat-return,birth-certificate")
    return names[0], names[1]


def sheet_report(session: Session, situation: Situation, plan: Plan, crew: str | None) -> Report:
    """Return the shift sheets, of one crew or of all."""
    texts = WORDS[session.lang]
    sections = sheets(situation, plan, texts, session.lang, crew)
    tasks = [assignment_row(situation, plan, row, session.lang) for row in plan.assignments]
    return Report(name="sheets", title=texts.plan, record={"tasks": tasks}, sections=sections, lang=session.lang)


def why_report(session: Session, situation: Situation, plan: Plan, pair: str) -> Report:
    """Return why one service comes before another; `pair` is `A,B`."""
    first, second = sorted(_pair(pair), key=lambda name: plan.live.get(name, 0))
    reasons = [text.in_language(session.lang) for text in why_before(plan, situation.catalogue, first, second)]
    title = WORDS[session.lang].why.format(first=first, second=second)
    section = Section(heading="", body=Lines(lines=reasons))
    record = {"first": first, "second": second, "reasons": reasons}
    return Report(name="why", title=title, record=record, sections=(section,), lang=session.lang)


def curve_parts(session: Session, plan: Plan) -> Iterator[str]:
    """Return the page with the recovery curve."""
    texts = WORDS[session.lang]
    return curve_page(curve(plan), figures(plan, None, texts), texts, session.lang)


def begin_with(session: Session, situation: Situation, found: Plan, actor: str | None) -> None:
    """Keep the restoration as the one under way; the ledger has who began it with which files."""
    who = actor_of(session, actor)
    begun = situation.begun
    details = {"catalogue": begun.catalogue_name, "crews": begun.crews_name, "sha256": begun.digest}
    details |= {"start": instant(begun.start), "weigh": begun.weigh}
    with session.open_store() as store:
        need_none(store)
        subject = f"restoration/{begun.id}"
        record(session, store, actor=who, kind="restoration.begun", subject=subject, details=details)
        begin(store, replace(begun, urgency=found.urgency))
    session.say(f"the restoration {begun.id} is under way")

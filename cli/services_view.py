"""The plan as people read it: figures, tasks, shift sheets per crew, the curve, and what comes too late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cli.document import Column, Grid, Lines, Pairs, Row, Section
from cli.restoring import Situation
from cli.services_words import ServiceWords
from engine.events import instant
from playbooks.restoration.bound import Bound
from playbooks.restoration.curve import curve, drawn, share_after
from playbooks.restoration.model import STEP_NAMES, Person, Service
from playbooks.restoration.planning import Assignment, Plan, plain_orders
from playbooks.restoration.problem import mean_hours
from playbooks.texts import Language


def local(situation: Situation, minutes: int) -> datetime:
    """Return the instant in the crews' zone."""
    return situation.moment(minutes).astimezone(ZoneInfo(situation.crews.timezone))


def compared(situation: Situation, plan: Plan, texts: ServiceWords) -> Grid:
    """Return this plan beside the order of the list and a random one."""
    problem = plan.built.problem
    places = {service.id: service.place for service in situation.catalogue.services}
    rows: list[Row] = [{"order": texts.this_plan, "outage": f"{plan.outage:.2f}", "end": f"{plan.end / 60:.1f}"}]
    for name, schedule in plain_orders(plan.built, places).items():
        outage = mean_hours(schedule.cost(problem), problem)
        rows.append(
            {
                "order": texts.fifo if name == "fifo" else texts.random,
                "outage": f"{outage:.2f}",
                "end": f"{schedule.end(problem) / 60:.1f}",
            }
        )
    columns = (
        Column(field="order", heading=texts.order),
        Column(field="outage", heading=texts.outage, number=True),
        Column(field="end", heading=texts.last_back, number=True),
    )
    return Grid(columns=columns, rows=rows)


def figures(plan: Plan, bound: Bound | None, texts: ServiceWords) -> list[tuple[str, object]]:
    """Return the figures of the plan, the lower bound beside them."""
    total = sum(plan.built.weights[name] for name in plan.live)
    rows: list[tuple[str, object]] = [(texts.outage, f"{plan.outage:.2f}")]
    if bound is not None:
        lowest = mean_hours(bound.cost, plan.built.problem)
        ratio = plan.outage / lowest if lowest else 1.0
        rows.append((texts.bound, f"{lowest:.2f} ({texts.no_plan_below.format(ratio=f'{ratio:.3f}')})"))
    rows += [
        (texts.last_back, f"{plan.end / 60:.1f}"),
        (texts.by_12h, f"{share_after(plan, 12) * 100:.1f} %"),
        (texts.by_96h, f"{share_after(plan, 96) * 100:.1f} %"),
        (texts.turned_away, f"{plan.outage / 24 * total:,.0f}"),
    ]
    return rows


def assignment_row(situation: Situation, plan: Plan, row: Assignment, language: Language) -> dict[str, object]:
    """Return one task as a row."""
    people = {person.id: person for person in situation.crews.people}
    person = people.get(row.person)
    return {
        "task": row.task.id,
        "service": row.task.service,
        "step": STEP_NAMES[row.task.step].in_language(language),
        "skill": row.task.skill,
        "person": row.person,
        "crew": person.crew if person else "",
        "start": instant(situation.moment(row.start)),
        "end": instant(situation.moment(row.end)),
        "from": f"{local(situation, row.start):%d.%m %H:%M}",
        "to": f"{local(situation, row.end):%d.%m %H:%M}",
        "state": row.state,
        "after": row.task.after,
        "urgency": round(plan.urgency.get(row.task.id, 0.0), 6),
    }


def task_columns(texts: ServiceWords) -> tuple[Column, ...]:
    """Return the columns of a list of tasks."""
    return (
        Column(field="from", heading=texts.start, whole=True),
        Column(field="to", heading=texts.end, whole=True, derive=lambda row: str(row["to"])[-5:]),
        Column(field="person", heading=texts.person),
        Column(field="step", heading=texts.step),
        Column(field="service", heading=texts.service),
    )


def sheets(
    situation: Situation, plan: Plan, texts: ServiceWords, language: Language, crew: str | None = None
) -> list[Section]:
    """Return a section for each crew and day: who does what when, with the health check and the backup point."""
    people = {person.id: person for person in situation.crews.people}
    services = situation.catalogue.get()
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in plan.assignments:
        person = people.get(row.person)
        if person is not None and row.state != "done" and crew in (None, person.crew):
            day = f"{_shift_day(situation, row, person):%Y-%m-%d}"
            made = assignment_row(situation, plan, row, language)
            grouped.setdefault((day, person.crew), []).append(made | _instructions(services[row.task.service], row))
    columns = (
        *task_columns(texts),
        Column(field="health", heading=texts.health),
        Column(field="backup", heading=texts.backup),
    )
    return [
        Section(
            heading=texts.sheet.format(crew=name, day=day),
            body=Grid(columns=columns, rows=sorted(rows, key=lambda row: (str(row["person"]), str(row["start"])))),
        )
        for (day, name), rows in sorted(grouped.items())
    ]


def _shift_day(situation: Situation, row: Assignment, person: Person) -> datetime:
    """Return the day on which the shift of a task began: what a night crew does after midnight is of the day before."""
    start = local(situation, row.start)
    minute = start.hour * 60 + start.minute
    spans = [situation.crews.shifts[name] for name in person.shifts]
    overnight = any(span.end <= span.start and minute < span.end for span in spans)
    today = any(span.start <= minute and (minute < span.end or span.end <= span.start) for span in spans)
    return start - timedelta(days=1) if overnight and not today else start


def _instructions(service: Service, row: Assignment) -> dict[str, object]:
    backup = f"{service.backup_taken:%Y-%m-%d %H:%M} UTC " if service.backup_taken else ""
    check = f"{service.health_command} => {service.health_expected}" if service.health_command else ""
    return {
        "health": check if row.task.step != "restore" else "",
        "backup": (backup + service.backup_place).strip() if row.task.step == "restore" else "",
    }


def curve_section(plan: Plan, texts: ServiceWords, width: int) -> Section:
    """Return the recovery curve drawn with letters, beside AKSHI's milestones."""
    lines = drawn(curve(plan), (texts.use, texts.services, texts.akshi), min(width, 80) - 6)
    return Section(heading=texts.curve, body=Lines(lines=lines, verbatim=True))


def late_rows(situation: Situation, plan: Plan, language: Language) -> list[Row]:
    """Return the services that come back later than their RTO or after a legal day, the most used first."""
    start = local(situation, 0).date()
    rows: list[Row] = []
    for service in sorted(situation.catalogue.services, key=lambda item: (-plan.built.weights[item.id], item.id)):
        end = plan.live.get(service.id)
        back = local(situation, end).date() if end is not None else None
        days = [day for day in (item.next_from(start) for item in service.legal) if day and (not back or day <= back)]
        over = service.rto is not None and (end is None or end > service.rto)
        if over or days:
            fallback = service.fallback.in_language(language) if service.fallback else ""
            hours = "" if end is None else f"{end / 60:.1f}"
            due = f"{service.rto / 60:.0f}" if over and service.rto is not None else ""
            rows.append({"service": service.id, "hours": hours, "rto": due, "legal": days, "fallback": fallback})
    return rows


def unplanned_rows(plan: Plan) -> Sequence[Row]:
    """Return what cannot be planned, and why."""
    return [{"task": name, "reason": reason} for name, reason in sorted(plan.unplanned.items())]


def head(rows: Sequence[tuple[str, object]]) -> Section:
    """Return the figures as a section without a heading."""
    return Section(heading="", body=Pairs(rows=rows))

"""`kulla services status|start|done|end`: the restoration under way, planned again with every task that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.decisions import Actor, actor_of, record
from cli.document import Grid, Report, Section
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from engine.errors import UsageError

if TYPE_CHECKING:
    from playbooks.restoration.progress import EventKind

Task = Annotated[str, typer.Argument(metavar="TASK", help="The task's id, as in vat-return:verify.")]


def register_run(app: typer.Typer) -> None:
    """Add the commands to `kulla services`."""
    command(app, "status")(status)
    command(app, "start")(start)
    command(app, "done")(done)
    command(app, "end")(end)


def status(session: Session, fmt: Format = None, output: Output = None) -> None:
    """Say how far the restoration is, who is to do what next, and when everything is back."""
    from cli.restoring import under_way
    from cli.services_view import assignment_row, figures, head, task_columns
    from cli.services_words import WORDS

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        situation = under_way(session, store)
    plan = situation.planned(tries=0)
    texts = WORDS[session.lang]
    rows = [assignment_row(situation, plan, row, session.lang) for row in plan.assignments if row.state != "done"]
    counts = {state: sum(row.state == state for row in plan.assignments) for state in ("done", "running", "planned")}
    first: dict[str, dict[str, object]] = {}
    for row in rows:
        first.setdefault(str(row["person"]), row)
    head_rows = [(texts.done, str(counts["done"])), (texts.running, str(counts["running"]))]
    head_rows += [(texts.planned, str(counts["planned"])), (texts.not_planned, str(len(plan.unplanned)))]
    shown = sorted(first.values(), key=lambda row: (str(row["start"]), str(row["person"])))
    sections = (
        head([*head_rows, *figures(plan, None, texts)]),
        Section(heading=texts.plan, body=Grid(columns=task_columns(texts), rows=shown)),
    )
    whole = counts | {"restoration": situation.begun.id, "mean_outage_hours": round(plan.outage, 4)}
    whole |= {"last_back_hours": round(plan.end / 60, 4), "next": shown, "unplanned": dict(plan.unplanned)}
    out.write(Report(name="status", title=texts.plan, record=whole, sections=sections, lang=session.lang))
    session.hint(f"kulla services done {shown[0]['task']}" if shown else "kulla services end --why TEXT")


def start(
    session: Session,
    task: Task,
    *,
    person: Annotated[str, typer.Option("--person", metavar="ID", help="Who works on it.")],
    actor: Actor = None,
) -> None:
    """Record that somebody has begun a task; the plan then counts with them until its hours are over."""
    _keep(session, task, "started", actor=actor, person=person)


def done(
    session: Session,
    task: Task,
    *,
    unclean: Annotated[
        bool, typer.Option("--unclean", help="The verification found it unclean: restore and verify again.")
    ] = False,
    actor: Actor = None,
) -> None:
    """Record that a task is done, and plan the rest again."""
    _keep(session, task, "contaminated" if unclean else "done", actor=actor)


def _keep(session: Session, name: str, kind: EventKind, *, actor: str | None, person: str = "") -> None:
    from cli.restoring import under_way
    from playbooks.restoration.keeping import keep
    from playbooks.restoration.recording import event_for

    who = actor_of(session, actor)
    with session.open_store() as store:
        situation = under_way(session, store)
        event = event_for(
            situation.planned(tries=0).built, situation.crews, situation.progress, task=name, kind=kind, person=person
        )
        details = {"task": name, "person": person or who, "minute": str(event.at)}
        subject = f"restoration/{situation.begun.id}"
        sequence = record(session, store, actor=who, kind=f"restoration.{kind}", subject=subject, details=details)
        keep(store, situation.begun, event)
        plan = under_way(session, store).planned(tries=0)
    session.say(f"{name}: {kind} (ledger record {sequence}); the last service is back after {plan.end / 60:.1f} h")
    following = next((row for row in plan.assignments if row.state == "planned"), None)
    session.hint(
        f"kulla services start {following.task.id} --person {following.person}"
        if following
        else "kulla services end --why TEXT"
    )


def end(
    session: Session,
    *,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")],
    actor: Actor = None,
) -> None:
    """End the restoration under way, finished or given up; its records stay."""
    from playbooks.restoration.keeping import finish, need_current

    if not why.strip():
        raise UsageError("ending it needs a reason", where="--why", hint='--why "all services are back"')
    who = actor_of(session, actor)
    with session.open_store() as store:
        begun = need_current(store)
        details = {"reason": why.strip()}
        subject = f"restoration/{begun.id}"
        record(session, store, actor=who, kind="restoration.ended", subject=subject, details=details)
        finish(store, begun)
    session.say(f"the restoration {begun.id} has ended")

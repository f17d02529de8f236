"""`kulla approvals`: the second pair of eyes. Another person sees what is proposed and says yes or no, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.deciding_words import deciding_words
from cli.decisions import Actor, Why, actor_of, open_ledger
from cli.document import Column, Listing, Report, Row
from cli.executing import policy_of
from cli.group import sub_app
from cli.house import house_of
from cli.naming import heir, incident_named
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from cli.views import SHORT, to_the_second
from engine.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from engine.store.protocol import Store
    from playbooks.decisions import State
    from playbooks.ledger import Ledger
    from playbooks.runner import Run

app = sub_app("Steps that wait for another person's yes: list, approve, reject.")
FIELDS = ("incident", "playbook", "step", "proposed_by", "account", "at", "reason", "lacking", "approved_by", "changed")
IncidentArgument = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, or the start of it.")]
StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, as kulla approvals list shows it.")]
PlaybookName = Annotated[
    str | None, typer.Option("--playbook", metavar="NAME", help="The playbook, where several are followed.")
]


@command(app, "list")
def list_(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """List the steps that somebody proposes and that lack approvals. Waiting never turns into a yes."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        rows = [row for run in _waiting_runs(session, store) for row in _waiting(run)]
    texts = deciding_words(session.lang)
    columns = (
        Column(field="incident", heading=texts.incident, whole=True, derive=lambda row: str(row["incident"])[:SHORT]),
        Column(field="step", heading=texts.step, whole=True),
        Column(field="proposed_by", heading=texts.proposed_by),
        Column(field="at", heading="UTC", whole=True, derive=to_the_second("at")),
        Column(field="lacking", heading=texts.lacking, number=True),
        Column(field="reason", heading=texts.reason),
    )
    title, empty = texts.approvals, texts.no_approvals
    out.write(Listing(name="approvals", title=title, columns=columns, rows=rows, fields=FIELDS, empty=empty))
    session.hint("kulla approvals show INCIDENT STEP, then approve or reject" if rows else "kulla incidents list")


@command(app, "show")
def show(
    session: Session,
    incident: IncidentArgument,
    step: StepArgument,
    *,
    playbook: PlaybookName = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Show a proposed step in full: what it does, its commands as they will be run, how to verify and to undo it."""
    from cli.guidance import step_record, step_sections
    from cli.words import words

    out = target(session, fmt, output, allowed=("table", "json", "jsonl", "md", "html"))
    with session.open_store() as store:
        run = _run(session, store, incident, playbook)
    item = run.guide.step(run.step(step).id)
    sections = step_sections(run.guide, item, words(session.lang), run.state.decisions)
    record = step_record(run.guide, item, run.state.decisions)
    title = run.playbook.title.in_language(run.guide.language)
    out.write(Report(name="step", title=title, record=record, sections=tuple(sections), lang=run.guide.language))
    session.hint(f"kulla approvals approve {incident} {step} --why TEXT, or reject")


@command(app, "approve")
def approve(
    session: Session,
    incident: IncidentArgument,
    step: StepArgument,
    *,
    why: Why,
    playbook: PlaybookName = None,
    actor: Actor = None,
) -> None:
    """Approve a proposed step exactly as it is filled now. Who proposed it cannot."""
    who = actor_of(session, actor)
    texts = deciding_words(session.lang)
    with session.open_store() as store:
        run = _run(session, store, incident, playbook)
        _check_proposal(run, step, texts.changed_since.format(step=step))
        sequence = run.decide(step, "approved", actor=who, reason=why).sequence
        lacking = run.still_lacking(run.step(step))
    session.say(texts.approved.format(step=step, sequence=sequence, count=lacking))
    session.hint("kulla approvals list" if lacking else f"kulla respond {run.incident.id[:SHORT]}")


@command(app, "reject")
def reject(
    session: Session,
    incident: IncidentArgument,
    step: StepArgument,
    *,
    why: Why,
    playbook: PlaybookName = None,
    actor: Actor = None,
) -> None:
    """Reject a proposed step: it is decided with that, and the run goes on where its playbook says."""
    who = actor_of(session, actor)
    with session.open_store() as store:
        run = _run(session, store, incident, playbook)
        sequence = run.decide(step, "rejected", actor=who, reason=why).sequence
    session.say(deciding_words(session.lang).rejected.format(step=step, sequence=sequence))
    session.hint(f"kulla respond {run.incident.id[:SHORT]}")


@command(app, "withdraw")
def withdraw(
    session: Session,
    incident: IncidentArgument,
    step: StepArgument,
    *,
    why: Why,
    playbook: PlaybookName = None,
    actor: Actor = None,
) -> None:
    """Take your own approval back, as long as the step is not decided."""
    who = actor_of(session, actor)
    with session.open_store() as store:
        run = _run(session, store, incident, playbook)
        sequence = run.withdraw_approval(step, actor=who, reason=why).sequence
    session.say(deciding_words(session.lang).withdrawn.format(step=step, sequence=sequence))
    session.hint("kulla approvals list")


def _waiting(run: Run) -> list[Row]:
    rows: list[Row] = []
    for item in run.open_steps:
        proposal = run.state.proposals.get(item.step.id)
        lacking = run.still_lacking(item.step)
        if proposal is None or not lacking:
            continue
        rows.append(
            {
                "incident": run.incident.id,
                "playbook": run.playbook.id,
                "step": item.step.id,
                "proposed_by": proposal.actor,
                "account": proposal.account,
                "at": proposal.at,
                "reason": proposal.reason,
                "lacking": lacking,
                "approved_by": run.state.approvers(item.step, item.fingerprint),
                "changed": proposal.fingerprint != item.fingerprint,
            }
        )
    return rows


def _check_proposal(run: Run, step: str, changed: str) -> None:
    proposal = run.state.proposals.get(run.step(step).id)
    if proposal is not None and proposal.fingerprint != run.guide.step(step).fingerprint:
        raise UsageError(changed, where=step, hint="the proposer proposes it again: kulla respond INCIDENT")


def _waiting_runs(session: Session, store: Store) -> list[Run]:
    """Return the runs in which a step waits for approvals; those whose playbook or incident is gone are issues."""
    from playbooks.awareness import INCIDENTS
    from playbooks.decisions import BEGUN, PROPOSED
    from playbooks.rebuilding import rebuild

    ledger = open_ledger(session, store)
    found: list[Run] = []
    for subject, records in ledger.preload(INCIDENTS).items():
        kinds = {record.kind for record in records}
        if not {BEGUN, PROPOSED} <= kinds or _all_decided(rebuild(records)):
            continue
        try:
            found.append(_resumed(session, store, ledger, subject))
        except (NotFoundError, UsageError) as error:
            if not _is_merged(session, store, subject):
                session.issue(error)
    return found


def _is_merged(session: Session, store: Store, subject: str) -> bool:
    """Tell whether a run's incident was merged into another, and where what waits there is proposed again."""
    from playbooks.awareness import incident_in

    name = incident_in(subject)
    now = heir(store, name)
    if now is not None:
        texts = deciding_words(session.lang)
        session.say(texts.merged.format(id=name[:SHORT], now=now.id[:SHORT]))
    return now is not None


def _all_decided(state: State | None) -> bool:
    return state is None or state.proposals.keys() <= state.decisions.keys()


def _run(session: Session, store: Store, incident: str, playbook: str | None) -> Run:
    """Return the run of an incident that is meant; raise `NotFoundError` where there is none, or more than one."""
    from playbooks.awareness import about
    from playbooks.decisions import BEGUN, run_of

    wanted = incident_named(session, store, incident).id
    ledger = open_ledger(session, store)
    found = {
        subject: run[1]
        for subject, records in ledger.preload(about(wanted)).items()
        if any(record.kind == BEGUN for record in records)
        and (run := run_of(subject))
        and run[0] == wanted
        and playbook in {None, run[1]}
    }
    if len(found) == 1:
        return _resumed(session, store, ledger, next(iter(found)))
    names = ", ".join(found.values())
    what = f"several playbooks are followed: {names}" if found else "no playbook is followed"
    raise NotFoundError(f"{what} for incident {incident}", hint="--playbook NAME" if found else "kulla respond ID")


def _resumed(session: Session, store: Store, ledger: Ledger, subject: str) -> Run:
    """Return one run; raise `NotFoundError` or `UsageError` where it cannot go on as it was begun."""
    from playbooks.decisions import run_of
    from playbooks.loader import load_library
    from playbooks.runner import Run

    name, playbook = run_of(subject) or ("", "")
    incident = store.incident(name)
    return Run.resume(
        incident,
        load_library().get(playbook),
        ledger,
        lang=session.lang,
        house=house_of(session),
        policy=policy_of(session),
        account=ledger.account,
    )

"""`kulla respond`: a playbook for one incident, step by step, with every decision in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.decisions import Actor, IncidentId, account_of, actor_of, open_ledger
from cli.document import Column, Listing
from cli.executing import policy_of
from cli.group import single_app
from cli.house import house_of
from cli.naming import former_ids, incident_named
from cli.options import Format, Output, command
from cli.output import REPORT_FORMATS, Target, target
from cli.session import Session
from cli.views import SHORT
from cli.words import Words, words
from engine.errors import InputError, NotFoundError, UsageError
from engine.incidents.model import Incident
from engine.store.protocol import Store

if TYPE_CHECKING:
    from cli.responding import Conversation
    from playbooks.choose import Choice
    from playbooks.compiler import Guide, GuideStep
    from playbooks.decisions import Channel, State
    from playbooks.ledger import Ledger, Record
    from playbooks.loader import Library
    from playbooks.model import Playbook
    from playbooks.rehearsal import Answers
    from playbooks.runner import DecisionLog, Run

app = single_app()
DECISION_FIELDS = ("sequence", "at", "actor", "step", "outcome", "reason", "evidence")
_DECISION_COLUMNS = (
    Column(field="sequence", heading="Record", number=True),
    Column(field="step", heading="Step"),
    Column(field="outcome", heading="Outcome", whole=True),
    Column(field="actor", heading="Who"),
    Column(field="reason", heading="Reason"),
)


@command(app, "respond")
def respond(
    session: Session,
    identifier: IncidentId,
    *,
    playbook: Annotated[
        str | None,
        typer.Option("--playbook", metavar="NAME", help="This playbook, not the one under way or the most fitting."),
    ] = None,
    step: Annotated[int | None, typer.Option("--step", metavar="N", min=1, help="Only (or first) step N.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the steps; record nothing.")] = False,
    answers: Annotated[
        str | None, typer.Option("--answers", metavar="FILE", help="Decide from a YAML file, for drills and tests.")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="STEP", help="Show how to take a step back, and record that you do.")
    ] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason for --undo.")] = "",
    actor: Actor = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Go through a playbook for an incident: each step with its commands filled in, decided and recorded by you.

    Commands are shown; kulla runs one only where you say so and its level, the settings and an approval by another
    person allow it. A run that was stopped goes on where it was left. Without a terminal nobody is asked: use
    --dry-run to read the steps, or --answers FILE to decide them.
    """
    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    drill = _read_answers(session, answers) if answers else None
    if not (dry_run or drill or undo or session.interactive):
        raise UsageError(
            words(session.lang).not_a_terminal,
            hint=f"kulla respond {identifier} --dry-run, or --answers FILE",
        )
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        ledger = open_ledger(session, store)
        chosen, choice = _choose(session, store, ledger, incident, playbook)
        _check_step(chosen, step)
        case = _Case(
            session=session,
            store=store,
            ledger=ledger,
            out=out,
            incident=incident,
            playbook=chosen,
            step=step,
            choice=choice,
        )
        if undo is not None:
            _undo(case, undo, why=why, actor=actor, dry_run=dry_run)
        elif dry_run and drill is None:
            _show(case)
        else:
            _go(case, drill, actor=actor, dry_run=dry_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What a run is about, and where it is told."""

    session: Session
    store: Store
    ledger: Ledger
    out: Target
    incident: Incident
    playbook: Playbook
    step: int | None
    choice: Choice | None


def _read_answers(session: Session, name: str) -> Answers:
    from playbooks.rehearsal import read_answers

    path = session.cwd / name
    try:
        return read_answers(path.read_bytes(), name)
    except OSError as error:
        raise InputError(f"cannot read it ({error.strerror})", where=name, hint="--answers FILE") from error


def _choose(
    session: Session, store: Store, ledger: Ledger, incident: Incident, name: str | None
) -> tuple[Playbook, Choice | None]:
    """Return the playbook that was named, or the one under way, or else the one that fits best with the reason."""
    from playbooks.awareness import INCIDENTS
    from playbooks.choose import choose
    from playbooks.loader import load_library

    library = load_library()
    known = ledger.preload(INCIDENTS)  # the run, and what is said of its incident, read at once
    _tell_former_runs(session, known, former_ids(store, incident))
    if name is not None:
        return library.get(name), None
    under_way = _under_way(known, incident, library)
    members = set(incident.alerts)
    near = store.alerts(since=incident.first_seen, before=incident.last_seen + timedelta(microseconds=1))
    choices = choose(incident, [alert for alert in near if alert.id in members], library)
    if not choices and under_way is None:
        raise NotFoundError(
            f"no playbook fits incident {incident.id[:SHORT]}", hint="kulla playbooks list, then --playbook NAME"
        )
    texts, lang = words(session.lang), session.lang
    if under_way is not None:  # whatever fits best by now: another shift goes on where this one stopped
        chosen, choice = under_way, None
        session.say(texts.under_way.format(name=chosen.id))
    else:
        chosen, choice = choices[0].playbook, choices[0]
        session.say(texts.chosen_because.format(name=chosen.id, reason=choice.reason.in_language(lang)))
    if others := ", ".join(item.playbook.id for item in choices if item.playbook.id != chosen.id):
        session.say(texts.other_playbooks.format(names=others))
    return chosen, choice


def _under_way(known: Mapping[str, Sequence[Record]], incident: Incident, library: Library) -> Playbook | None:
    """Return the playbook of the incident that was worked on last and has open steps, None where there is none."""
    from playbooks.decisions import run_of
    from playbooks.rebuilding import rebuild

    found: list[tuple[int, Playbook]] = []
    for subject, records in known.items():
        number, name = run_of(subject) or ("", "")
        state = rebuild(records) if number == incident.id and name in library else None
        if state is not None and state.current(playbook := library.get(name)) is not None:
            found.append((state.last, playbook))
    return max(found, key=lambda item: item[0])[1] if found else None


def _tell_former_runs(session: Session, known: Mapping[str, Sequence[Record]], names: Collection[str]) -> None:
    """Tell which playbooks were begun for incidents that were merged into this one: their steps are no steps here."""
    from playbooks.decisions import BEGUN, run_of

    texts = words(session.lang)
    for subject, records in known.items():
        number, playbook = run_of(subject) or ("", "")
        if number in names and any(record.kind == BEGUN for record in records):
            session.say(texts.former_run.format(name=playbook, id=number[:SHORT]))


def _check_step(playbook: Playbook, step: int | None) -> None:
    if step is not None and step > len(playbook.steps):
        raise UsageError(
            f"{playbook.id} has {len(playbook.steps)} steps", where="--step", hint=f"--step 1 to {len(playbook.steps)}"
        )


def _show(case: _Case) -> None:
    from cli.guidance import guide_report
    from playbooks.compile_check import compile_problems

    session, incident = case.session, case.incident
    guide, state = _guide(case)
    for problem in compile_problems(guide):
        if problem.blocks and case.step in {None, problem.number}:
            told = f"step {problem.number} `{problem.step}` cannot be done: {problem.what.in_language(session.lang)}"
            session.issue(InputError(told, where=problem.where, hint="give the value when you respond"))
    texts = words(session.lang)
    session.say(texts.dry_run, texts.not_run)
    case.out.write(guide_report(guide, texts, state.decisions if state else {}, case.step))
    session.hint(f"kulla respond {incident.id[:SHORT]}")


def _guide(case: _Case) -> tuple[Guide, State | None]:
    """Return the guide with the values given so far, and where its run stands (None: not begun); records nothing."""
    from playbooks.awareness import about
    from playbooks.compiler import compile_guide
    from playbooks.decisions import subject_of
    from playbooks.rebuilding import rebuild

    session, incident = case.session, case.incident
    ledger = case.ledger
    state = rebuild(ledger.records(subject_of(incident.id, case.playbook.id)))
    guide = compile_guide(
        incident,
        case.playbook,
        session.lang,
        given=state.given if state else None,
        house=house_of(session),
        records=tuple(ledger.records(about(incident.id))),
    )
    return guide, state


def _undo(case: _Case, step: str, *, why: str, actor: str | None, dry_run: bool) -> None:
    """Record that a step is taken back, and show how; a dry run only shows it."""
    from cli.guidance import undo_report
    from playbooks.runner import Run

    session, texts = case.session, words(case.session.lang)
    if dry_run:
        guide, _ = _guide(case)
        case.out.write(undo_report(guide, _step_of(guide, step), texts))
        session.say(texts.dry_run)
        session.hint(f"kulla respond {case.incident.id[:SHORT]} --undo {step} --why TEXT")
        return
    ledger = case.ledger
    run = Run.resume(
        case.incident,
        case.playbook,
        ledger,
        lang=session.lang,
        house=house_of(session),
        policy=policy_of(session),
        account=ledger.account,
    )
    record = run.undo(step, actor=actor_of(session, actor), reason=why)
    case.out.write(undo_report(run.guide, run.guide.step(step), texts))
    session.say(texts.recorded.format(sequence=record.sequence))
    session.hint(f"kulla respond {case.incident.id[:SHORT]}")


def _step_of(guide: Guide, step: str) -> GuideStep:
    try:
        return guide.step(step)
    except KeyError:
        hint = f"kulla playbooks show {guide.playbook.id}"
        raise UsageError(f"{guide.playbook.id} has no step `{step}`", where="--undo", hint=hint) from None


def _go(case: _Case, drill: Answers | None, *, actor: str | None, dry_run: bool) -> None:
    from playbooks.rehearsal import MemoryLog, play

    session, incident = case.session, case.incident
    texts = words(session.lang)
    who = drill.actor if drill and not actor else _actor(session, texts, actor)
    ledger = None if dry_run else case.ledger
    run = _run(session, ledger or MemoryLog(session.now), incident, case, who, is_drill=drill is not None)
    if drill is None:
        try:
            finished = _conversation(case, run, ledger, who).hold()
        except (KeyboardInterrupt, EOFError):
            session.say("", texts.resume.format(id=incident.id[:SHORT]))
            raise
    else:
        left = play(run, drill)
        finished = left is None
        if left is not None:
            session.issue(InputError(f"no answer for step `{left.id}`", where="--answers", hint="add it and run again"))
    case.out.write(_decisions(run))
    if dry_run:
        session.say(texts.dry_run)
    elif finished:
        session.hint(f"kulla incidents close {incident.id[:SHORT]} --why TEXT")
    else:
        session.say(texts.resume.format(id=incident.id[:SHORT]))


def _actor(session: Session, texts: Words, name: str | None) -> str:
    if name or not session.interactive:
        return actor_of(session, name)
    from cli.prompts import ask

    known = session.environ.get("USER") or session.environ.get("LOGNAME") or ""
    while not any(map(str.isalpha, answer := ask(session, texts.ask_actor, known))):
        pass  # nothing, or a choice of the list that is still to come
    return answer


def _conversation(case: _Case, run: Run, ledger: Ledger | None, who: str) -> Conversation:
    """Return the talk about a run; commands are run in it where the settings allow that, and not in a dry run."""
    from cli.operating import Operating
    from cli.responding import Conversation

    session, texts = case.session, words(case.session.lang)
    operating = None
    if ledger is not None and run.policy.execute:
        operating = Operating(session, run, ledger, who)
    return Conversation(session, run, texts, who, case.step, operating=operating)


def _run(session: Session, log: DecisionLog, incident: Incident, case: _Case, actor: str, *, is_drill: bool) -> Run:
    from cli.prompts import ask
    from playbooks.decisions import subject_of
    from playbooks.ledger import Ledger
    from playbooks.rebuilding import rebuild
    from playbooks.runner import Run

    playbook = case.playbook
    state = rebuild(log.records(subject_of(incident.id, playbook.id)))
    house, policy, account = house_of(session), policy_of(session), account_of()
    channel: Channel = "answers" if is_drill else "terminal"
    if state is None:
        began = session.now()
        run = Run.begin(
            incident,
            playbook,
            log,
            actor=actor,
            lang=session.lang,
            house=house,
            policy=policy,
            account=account,
            channel=channel,
            chosen=case.choice,
        )
        if isinstance(log, Ledger) and case.choice is not None:
            _record_choice(log, run, case.choice, actor=actor, began=began, ended=session.now())
        return run
    reason = ""
    if state.version != playbook.version and session.interactive:
        reason = ask(session, words(session.lang).ask_changed)
    return Run.resume(
        incident,
        playbook,
        log,
        actor=actor,
        changed_because=reason,
        lang=session.lang,
        house=house,
        policy=policy,
        account=account,
        channel=channel,
    )


def _record_choice(ledger: Ledger, run: Run, choice: Choice, *, actor: str, began: datetime, ended: datetime) -> None:
    """Record that kulla chose the playbook, why, from which input, and that `actor` went along with it."""
    from playbooks.ledger.entries import Automated, record_automated

    decision = Automated(
        what="playbook-chosen",
        result=run.playbook.id,
        reason=choice.reason.en,
        system=f"playbook {run.playbook.id}",
        version=run.playbook.version,
        input=run.input_digest,
        began=began,
        ended=ended,
        verified_by=actor,
    )
    record_automated(ledger, decision, subject=run.subject)
    run.refresh()


def _decisions(run: Run) -> Listing:
    from cli.guidance import decision_record

    rows = [cast("dict[str, object]", decision_record(item)) for item in run.decisions]
    return Listing(
        name="decisions", title="Decisions", columns=_DECISION_COLUMNS, rows=rows, fields=DECISION_FIELDS, empty=""
    )

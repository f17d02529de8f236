"""`kulla incidents assign`, `note`, `tag`, `task`, `evidence`, `case`, `judge`, `reopen`: what analysts do, on record.

Each change is written to the ledger before it takes effect, with who made it; notes and tasks stand there as hashes,
because the ledger is kept longer than what people may have written into them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from cli.casework_words import CaseWords, case_words
from cli.decisions import Actor, IncidentId, Why, actor_of, record_about
from cli.document import Column, Grid, Pairs, Report, Row, Section
from cli.naming import incident_named
from cli.options import Format, Output, choice, command
from cli.output import REPORT_FORMATS, target
from cli.session import Session
from cli.views import SHORT, title_in, to_the_minute
from engine.errors import UsageError
from engine.events import instant

if TYPE_CHECKING:
    from engine.alerts import Verdict
    from engine.casework.model import Case
    from engine.incidents.model import Incident
    from engine.store.protocol import Store

CaseChange = Literal["assigned", "noted", "tagged", "untagged", "task.added", "task.done", "evidence.added"]
_VERDICTS = ("true-positive", "false-positive", "benign")


def register_casework(app: typer.Typer) -> None:
    """Add the commands to `kulla incidents`."""
    for name, function in (
        ("assign", assign),
        ("note", note),
        ("tag", tag),
        ("task", task),
        ("evidence", evidence),
        ("case", show_case),
        ("judge", judge),
        ("reopen", reopen),
    ):
        command(app, name)(cast("Callable[..., None]", function))


def assign(
    session: Session,
    identifier: IncidentId,
    *,
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="Who takes it; you, where not given.")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Take it away from whoever has it.")] = False,
    actor: Actor = None,
) -> None:
    """Assign an incident to somebody."""
    who = actor_of(session, actor)
    if nobody and to:
        raise UsageError("either --to or --nobody")
    owner = "" if nobody else (to or who).strip()
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        _change(session, store, incident, who, "assigned", {"to": owner}, lambda case: replace(case, owner=owner))
    session.say(f"incident {incident.id[:SHORT]} is assigned to {owner or 'nobody'}")
    session.hint(f"kulla incidents case {incident.id[:SHORT]}")


def note(
    session: Session,
    identifier: IncidentId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be kept in mind; - reads it from stdin.")],
    actor: Actor = None,
) -> None:
    """Add a note to an incident."""
    from engine.casework.model import Note, with_note

    who = actor_of(session, actor)
    told = session.stdin.read() if text == "-" else text
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        new = Note(at=session.now(), actor=who, text=told)
        details = {"sha256": _digest(told.strip())}
        _change(session, store, incident, who, "noted", details, lambda case: with_note(case, new))
    session.say(f"noted on incident {incident.id[:SHORT]}")
    session.hint(f"kulla incidents case {incident.id[:SHORT]}")


def tag(
    session: Session,
    identifier: IncidentId,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="One word each.")],
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags away.")] = False,
    actor: Actor = None,
) -> None:
    """Add tags to an incident, or take them away."""
    from engine.casework.model import with_tags

    who = actor_of(session, actor)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        kind: CaseChange = "untagged" if remove else "tagged"
        words = tuple(tags)

        def how(case: Case) -> Case:
            return with_tags(case, removed=words) if remove else with_tags(case, added=words)

        case = _change(session, store, incident, who, kind, {"tags": " ".join(words)}, how)
    session.say(f"incident {incident.id[:SHORT]} has the tags: {', '.join(case.tags) or 'none'}")
    session.hint(f'kulla incidents list --search "tag:{tags[0]}"')


def task(
    session: Session,
    identifier: IncidentId,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What has to be done.")] = None,
    *,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who is to do it.")] = "",
    done: Annotated[int | None, typer.Option("--done", metavar="N", min=1, help="Task N is done.")] = None,
    actor: Actor = None,
) -> None:
    """Add a task to an incident, or say that one is done."""
    from engine.casework.model import Task, with_task, with_task_done

    if (text is None) == (done is None):
        raise UsageError("a task's text, or --done N", hint=f'kulla incidents task {identifier} "Call the vendor"')
    who, now = actor_of(session, actor), session.now()

    def how(case: Case) -> Case:
        if done is not None:
            return with_task_done(case, done, who, now)
        return with_task(case, Task(number=0, at=now, actor=who, text=str(text), owner=to))

    details = {"task": str(done)} if done is not None else {"sha256": _digest(str(text).strip()), "to": to}
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        kind: CaseChange = "task.done" if done is not None else "task.added"
        case = _change(session, store, incident, who, kind, details, how)
    session.say(f"incident {incident.id[:SHORT]}: {len(case.open_tasks):,} of {len(case.tasks):,} tasks are open")
    session.hint(f"kulla incidents case {incident.id[:SHORT]}")


def evidence(
    session: Session,
    identifier: IncidentId,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files; they stay where they are.")],
    *,
    what: Annotated[str, typer.Option("--what", metavar="TEXT", help="What it is, and where it was taken from.")],
    actor: Actor = None,
) -> None:
    """Put files on record as evidence: their SHA-256 and size now, who took them, and what they are."""
    from engine.casework.evidence import fingerprint
    from engine.casework.model import Evidence, with_evidence

    who = actor_of(session, actor)
    paths = [path if path.is_absolute() else session.cwd / path for path in (Path(name).expanduser() for name in files)]
    prints = [(path, fingerprint(path)) for path in paths]  # before anything is written: all of them, or none
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        for path, found in prints:
            item = Evidence(
                at=session.now(), actor=who, name=path.name, sha256=found.sha256, size=found.size, what=what.strip()
            )
            details = {"name": item.name, "sha256": item.sha256, "bytes": str(item.size), "what": item.what}
            _change(session, store, incident, who, "evidence.added", details, partial(with_evidence, evidence=item))
            session.say(f"{path.name}: SHA-256 {found.sha256}")
    session.hint(f"kulla incidents case {incident.id[:SHORT]}")


def show_case(session: Session, identifier: IncidentId, fmt: Format = None, output: Output = None) -> None:
    """Show what analysts put on record for an incident: who has it, tags, notes, tasks and evidence."""
    from engine.casework.keeping import case_of

    out = target(session, fmt, output, allowed=REPORT_FORMATS)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        case = case_of(store, incident)
    texts = case_words(session.lang)
    sections = _sections(incident, case, texts)
    title = f"{texts.title}: {title_in(incident.title, session.lang)}"
    out.write(Report(name="case", title=title, record=case_record(case), sections=sections, lang=session.lang))
    session.hint(texts.next.format(id=incident.id[:SHORT]))


def case_record(case: Case) -> dict[str, object]:
    """Return a case as one row."""
    return {
        "incident": case.incident,
        "owner": case.owner,
        "tags": list(case.tags),
        "notes": [{"@timestamp": instant(item.at), "actor": item.actor, "text": item.text} for item in case.notes],
        "tasks": [
            {
                "number": item.number,
                "@timestamp": instant(item.at),
                "actor": item.actor,
                "text": item.text,
                "owner": item.owner,
                "done": instant(item.done_at) if item.done_at else None,
                "done_by": item.done_by,
            }
            for item in case.tasks
        ],
        "evidence": [
            {
                "@timestamp": instant(item.at),
                "actor": item.actor,
                "name": item.name,
                "sha256": item.sha256,
                "bytes": item.size,
                "what": item.what,
            }
            for item in case.evidence
        ],
    }


def _sections(incident: Incident, case: Case, texts: CaseWords) -> tuple[Section, ...]:
    at = Column(field="@timestamp", heading=texts.at, whole=True, derive=to_the_minute("@timestamp"))
    who = Column(field="actor", heading=texts.who)
    told = case_record(case)
    head = ((texts.incident, incident.id), (texts.owner, case.owner or texts.nobody), (texts.tags, case.tags))
    columns = {
        "notes": (texts.notes, (at, who, Column(field="text", heading=texts.text))),
        "tasks": (
            texts.tasks,
            (
                Column(field="number", heading=texts.number, number=True),
                Column(field="done", heading=texts.state, derive=_state(texts)),
                Column(field="owner", heading=texts.who),
                Column(field="text", heading=texts.text),
            ),
        ),
        "evidence": (
            texts.evidence,
            (
                at,
                Column(field="name", heading=texts.file),
                Column(field="sha256", heading="SHA-256"),
                Column(field="what", heading=texts.what),
            ),
        ),
    }
    sections = [Section(heading="", body=Pairs(rows=head))]
    for name, (heading, shown) in columns.items():
        rows = cast("list[Row]", told[name])
        if rows:
            sections.append(Section(heading=heading, body=Grid(columns=shown, rows=rows)))
    return tuple(sections)


def _state(texts: CaseWords) -> Callable[[Row], object]:
    return lambda row: texts.done.format(who=row["done_by"]) if row["done"] else texts.to_do


def judge(
    session: Session,
    identifier: IncidentId,
    *,
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="VERDICT", help="true-positive, false-positive or benign.")
    ],
    why: Why,
    actor: Actor = None,
) -> None:
    """Give the verdict on every alert of an incident that nobody has judged yet, with one reason.

    Verdicts teach noise and score. Another verdict on an alert (kulla alerts close) takes the place of this one.
    """
    word = cast("Verdict", choice("--verdict", verdict, _VERDICTS))
    reason, who = _reason(why), actor_of(session, actor)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        known = store.known_alerts(incident.alerts)
        waiting = [known[name] for name in incident.alerts if name in known and known[name].is_open]
        details = {
            "verdict": word,
            "reason": reason,
            "alerts": str(len(waiting)),
            "sha256": _digest(",".join(sorted(item.id for item in waiting))),
        }
        sequence = record_about(session, store, incident.id, actor=who, kind="incident.judged", details=details)
        for alert in waiting:
            store.judge_alert(alert.id, word, reason)
    session.say(f"{len(waiting):,} alerts are judged {word} (ledger record {sequence})")
    session.hint(f"kulla incidents close {incident.id[:SHORT]} --why TEXT")


def reopen(session: Session, identifier: IncidentId, why: Why, actor: Actor = None) -> None:
    """Open a closed incident again, with the reason, which enters the ledger."""
    reason, who = _reason(why), actor_of(session, actor)
    with session.open_store() as store:
        incident = incident_named(session, store, identifier)
        if incident.status != "closed":
            raise UsageError("it is not closed", where=incident.id[:SHORT], hint="kulla incidents list")
        details = {"reason": reason, "was": incident.status, "closed_why": incident.closed_why}
        sequence = record_about(session, store, incident.id, actor=who, kind="incident.reopened", details=details)
        store.save_incidents([replace(incident, status="open", closed_why="")])
    session.say(f"incident {incident.id[:SHORT]} is open again (ledger record {sequence})")
    session.hint(f"kulla respond {incident.id[:SHORT]}")


def _change(  # noqa: PLR0917 # one step of every command here
    session: Session,
    store: Store,
    incident: Incident,
    who: str,
    kind: CaseChange,
    details: dict[str, str],
    how: Callable[[Case], Case],
) -> Case:
    """Write a change to the ledger, then make it; what can't be done is told before anything is written."""
    from engine.casework.keeping import case_of, change

    how(case_of(store, incident))
    record_about(session, store, incident.id, actor=who, kind=f"incident.{kind}", details=details)
    return change(store, incident, how)


def _reason(why: str) -> str:
    if not why.strip():
        raise UsageError("this needs its reason", where="--why", hint='--why "hosts rebuilt, see case 7"')
    return why.strip()


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

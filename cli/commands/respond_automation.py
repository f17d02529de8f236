"""`kulla automation`: how much of each step a machine may do, as earned on the ledger, and taking it back."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.deciding_words import deciding_words
from cli.decisions import Actor, Why, actor_of, open_ledger
from cli.document import Column, Listing, Row
from cli.group import sub_app
from cli.options import Format, Output, command
from cli.output import target
from cli.session import Session
from engine.errors import NotFoundError, UsageError

app = sub_app("How much of a step a machine may do: list, withdraw, restore.")
FIELDS = ("step", "version", "playbooks", "at_most", "level", "successes", "failures", "withdrawn", "told")
StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="The step's id, as kulla automation list shows it.")]


@command(app, "list")
def list_(
    session: Session,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also steps that have earned nothing yet.")] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List what steps have earned: successes in a row, and how much a machine may do of them now."""
    from playbooks.automation import Standing, standing_of, standings
    from playbooks.loader import load_library
    from playbooks.model import AUTOMATION_NAMES

    out = target(session, fmt, output)
    with session.open_store() as store:
        found = standings(open_ledger(session, store).records())
    rows: dict[tuple[str, str], Row] = {}  # another version of a step has earned nothing of what this one has
    for playbook in load_library():
        for step in playbook.steps:
            standing = standing_of(step, found)
            if standing == Standing() and not every:
                continue
            key = (step.id, step.version)
            known = rows.get(key, {}).get("playbooks", ())
            rows[key] = {
                "step": step.id,
                "version": step.version,
                "playbooks": (*known, playbook.id) if isinstance(known, tuple) else (playbook.id,),
                "at_most": int(step.automation),
                "level": int(standing.level(step)),
                "level_words": AUTOMATION_NAMES[standing.level(step)].in_language(session.lang),
                "successes": standing.successes,
                "failures": standing.failures,
                "withdrawn": standing.withdrawn,
                "told": standing.told(step).in_language(session.lang),
            }
    texts = deciding_words(session.lang)
    columns = (
        Column(field="step", heading=texts.step, whole=True),
        Column(field="playbooks", heading=texts.playbook, derive=_few_playbooks),
        Column(field="at_most", heading=texts.allowed_at_most, number=True),
        Column(field="level", heading=texts.level_now, number=True),
        Column(field="level_words", heading=""),
        Column(field="told", heading=texts.standing),
    )
    ordered = [rows[key] for key in sorted(rows)]
    title, empty = texts.automation, texts.no_automation
    out.write(Listing(name="automation", title=title, columns=columns, rows=ordered, fields=FIELDS, empty=empty))
    session.hint("kulla automation withdraw STEP --why TEXT" if rows else "kulla automation list --all")


@command(app, "withdraw")
def withdraw(session: Session, step: StepArgument, *, why: Why, actor: Actor = None) -> None:
    """Let people alone do a step from now on, whatever it has earned."""
    from playbooks.automation import WITHDRAWN

    sequence = _record(session, WITHDRAWN, step, why, actor)
    session.say(deciding_words(session.lang).level_withdrawn.format(step=step, sequence=sequence))
    session.hint("kulla automation list")


@command(app, "restore")
def restore(session: Session, step: StepArgument, *, why: Why, actor: Actor = None) -> None:
    """Let a step earn its level again, from the beginning."""
    from playbooks.automation import RESTORED

    sequence = _record(session, RESTORED, step, why, actor)
    session.say(deciding_words(session.lang).level_restored.format(step=step, sequence=sequence))
    session.hint("kulla automation list")


def _few_playbooks(row: Row) -> str:
    """Return the first playbook that has the step, and how many more do."""
    names = row["playbooks"]
    first, *more = names if isinstance(names, tuple) else (str(names),)
    return f"{first} (+{len(more)})" if more else str(first)


def _record(session: Session, kind: str, step: str, why: str, actor: str | None) -> int:
    from playbooks.automation import SUBJECT
    from playbooks.loader import load_library

    if not why.strip():
        raise UsageError("this needs its reason", where="--why", hint='--why "it blocked a partner"')
    if not any(item.id == step for playbook in load_library() for item in playbook.steps):
        raise NotFoundError(f"no step is called `{step}`", hint="kulla automation list --all")
    with session.open_store() as store:
        details = {"step": step, "reason": why.strip()}
        ledger = open_ledger(session, store)
        return ledger.append(
            actor=actor_of(session, actor), kind=kind, subject=f"{SUBJECT}{step}", details=details
        ).sequence

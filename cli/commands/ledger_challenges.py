"""`kulla ledger challenge` and its kin: people contest, set aside and disclose what was decided."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cli.deciding_words import deciding_words
from cli.decisions import Actor, Why, actor_of, open_ledger
from cli.document import Column, Listing, Row
from cli.options import Format, Output, choice
from cli.output import target
from cli.session import Session
from engine.errors import InputError, UsageError

if TYPE_CHECKING:
    from playbooks.ledger.entries import Answer, Role

Sequence_ = Annotated[int, typer.Argument(metavar="SEQ", help="The record's number in the ledger.", min=1)]
FIELDS = (
    "sequence", "at", "record", "subject", "by", "role", "why", "is_open",
    "answer", "answer_why", "answered_by", "answered_at",
)  # fmt: skip


def challenge(
    session: Session,
    sequence: Sequence_,
    *,
    why: Why,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who contests, as they wish to be named.")
    ] = None,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="affected, responsible or other.")
    ] = "responsible",
    actor: Actor = None,
) -> None:
    """Contest a decision on record, with the reason; it stays open until another person answers it."""
    from playbooks.ledger.entries import ROLES
    from playbooks.ledger.entries import challenge as record

    chosen = cast("Role", choice("--role", role, ROLES))
    who = actor_of(session, actor)
    with session.open_store() as store:
        written = record(open_ledger(session, store), sequence, by=by or who, role=chosen, why=why, actor=who)
    texts = deciding_words(session.lang)
    session.say(texts.challenged.format(record=sequence, sequence=written.sequence))
    session.hint(f"kulla ledger answer {written.sequence} --outcome upheld|partly-upheld|rejected --why TEXT")


def answer(
    session: Session,
    sequence: Sequence_,
    *,
    outcome: Annotated[str, typer.Option("--outcome", metavar="OUTCOME", help="upheld, partly-upheld or rejected.")],
    why: Why,
    actor: Actor = None,
) -> None:
    """Answer a challenge, with the reason. Who took the contested decision, or contests it, does not answer."""
    from playbooks.ledger.entries import ANSWERS
    from playbooks.ledger.entries import answer as record

    chosen = cast("Answer", choice("--outcome", outcome, ANSWERS))
    with session.open_store() as store:
        written = record(open_ledger(session, store), sequence, outcome=chosen, why=why, actor=actor_of(session, actor))
    texts = deciding_words(session.lang)
    session.say(texts.answered.format(challenge=sequence, sequence=written.sequence))
    session.hint("kulla ledger challenges")


def challenges(
    session: Session,
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that wait for their answer.")] = False,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """List the contested decisions, with their answers."""
    from playbooks.ledger.entries import challenges as found

    out = target(session, fmt, output)
    with session.open_store() as store:
        items = [item for item in found(open_ledger(session, store).records()) if item.is_open or not open_only]
    rows: list[Row] = [{name: getattr(item, name) for name in FIELDS} for item in items]
    texts = deciding_words(session.lang)
    columns = (
        Column(field="sequence", heading=texts.record, number=True),
        Column(field="record", heading=texts.contested, number=True),
        Column(field="by", heading=texts.who),
        Column(field="why", heading=texts.why),
        Column(field="answer", heading=texts.answer),
        Column(field="answer_why", heading=texts.reason),
    )
    title, empty = texts.challenges, texts.no_challenges
    out.write(Listing(name="challenges", title=title, columns=columns, rows=rows, fields=FIELDS, empty=empty))
    waiting = next((item.sequence for item in items if item.is_open), None)
    session.hint(f"kulla ledger answer {waiting} --outcome OUTCOME --why TEXT" if waiting else "kulla ledger show")


def override(session: Session, sequence: Sequence_, *, why: Why, actor: Actor = None) -> None:
    """Record that you set aside a decision on record, with the reason."""
    from playbooks.ledger.entries import override as record

    with session.open_store() as store:
        written = record(open_ledger(session, store), sequence, actor=actor_of(session, actor), reason=why)
    texts = deciding_words(session.lang)
    session.say(texts.overridden.format(record=sequence, sequence=written.sequence))


def disclose(
    session: Session,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="What it is about: an incident's id, a record.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="To whom it was disclosed.")],
    what: Annotated[str, typer.Option("--what", metavar="TEXT", help="What was disclosed.")],
    basis: Annotated[str, typer.Option("--basis", metavar="TEXT", help="On which basis (a law, a request).")] = "",
    paper: Annotated[
        str | None, typer.Option("--paper", metavar="FILE", help="The paper that was sent; its SHA-256 is recorded.")
    ] = None,
    actor: Actor = None,
) -> None:
    """Record that something was told to somebody outside: to whom, what, on which basis, and the paper's SHA-256."""
    from playbooks.ledger.entries import Disclosure, record_disclosure

    if not subject.strip():
        raise UsageError("what is it about", where="SUBJECT", hint="an incident's id")
    told = Disclosure(to=to, what=what, basis=basis, paper=_digest(session, paper) if paper else "")
    with session.open_store() as store:
        written = record_disclosure(
            open_ledger(session, store), told, subject=f"disclosure/{subject}", actor=actor_of(session, actor)
        )
    session.say(deciding_words(session.lang).disclosed.format(sequence=written.sequence))


def _digest(session: Session, name: str) -> str:
    digest = sha256()
    try:
        with (session.cwd / name).open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputError(f"cannot read it ({error.strerror})", where=name, hint="--paper FILE") from error
    return digest.hexdigest()

"""`kulla ledger keys` and its kin: who may sign the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.decisions import Actor, Why, actor_of, open_ledger
from cli.document import Column, Listing, Row
from cli.options import Format, Output
from cli.output import target
from cli.session import Session

FIELDS = ("id", "key", "own", "ended")
_COLUMNS = (
    Column(field="id", heading="Id", whole=True),
    Column(field="own", heading="Own"),
    Column(field="ended", heading="Ended"),
    Column(field="key", heading="Public key"),
)


def keys(session: Session, *, fmt: Format = None, output: Output = None) -> None:
    """List the public keys that the ledger trusts here; hand out your own one with every proof, on another way."""
    out = target(session, fmt, output)
    with session.open_store() as store:
        ledger = open_ledger(session, store)
        trust = ledger.examine().trust
        own = ledger.keys.existing()
    rows: list[Row] = [
        {
            "id": key.id,
            "key": key.words,
            "own": own is not None and key.id == own.verifier.id,
            "ended": key.id in trust.ended,
        }
        for key in trust.keys
    ]
    empty = "no key was made yet: the first record makes one"
    out.write(Listing(name="keys", title="Keys", columns=_COLUMNS, rows=rows, fields=FIELDS, empty=empty))
    session.hint("kulla ledger prove NUMBER -o FILE")


def rotate_key(session: Session, *, why: Why, actor: Actor = None) -> None:
    """Replace the key that signs the ledger; the old one signs the change, is deleted, and signs nothing more."""
    with session.open_store() as store:
        ledger = open_ledger(session, store)
        record = ledger.rotate(actor=actor_of(session, actor), reason=why)
    session.say(f"a new key signs the ledger from record {record.sequence} on")
    session.hint("kulla ledger keys")


def trust(
    session: Session,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The other machine's public key (kulla ledger keys).")],
    *,
    why: Why,
    actor: Actor = None,
) -> None:
    """Trust the key of another machine that writes to the same store; compare it over another channel first."""
    from playbooks.ledger.keys import read_verifier

    found = read_verifier(key)
    with session.open_store() as store:
        record = open_ledger(session, store).trust(found, actor=actor_of(session, actor), reason=why)
    session.say(f"key {found.id} is trusted (ledger record {record.sequence})")
    session.hint("kulla ledger verify")


def withdraw_key(
    session: Session,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id (kulla ledger keys).")],
    *,
    why: Why,
    actor: Actor = None,
) -> None:
    """Let a key sign no more, where its machine was lost; what it signed before stays."""
    with session.open_store() as store:
        record = open_ledger(session, store).withdraw_key(key_id, actor=actor_of(session, actor), reason=why)
    session.say(f"key {key_id} signs no more from record {record.sequence} on")
    session.hint("kulla ledger verify")


def adopt(session: Session, *, why: Why, actor: Actor = None) -> None:
    """Take the ledger's present end as its head, where the head file was lost; the records themselves must hold."""
    with session.open_store() as store:
        record = open_ledger(session, store).adopt(actor=actor_of(session, actor), reason=why)
    session.say(f"the ledger's head is set again (ledger record {record.sequence})")
    session.hint("kulla ledger verify")

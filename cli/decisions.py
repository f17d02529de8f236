"""Decisions of people outside of a guided run (a verdict, a closed incident): who, what and why, into the ledger."""

from __future__ import annotations

import getpass
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from cli.home import head_path
from cli.session import Session
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.store.protocol import Store
    from playbooks.ledger import Ledger

Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who decides; the user's name where not given.")
]

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="The incident's id, or the beginning of it.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for whoever reads it later.")]


def actor_of(session: Session, name: str | None) -> str:
    """Return who decides: `--actor`, else the name of the process's user; raise `UsageError` where neither is known."""
    known = name or session.environ.get("USER") or session.environ.get("LOGNAME") or ""
    if not known.strip():
        raise UsageError("who decides is not known", where="--actor", hint="--actor NAME")
    return known


def account_of() -> str:
    """Return who the system says is at the keyboard, as `login@machine`; `?` stands for what it does not know."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError):  # no entry for this number of a user
        login = "?"
    return f"{login}@{socket.gethostname() or '?'}"


def open_ledger(session: Session, store: Store) -> Ledger:
    """Return the ledger of this home, in `store`."""
    from playbooks.ledger import Ledger

    return Ledger(store, head_path(session.settings), session.now, account=account_of())


def record(session: Session, store: Store, *, actor: str, kind: str, subject: str, details: dict[str, str]) -> int:
    """Append a decision to the ledger and return its sequence number; raise `LedgerError` where the ledger is broken.

    Written before the decision takes effect: a decision without effect can be repeated, one without record cannot be
    explained.
    """
    return open_ledger(session, store).append(actor=actor, kind=kind, subject=subject, details=details).sequence


def record_about(
    session: Session, store: Store, incident: str, *, actor: str, kind: str, details: dict[str, str]
) -> int:
    """Append a decision about an incident (its whole id), as `record` does."""
    from playbooks.awareness import about

    return record(session, store, actor=actor, kind=kind, subject=about(incident), details=details)

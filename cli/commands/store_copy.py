"""`kulla store copy`: everything of one store into another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import command
from cli.session import Session
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.store.protocol import Store

Target = Annotated[str, typer.Argument(metavar="TO", help="https://… of a cluster, or the folder of another home.")]


def register_copy(app: typer.Typer) -> None:
    """Add the command to `kulla store`."""
    command(app, "copy")(copy)


def copy(session: Session, to: Target) -> None:
    """Copy everything into another store, notes, indicators and the ledger with it, and compare the events.

    A copy that was stopped goes on where it was. Cursors are not copied: the first run over the new store looks at
    everything again, and finds no alert twice.
    """
    with session.open_store() as source, _target(session, to) as target:
        from engine.store.copying import copy as copy_all

        place, other = source.status().location, target.status().location
        if place == other:
            raise UsageError("a store cannot be copied into itself", where="TO", hint="kulla store copy --help")
        done = copy_all(source, target, place)
    session.say(
        f"{done.events:,} events compared, {done.stored:,} of them new there; {done.dead_letters:,} dead letters, "
        f"{done.alerts:,} alerts, {done.incidents:,} incidents, {done.records:,} records, "
        f"{done.ledger:,} entries of the ledger"
    )
    session.hint(f"kulla store status {'--store' if '://' in to else '--home'} {to}")


def _target(session: Session, to: str) -> Store:
    from cli.home import open_cluster

    if "://" in to:
        other = Session(
            environ=session.environ,
            cwd=session.cwd,
            stdin=session.stdin,
            stdout=session.stdout,
            stderr=session.stderr,
            flags={**session.flags, "store": ("TO", to)},
        )
        cluster = open_cluster(other.settings, session.now)
        cluster.install()
        return cluster
    from engine.store.embedded import EmbeddedStore

    folder = Path(to).expanduser()  # a home: its store stands below it
    return EmbeddedStore(folder / "store", session.now)

"""Retention as the settings have it: over the store and the vault, on demand and in scheduled runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cli.places import places
from cli.privacy import vault
from cli.session import Session
from engine.errors import ConfigurationError
from engine.events import moved
from engine.retention import Retained, Retention, read_retention
from engine.runs.retention import is_due, retain

if TYPE_CHECKING:
    from engine.store.protocol import Store

TABLE = "retention"


def plan_of(session: Session) -> Retention:
    """Return what `[retention]` says; raise `ConfigurationError` with the line for what is no span of time."""
    values, origin = session.settings.table(TABLE)
    try:
        return read_retention(values, origin)
    except ConfigurationError as error:
        name = error.message.partition(":")[0].removeprefix(f"{TABLE}.")
        error.where = places(TABLE, origin)([name])
        raise


def retained(session: Session, store: Store, plan: Retention, *, dry_run: bool) -> Retained:
    """Remove what is past its time from the store and from the vault; tell what was kept because of an incident."""
    done = retain(store, plan, session.now(), dry_run=dry_run)
    if plan.vault is not None:
        before = moved(session.now(), -plan.vault).date()
        if count := vault(session).forget_before(before, dry_run=dry_run):
            done = replace(done, others={**done.others, "vault": count})
    for each in done.held:
        named = ", ".join(number[:12] for number in each.incidents)
        session.say(f"kept for open incidents ({named}): {each.events:,} events of {each.dataset} in {each.where}")
    return done


def retain_when_due(session: Session, store: Store) -> None:
    """Remove once a day, where the settings say how long things are kept."""
    plan = plan_of(session)
    if plan and is_due(store, session.now()):
        done = retained(session, store, plan, dry_run=False)
        if done.gone:
            session.say(f"{done.gone:,} things past their time were removed (kulla store retain --dry-run)")

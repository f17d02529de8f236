"""`kulla rules backfill`: rules that were added or changed look at the past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli import rulesets
from cli.options import Rules, Since, Until, Window, window
from cli.session import Session
from engine.errors import UsageError

if TYPE_CHECKING:
    from cli.detecting import Plan
    from engine.store.protocol import Store


def backfill(
    session: Session,
    which: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help="Ids or titles; by default those added or changed.")
    ] = None,
    *,
    rules: Rules = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Let rules look at stored events of the past: those added or changed since the last run, or those named.

    Alerts that are known are not repeated. Without --since they look at everything that is stored.
    """
    from cli.detecting import RUN, Plan, leased, scheduled_plans, schedules
    from engine.sigma.engine import Engine

    span = window(session, since, until)
    if schedules(session) and rules:
        raise UsageError("schedules name their own rules", where="--rules", hint="leave it out")
    if schedules(session):
        plans = scheduled_plans(session)
    else:
        loaded = rulesets.load(session, rules)
        plans = [Plan(name=RUN, rules=loaded, engine=Engine(loaded))]
    with session.open_store() as store, leased(session, store) as lease:
        if lease is None:
            return
        for plan in plans:
            chosen = _chosen(store, plan, which)
            if not chosen:
                session.say(f"{plan.name.removeprefix('schedule/')}: no rule was added or changed since the last run")
                continue
            _look_back(session, store, plan, chosen, span)
    session.hint("kulla alerts list")


def _look_back(session: Session, store: Store, plan: Plan, chosen: frozenset[str], span: Window) -> None:
    from cli.detecting import runner, tell_looked_back
    from engine.runs.history import remember_versions
    from engine.sigma.engine import Engine

    narrowed = rulesets.only(plan.rules, chosen)
    few = replace(plan, rules=narrowed, engine=Engine(narrowed))
    run, changes = runner(session, store, few, None, fill=False).look_back(span.since, span.before)
    tell_looked_back(session, few, run, changes)
    if span.before is None:  # what could not be read is a gap, and is looked at with all rules
        remember_versions(store, plan.name, plan.rules, only=chosen)


def _chosen(store: Store, plan: Plan, which: list[str] | None) -> frozenset[str]:
    from engine.runs.history import changed_rules

    if not which:
        return frozenset(changed_rules(store, plan.name, plan.rules))
    return frozenset(rulesets.find(plan.rules, word).id for word in which)

"""What the detection commands share: runs over a store, their lease, their schedules, who is told of their alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cli import rulesets
from cli.estate import circumstances
from cli.notifying import planner
from cli.options import Window
from cli.session import Session
from cli.tailoring import NOTHING, Own
from engine.detecting import Detector, Run
from engine.errors import ConfigurationError
from engine.incidents.building import Changes
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.runs.history import last_run
from engine.runs.joining import refresh_incidents
from engine.runs.leases import Lease
from engine.runs.processes import is_gone, this_process
from engine.runs.running import Outcome, Runner, Setting
from engine.runs.schedules import Schedule, interval, is_due, latest, read_schedules
from engine.sigma.engine import Engine
from engine.store.protocol import Store
from engine.tables import Table

if TYPE_CHECKING:
    from engine.runs.sharing import Sharing
    from engine.sigma.rules import RuleSet

RUN = "default"  # the name under which the cursor of `kulla detect` is kept
LEASE = "detection"


def detect(
    store: Store,
    engine: Engine,
    span: Window,
    *,
    lateness: timedelta = timedelta(),
    now: Callable[[], datetime] | None = None,
    known: Circumstances = NOTHING_KNOWN,
) -> tuple[Run, Changes]:
    """Run the rules over what the store has received since the last run, or over a window of event time.

    Then join alerts into incidents and save them. For `lateness` and `now` see `engine.correlating`, for `known`
    `engine.incidents.scoring`. This is the plain run of exercises; `kulla detect` runs through `engine.runs.running`,
    which keeps a record of it.
    """
    detector = Detector(engine, store, RUN, lateness=lateness, now=now)
    windowed = span.since is not None or span.before is not None
    run = detector.rerun(span.since, span.before) if windowed else detector.run()
    return run, refresh_incidents(store, run.alerts, known=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One rule set, compiled, with the name that its cursor goes by. `schedule` is None for a plain `kulla detect`."""

    name: str
    rules: RuleSet
    engine: Engine
    schedule: Schedule | None = None
    lateness: timedelta = timedelta()


def schedules(session: Session) -> tuple[Schedule, ...]:
    """Return the schedules of the settings, the most urgent first; raise `ConfigurationError` where they are wrong."""
    values, place = session.settings.table("schedules")
    return read_schedules(values, place)


def scheduled_plans(session: Session, own: Own = NOTHING, only: Sequence[str] | None = None) -> list[Plan]:
    """Return a plan for each schedule (or for those named); rules that several have are loaded for each."""
    found = schedules(session)
    if not found:
        raise ConfigurationError(
            "there are no schedules", where="kulla.toml", hint='[schedules.all] cron = "*/5 * * * *"'
        )
    names = [item.name for item in found]
    if wrong := [name for name in only or () if name not in names]:
        raise ConfigurationError(f"no schedule is called {wrong[0]}", hint=f"there are {', '.join(names)}")
    plans = []
    for item in found:
        if only and item.name not in only:
            continue
        rules = rulesets.load(session, item.rules or None, level=item.level or None, status=item.status, own=own)
        plans.append(
            Plan(
                name=f"schedule/{item.name}",
                rules=rules,
                engine=Engine(rules),
                schedule=item,
                lateness=item.lateness,
            )
        )
    return plans


def expected_sources(session: Session) -> dict[str, timedelta]:
    """Return how long each source may be silent, by dataset."""
    values, place = session.settings.table("expected")
    table = Table(values, place, "expected")
    return {name: table.span(name) for name in table.keys()}  # noqa: SIM118 # a table is no dictionary


@contextmanager
def leased(session: Session, store: Store) -> Iterator[Lease | None]:
    """Hold the right to run over the store; None where another instance has it, which is told."""
    lease = Lease(store, LEASE, this_process(), now=session.now, gone=is_gone)
    holder = lease.take()
    if holder is not None:
        session.say(f"another instance is running ({holder}); this one leaves the work to it")
        yield None
        return
    try:
        yield lease
    finally:
        lease.give_back()


def runner(
    session: Session,
    store: Store,
    plan: Plan,
    lease: Lease | None,
    *,
    fill: bool = True,
    stays: bool = False,
    sharing: Sharing | None = None,
) -> Runner:
    """Return who runs a plan over the store; with `stays`, again and again; with `sharing`, others may help."""
    schedule = plan.schedule
    setting = Setting(
        now=session.now,
        lateness=plan.lateness,
        limit=schedule.limit if schedule else timedelta(),
        rule_alerts=schedule.rule_alerts if schedule else 0,
        every=interval(schedule, session.now()) if schedule else timedelta(),
        expected=expected_sources(session),
        known=circumstances(session),
        fill=fill,
        incidents_rest=timedelta() if stays else None,
        sharing=sharing,
    )
    return Runner(store, plan.engine, plan.name, setting, lease=lease, messenger=planner(session, store))


def due_plans(store: Store, plans: Sequence[Plan], now: datetime) -> list[tuple[Plan, datetime]]:
    """Return the plans that are due, in order, each with the instant it is due for; those without schedule always."""
    due = []
    for plan in plans:
        if plan.schedule is None:
            due.append((plan, now))
            continue
        before = last_run(store, plan.name)
        ended = before is not None and before.state in {"ok", "running"} and before.finished is not None
        if is_due(plan.schedule, before.planned if before is not None and ended else None, now):
            due.append((plan, latest(plan.schedule, now)))
    return due


def tell_outcome(session: Session, plan: Plan, outcome: Outcome) -> None:
    """Say what a run did, and what it could not do."""
    run = outcome.run
    tell_looked_back(session, plan, run, outcome.changes)
    if outcome.filled:
        session.say(f"{len(outcome.filled):,} gaps filled, {len(outcome.found_in_gaps):,} alerts in them")
    if run.unfinished:
        session.say("the run reached its time limit; the next one goes on where it was")
    if outcome.open_gaps:
        session.say(f"{outcome.open_gaps:,} gaps are open: kulla store gaps")


def tell_looked_back(session: Session, plan: Plan, run: Run, changes: Changes) -> None:
    """Say what a look at events found."""
    name = f"{plan.schedule.name}: " if plan.schedule else ""
    session.say(
        f"{name}{run.events:,} events looked at, {len(run.alerts):,} alerts ({run.new:,} new), "
        f"{len(changes.saved):,} incidents opened or changed"
    )
    for label, count in run.left_out.items():
        session.issue(rulesets.left_out(label, count))
    rulesets.tell_excluded(session, plan.rules, run.excluded)

"""`kulla detect`: one run of the rules over the store since the cursor; with `--watch` it stays."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from cli import rulesets
from cli.group import single_app
from cli.narrowing import narrowed
from cli.options import (
    FailOn,
    Filters,
    Format,
    MinLevel,
    Output,
    PipelineFiles,
    Placeholders,
    Rules,
    RulesLevel,
    RulesStatus,
    Since,
    Until,
    Window,
    command,
    shown_level,
    window,
)
from cli.options import level as level_of
from cli.output import Target, target
from cli.session import Session
from cli.sharing import Crew, help_out, words_of
from cli.tailoring import Own
from cli.telemetry import Telemetry
from cli.views import SHORT, alert_listing, alert_row, at_least
from engine.alerts import Alert, Level
from engine.errors import StoreError, UsageError

if TYPE_CHECKING:
    from cli.detecting import Plan
    from engine.runs.leases import Lease
    from engine.store.protocol import Store

Due: TypeAlias = "Sequence[tuple[Plan, datetime]]"  # with the instant that each is due for

app = single_app()

_BREATH = 0.05  # part of the time between runs that is left to others where runs take all of it,
_LEAST = 0.02  # and seconds of it at least
_AFTER_FAILURE = 1.0  # seconds at least before a store that failed is asked again
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
Watch = Annotated[
    str | None,
    typer.Option("--watch", metavar="TIME", help="Stay, and run again each TIME (500ms, 30s, 5m); Ctrl-C ends it."),
]
Scheduled = Annotated[
    bool,
    typer.Option("--scheduled", help="Run the schedules of the settings that are due; with --watch, stay and do so."),
]
Names = Annotated[
    list[str] | None,
    typer.Option("--schedule", metavar="NAME", help="Run this schedule now, due or not. Repeatable."),
]
Deliver = Annotated[
    bool, typer.Option("--notify/--no-notify", help="Send messages that are due after each run ([notify]).")
]
Lateness = Annotated[
    str | None,
    typer.Option(
        "--lateness",
        metavar="TIME",
        help="How late events may come (30s, 5m) without any effect on correlations, which are told that much later.",
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say how a look back (--since, --until) is done on a cluster, and why.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Share the run between N processes here, and with other machines that are told so; 0: only help.",
    ),
]
Index = Annotated[
    str | None,
    typer.Option("--index", metavar="PATTERN", help="Look at these indices of the cluster instead: winlogbeat-*."),
]


@command(app, "detect")
def detect(
    session: Session,
    *,
    rules: Rules = None,
    rules_level: RulesLevel = None,
    rules_status: RulesStatus = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    since: Since = None,
    until: Until = None,
    watch: Watch = None,
    lateness: Lateness = None,
    index: Index = None,
    workers: Workers = None,
    explain: Explain = False,
    scheduled: Scheduled = False,
    schedule: Names = None,
    notify: Deliver = True,
    level: MinLevel = None,
    fail_on: FailOn = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Run the rules over what the store received since the last run, and join alerts into incidents.

    --since and --until look again at a window of event time instead; known alerts are not repeated. Only one instance
    runs over a store at a time; another one leaves the work to it. What could not be read is a gap, which later runs
    fill (kulla store gaps).
    """
    out = target(session, fmt, output)
    _look_at(session, index)
    span, lowest, alarm = window(session, since, until), shown_level(session, level), level_of("--fail-on", fail_on)
    pause, late = _seconds("--watch", watch), _seconds("--lateness", lateness) or 0
    _check(span, pause, out, scheduled=scheduled or bool(schedule))
    given = {
        "--rules": rules,
        "--rules-level": rules_level,
        "--rules-status": rules_status,
        "--filters": filters,
        "--placeholders": placeholders,
        "--pipeline": pipeline,
        "--lateness": lateness,
        "--schedule": schedule,
        "--scheduled": scheduled or None,
    }
    crew = Crew(session=session, workers=workers, words=words_of(given))
    crew.check(windowed=span.since is not None or span.before is not None)
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    from cli.detecting import RUN, Plan, scheduled_plans
    from engine.sigma.engine import Engine

    if scheduled or schedule:
        plans = scheduled_plans(session, own, schedule)
    else:
        loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
        plans = [Plan(name=RUN, rules=loaded, engine=Engine(loaded), lateness=timedelta(seconds=late))]
    for plan in plans:
        rulesets.tell_broken(session, plan.rules)
        crew.tell_without_limit(plan)
    shift = _Shift(
        session=session,
        plans=plans,
        span=span,
        out=out,
        lowest=lowest,
        alarm=alarm,
        now_due=bool(schedule),
        notify=notify,
        crew=crew,
        telemetry=Telemetry(session),
        stays=pause is not None,
        explain=explain,
    )
    shift.work(pause)
    session.hint(shift.next)


def _check(span: Window, pause: float | None, out: Target, *, scheduled: bool) -> None:
    windowed = span.since is not None or span.before is not None
    if pause is not None and windowed:
        raise UsageError("--watch runs from the cursor on; --since and --until look back", hint="leave one of them out")
    if scheduled and windowed:
        raise UsageError("schedules run from their cursors on", hint="kulla rules backfill --since looks back")
    if pause is not None and (out.path is not None or out.format not in {"table", "jsonl"}):
        raise UsageError("--watch prints run after run", where="--watch", hint="-f table or jsonl, to stdout (> FILE)")


@dataclass(slots=True, kw_only=True)
class _Shift:
    """Runs, one or many, over the store of a session; `next` is what to look at after them."""

    session: Session
    plans: Sequence[Plan]
    span: Window
    out: Target
    lowest: Level
    alarm: Level | None
    now_due: bool
    notify: bool
    crew: Crew
    telemetry: Telemetry
    stays: bool = False
    explain: bool = False
    next: str = "kulla incidents list"

    def work(self, pause: float | None) -> None:
        """Run once, or again and again: then a store that does not answer is waited for."""
        try:
            self.once() if pause is None else self._stay(pause)
        finally:
            self._tell(last=True)

    def _stay(self, pause: float) -> None:
        while True:
            begun, rest = time.monotonic(), max(pause * _BREATH, _LEAST)
            try:
                self.once()
            except StoreError as error:
                rest = max(rest, _AFTER_FAILURE)
                self.session.insist(f"the run failed: {error}; trying again within {max(pause, rest):g} seconds")
            self._tell()
            time.sleep(max(pause - (time.monotonic() - begun), rest))

    def _tell(self, *, last: bool = False) -> None:
        """Tell a collector, but for a process that only helps: the store's figures are its leader's to tell."""
        if self.crew.leads:
            self.telemetry.tell(last=last)

    def once(self) -> None:
        """Run whatever is due, the most urgent first; then send what is due."""
        from cli.detecting import leased
        from cli.retaining import retain_when_due

        with self.session.open_store() as store:
            if not self.crew.leads:
                help_out(self.crew, store, self.plans)
                return
            with self.crew.helpers() as call, leased(self.session, store) as lease:
                if lease is None and self.crew.sharing is not None:
                    help_out(self.crew, store, self.plans)
                elif lease is not None:
                    due = self._due(store)
                    call(store, [plan for plan, _ in due])
                    alerts, parts = list[Alert](), 0
                    try:
                        for found in self._parts(store, lease, due):
                            alerts, parts = [*alerts, *found], parts + 1
                    finally:  # what one part found is told even where the next one fails
                        if parts:
                            self._report(alerts)
                    retain_when_due(self.session, store)
            self._deliver(store)

    def _due(self, store: Store) -> Due:
        from cli.detecting import due_plans

        now = self.session.now()
        return [(plan, now) for plan in self.plans] if self.now_due else due_plans(store, self.plans, now)

    def _parts(self, store: Store, lease: Lease, due: Due) -> Iterator[Sequence[Alert]]:
        """Yield the alerts of each part of a run: rules, models, indicators; looking back is for rules alone."""
        for plan, planned in due:
            yield self._run(store, plan, planned, lease)
        if self._looks_back:
            return
        if any((self.session.settings.home / "models").glob("*/promoted")):
            from cli.modelling import run_models

            yield run_models(self.session, store)
        if due:
            from cli.indicating import match_in_run

            yield match_in_run(self.session, store)

    @property
    def _looks_back(self) -> bool:
        return self.span.since is not None or self.span.before is not None

    def _run(self, store: Store, plan: Plan, planned: datetime, lease: Lease) -> Sequence[Alert]:
        from cli.detecting import runner, tell_looked_back, tell_outcome

        found = runner(self.session, store, plan, lease, stays=self.stays, sharing=self.crew.sharing)
        if self._looks_back:
            with narrowed(self.session, store, plan.engine, self.span, explain=self.explain):
                run, changes = found.look_back(self.span.since, self.span.before)
            alerts: Sequence[Alert] = run.alerts
            tell_looked_back(self.session, plan, run, changes)
        else:
            try:
                outcome = found.run(planned)
            finally:
                self.telemetry.ended(store, plan.name)
            changes = outcome.changes
            store.tidy(wait=not self.stays)  # after what was asked for: it is for the next run's sake
            alerts = [*outcome.found_in_gaps, *outcome.run.alerts] if outcome.found_in_gaps else outcome.run.alerts
            tell_outcome(self.session, plan, outcome)
        self.next = "kulla alerts list" if alerts and not changes.saved else "kulla incidents list"
        return alerts

    def _report(self, alerts: Sequence[Alert]) -> None:
        """Show the alerts of one run, whatever part of it raised them, and mind --fail-on."""
        _show(self.session, self.out, alerts, self.lowest)
        worst = max((alert.rule.level for alert in alerts), default=None)
        self.session.alarm |= self.alarm is not None and worst is not None and worst >= self.alarm

    def _deliver(self, store: Store) -> None:
        if not self.notify or not self.session.settings.table("notify")[0]:
            return
        from cli.notifying import deliver

        deliver(self.session, store)


def _look_at(session: Session, index: str | None) -> None:
    """Look at other people's indices from here on, where the store is a cluster."""
    if index is not None:
        session.flags["elasticsearch.index"] = ("--index", index)
        session.forget_settings()
        if not session.settings.store:
            raise UsageError("--index names indices of an Elasticsearch cluster", hint="kulla detect --store URL")


def _seconds(option: str, word: str | None) -> float | None:
    if word is None:
        return None
    match = re.fullmatch(r"(\d{1,6})(ms|[smh])", word.strip())
    if not match or int(match[1]) == 0:
        raise UsageError(f"{word!r} is no span of time", where=option, hint=f"{option} 60s, 5m or 500ms")
    return int(match[1]) * _UNITS[match[2]]


def _show(session: Session, out: Target, alerts: Sequence[Alert], lowest: Level) -> None:
    shown = sorted(at_least(lowest, alerts), key=lambda alert: (alert.timestamp, alert.id))
    if len(shown) > 50 and out.format == "table":
        session.say(f"the newest 50 of {len(shown):,} alerts; kulla alerts list shows all")
        shown = shown[-50:]
    out.write(alert_listing([alert_row(alert) for alert in shown], session.lang))
    if shown:
        session.detail(f"kulla alerts show {shown[-1].id[:SHORT]}")

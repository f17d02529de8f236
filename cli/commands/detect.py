"""`kulla detect`: one run of the rules over the store since the cursor; with `--watch` it stays."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from cli import rulesets
from cli.document import Listing
from cli.group import single_app
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
    command,
    shown_level,
    window,
)
from cli.options import level as level_of
from cli.output import Target, target
from cli.session import Session
from cli.tailoring import Own
from cli.views import ALERT_COLUMNS, ALERT_FIELDS, SHORT, alert_row, at_least
from engine.alerts import Alert, Level
from engine.errors import UsageError

app = single_app()

_UNITS = {"s": 1, "m": 60, "h": 3600}
Watch = Annotated[
    str | None, typer.Option("--watch", metavar="TIME", help="Stay, and run again each TIME (30s, 5m); Ctrl-C ends it.")
]
Lateness = Annotated[
    str | None,
    typer.Option(
        "--lateness",
        metavar="TIME",
        help="How late events may come (30s, 5m) without any effect on correlations, which are told that much later.",
    ),
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
    level: MinLevel = None,
    fail_on: FailOn = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Run the rules over what the store received since the last run, and join alerts into incidents.

    --since and --until look again at a window of event time instead; known alerts are not repeated.
    """
    out = target(session, fmt, output)
    span, lowest, alarm = window(session, since, until), shown_level(session, level), level_of("--fail-on", fail_on)
    pause, late = _seconds("--watch", watch), _seconds("--lateness", lateness) or 0
    if pause is not None and (span.since is not None or span.before is not None):
        raise UsageError("--watch runs from the cursor on; --since and --until look back", hint="leave one of them out")
    if pause is not None and (out.path is not None or out.format not in {"table", "jsonl"}):
        raise UsageError("--watch prints run after run", where="--watch", hint="-f table or jsonl, to stdout (> FILE)")
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
    rulesets.tell_broken(session, loaded)

    from cli.detecting import detect as run_once
    from engine.sigma.engine import Engine

    engine = Engine(loaded)

    def once() -> None:
        with session.open_store() as store:
            run, changes = run_once(store, engine, span, lateness=timedelta(seconds=late), now=session.now)
            alerts = list(run.alerts)  # while the store is open
            store.tidy()  # after what was asked for: it is for the next run's sake
        _report(session, out, alerts, lowest)
        for name, count in run.left_out.items():
            session.issue(rulesets.left_out(name, count))
        session.say(
            f"{run.events:,} events looked at, {len(run.alerts):,} alerts ({run.new:,} new), "
            f"{len(changes.saved):,} incidents opened or changed"
        )
        rulesets.tell_excluded(session, loaded, run.excluded)
        worst = max((alert.rule.level for alert in alerts), default=None)
        session.alarm |= alarm is not None and worst is not None and worst >= alarm

    _repeat(once, pause)
    session.hint("kulla incidents list")


def _repeat(once: Callable[[], None], pause: float | None) -> None:
    once()
    while pause is not None:
        time.sleep(pause)
        once()


def _seconds(option: str, word: str | None) -> float | None:
    if word is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([smh])", word.strip())
    if not match or int(match[1]) == 0:
        raise UsageError(f"{word!r} is no span of time", where=option, hint=f"{option} 60s, or 5m")
    return int(match[1]) * _UNITS[match[2]]


def _report(session: Session, out: Target, alerts: list[Alert], lowest: Level) -> None:
    shown = sorted(at_least(lowest, alerts), key=lambda alert: (alert.timestamp, alert.id))
    if len(shown) > 50 and out.format == "table":
        session.say(f"the newest 50 of {len(shown):,} alerts; kulla alerts list shows all")
        shown = shown[-50:]
    rows = [alert_row(alert) for alert in shown]
    out.write(
        Listing(
            name="alerts",
            title="Alerts",
            columns=ALERT_COLUMNS,
            rows=rows,
            fields=ALERT_FIELDS,
            empty="no alerts in this run",
        )
    )
    if shown:
        session.detail(f"kulla alerts show {shown[-1].id[:SHORT]}")

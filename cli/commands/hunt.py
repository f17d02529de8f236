"""`kulla hunt`: rules over files, without any set-up; the one-screen summary, or one alert a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cli import rulesets
from cli.document import Listing, Report, Row
from cli.group import single_app
from cli.hunters import Hunted
from cli.options import (
    FailOn,
    Format,
    MinLevel,
    Output,
    Rules,
    RulesLevel,
    RulesStatus,
    Since,
    SourceName,
    Until,
    Window,
    command,
    shown_level,
    window,
)
from cli.options import level as level_of
from cli.output import target
from cli.progress import progress
from cli.reading import Host, Letters, Paths, Reading, Zone, logs, reading
from cli.session import Session
from cli.summary_view import short, summary_report
from cli.views import ALERT_COLUMNS, ALERT_FIELDS, alert_row
from engine.alerts import Alert, Level
from engine.sigma.rules import RuleSet
from engine.summary import Summary

app = single_app()


@command(app, "hunt")
def hunt(
    session: Session,
    paths: Paths,
    *,
    rules: Rules = None,
    rules_level: RulesLevel = None,
    rules_status: RulesStatus = None,
    source: SourceName = "auto",
    zone: Zone = None,
    host: Host = None,
    since: Since = None,
    until: Until = None,
    level: MinLevel = None,
    fail_on: FailOn = None,
    fmt: Format = None,
    output: Output = None,
) -> None:
    """Look for attacks in log files and folders, with Sigma rules; nothing is stored."""
    out = target(session, fmt, output)
    how = reading(session, source=source, zone=zone, host=host)
    span, lowest, alarm = window(session, since, until), shown_level(session, level), level_of("--fail-on", fail_on)
    files = list(logs(session, paths))
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status)
    summary = Summary()
    alerts = _kept(_alerts(session, files, loaded, how, summary), span, lowest, summary)
    if out.format == "table":
        for _ in alerts:
            pass
        out.write(_summary(summary, loaded, files))
    else:
        rows: Iterator[Row] = (alert_row(alert) for alert in alerts)
        out.write(Listing(name="alerts", title="Alerts", columns=ALERT_COLUMNS, rows=rows, fields=ALERT_FIELDS))
        session.say(short(summary), *_not_loaded(loaded))
    session.alarm = alarm is not None and summary.worst is not None and summary.worst >= alarm
    session.hint(_next(summary, paths, out.format))


def _alerts(session: Session, files: Sequence[Path], rules: RuleSet, how: Reading, summary: Summary) -> Iterator[Alert]:
    from cli.hunters import hunt as hunt_files
    from engine.hunting import Findings, conclude
    from engine.sigma.correlation import Correlator

    findings = Findings()
    with progress(session, "hunting", len(files)) as advance:
        for found in hunt_files(files, rules, how, stdin=session.stdin):
            _tell(session, found)
            summary.events += found.events
            findings.add(found.findings)
            advance()
            yield from found.alerts
    yield from conclude(Correlator(rules), findings.hits, findings.events)


def _tell(session: Session, found: Hunted) -> None:
    if found.problem is not None:
        session.issue(found.problem)
        return
    letters = Letters(session)
    for letter in found.letters:
        letters.add(letter)
    letters.conclude(found.path, total=found.dead)
    session.detail(f"{found.path}: {found.source}, {found.events:,} events, {found.dead:,} records not read")


def _kept(alerts: Iterator[Alert], span: Window, lowest: Level, summary: Summary) -> Iterator[Alert]:
    for alert in alerts:
        early = span.since is not None and alert.timestamp < span.since
        late = span.before is not None and alert.timestamp >= span.before
        if alert.rule.level >= lowest and not early and not late:
            summary.add(alert)
            yield alert


def _summary(summary: Summary, rules: RuleSet, files: Sequence[Path]) -> Report:
    from engine.sigma.engine import Engine

    unreachable = len(Engine(rules).unreachable())
    return summary_report(summary, rules, files=len(files), unreachable=unreachable, title="Hunt")


def _not_loaded(rules: RuleSet) -> list[str]:
    return [f"{len(rules.issues):,} rules not loaded: kulla rules list --not-loaded"] if rules.issues else []


def _next(summary: Summary, paths: Sequence[str], fmt: str) -> str:
    first = paths[0]
    if fmt == "table" and summary.alerts:
        return f"kulla hunt {first} --level high -f jsonl"
    return f"kulla collect {first}"

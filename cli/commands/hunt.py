"""`kulla hunt`: rules over files, without any set-up; the one-screen summary, or one alert a line."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from shlex import join

from cli import rulesets
from cli.document import Report, Row
from cli.group import single_app
from cli.hunters import Hunted
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
    SourceFile,
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
from cli.reading import Host, Letters, Paths, Reading, Year, Zone, logs, reading
from cli.session import Session
from cli.settings_table import Lang
from cli.summary_view import short, summary_report
from cli.tailoring import Own
from cli.views import alert_listing, alert_row
from engine.alerts import Alert, Level
from engine.sigma.rules import RuleSet
from engine.summary import Summary

app = single_app()
_MOST_NAMED = 4  # paths in a hint


@command(app, "hunt")
def hunt(
    session: Session,
    paths: Paths,
    *,
    rules: Rules = None,
    rules_level: RulesLevel = None,
    rules_status: RulesStatus = None,
    filters: Filters = None,
    placeholders: Placeholders = None,
    pipeline: PipelineFiles = None,
    source: SourceName = "auto",
    source_file: SourceFile = None,
    zone: Zone = None,
    year: Year = None,
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
    how = reading(session, source=source, zone=zone, host=host, year=year, source_file=source_file)
    span, lowest, alarm = window(session, since, until), shown_level(session, level), level_of("--fail-on", fail_on)
    files = list(logs(session, paths))
    own = Own(filters=filters, placeholders=placeholders, pipelines=pipeline)
    loaded = rulesets.load(session, rules, level=rules_level, status=rules_status, own=own)
    summary = Summary()
    watch = _Alarm(alarm)
    read: list[Path] = []
    rulesets.tell_broken(session, loaded)
    with closing(_alerts(session, files, loaded, how, summary=summary, read=read)) as found:  # ends its processes
        alerts = _kept(watch.over(_within(found, span)), lowest, summary)
        if out.format == "table":
            deque(alerts, maxlen=0)
            out.write(_summary(summary, loaded, read, session.lang))
        else:
            rows: Iterator[Row] = (alert_row(alert) for alert in alerts)
            out.write(alert_listing(rows, session.lang))
            session.say(short(summary, session.lang))
    rulesets.tell_excluded(session, loaded, summary.excluded)
    session.alarm = watch.rings
    if summary.events:
        chosen = [word for name in rules or () for word in ("--rules", name)]
        session.hint(_next(summary, paths, chosen, out.format))


def _alerts(
    session: Session, files: Sequence[Path], rules: RuleSet, how: Reading, *, summary: Summary, read: list[Path]
) -> Generator[Alert, None, None]:
    from cli.hunters import hunt as hunt_files
    from engine.hunting import Findings, conclude
    from engine.sigma.correlations.correlator import Correlator

    findings = Findings()
    with progress(session, "hunting", len(files)) as advance:
        for found in hunt_files(files, rules, how, stdin=session.stdin):
            _tell(session, found)
            if found.problem is None:
                read.append(found.path)
            summary.events += found.events
            findings.add(found.findings)
            advance()
            yield from found.alerts
    summary.excluded.update(findings.excluded)
    # the same log may lie there twice (a copy, a link): one event counts once, as it does in the store
    correlator = Correlator(rules)
    for key, count in findings.hits.left_out.items():
        session.issue(rulesets.left_out(correlator.correlations[key].info.name, count))
    yield from conclude(correlator, findings.hits, findings.events)


def alerts_in(session: Session, rules: RuleSet, paths: Sequence[str]) -> Iterator[Alert]:
    """Yield the alerts of rules in log files and folders; what cannot be read is an issue."""
    how = reading(session, source="auto", zone=None, host=None)
    yield from _alerts(session, list(logs(session, paths)), rules, how, summary=Summary(), read=[])


def _tell(session: Session, found: Hunted) -> None:
    if found.problem is not None:
        session.issue(found.problem)
        return
    letters = Letters(session)
    for letter in found.letters:
        letters.add(letter)
    letters.conclude(found.path, total=found.dead)
    session.detail(f"{found.path}: {found.source}, {found.events:,} events, {found.dead:,} records not read")


def _within(alerts: Iterator[Alert], span: Window) -> Iterator[Alert]:
    """Yield the alerts of the span, each once: the same record in a second file is the same alert."""
    told: set[str] = set()
    for alert in alerts:
        early = span.since is not None and alert.timestamp < span.since
        late = span.before is not None and alert.timestamp >= span.before
        if not early and not late and alert.id not in told:
            told.add(alert.id)
            yield alert


class _Alarm:
    """Tells whether an alert of at least `--fail-on` passed, whatever `--level` shows."""

    def __init__(self, lowest: Level | None) -> None:
        self._lowest = lowest
        self.rings = False

    def over(self, alerts: Iterator[Alert]) -> Iterator[Alert]:
        for alert in alerts:
            self.rings = self.rings or (self._lowest is not None and alert.rule.level >= self._lowest)
            yield alert


def _kept(alerts: Iterator[Alert], lowest: Level, summary: Summary) -> Iterator[Alert]:
    for alert in alerts:
        if alert.rule.level >= lowest:
            summary.add(alert)
            yield alert


def _summary(summary: Summary, rules: RuleSet, files: Sequence[Path], lang: Lang) -> Report:
    from engine.sigma.engine import Engine

    unreachable = len({rule.info.id for rule in Engine(rules).unreachable()})
    return summary_report(summary, rules, files=len(files), unreachable=unreachable, lang=lang)


def _next(summary: Summary, paths: Sequence[str], rules: Sequence[str], fmt: str) -> str:
    """Return the next command: the alerts themselves, by the same rules, or to keep the logs; of all paths or none."""
    named = join(paths) if len(paths) <= _MOST_NAMED else "PATH..."
    if fmt == "table" and summary.alerts:
        return " ".join(["kulla hunt", named, *([join(rules)] if rules else []), "--level high -f jsonl"])
    return f"kulla collect {named}"

"""The one-screen summary of a hunt: how bad, when, who and what, and which rules could not help."""

from __future__ import annotations

from collections.abc import Sequence

from cli.document import Column, Grid, Lines, Pairs, Report, Section
from engine.alerts import Level
from engine.errors import RuleError
from engine.sigma.rules import RuleSet
from engine.summary import Summary

_LEVELS = tuple(reversed(Level))
_TOP = 5
_TOP_RULES = 3  # per level, so that the whole fits one screen


def summary_report(summary: Summary, rules: RuleSet, *, files: int, unreachable: int, title: str) -> Report:
    """Return the summary as a report; its record holds every count."""
    sections = [
        Section(heading="", body=Pairs(rows=_head(summary, files))),
        Section(heading="Detections by level", body=_levels(summary)),
    ]
    if summary.hosts or summary.users:
        sections.append(Section(heading="Most affected (medium and above)", body=_affected(summary)))
    if summary.reached:
        told = ", ".join(f"{name} {count:,}" for name, count in summary.tactics())
        sections.append(Section(heading="ATT&CK tactics reached", body=Lines(lines=(told,))))
    for level in _LEVELS[:3]:
        if top := summary.top_rules(level, _TOP_RULES):
            lines = tuple(f"{count:,} x {name}" for name, count in top)
            sections.append(Section(heading=f"Top rules: {level.label}", body=Lines(lines=lines)))
    sections.append(Section(heading="Rules", body=Lines(lines=_rules(rules, unreachable))))
    return Report(name="summary", title=title, record=_record(summary, rules, files), sections=tuple(sections))


def short(summary: Summary) -> str:
    """Return the summary in one line."""
    levels = ", ".join(f"{summary.alerts[level]:,} {level.label}" for level in _LEVELS if summary.alerts[level])
    return f"{summary.events:,} events, {summary.alerts.total():,} alerts" + (f": {levels}" if levels else "")


def _head(summary: Summary, files: int) -> tuple[tuple[str, object], ...]:
    hit = len(summary.hit_events)
    return (
        ("Files read", f"{files:,}"),
        ("Events", f"{summary.events:,}"),
        ("Events that rules matched", f"{hit:,} (data reduction {summary.reduction:.2%})"),
        ("Alerts", f"{summary.alerts.total():,}"),
    )


def _levels(summary: Summary) -> Grid:
    columns = (
        Column(field="level", heading="Level", whole=True),
        Column(field="alerts", heading="Alerts", number=True),
        Column(field="rules", heading="Different rules", number=True),
        Column(field="worst", heading="Worst day (alerts)"),
    )
    rows = []
    for level in _LEVELS:
        worst = summary.worst_day(level)
        rows.append(
            {
                "level": level.label,
                "alerts": summary.alerts[level],
                "rules": len(summary.rules.get(level, ())),
                "worst": f"{worst[0].isoformat()} ({worst[1]:,})" if worst else "-",
            }
        )
    return Grid(columns=columns, rows=rows)


def _affected(summary: Summary) -> Pairs:
    def told(items: Sequence[tuple[str, int]]) -> str:
        return ", ".join(f"{name} ({count:,})" for name, count in items) or "-"

    return Pairs(rows=(("Hosts", told(summary.top_hosts(_TOP))), ("Users", told(summary.top_users(_TOP)))))


def _rules(rules: RuleSet, unreachable: int) -> tuple[str, ...]:
    loaded = len(rules.alerting) + len(rules.correlations)
    lines = [f"{loaded:,} loaded ({len(rules.correlations):,} of them correlations)"]
    if rules.issues:
        lines.append(f"{len(rules.issues):,} not loaded: {_reasons(rules.issues)}")
    if unreachable:
        lines.append(f"{unreachable:,} loaded whose log source no collector delivers (kulla rules list)")
    return tuple(lines)


def _reasons(issues: Sequence[RuleError]) -> str:
    kinds: dict[str, int] = {}
    for issue in issues:
        kind = "a placeholder has no value" if "placeholder" in issue.message else issue.message[:80]
        kinds[kind] = kinds.get(kind, 0) + 1
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    more = f", and {len(ordered) - 3} more reasons" if len(ordered) > 3 else ""
    return "; ".join(f"{count:,} x {kind}" for kind, count in ordered[:3]) + more


def _record(summary: Summary, rules: RuleSet, files: int) -> dict[str, object]:
    return {
        "files": files,
        "events": summary.events,
        "events_matched": len(summary.hit_events),
        "alerts": {level.label: summary.alerts[level] for level in _LEVELS},
        "rules": {level.label: dict(summary.top_rules(level, 1000)) for level in _LEVELS},
        "hosts": dict(summary.top_hosts(1000)),
        "users": dict(summary.top_users(1000)),
        "tactics": dict(summary.tactics()),
        "rules_loaded": len(rules.alerting) + len(rules.correlations),
        "filters": [
            {"id": item.id, "title": item.title, "state": item.state, "excluded": summary.excluded[item.id]}
            for item in rules.filters
        ],
        "rules_not_loaded": [{"where": item.where, "what": item.message} for item in rules.issues],
    }

"""The one-screen summary of a hunt: how bad, when, who and what, and which rules could not help."""

from __future__ import annotations

from collections.abc import Sequence

from cli.document import Column, Grid, Lines, Pairs, Report, Section
from cli.settings_table import Lang
from cli.summary_words import SummaryWords, summary_words
from cli.views import word_of
from cli.words import word_for, words
from engine.alerts import Level
from engine.attack.words import tactic_name
from engine.errors import RuleError
from engine.sigma.rules import RuleSet
from engine.summary import Summary

_LEVELS = tuple(reversed(Level))
_TOP = 5
_TOP_RULES = 3  # per level, so that the whole fits one screen


def summary_report(summary: Summary, rules: RuleSet, *, files: int, unreachable: int, lang: Lang) -> Report:
    """Return the summary as a report in a language; its record holds every count, under the same keys in both."""
    texts, general = summary_words(lang), words(lang)
    sections = [
        Section(heading="", body=_head(summary, files, texts)),
        Section(heading=texts.by_level, body=_levels(summary, texts, lang)),
    ]
    if summary.hosts or summary.users:
        sections.append(Section(heading=texts.affected, body=_affected(summary, texts)))
    if summary.reached:
        told = ", ".join(f"{tactic_name(name, lang)} {count:,}" for name, count in summary.tactics())
        sections.append(Section(heading=texts.tactics, body=Lines(lines=(told,))))
    for level in _LEVELS[:3]:
        if top := summary.top_rules(level, _TOP_RULES):
            heading = texts.top_rules.format(level=word_for(general, level.label))
            lines = tuple(f"{count:,} x {name}" for name, count in top)
            sections.append(Section(heading=heading, body=Lines(lines=lines)))
    sections.append(Section(heading=texts.rules, body=Lines(lines=_rules(rules, unreachable, texts))))
    record = _record(summary, rules, files)
    return Report(name="summary", title=texts.title, record=record, sections=tuple(sections), lang=lang)


def short(summary: Summary, lang: Lang) -> str:
    """Return the summary in one line."""
    texts, general = summary_words(lang), words(lang)
    levels = ", ".join(
        texts.of_level.format(count=f"{summary.alerts[level]:,}", level=word_for(general, level.label))
        for level in _LEVELS
        if summary.alerts[level]
    )
    told = texts.counted.format(events=f"{summary.events:,}", alerts=f"{summary.alerts.total():,}")
    return told + (f": {levels}" if levels else "")


def _head(summary: Summary, files: int, texts: SummaryWords) -> Pairs:
    matched = texts.reduced.format(count=f"{len(summary.hit_events):,}", share=f"{summary.reduction:.2%}")
    return Pairs(
        rows=(
            (texts.files, f"{files:,}"),
            (texts.events, f"{summary.events:,}"),
            (texts.matched, matched),
            (texts.alerts, f"{summary.alerts.total():,}"),
        )
    )


def _levels(summary: Summary, texts: SummaryWords, lang: Lang) -> Grid:
    columns = (
        Column(field="level", heading=texts.level, whole=True, derive=word_of(words(lang), "level")),
        Column(field="alerts", heading=texts.alerts, number=True),
        Column(field="rules", heading=texts.different_rules, number=True),
        Column(field="worst", heading=texts.worst_day),
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


def _affected(summary: Summary, texts: SummaryWords) -> Pairs:
    def told(items: Sequence[tuple[str, int]]) -> str:
        return ", ".join(f"{name} ({count:,})" for name, count in items) or "-"

    return Pairs(rows=((texts.hosts, told(summary.top_hosts(_TOP))), (texts.users, told(summary.top_users(_TOP)))))


def _rules(rules: RuleSet, unreachable: int, texts: SummaryWords) -> tuple[str, ...]:
    loaded = len(rules.alerting) + len(rules.correlations)
    lines = [texts.loaded.format(count=f"{loaded:,}", correlations=f"{len(rules.correlations):,}")]
    if rules.issues:
        lines.append(texts.not_loaded.format(count=f"{len(rules.issues):,}", why=_reasons(rules.issues, texts)))
    if unreachable:
        lines.append(texts.unreachable.format(count=f"{unreachable:,}"))
    return tuple(lines)


def _reasons(issues: Sequence[RuleError], texts: SummaryWords) -> str:
    kinds: dict[str, int] = {}
    for issue in issues:
        kind = texts.no_value if "placeholder" in issue.message else issue.message[:80]
        kinds[kind] = kinds.get(kind, 0) + 1
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    more = texts.more_reasons.format(count=len(ordered) - 3) if len(ordered) > 3 else ""
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

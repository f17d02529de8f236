"""The report over a period: incidents, alerts, rules, hosts, tactics, legal clocks and decisions, counted.

Persons are not named: it is read by more people than an incident's own report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cli.document import Column, Grid, Lines, Pairs, Report, Section
from cli.period_words import PeriodWords, period_words
from cli.settings_table import Lang
from cli.views import incident_columns, incident_row, to_the_minute, word_of
from cli.words import Words, words
from engine.alerts import Alert, Level
from engine.attack import in_order
from engine.attack.words import tactic_name
from engine.events import instant, texts
from engine.incidents.model import Incident

if TYPE_CHECKING:
    from playbooks.ledger import Record
    from playbooks.legal import Clock

_TOP = 10
_PERSONAL = frozenset(("entities", "closed_why"))  # fields of incidents that may name persons
_NUMBERS = frozenset(("count", "hosts", "false", "times"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What happened from `since` on, before `before`: alerts and records within, incidents that were under way.

    `clocks` are those of incidents that are not closed, by incident.
    """

    since: datetime
    before: datetime
    now: datetime
    incidents: Sequence[Incident]
    alerts: Sequence[Alert]
    records: Sequence[Record]
    clocks: Mapping[str, Sequence[Clock]]

    @property
    def opened(self) -> Sequence[Incident]:
        """Return the incidents that were opened within it."""
        return [item for item in self.incidents if self.since <= item.opened < self.before]


def period_report(period: Period, lang: Lang) -> Report:
    """Return the report; its record has the same figures for programs."""
    own, general = period_words(lang), words(lang)
    incidents = [incident_row(item) for item in period.incidents]
    levels, rules, hosts = _levels(period.alerts), _rules(period.alerts), _hosts(period.alerts)
    tactics, clocks, kinds = _tactics(period), _clocks(period, lang), _kinds(period.records)
    title = own.title.format(since=_day(period.since), before=_day(period.before))
    parts = (
        (own.incidents, _grid(incidents, incident_columns(general, lang))),
        (own.by_level, _levels_table(levels, own, general)),
        (own.rules, _grid(rules, _columns(rule=own.rule, count=own.count, hosts=general.hosts, false=own.false))),
        (own.hosts, _grid(hosts, _columns(host=own.host, count=own.count))),
        (own.tactics, _grid(tactics, _tactic_columns(own, lang))),
        (own.clocks, _grid(clocks, _clock_columns(general, own))),
        (own.people, _grid(kinds, _kind_columns(own, general, lang))),
    )
    sections = [Section(heading=own.events, body=Pairs(rows=_glance(period, own)))]
    sections += [Section(heading=heading, body=body or Lines(lines=(own.none,))) for heading, body in parts]
    record = {
        "since": instant(period.since),
        "before": instant(period.before),
        "incidents": [{name: row[name] for name in row if name not in _PERSONAL} for row in incidents],
        "alerts": levels,
        "rules": rules,
        "hosts": hosts,
        "tactics": tactics,
        "clocks": clocks,
        "decisions": kinds,
    }
    return Report(name="period", title=title, record=record, sections=tuple(sections), lang=lang)


def _glance(period: Period, own: PeriodWords) -> tuple[tuple[str, object], ...]:
    verdicts = Counter(alert.verdict or "" for alert in period.alerts)
    known = {name for item in period.incidents for name in item.alerts}
    closed = sum(item.status == "closed" for item in period.incidents)
    return (
        (own.period, f"{_day(period.since)} / {_day(period.before)}"),
        (own.opened, len(period.opened)),
        (own.under_way, len(period.incidents)),
        (own.closed, closed),
        (own.still_open, len(period.incidents) - closed),
        (own.alerts, len(period.alerts)),
        (own.outside, sum(alert.id not in known for alert in period.alerts)),
        (own.unjudged, verdicts[""]),
        (own.true, verdicts["true-positive"]),
        (own.false, verdicts["false-positive"]),
        (own.benign, verdicts["benign"]),
        (own.decisions, len(period.records)),
    )


def _levels(alerts: Iterable[Alert]) -> dict[str, int]:
    found = Counter(alert.rule.level for alert in alerts)
    return {level.label: found[level] for level in sorted(Level, reverse=True) if found[level]}


def _levels_table(levels: Mapping[str, int], own: PeriodWords, general: Words) -> Grid | None:
    rows = [{"level": level, "count": count} for level, count in levels.items()]
    named = Column(field="level", heading=own.level, derive=word_of(general, "level"))
    return _grid(rows, (named, *_columns(count=own.count)))


def _rules(alerts: Iterable[Alert]) -> list[dict[str, object]]:
    by_rule: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.rule.id, []).append(alert)
    most = sorted(by_rule.values(), key=lambda found: (-len(found), found[0].rule.name, found[0].rule.id))[:_TOP]
    return [
        {
            "rule": found[0].rule.name,
            "rule.id": found[0].rule.id,
            "count": len(found),
            "hosts": len({host for alert in found for host in texts(alert.fields.get("host.name"))}),
            "false": sum(alert.verdict == "false-positive" for alert in found),
        }
        for found in most
    ]


def _hosts(alerts: Iterable[Alert]) -> list[dict[str, object]]:
    found = Counter(host for alert in alerts for host in dict.fromkeys(texts(alert.fields.get("host.name"))))
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    return [{"host": host, "count": count} for host, count in most]


def _tactics(period: Period) -> list[dict[str, object]]:
    """Return the tactics that incidents reached within the period, in their order, with the techniques seen there."""
    reached: dict[str, set[str]] = {}
    for moment in (moment for incident in period.incidents for moment in incident.timeline):
        if period.since <= moment.timestamp < period.before:
            for tactic in moment.tactics:
                reached.setdefault(tactic, set()).update(moment.techniques)
    return [{"tactic": tactic, "techniques": sorted(reached[tactic])} for tactic in in_order(reached)]


def _clocks(period: Period, lang: Lang) -> list[dict[str, object]]:
    """Return the deadlines that nobody has met yet, the earliest first."""
    from playbooks.papers.doings import CLOCK_WORDS

    rows: list[dict[str, object]] = [
        {
            "due": instant(clock.due) if clock.due else "",
            "state": state,
            "state_words": CLOCK_WORDS[state].in_language(lang),
            "incident": name,
            "what": f"{clock.rule.title.in_language(lang)} [{clock.rule.basis}]",
        }
        for name, clocks in period.clocks.items()
        for clock in clocks
        if (state := clock.state(period.now)) in {"running", "overdue", "no-hour"}
    ]
    return sorted(rows, key=lambda row: (str(row["due"] or "~"), str(row["incident"]), str(row["what"])))


def _kinds(records: Iterable[Record]) -> list[dict[str, object]]:
    found = Counter(record.kind for record in records)
    return [
        {"what": kind, "times": count} for kind, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]


def _tactic_columns(own: PeriodWords, lang: Lang) -> tuple[Column, ...]:
    named = Column(
        field="tactic", heading=own.tactic, whole=True, derive=lambda row: tactic_name(str(row["tactic"]), lang)
    )
    return (named, Column(field="techniques", heading=own.techniques))


def _kind_columns(own: PeriodWords, general: Words, lang: Lang) -> tuple[Column, ...]:
    from playbooks.ledger.kinds import kind_words

    named = Column(field="what", heading=own.what, derive=lambda row: kind_words(str(row["what"]), lang))
    return (named, Column(field="times", heading=general.times, number=True))


def _clock_columns(general: Words, own: PeriodWords) -> tuple[Column, ...]:
    return (
        Column(field="due", heading=general.legal_clock, whole=True, derive=to_the_minute("due")),
        Column(field="state_words", heading=general.status),
        Column(field="incident", heading=general.incident, whole=True, derive=lambda row: str(row["incident"])[:12]),
        Column(field="what", heading=own.what),
    )


def _columns(**headings: str) -> tuple[Column, ...]:
    return tuple(Column(field=name, heading=heading, number=name in _NUMBERS) for name, heading in headings.items())


def _grid(rows: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> Grid | None:
    return Grid(columns=columns, rows=rows) if rows else None


def _day(moment: datetime) -> str:
    return instant(moment)[:16].replace("T", " ")

"""Incidents on AIT-ADS: which phases of an attack a person sees who reads so many incidents a day.

Causal: at the end of each day incidents are made of the alerts up to then, and of those with an alert of that day the
worst `_A_DAY` are read, leads after them where there is room; the first day only teaches. A phase is found where what
is read holds or tells (`Incident.elsewhere`) an alert of that phase and day whose rule is specific for it: more than
five times as frequent in the phase as in ordinary life, and under 2 % of ordinary alerts. A phase without such a rule
cannot be told from ordinary life in these alerts. What is read is right where it holds or tells any specific alert.
Nothing is tuned on an organisation for another one.

Speed is that of all alerts of an organisation at once: unpacking, reading, making few, joining, scoring, telling.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from engine.alerts import Alert
from engine.anomaly.evaluation import metrics
from engine.anomaly.evaluation.alerts_data import NONE, Organisation, names, read
from engine.anomaly.evaluation.metrics import filled
from engine.anomaly.evaluation.row import Row
from engine.incidents.building import Basis, build, leads_of
from engine.incidents.model import Incident

_A_DAY = 10
_BESIDE = "surprise by window"
_NOTE = "beside it: measured earlier, on 8 organisations"
_DAY = timedelta(days=1)
_OFTEN, _SHARE = 5.0, 0.02
_SHORTEST = 60.0  # seconds that a phase is taken to last at least
_KNOWN = frozenset({"fox", "harrison", "russellmitchell", "santos"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One organisation: phases with a specific rule, those found, incidents read and right."""

    visible: frozenset[str]
    found: frozenset[str]
    phases: int
    read: int
    right: int
    days: int


def evaluate_alerts(folder: Path, seed: int, *, generic: bool) -> list[Row]:
    """Return phases found and precision, over all organisations of a part."""
    del seed, generic
    rows, found = [], names(folder)
    for part in ("development", "unseen"):
        wanted = [name for name in found if (name in _KNOWN) == (part == "development")]
        if wanted:
            timed = [_timed(folder, name) for name in wanted]
            rows += _rows([reading(organisation) for organisation, _ in timed], _speeds(timed), part)
    return rows


def _timed(folder: Path, name: str) -> tuple[Organisation, float]:
    """Return an organisation, and the CPU seconds from its packed file to its incidents."""
    begun = time.process_time()
    organisation = read(folder, name)
    build(organisation.alerts, Basis(counts=organisation.counts))
    return organisation, max(time.process_time() - begun, 1e-9)


def _speeds(timed: Sequence[tuple[Organisation, float]]) -> str:
    """Return alerts a CPU second: all organisations one after the other, and the slowest."""
    every = sum(organisation.raw for organisation, _ in timed) / sum(cpu for _, cpu in timed)
    return f"{every:,.0f}; slowest {min(organisation.raw / cpu for organisation, cpu in timed):,.0f}"


def _rows(found: Sequence[Reading], speeds: str, part: str) -> list[Row]:
    data = f"AIT-ADS ({len(found)} organisations, {sum(one.phases for one in found)} phases)"
    visible, seen = (sum(map(len, sets)) for sets in ([one.visible for one in found], [one.found for one in found]))
    right, shown = (sum(getattr(one, name) for one in found) for name in ("right", "read"))
    a_day = shown / sum(one.days for one in found)
    measured = (
        (filled(metrics.PHASES, count=_A_DAY), f"{seen} of {visible}", "90 %", "60 of 79"),
        (metrics.RIGHT, f"{right / max(shown, 1):.2f} ({right} of {shown})", "0.3, aim 0.5", "0.11"),
        (metrics.INCIDENTS, f"{a_day:.1f}", f"{_A_DAY} at most", ""),
        (metrics.ALERTS_A_SECOND, speeds, "500,000", ""),
    )  # fmt: skip
    return [
        Row(
            data=data,
            metric=metric,
            kulla=figure,
            bar=bar,
            generic=generic,
            generic_name=_BESIDE if generic else "",
            part=part,
            note=_NOTE if generic else "",
        )
        for metric, figure, bar, generic in measured
    ]


def reading(organisation: Organisation) -> Reading:
    """Read one organisation's days, one after the other."""
    specific, visible = _specific(organisation)
    found: set[str] = set()
    shown = right = days = 0
    for incidents, today in _days(organisation):
        days += 1
        for incident in incidents:
            told = {*incident.alerts, *(item.alert_id for item in incident.elsewhere)}
            seen = {specific[alert] for alert in told if alert in specific and alert in today}
            shown, right = shown + 1, right + bool(seen)
            found |= seen
    phases = len(set(organisation.phase.values()) - {NONE})
    return Reading(visible=visible, found=frozenset(found), phases=phases, read=shown, right=right, days=days)


def _days(organisation: Organisation) -> Iterator[tuple[list[Incident], frozenset[str]]]:
    """Yield for each day but the first the worst incidents that have alerts of it, and the alerts of the day."""
    alerts = sorted(organisation.alerts, key=lambda alert: alert.timestamp)
    start, last = alerts[0].timestamp + _DAY, alerts[-1].timestamp
    while start <= last:
        known = [alert for alert in alerts if alert.timestamp < start + _DAY]
        today = frozenset(alert.id for alert in known if alert.timestamp >= start)
        basis = Basis(counts=organisation.counts)
        every = [*build(known, basis), *leads_of((), known, basis)]
        yield [incident for incident in every if not today.isdisjoint(incident.alerts)][:_A_DAY], today
        start += _DAY


def _specific(organisation: Organisation) -> tuple[dict[str, str], frozenset[str]]:
    """Return the phase of each alert that is specific for one, and the phases that have such alerts."""
    of_phase: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in organisation.alerts:
        of_phase[organisation.phase[alert.id]].append(alert)
    ordinary = _rules(organisation, of_phase.pop(NONE, []))
    every = ordinary.total()
    found: dict[str, str] = {}
    for phase, alerts in of_phase.items():
        stamps = [alert.timestamp.timestamp() for alert in alerts]
        lasted = max(_SHORTEST, max(stamps) - min(stamps))
        often = {
            rule
            for rule, count in _rules(organisation, alerts).items()
            if count / lasted > _OFTEN * ordinary[rule] / (organisation.days * 86_400)
            and ordinary[rule] < _SHARE * every
        }
        found |= {alert.id: phase for alert in alerts if alert.rule.id in often}
    return found, frozenset(found.values())


def _rules(organisation: Organisation, alerts: Sequence[Alert]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for alert in alerts:
        counts[alert.rule.id] += organisation.counts.get(alert.id, 1)
    return counts

"""Where a quiet intrusion turns to destruction: the wave is an incident of its own, with the intrusion as its origin.

Getting back what is destroyed and throwing out who is there are two kinds of work for two kinds of people, on other
machines and other clocks; ATT&CK's tactic `impact` is where one ends and the other begins. A wave begins with the
dense stretch of alerts (no five minutes without one) that leads to its first impact. What goes on elsewhere stays with
the intrusion. Waves with the same way of working are one incident, even where they share no host.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.alerts import Alert, Level
from engine.attack import tactics
from engine.entities import Entity
from engine.incidents.grouping import Group
from engine.incidents.model import Join
from engine.incidents.phrases import SAME_WAY_AS_WAVE, WAVE
from engine.incidents.scoring import OPENS_AT, terms, total
from engine.incidents.ties import joining_entities

_PAUSE = timedelta(minutes=5)
_ON_HOSTS, _IN_RULES = 3, 2  # a wave strikes so many hosts, or shows in so many rules
_SAME_WAY, _COMMON_RULES = 0.6, 4  # share of the smaller one's rules, and how many at least
_WAY_REACH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Alerts of one incident to be, oldest first, and their joins. `origins` are the groups they came from."""

    origins: frozenset[int]
    alerts: tuple[Alert, ...]
    joins: tuple[Join, ...]
    is_wave: bool = False


def divide(groups: Iterable[Group]) -> list[Part]:
    """Return the groups with their waves of destruction apart, and waves of one making together."""
    parts = sorted((part for item in groups for part in _divided(item)), key=_begins)
    found: list[Part] = []
    waves: list[int] = []  # their places in `found`
    for part in parts:
        place = next((n for n in waves if _goes_on(found[n], part)), None) if part.is_wave else None
        if place is None:
            waves += [len(found)] if part.is_wave else []
            found.append(part)
        else:
            found[place] = _together(found[place], part)
    return found


def way(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the way of working that alerts show: the rules of at least high level that fired."""
    return frozenset(alert.rule.id for alert in alerts if alert.rule.level >= Level.HIGH)


def alike(first: frozenset[str], second: frozenset[str]) -> float:
    """Return which share of the smaller one's rules the other has as well, 0 where too few are shared to tell."""
    common = len(first & second)
    share = common / max(min(len(first), len(second)), 1)
    return round(share, 3) if common >= _COMMON_RULES and share >= _SAME_WAY else 0.0


def _begins(part: Part) -> tuple[datetime, str]:
    return part.alerts[0].timestamp, part.alerts[0].id


def _divided(item: Group) -> list[Part]:
    impact = [alert for alert in item.alerts if alert.rule.level >= Level.HIGH and "impact" in tactics(alert.rule.tags)]
    hosts = _hosts(impact)
    origins, alerts, joins = frozenset({item.number}), tuple(item.alerts), tuple(item.joins)
    if len(hosts) < _ON_HOSTS and len({alert.rule.id for alert in impact}) < _IN_RULES:
        return [Part(origins=origins, alerts=alerts, joins=joins)]
    start = _start(alerts, impact[0])
    before = [alert for alert in alerts if alert.timestamp < start]
    if total(terms(before)) < OPENS_AT:
        return [Part(origins=origins, alerts=alerts, joins=joins, is_wave=True)]
    elsewhere = _hosts(before) - hosts
    struck = {alert.id for alert in alerts if alert.timestamp >= start and not _is_on(alert, elsewhere)}
    first = next(alert.id for alert in alerts if alert.id in struck)
    return [
        Part(
            origins=origins,
            alerts=tuple(alert for alert in alerts if alert.id not in struck),
            joins=tuple(join for join in joins if join.alert_id not in struck),
        ),
        Part(
            origins=origins,
            alerts=tuple(alert for alert in alerts if alert.id in struck),
            joins=tuple(_tied_back(join, first) for join in joins if join.alert_id in struck),
            is_wave=True,
        ),
    ]


def _hosts(alerts: Iterable[Alert]) -> set[Entity]:
    return {entity for alert in alerts for entity in joining_entities(alert) if entity.kind == "host"}


def _is_on(alert: Alert, hosts: set[Entity]) -> bool:
    """Tell whether the alert names hosts, and all of them are among these."""
    own = _hosts([alert])
    return bool(own) and own <= hosts


def _start(alerts: Sequence[Alert], impact: Alert) -> datetime:
    """Return the time of the first alert of the dense stretch that leads to the first impact."""
    start = impact.timestamp
    for alert in reversed(alerts):
        if alert.timestamp <= start:
            if start - alert.timestamp > _PAUSE:
                break
            start = alert.timestamp
    return start


def _tied_back(join: Join, first: str) -> Join:
    if join.alert_id != first:
        return join
    return replace(join, reason=WAVE.say(because=join.reason))


def _goes_on(before: Part, part: Part) -> bool:
    """Tell whether one wave is of the same making as another before it."""
    apart = part.alerts[0].timestamp - before.alerts[-1].timestamp
    return apart <= _WAY_REACH and alike(way(before.alerts), way(part.alerts)) > 0


def _together(before: Part, part: Part) -> Part:
    ways = way(before.alerts), way(part.alerts)
    reason = SAME_WAY_AS_WAVE.say(count=len(ways[0] & ways[1]))
    sure = alike(*ways)
    joins = [
        replace(join, reason=reason, confidence=sure) if join.alert_id == part.alerts[0].id else join
        for join in part.joins
    ]
    return Part(
        origins=before.origins | part.origins,
        alerts=tuple(sorted([*before.alerts, *part.alerts], key=lambda item: (item.timestamp, item.id))),
        joins=(*before.joins, *joins),
        is_wave=True,
    )

"""What an incident tells of its alerts: title, score, entities, tactics, playbooks, timeline, and when it opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from engine.alerts import Alert, Level
from engine.attack import in_order, tactics, techniques
from engine.entities import Entity, entities_of
from engine.events import texts
from engine.incidents.model import Incident, Moment
from engine.incidents.noise import Judgement
from engine.incidents.phrases import (
    AND_OTHERS,
    AT_PAGE,
    BY_USER,
    FROM_ADDRESS,
    HOSTS,
    ON_HOST,
    ON_HOSTS,
    ON_TWO_HOSTS,
    RAN,
    Phrase,
)
from engine.incidents.scoring import OPENS_AT, Circumstances, severity, terms, total
from engine.incidents.waves import Part


def id_of(text: str) -> str:
    """Return the incident id made from a text (that of its first alert)."""
    return "INC-" + sha256(text.encode()).hexdigest()[:10]


def ids_before(incident: Incident) -> frozenset[str]:
    """Return every id that an incident may have had before it was merged into this one: each from one of its alerts."""
    return frozenset(map(id_of, incident.alerts)) - {incident.id}


def opening(
    alerts: Sequence[Alert], judgements: Mapping[str, Judgement], known: Circumstances, *, enough: float = OPENS_AT
) -> datetime | None:
    """Return the time of the alert with which the evidence was enough, None where it never is."""
    low, high = 0, len(alerts)
    if total(terms(alerts, judgements, known)) < enough:
        return None
    while low < high:  # the score only grows with more alerts
        middle = (low + high) // 2
        if total(terms(alerts[: middle + 1], judgements, known)) >= enough:
            high = middle
        else:
            low = middle + 1
    return alerts[low].timestamp


def tell(part: Part, opened: datetime, judgements: Mapping[str, Judgement], known: Circumstances) -> Incident:
    """Return the incident that a part makes, without context and links; its id is that of its first alert."""
    alerts = part.alerts
    found = terms(alerts, judgements, known)
    worst = max(alert.rule.level for alert in alerts)
    entities = _entities(alerts)
    return Incident(
        id=id_of(alerts[0].id),
        title=_title(alerts, entities, judgements),
        status="open",
        severity=severity(total(found), worst),
        score=total(found),
        score_terms=tuple((term.name, term.points) for term in found),
        first_seen=alerts[0].timestamp,
        last_seen=alerts[-1].timestamp,
        opened=opened,
        alerts=tuple(alert.id for alert in alerts),
        joins=part.joins,
        entities=entities,
        tactics=in_order(name for alert in alerts for name in tactics(alert.rule.tags)),
        techniques=tuple(sorted({name for alert in alerts for name in techniques(alert.rule.tags)})),
        playbooks=_playbooks(alerts),
        timeline=tuple(_moment(alert) for alert in alerts),
        terms=found,
    )


def _entities(alerts: Sequence[Alert]) -> tuple[Entity, ...]:
    """Return the entities of all alerts, the most frequent of each kind first."""
    counts = Counter(entity for alert in alerts for entity in entities_of(alert.fields))
    hosts = {entity.value for entity in counts if entity.kind == "host"}
    for entity in [item for item in counts if item.kind == "domain" and item.value in hosts]:
        del counts[entity]  # a machine of the estate, which is there as a host
    full = {value.partition(".")[0]: value for value in sorted(hosts) if "." in value}
    for name in [value for value in hosts if value in full]:
        counts[Entity("host", full[name])] += counts.pop(Entity("host", name))  # the same machine without its domain
    return tuple(entity for entity, _ in sorted(counts.items(), key=lambda pair: (pair[0].kind, -pair[1], pair[0])))


def _title(alerts: Sequence[Alert], entities: Sequence[Entity], judgements: Mapping[str, Judgement]) -> str:
    worst = max(alerts, key=lambda alert: (alert.rule.level, judgements[alert.id].bits, -alert.timestamp.timestamp()))
    hosts = [entity.value for entity in entities if entity.kind == "host"]
    if not hosts:
        return worst.rule.name
    others = len(hosts) - 1
    first = next(iter(texts(worst.fields.get("host.name"))), hosts[0])
    phrase = ON_HOSTS if others > 1 else ON_TWO_HOSTS if others else ON_HOST
    return phrase.say(rule=worst.rule.name, place=first, count=others)


def _playbooks(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """Return the playbooks that the rules name, by the worst rule that names each."""
    best: dict[str, Level] = {}
    for alert in alerts:
        for name in alert.rule.playbooks:
            best[name] = max(alert.rule.level, best.get(name, Level.INFORMATIONAL))
    return tuple(sorted(best, key=lambda name: (-best[name], name)))


_TOLD: Mapping[str, Phrase] = {
    "user.name": BY_USER,
    "source.ip": FROM_ADDRESS,
    "process.command_line": RAN,
    "url.original": AT_PAGE,
}


def _moment(alert: Alert) -> Moment:
    parts = []
    for name, phrase in _TOLD.items():
        values = texts(alert.fields.get(name))
        if values:
            first = values[0][:200]
            told = AND_OTHERS.say(value=first, count=len(values) - 1) if len(values) > 1 else first
            parts.append(phrase.say(value=told))
    hosts = texts(alert.fields.get("host.name"))
    return Moment(
        timestamp=alert.timestamp,
        alert_id=alert.id,
        rule_id=alert.rule.id,
        rule_name=alert.rule.name,
        level=alert.rule.level,
        host=hosts[0] if len(hosts) == 1 else HOSTS.say(count=len(hosts)) if hosts else "",
        summary=", ".join(parts),
        tactics=tactics(alert.rule.tags),
        techniques=techniques(alert.rule.tags),
    )

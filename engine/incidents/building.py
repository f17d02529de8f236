"""From groups of alerts to incidents, and from yesterday's incidents to today's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from engine.alerts import Alert, Level
from engine.attack import in_order, tactics, techniques
from engine.entities import Entity, entities_of
from engine.events import texts
from engine.incidents.grouping import Group, group
from engine.incidents.model import Incident, Moment
from engine.incidents.scoring import OPENS_AT, score_terms, severity, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of the incidents: those new or changed, and the ids of those merged into others."""

    saved: tuple[Incident, ...]
    removed: tuple[str, ...]


def build(alerts: Iterable[Alert]) -> list[Incident]:
    """Return the incidents that the alerts make, the worst first."""
    return _built(alerts, {})


def update(known: Sequence[Incident], alerts: Iterable[Alert]) -> Changes:
    """Return what has to be saved and removed so that the incidents fit the alerts.

    An incident keeps its id, status and closing words as long as it keeps any of its alerts; where two have grown
    together the older keeps its id, and where one falls apart the part with most of its alerts does. An incident that
    is closed stays closed with the alerts it had: new alerts on the same entities open a new one. An incident stays
    one even where verdicts take its score below what opens a new one.
    """
    closed = {alert for item in known if item.status == "closed" for alert in item.alerts}
    owner = {alert: item for item in known if item.status != "closed" for alert in item.alerts}
    fresh = _built((alert for alert in alerts if alert.id not in closed), owner)
    heirs = _heirs(fresh, owner)
    taken = {item.id for item in known if item.status == "closed"} | {item.id for item in heirs.values()}
    saved = []
    for number, incident in enumerate(fresh):
        before = heirs.get(number)
        if before is None:
            after = replace(incident, id=_free_id(incident, taken))
            taken.add(after.id)
        else:
            after = replace(incident, id=before.id, status=before.status, closed_why=before.closed_why)
        if after != before:
            saved.append(after)
    absorbed = {owner[alert].id for incident in fresh for alert in incident.alerts if alert in owner}
    return Changes(saved=tuple(saved), removed=tuple(sorted(absorbed - taken)))


def _heirs(fresh: Sequence[Incident], owner: Mapping[str, Incident]) -> dict[int, Incident]:
    """Return which of the fresh incidents (by number) goes on under the id of which known one."""
    shares: dict[str, Counter[int]] = {}
    for number, incident in enumerate(fresh):
        for alert in incident.alerts:
            if alert in owner:
                shares.setdefault(owner[alert].id, Counter())[number] += 1
    heirs: dict[int, Incident] = {}
    for before in sorted({item.id: item for item in owner.values()}.values(), key=lambda item: (item.opened, item.id)):
        counts = shares.get(before.id)
        if counts:
            number = min(counts, key=lambda item: (-counts[item], item))
            heirs.setdefault(number, before)
    return heirs


def _free_id(incident: Incident, taken: Collection[str]) -> str:
    """Return the incident's own id, or another made from its first alert where that belongs to a known incident."""
    found, attempt = incident.id, 0
    while found in taken:
        attempt += 1
        found = _id(f"{incident.alerts[0]}/{attempt}")
    return found


def _id(text: str) -> str:
    return "INC-" + sha256(text.encode()).hexdigest()[:10]


def _built(alerts: Iterable[Alert], owner: Mapping[str, Incident]) -> list[Incident]:
    found = []
    for item in group(alerts):
        # a known incident stays one, whatever its score has become
        known = [owner[alert.id].opened for alert in item.alerts if alert.id in owner]
        opened = _opening(item.alerts) or min(known, default=None)
        if opened is not None:
            found.append(_incident(item, opened))
    return sorted(found, key=lambda item: (-item.score, item.id))


def _incident(item: Group, opened: datetime) -> Incident:
    alerts = item.alerts
    terms = score_terms(alerts)
    worst = max(alert.rule.level for alert in alerts)
    entities = _entities(alerts)
    return Incident(
        id=_id(alerts[0].id),
        title=_title(alerts, entities),
        status="open",
        severity=severity(total(terms), worst),
        score=total(terms),
        score_terms=terms,
        first_seen=alerts[0].timestamp,
        last_seen=alerts[-1].timestamp,
        opened=opened,
        alerts=tuple(alert.id for alert in alerts),
        joins=tuple(item.joins),
        entities=entities,
        tactics=in_order(name for alert in alerts for name in tactics(alert.rule.tags)),
        techniques=tuple(sorted({name for alert in alerts for name in techniques(alert.rule.tags)})),
        playbooks=_playbooks(alerts),
        timeline=tuple(_moment(alert) for alert in alerts),
    )


def _opening(alerts: Sequence[Alert]) -> datetime | None:
    """Return the time of the alert with which the evidence was enough, None where it never is."""
    low, high = 0, len(alerts)
    if total(score_terms(alerts)) < OPENS_AT:
        return None
    while low < high:  # the score only grows with more alerts
        middle = (low + high) // 2
        if total(score_terms(alerts[: middle + 1])) >= OPENS_AT:
            high = middle
        else:
            low = middle + 1
    return alerts[low].timestamp


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


def _title(alerts: Sequence[Alert], entities: Sequence[Entity]) -> str:
    worst = max(alerts, key=lambda alert: (alert.rule.level, -alert.timestamp.timestamp()))
    hosts = [entity.value for entity in entities if entity.kind == "host"]
    if not hosts:
        return worst.rule.name
    others = len(hosts) - 1
    more = f" and {others} more host{'s' if others > 1 else ''}" if others else ""
    first = next(iter(texts(worst.fields.get("host.name"))), hosts[0])
    return f"{worst.rule.name} on {first}{more}"


def _playbooks(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """Return the playbooks that the rules name, by the worst rule that names each."""
    best: dict[str, Level] = {}
    for alert in alerts:
        for name in alert.rule.playbooks:
            best[name] = max(alert.rule.level, best.get(name, Level.INFORMATIONAL))
    return tuple(sorted(best, key=lambda name: (-best[name], name)))


_TOLD: Mapping[str, str] = {
    "user.name": "user",
    "source.ip": "from",
    "process.command_line": "ran",
    "url.original": "at",
}


def _moment(alert: Alert) -> Moment:
    parts = []
    for name, word in _TOLD.items():
        values = texts(alert.fields.get(name))
        if values:
            more = f" (and {len(values) - 1} more)" if len(values) > 1 else ""
            parts.append(f"{word} {values[0][:200]}{more}")
    hosts = texts(alert.fields.get("host.name"))
    return Moment(
        timestamp=alert.timestamp,
        alert_id=alert.id,
        rule_id=alert.rule.id,
        rule_name=alert.rule.name,
        level=alert.rule.level,
        host=hosts[0] if len(hosts) == 1 else f"{len(hosts)} hosts" if hosts else "",
        summary=", ".join(parts),
        tactics=tactics(alert.rule.tags),
        techniques=techniques(alert.rule.tags),
    )

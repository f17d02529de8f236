"""Which alerts belong together: joined through shared entities within a time, each join with its reason.

An entity ties alerts together the more strongly, the fewer things in an estate share it: a file hash more than a host,
a host more than an account. An entity that turns up in alerts of very many hosts (a proxy, a scanner, a service
account) says little and is weakened by how many hosts it was seen with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.alerts import Alert
from engine.entities import Entity, Kind, entities_of
from engine.incidents.model import Join
from engine.sigma.folding import fold

# How surely one shared entity of a kind joins two alerts; kinds that are not here join nothing.
STRENGTH: Mapping[Kind, float] = {"hash": 0.95, "ip": 0.7, "host": 0.8, "user": 0.5, "mailbox": 0.6, "file": 0.3}
ENOUGH = 0.45  # confidence from which an alert joins
# How long after an entity's last alert a new one still belongs to it.
REACH: Mapping[Kind, timedelta] = {
    "hash": timedelta(days=30),
    "ip": timedelta(days=2),
    "host": timedelta(days=2),
    "user": timedelta(days=1),
    "mailbox": timedelta(days=2),
    "file": timedelta(hours=6),
}
# Accounts that are another on each machine: the same name says nothing (with the numbered ones of Windows' desktop).
_LOCAL_USERS = frozenset({"root", "nobody", "www-data", "apache", "nginx", "daemon", "defaultaccount", "iusr"})
_DESKTOP_USERS = ("dwm-", "umfd-")
_ADDRESS = re.compile(r"[0-9.]+\Z")
_COMMON = 25  # hosts that an entity other than a host may be seen with before it is weakened


@dataclass(slots=True)
class Group:
    """Alerts joined so far, oldest first, the joins that brought them in, and when each entity was last seen."""

    alerts: list[Alert] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    seen: dict[Entity, datetime] = field(default_factory=dict)


def group(alerts: Iterable[Alert]) -> list[Group]:
    """Join alerts into groups; the result depends on the alerts alone, not on the order in which they are given."""
    ordered = sorted(alerts, key=lambda alert: (alert.timestamp, alert.id))
    hosts = _hosts_of(ordered)
    groups: list[Group] = []
    by_entity: defaultdict[Entity, list[Group]] = defaultdict(list)
    for alert in ordered:
        entities = joining_entities(alert)
        candidates = _candidates(alert, entities, by_entity, hosts)
        target = candidates[0][0] if candidates else Group()
        if not candidates:
            groups.append(target)
            target.joins.append(Join(alert_id=alert.id, reason="first alert", shared=(), confidence=1.0))
        else:
            target.joins.append(_join(alert, *candidates[0][1:]))
        for other, shared, confidence in candidates[1:]:
            _merge(target, other, alert, shared, confidence)
            groups[:] = [item for item in groups if item is not other]
            for members in by_entity.values():
                if any(item is other for item in members):
                    members[:] = [item for item in members if item is not other and item is not target] + [target]
        target.alerts.append(alert)
        for entity in entities:
            target.seen[entity] = max(alert.timestamp, target.seen.get(entity, alert.timestamp))
            if not any(item is target for item in by_entity[entity]):
                by_entity[entity].append(target)
    return groups


def joining_entities(alert: Alert) -> tuple[Entity, ...]:
    """Return the alert's entities that can join it to others, in one spelling (folded; hosts without their domain)."""
    found = (Entity(item.kind, _spelling(item)) for item in entities_of(alert.fields) if item.kind in STRENGTH)
    return tuple(dict.fromkeys(item for item in found if item.value and not _is_local(item)))


def _is_local(entity: Entity) -> bool:
    return entity.kind == "user" and (entity.value in _LOCAL_USERS or entity.value.startswith(_DESKTOP_USERS))


def _spelling(entity: Entity) -> str:
    value = fold(entity.value)
    if entity.kind == "host":  # without its domain, unless it is known by its address alone
        return value if _ADDRESS.match(value) else value.partition(".")[0]
    if entity.kind == "user":
        return value.rpartition("\\")[2].partition("@")[0]
    return value


def _hosts_of(alerts: Sequence[Alert]) -> dict[Entity, int]:
    """Count for each entity the hosts with which it was seen."""
    found: defaultdict[Entity, set[str]] = defaultdict(set)
    for alert in alerts:
        entities = joining_entities(alert)
        hosts = {item.value for item in entities if item.kind == "host"}
        for entity in entities:
            found[entity] |= hosts
    return {entity: len(hosts) for entity, hosts in found.items()}


def _candidates(
    alert: Alert,
    entities: Sequence[Entity],
    by_entity: Mapping[Entity, list[Group]],
    hosts: Mapping[Entity, int],
) -> list[tuple[Group, tuple[Entity, ...], float]]:
    """Return the groups that the alert belongs to, the surest first, with the shared entities and the confidence."""
    shared: dict[int, tuple[Group, list[Entity]]] = {}
    for entity in entities:
        for candidate in by_entity.get(entity, ()):
            if alert.timestamp - candidate.seen[entity] <= REACH[entity.kind]:
                shared.setdefault(id(candidate), (candidate, []))[1].append(entity)
    found = [(item, tuple(common), _confidence(common, hosts)) for item, common in shared.values()]
    sure = [item for item in found if item[2] >= ENOUGH]
    return sorted(sure, key=lambda item: (-item[2], item[0].alerts[0].timestamp, item[0].alerts[0].id))


def _confidence(shared: Sequence[Entity], hosts: Mapping[Entity, int]) -> float:
    doubt = 1.0
    for entity in shared:
        strength = STRENGTH[entity.kind]
        spread = hosts.get(entity, 0)
        if entity.kind != "host" and spread > _COMMON:
            strength *= _COMMON / spread
        doubt *= 1 - strength
    return round(1 - doubt, 3)


def _join(alert: Alert, shared: tuple[Entity, ...], confidence: float) -> Join:
    names = ", ".join(f"{item.kind} {item.value}" for item in shared)
    return Join(alert_id=alert.id, reason=f"same {names}", shared=shared, confidence=confidence)


def _merge(target: Group, other: Group, alert: Alert, shared: tuple[Entity, ...], confidence: float) -> None:
    names = ", ".join(f"{item.kind} {item.value}" for item in shared)
    reason = f"brings in {len(other.alerts)} alerts through {names}"
    target.joins.extend(other.joins)
    target.joins.append(Join(alert_id=alert.id, reason=reason, shared=shared, confidence=confidence))
    target.alerts = sorted([*target.alerts, *other.alerts], key=lambda item: (item.timestamp, item.id))
    for entity, moment in other.seen.items():
        target.seen[entity] = max(moment, target.seen.get(entity, moment))

"""An incident as the exports see it: what was observed when, which things are the attacker's, which techniques."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from engine.alerts import Alert
from engine.attack.table import table
from engine.entities import Entity, entities_of
from engine.events import texts
from engine.incidents.model import Incident, Moment
from playbooks.house import House
from playbooks.suspects import as_told, suspects

_DIRECTED: Final = ("source.ip", "destination.ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One alert of the incident: its line of the timeline, and the things in it (none where the alert is gone)."""

    moment: Moment
    entities: tuple[Entity, ...]
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident with its alerts. `producer` is who exports it, `house` what is their own."""

    incident: Incident
    alerts: Sequence[Alert]
    producer: str
    house: House = field(default_factory=House)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Return what was observed, oldest first."""
        known = {alert.id: alert for alert in self.alerts}
        found = []
        for moment in sorted(self.incident.timeline, key=lambda item: (item.timestamp, item.alert_id)):
            alert = known.get(moment.alert_id)
            things = entities_of(alert.fields) if alert else ()
            found.append(Observation(moment=moment, entities=things, events=max(1, len(alert.events) if alert else 1)))
        return tuple(found)

    @property
    def suspects(self) -> tuple[Entity, ...]:
        """Return what is the attacker's (see `playbooks.suspects`)."""
        return suspects(self.incident, self.alerts, self.house)

    @property
    def destinations(self) -> frozenset[str]:
        """Return the addresses that were only ever the destination of what was seen."""
        seen: dict[str, set[str]] = {name: set() for name in _DIRECTED}
        for alert in self.alerts:
            for name, addresses in seen.items():
                addresses.update(as_told(Entity("ip", value)).value for value in texts(alert.fields.get(name)))
        return frozenset(seen["destination.ip"] - seen["source.ip"])

    @property
    def first_of(self) -> Mapping[str, datetime]:
        """Return when each technique was first seen, in this order; techniques without an alert come last."""
        found: dict[str, datetime] = {}
        for item in self.observations:
            for technique in item.moment.techniques:
                found.setdefault(technique.upper(), item.moment.timestamp)
        for technique in self.incident.techniques:
            found.setdefault(technique.upper(), self.incident.first_seen)
        return found


def technique_name(number: str) -> str:
    """Return a technique's name in ATT&CK, its id where the table does not know it."""
    found = table().techniques.get(number)
    return found.name if found else number


def technique_tactics(number: str) -> tuple[str, ...]:
    """Return a technique's tactics (`initial-access`) in ATT&CK, none where the table does not know it."""
    found = table().techniques.get(number)
    return found.newest_tactics if found else ()


def technique_reference(number: str) -> dict[str, str]:
    """Return the reference to a technique as ATT&CK's own STIX content gives it."""
    return {
        "source_name": "mitre-attack",
        "external_id": number,
        "url": f"https://attack.mitre.org/techniques/{number.replace('.', '/')}",
    }

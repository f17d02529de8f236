"""What an incident is: alerts that belong together, why they do, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engine.alerts import Level
from engine.entities import Entity

Status = Literal["open", "contained", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Why one alert belongs to the incident: the reason in words, the shared entities, and a confidence from 0 to 1."""

    alert_id: str
    reason: str
    shared: tuple[Entity, ...]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline: an alert as it is told to a reader."""

    timestamp: datetime
    alert_id: str
    rule_id: str
    rule_name: str
    level: Level
    host: str
    summary: str
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of a score: what for (`severity`, `spread`, `rarity`, `progress`, ...), points, the alerts behind it."""

    kind: str
    name: str
    points: float
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another incident of the same campaign: its id, why it is taken to be, and a confidence from 0 to 1."""

    incident: str
    reason: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An unusual alert elsewhere that is told with an incident (`engine.incidents.elsewhere`), and what is unusual."""

    timestamp: datetime
    alert_id: str
    rule_id: str
    rule_name: str
    level: Level
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Alerts joined by entities, causes and time. `score` is the sum of `score_terms` (name, points).

    `terms` are the same points with the alerts that they rest on. `context` are those of the alerts that were held
    back as usual, and happened on its hosts while it was under way: they add no points. `elsewhere` are alerts that are
    no part of it, told with a grave incident because they were unusual while it was under way or soon after. `campaign`
    is an id that all linked incidents have in common, empty where there is no link.

    `opened` is the event time of the alert at which the incident's evidence was enough to open it; `first_seen` and
    `last_seen` are the times of its first and last alerts. `playbooks` are ids, the most fitting first.
    """

    id: str
    title: str
    status: Status
    severity: Level
    score: float
    score_terms: tuple[tuple[str, float], ...]
    first_seen: datetime
    last_seen: datetime
    opened: datetime
    alerts: tuple[str, ...]
    joins: tuple[Join, ...]
    entities: tuple[Entity, ...]
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    playbooks: tuple[str, ...]
    timeline: tuple[Moment, ...] = field(default=())
    closed_why: str = ""
    terms: tuple[Term, ...] = ()
    context: tuple[str, ...] = ()
    elsewhere: tuple[Sighting, ...] = ()
    links: tuple[Link, ...] = ()
    campaign: str = ""

    @property
    def core(self) -> tuple[str, ...]:
        """Return the alerts that make it, without those that are only shown with it, in the order of `alerts`."""
        context = frozenset(self.context)
        return tuple(alert for alert in self.alerts if alert not in context)

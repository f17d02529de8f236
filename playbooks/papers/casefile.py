"""Everything that papers and reports about one incident are made of, read once, by whoever has the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from engine.alerts import Alert
from engine.casework.model import Case
from engine.entities import Entity, Kind, entities_of
from engine.events import instant
from engine.incidents.model import Incident
from playbooks.awareness import Awareness
from playbooks.compiler import Guide
from playbooks.decisions import State
from playbooks.house import House
from playbooks.ledger import Record
from playbooks.legal import Clock
from playbooks.names import Pseudonym
from playbooks.papers.model import Origin
from playbooks.suspects import suspects

FIELD = "incident.paper-field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One playbook for the incident: its guide, why it is there, and its run's state (None where it was not begun)."""

    guide: Guide
    because: str
    state: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A field that a person filled in: their words, who and when, and the ledger record that says so."""

    text: str
    actor: str
    at: str
    record: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting of `[papers]` with where it stands."""

    value: str
    place: str


@dataclass(frozen=True, kw_only=True)  # without slots: what papers ask again and again is worked out once
class CaseFile:
    """One incident with its alerts, what analysts noted, the ledger's records about it, playbooks and clocks.

    `aware` is when awareness began, `aware_by` its origin. `author` is who asks for the paper. `likely` are techniques
    that may come next, as they are shown. `house` is what is its own, `pseudonym` its pseudonyms (None: it has no key).
    """

    incident: Incident
    alerts: Mapping[str, Alert]
    case: Case
    records: Sequence[Record]
    courses: Sequence[Course]
    clocks: Sequence[Clock]
    aware: datetime
    aware_by: Origin
    author: str
    now: datetime
    settings: Mapping[str, Setting] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    likely: tuple[str, ...] = ()
    house: House = field(default_factory=House)
    pseudonym: Pseudonym | None = None

    @cached_property
    def counted(self) -> tuple[Alert, ...]:
        """Return the alerts that nobody judged false or benign, oldest first."""
        kept = (alert for alert in self.alerts.values() if alert.is_open or alert.verdict == "true-positive")
        return tuple(sorted(kept, key=lambda alert: (alert.timestamp, alert.id)))

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """Return the incident's entities, and those of its alerts that it does not name itself, each once."""
        found = dict.fromkeys(self.incident.entities)
        for alert in self.alerts.values():
            found.update(dict.fromkeys(entities_of(alert.fields)))
        return tuple(found)

    @cached_property
    def values(self) -> Mapping[Kind, Sequence[str]]:
        """Return the entities by kind, each once however it is spelled (hosts without their domain)."""
        found: dict[Kind, dict[str, str]] = {}
        for entity in self.entities:
            key = entity.value.lower()
            key = key.partition(".")[0] if entity.kind == "host" and not key[:1].isdigit() else key
            found.setdefault(entity.kind, {}).setdefault(key, entity.value)
        return {kind: tuple(spelled.values()) for kind, spelled in found.items()}

    @cached_property
    def suspects(self) -> tuple[Entity, ...]:
        """Return what is the attacker's (see `playbooks.suspects`)."""
        return suspects(self.incident, self.alerts.values(), self.house, self.entities)

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Return the names of those who worked on it, each once."""
        case = self.case
        names = [
            case.owner,
            *(record.actor for record in self.records),
            *(note.actor for note in case.notes),
            *(task.actor for task in case.tasks),
            *(item.actor for item in case.evidence),
            *(task.owner for task in case.tasks),
            *(task.done_by for task in case.tasks),
            *(given.actor for given in self.given.values()),
        ]
        return tuple(dict.fromkeys(name for name in names if name))


def origin_of(found: Awareness, incident: Incident) -> Origin:
    """Return where it is known from when awareness began."""
    if found.record:
        return Origin("decision", str(found.record))
    return Origin("incident", f"{incident.id[:12]}, {instant(incident.opened)}")

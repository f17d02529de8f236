"""Everything that papers and reports about one incident are made of, read once, by whoever has the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.alerts import Alert
from engine.casework.model import Case
from engine.entities import Entity, entities_of
from engine.events import instant
from engine.incidents.model import Incident
from playbooks.compiler import Guide
from playbooks.decisions import State
from playbooks.ledger import Record
from playbooks.papers.clocks import Clock
from playbooks.papers.model import Origin

AWARE = "incident.aware"
SENT = "incident.paper-sent"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One incident with its alerts, what analysts noted, the ledger's records about it, playbooks and clocks.

    `aware` is when awareness began, `aware_by` its origin. `author` is who asks for the paper. `likely` are techniques
    that may come next, as they are shown.
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

    @property
    def counted(self) -> tuple[Alert, ...]:
        """Return the alerts that nobody judged false or benign, oldest first."""
        kept = (alert for alert in self.alerts.values() if alert.is_open or alert.verdict == "true-positive")
        return tuple(sorted(kept, key=lambda alert: (alert.timestamp, alert.id)))

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Return the incident's entities, and those of its alerts that it does not name itself, each once."""
        found = dict.fromkeys(self.incident.entities)
        for alert in self.alerts.values():
            found.update(dict.fromkeys(entities_of(alert.fields)))
        return tuple(found)

    @property
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


def awareness(records: Sequence[Record], incident: Incident) -> tuple[datetime, Origin]:
    """Return when awareness began: as the last person said, else when the evidence was enough to open the incident.

    The second is the earliest instant that could count, so that no clock is started too late.
    """
    for record in reversed(records):
        if record.kind == AWARE and (at := _instant(record.details.get("at"))):
            return at, Origin("decision", str(record.sequence))
    return incident.opened, Origin("incident", f"{incident.id[:12]} opened {instant(incident.opened)}")


def sent(records: Sequence[Record]) -> dict[str, tuple[datetime, int]]:
    """Return when the paper of each deadline was sent, by the deadline's id, and the ledger record; the last counts."""
    found: dict[str, tuple[datetime, int]] = {}
    for record in records:
        at = _instant(record.details.get("at")) if record.kind == SENT else None
        if at is not None:
            found[str(record.details.get("deadline"))] = (at, record.sequence)
    return found


def _instant(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None

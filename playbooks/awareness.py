"""When an incident's legal clocks began and what has been sent: what people said of it, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.incidents.model import Incident
from playbooks.ledger import Record
from playbooks.legal import Clock, Rule, clocks

AWARE = "incident.aware"
SENT = "incident.paper-sent"
INCIDENTS = "incident/"  # how the subjects of all incidents and their runs begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Awareness:
    """When awareness began, and the ledger record that says so; `record` is 0 where nobody has said."""

    at: datetime
    record: int = 0


def about(incident_id: str) -> str:
    """Return the ledger's subject of what is said of an incident itself."""
    return INCIDENTS + incident_id


def incident_in(subject: str) -> str:
    """Return the id of the incident that a subject is about or a run of, an empty text where it is another subject."""
    return subject.removeprefix(INCIDENTS).partition("/")[0] if subject.startswith(INCIDENTS) else ""


def awareness(records: Sequence[Record], incident: Incident) -> Awareness:
    """Return when awareness began: as the last person said, else when the evidence was enough to open the incident.

    The second is the earliest instant that could count, so that no clock is started too late.
    """
    for record in reversed(records):
        if record.kind == AWARE and (at := _instant(record.details.get("at"))):
            return Awareness(at=at, record=record.sequence)
    return Awareness(at=incident.opened)


def sent(records: Iterable[Record]) -> dict[str, tuple[datetime, int]]:
    """Return when the paper of each deadline was sent, by the deadline's id, and the ledger record; the last counts."""
    found: dict[str, tuple[datetime, int]] = {}
    for record in records:
        at = _instant(record.details.get("at")) if record.kind == SENT else None
        if at is not None:
            found[str(record.details.get("deadline"))] = (at, record.sequence)
    return found


def clocks_of(incident: Incident, rules: Sequence[Rule], records: Sequence[Record] = ()) -> tuple[Clock, ...]:
    """Return the clocks of an incident, from what the ledger's `records` about it say of awareness and of papers."""
    return clocks(rules, awareness(records, incident).at, sent(records))


def _instant(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None

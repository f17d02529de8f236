"""From matches to alerts, with deterministic ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from engine.alerts import Alert, EventRef, alert_id
from engine.entities import CARRIED_FIELDS, ENTITY_FIELDS, alert_fields
from engine.events import Event, Scalar, Value
from engine.sigma.correlations.bursts import MAX_MEMBERS, Burst
from engine.sigma.engine import Match

MAX_VALUES = 50  # distinct values of a field that a correlation's alert carries
MAX_EVENTS = MAX_MEMBERS  # events of a window that an alert refers to
ALERT_FIELDS = frozenset({*CARRIED_FIELDS, "@timestamp", "event.hash"})  # what an alert takes from its event
_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def event_time(fields: Mapping[str, Value]) -> datetime:
    """Return the event's time; 1970 where the record carries none."""
    found = fields.get("@timestamp")
    return found if isinstance(found, datetime) else _UNKNOWN_TIME


def event_alert(match: Match, event: Event) -> Alert:
    """Return the alert of one rule on one event."""
    info = match.rule.info
    return Alert(
        id=alert_id(info.id, info.version, (event.id,)),
        timestamp=event_time(event.fields),
        rule=info,
        events=(reference(event),),
        why=match.why(event.fields, event.original),
        fields=alert_fields(event.fields),
    )


def burst_alert(burst: Burst, events: Mapping[str, Event], names: Mapping[str, str]) -> Alert:
    """Return the alert of a correlation.

    `events` holds the window's events by id (those that are known), `names` those of rules by id.
    """
    ids = dict.fromkeys(hit.event_id for hit in burst.hits)
    known = [events[item] for item in ids if item in events][:MAX_EVENTS]
    return Alert(
        id=burst.id,
        timestamp=burst.at,
        rule=burst.correlation.info,
        events=tuple(reference(event) for event in known),
        why=burst.why(names),
        fields=_merged([alert_fields(event.fields) for event in known] or [_group_fields(burst)]),
    )


def _group_fields(burst: Burst) -> dict[str, Value]:
    """Return what the group itself says, for a burst none of whose events is at hand."""
    group = zip(burst.correlation.group_by, burst.group, strict=True)
    return {name: value for name, value in group if name in ENTITY_FIELDS}


def reference(event: Event) -> EventRef:
    """Return what an alert keeps of an event."""
    moment = event.fields.get("@timestamp")
    return EventRef(
        id=event.id,
        timestamp=moment if isinstance(moment, datetime) else None,
        source=str(event.origin),
        original=event.original or str(event.fields.get("event.hash", "")),  # where privacy forbids the text
    )


def _merged(parts: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    for name in CARRIED_FIELDS:
        values: dict[Scalar, None] = {}
        for part in parts:
            value = part.get(name)
            if isinstance(value, list | tuple):
                values.update(dict.fromkeys(value))
            elif value is not None:
                values[value] = None  # type: ignore[index] # a Value that is no sequence is a Scalar
        kept = list(values)[:MAX_VALUES]
        if kept:
            merged[name] = kept[0] if len(kept) == 1 else kept
    return merged

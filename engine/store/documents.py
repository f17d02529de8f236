"""Alerts and incidents as JSON text, and back to what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson

from engine.alerts import Alert, EventRef, Level, Reason, RuleInfo
from engine.entities import Entity
from engine.events import Value
from engine.incidents.model import Incident, Join, Link, Moment, Sighting, Term
from engine.store.values import fields_of, json_default

_ALERT, _RULE, _EVENT, _REASON = (
    tuple(field.name for field in fields(kind)) for kind in (Alert, RuleInfo, EventRef, Reason)
)  # by hand where there are thousands: `asdict` copies every text's container
_NAMES: Mapping[type, Sequence[str]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (Incident, Entity, Join, Link, Moment, Sighting, Term)
}
_AS_JSON = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_RULE_LISTS = ("tags", "references", "falsepositives", "playbooks")


def alert_to_text(alert: Alert) -> str:
    """Write an alert as JSON in ASCII."""
    parts = {name: getattr(alert, name) for name in _ALERT}
    rule = {name: getattr(alert.rule, name) for name in _RULE}
    events = [{name: getattr(each, name) for name in _EVENT} for each in alert.events]
    why = [{name: getattr(each, name) for name in _REASON} for each in alert.why]
    document = {**parts, "rule": rule, "events": events, "why": why, "fields": dict(alert.fields)}
    return _dump(document) if any(map(_has_fraction, alert.fields.values())) else _fast_dump(document)


def alert_from_text(text: str) -> Alert:
    """Read back what `alert_to_text` wrote."""
    found = json.loads(text)
    rule = found["rule"]
    return Alert(
        id=found["id"],
        timestamp=_moment(found["timestamp"]),
        rule=RuleInfo(**{**rule, "level": Level(rule["level"]), **{name: tuple(rule[name]) for name in _RULE_LISTS}}),
        events=tuple(EventRef(**{**each, "timestamp": _moment_or_none(each["timestamp"])}) for each in found["events"]),
        why=tuple(Reason(**each) for each in found["why"]),
        fields=fields_of(found["fields"]),
        verdict=found["verdict"],
        verdict_why=found["verdict_why"],
    )


def incident_to_text(incident: Incident) -> str:
    """Write an incident as JSON in ASCII."""
    return json.dumps(incident, default=_parts, sort_keys=True, separators=(",", ":"))


def incident_from_text(text: str) -> Incident:
    """Read back what `incident_to_text` wrote."""
    found = json.loads(text)
    return Incident(
        **{
            **found,
            "severity": Level(found["severity"]),
            "score_terms": tuple((name, points) for name, points in found["score_terms"]),
            **{name: _moment(found[name]) for name in ("first_seen", "last_seen", "opened")},
            **{name: tuple(found[name]) for name in ("alerts", "tactics", "techniques", "playbooks")},
            "context": tuple(found.get("context", ())),  # these four are younger than some stored incidents
            "elsewhere": tuple(_sighting(each) for each in found.get("elsewhere", ())),
            "terms": tuple(Term(**{**each, "alerts": tuple(each["alerts"])}) for each in found.get("terms", ())),
            "links": tuple(Link(**each) for each in found.get("links", ())),
            "joins": tuple(Join(**{**each, "shared": _entities(each["shared"])}) for each in found["joins"]),
            "entities": _entities(found["entities"]),
            "timeline": tuple(_line(each) for each in found["timeline"]),
        }
    )


def _parts(value: object) -> object:
    """Return what an incident's part is made of, or another value as JSON can hold it."""
    names = _NAMES.get(type(value))
    return json_default(value) if names is None else {name: getattr(value, name) for name in names}


def _line(found: Mapping[str, Any]) -> Moment:
    return Moment(
        **{
            **found,
            "timestamp": _moment(found["timestamp"]),
            "level": Level(found["level"]),
            "tactics": tuple(found["tactics"]),
            "techniques": tuple(found["techniques"]),
        }
    )


def _sighting(found: Mapping[str, Any]) -> Sighting:
    return Sighting(**{**found, "timestamp": _moment(found["timestamp"]), "level": Level(found["level"])})


def _entities(found: Sequence[Mapping[str, Any]]) -> tuple[Entity, ...]:
    return tuple(Entity(**each) for each in found)


def _dump(document: Mapping[str, object]) -> str:
    return json.dumps(document, default=json_default, sort_keys=True, separators=(",", ":"))


def _has_fraction(value: Value) -> bool:
    return any(isinstance(each, float) for each in (value if isinstance(value, (list, tuple)) else (value,)))


def _fast_dump(document: Mapping[str, object]) -> str:
    """Write what `_dump` writes, for a document without fractions: alerts come by the ten thousand."""
    try:
        text = orjson.dumps(document, default=json_default, option=_AS_JSON)
    except TypeError:  # a lone surrogate, or a whole number of more than 64 bits
        return _dump(document)
    return text.decode() if text.isascii() and b"\x7f" not in text else _dump(document)


def _moment(found: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(found["$date"])


def _moment_or_none(found: Mapping[str, str] | None) -> datetime | None:
    return _moment(found) if found else None

"""Evidence that rules fire: a rule's own test events run through the engine as a hunt would run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from engine.events import Event, Fields, Origin, Value, event_id
from engine.hunting import Hunter
from engine.sigma.engine import Engine


def fires(engine: Engine, rule_id: str, events: Sequence[Mapping[str, Value]]) -> bool:
    """Tell whether the rule (or correlation) with this id raises an alert on the events, taken as one stream."""
    hunter = Hunter(engine)
    found = []
    for number, fields in enumerate(events, start=1):
        event = _event(number, fields)
        found.extend(hunter.look(dict(event.fields), event.original.encode(), lambda event=event: event))  # type: ignore[misc]
    found.extend(hunter.conclude())
    return any(alert.rule.id == rule_id for alert in found)


def _event(number: int, given: Mapping[str, Value]) -> Event:
    fields: Fields = dict(given)
    original = fields.get("event.original") or fields.get("message")
    text = original if isinstance(original, str) else orjson.dumps(fields, default=str).decode()
    origin = Origin(path="test", identity="test", offset=number, number=number)
    return Event(id=event_id("test", number, text.encode()), origin=origin, original=text, fields=fields)

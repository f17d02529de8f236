"""Evidence that rules fire: a rule's own test events run through the engine as a hunt would run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from engine.alerts import Alert
from engine.events import Event, Fields, Origin, Value, event_id
from engine.hunting import Hunter
from engine.sigma.engine import Engine


class Prover:
    """Runs test after test through one engine; what a test left behind never reaches the next one."""

    def __init__(self, engine: Engine) -> None:
        self._hunter = Hunter(engine)

    def found(self, events: Sequence[Mapping[str, Value]]) -> frozenset[str]:
        """Return the ids of the rules and correlations that raise an alert on the events, taken as one stream."""
        self._hunter.take()
        alerts: list[Alert] = []
        for number, fields in enumerate(events, start=1):
            event = _event(number, fields)
            alerts += self._hunter.look(dict(event.fields), event.original.encode(), lambda event=event: event)  # type: ignore[misc]
        return frozenset(alert.rule.id for alert in [*alerts, *self._hunter.conclude()])

    def fires(self, rule_id: str, events: Sequence[Mapping[str, Value]]) -> bool:
        """Tell whether the rule (or correlation) with this id raises an alert on the events."""
        return rule_id in self.found(events)


def _event(number: int, given: Mapping[str, Value]) -> Event:
    fields: Fields = dict(given)
    original = fields.get("event.original") or fields.get("message")
    text = original if isinstance(original, str) else orjson.dumps(fields, default=str).decode()
    origin = Origin(path="test", identity="test", offset=number, number=number)
    return Event(id=event_id("test", number, text.encode()), origin=origin, original=text, fields=fields)

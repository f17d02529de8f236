"""Hits: matches as correlations see them, and the text under which a store keeps them.

A hit belongs to one correlation. Where that correlation feeds others, the hit carries what its event says to them
(`above`), because the event itself is gone by the time the inner correlation holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from engine.store.protocol import BaseHit

Group = tuple[str, ...]
MAX_TEXT = 256  # characters of one group or value; longer ones keep their beginning and a hash of the whole


@dataclass(frozen=True, slots=True)
class Above:
    """What an event says to a correlation over the one that its hit belongs to."""

    correlation: str
    rule: str
    group: Group
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One match for one correlation (its `key`), by the rule or inner correlation with the id `rule`.

    `values` are those of the measured fields. `occurrence` is what counts once where that is not the event; `settled`
    is the instant that has to have passed before an inner correlation's match is certain.
    """

    correlation: str
    rule: str
    timestamp: datetime
    group: Group
    event_id: str
    values: tuple[str, ...] = ()
    above: tuple[Above, ...] = ()
    occurrence: str = ""
    settled: datetime | None = None

    @property
    def once(self) -> str:
        """Return what makes the hit count anew."""
        return self.occurrence or self.event_id


def short(text: str) -> str:
    """Return a text of bounded length that differs wherever the whole text differs."""
    if len(text) <= MAX_TEXT:
        return text
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{text[: MAX_TEXT - 30]}...#{digest}"


def kept_name(correlation: str, rule: str) -> str:
    """Return the name under which a store keeps the hits of a rule for a correlation."""
    return f"{correlation}/{rule}"


def to_store(hit: Hit) -> BaseHit:
    """Return a hit as a store keeps it: values and what it carries are JSON in `value`."""
    above = [[item.correlation, item.rule, item.group, item.values] for item in hit.above]
    return BaseHit(
        rule_id=kept_name(hit.correlation, hit.rule),
        timestamp=hit.timestamp,
        group=hit.group,
        value=json.dumps([hit.values, above] if above else [hit.values]) if hit.values or above else "",
        event_id=hit.event_id,
    )


def from_store(items: Iterable[BaseHit]) -> Iterator[Hit]:
    """Yield kept hits; equal groups and carried parts become one object, since there are few and they repeat."""
    same: dict[object, object] = {}
    for item in items:
        correlation, _, rule = item.rule_id.partition("/")
        values, *rest = json.loads(item.value) if item.value else ((),)
        above = tuple(
            Above(key, name, tuple(group), tuple(more)) for key, name, group, more in (rest[0] if rest else ())
        )
        group = same.setdefault(item.group, item.group)
        yield Hit(
            correlation,
            rule,
            item.timestamp,
            group,  # type: ignore[arg-type] # the equal object seen first
            item.event_id,
            tuple(values),
            same.setdefault(above, above),  # type: ignore[arg-type] # the equal object seen first
        )

"""What people decide about incidents: these belong together, those do not. Kept, learned from, and taken back again.

A decision names alerts, not incidents, so that it holds whatever else is joined later. What it teaches is small and
bounded: a thing through which alerts were wrongly joined ties half as surely from then on, one through which they were
rightly merged half again as surely.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from engine.alerts import Alert
from engine.entities import Entity
from engine.incidents.model import Join
from engine.incidents.phrases import FIRST, MERGED, SPLIT
from engine.incidents.ties import joining_entities
from engine.incidents.waves import Part

_LEAST, _MOST = 0.25, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Alerts that somebody put together (`merge`) or apart (`split`): `left` and `right` are ids of alerts.

    `shared` are the things that both sides had in common then, spelled as joining entities.
    """

    kind: Literal["merge", "split"]
    left: frozenset[str]
    right: frozenset[str]
    shared: tuple[Entity, ...]
    actor: str
    why: str
    at: datetime

    @property
    def words(self) -> str:
        """Return the decision as the reason of a join."""
        return (MERGED if self.kind == "merge" else SPLIT).say(actor=self.actor, why=self.why)


def trust(decisions: Iterable[Decision]) -> dict[Entity, float]:
    """Return by what factor things tie more or less surely, for what people decided about them."""
    found: dict[Entity, float] = {}
    for decision in decisions:
        factor = 1.5 if decision.kind == "merge" else 0.5
        for entity in decision.shared:
            found[entity] = min(max(found.get(entity, 1.0) * factor, _LEAST), _MOST)
    return found


def common(left: Iterable[Alert], right: Iterable[Alert]) -> tuple[Entity, ...]:
    """Return the things that both sides have in common."""
    sides = [{entity for alert in side for entity in joining_entities(alert)} for side in (left, right)]
    return tuple(sorted(sides[0] & sides[1]))


def apply(decisions: Sequence[Decision], parts: Sequence[Part]) -> list[Part]:
    """Return the parts as people want them, decisions in order of time (a later one overrides)."""
    found = list(parts)
    for decision in sorted(decisions, key=lambda item: (item.at, item.kind, sorted(item.left), sorted(item.right))):
        found = _merged(found, decision) if decision.kind == "merge" else _split(found, decision)
    return found


def _merged(parts: Sequence[Part], decision: Decision) -> list[Part]:
    named = decision.left | decision.right
    chosen = [part for part in parts if any(alert.id in named for alert in part.alerts)]
    if len(chosen) < 2:
        return list(parts)
    chosen.sort(key=lambda item: (item.alerts[0].timestamp, item.alerts[0].id))
    firsts = {part.alerts[0].id for part in chosen[1:]}
    whole = Part(
        origins=frozenset().union(*(part.origins for part in chosen)),
        alerts=_ordered(alert for part in chosen for alert in part.alerts),
        joins=tuple(
            Join(alert_id=join.alert_id, reason=decision.words, shared=(), confidence=1.0)
            if join.alert_id in firsts and join.reason == FIRST.say()
            else join
            for part in chosen
            for join in part.joins
        ),
        is_wave=any(part.is_wave for part in chosen),
    )
    return [*(part for part in parts if part not in chosen), whole]


def _split(parts: Sequence[Part], decision: Decision) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        ids = {alert.id for alert in part.alerts}
        found += _apart(part, decision) if ids & decision.left and ids & decision.right else [part]
    return found


def _apart(part: Part, decision: Decision) -> list[Part]:
    """Return the part as two; alerts that the decision does not name go where they share more things."""
    sides: dict[bool, list[Alert]] = {False: [], True: []}
    things = [
        Counter(entity for alert in part.alerts if alert.id in ids for entity in set(joining_entities(alert)))
        for ids in (decision.left, decision.right)
    ]
    for alert in part.alerts:
        own = joining_entities(alert)
        nearer = sum(entity in things[1] for entity in own) > sum(entity in things[0] for entity in own)
        sides[alert.id in decision.right or (alert.id not in decision.left and nearer)].append(alert)
    ids = {alert.id for alert in sides[True]}
    first = sides[True][0].id
    return [
        replace(part, alerts=tuple(sides[False]), joins=tuple(item for item in part.joins if item.alert_id not in ids)),
        replace(
            part,
            alerts=tuple(sides[True]),
            joins=tuple(
                replace(item, reason=decision.words, confidence=1.0) if item.alert_id == first else item
                for item in part.joins
                if item.alert_id in ids
            ),
        ),
    ]


def _ordered(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    return tuple(sorted(alerts, key=lambda item: (item.timestamp, item.id)))


def decision_to_text(decision: Decision) -> str:
    """Write a decision as JSON in ASCII."""
    body = {
        "kind": decision.kind,
        "left": sorted(decision.left),
        "right": sorted(decision.right),
        "shared": [[item.kind, item.value] for item in decision.shared],
        "actor": decision.actor,
        "why": decision.why,
        "at": decision.at.isoformat(),
    }
    return json.dumps(body, sort_keys=True)


def decision_from_text(text: str) -> Decision:
    """Read back what `decision_to_text` wrote."""
    found = json.loads(text)
    return Decision(
        kind=found["kind"],
        left=frozenset(found["left"]),
        right=frozenset(found["right"]),
        shared=tuple(Entity(kind, value) for kind, value in found["shared"]),
        actor=found["actor"],
        why=found["why"],
        at=datetime.fromisoformat(found["at"]),
    )

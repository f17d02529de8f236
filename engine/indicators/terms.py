"""What indicators add to an incident's score: points for each that one of its alerts matched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.alerts import Alert, Level
from engine.incidents.model import Term
from engine.incidents.phrases import TERMS

PER_INDICATOR: Mapping[Level, float] = {
    Level.INFORMATIONAL: 0.0,
    Level.LOW: 1.0,
    Level.MEDIUM: 2.0,
    Level.HIGH: 4.0,
    Level.CRITICAL: 6.0,
}
_MOST = 5  # indicators that count: one feed often names the same thing many times


def intelligence(alerts: Sequence[Alert]) -> Iterable[Term]:
    """Yield the terms of the indicators that the alerts matched, the weightiest first. More alerts never give less."""
    matched: dict[str, list[Alert]] = {}
    for alert in alerts:
        if alert.rule.id.startswith("indicator/"):
            matched.setdefault(alert.rule.id, []).append(alert)
    weighty = sorted(matched.values(), key=lambda held: (-held[0].rule.level, held[0].rule.id))
    for held in weighty[:_MOST]:
        rule = held[0].rule
        yield Term(
            kind="intelligence",
            name=TERMS["intelligence"].say(rule=rule.name, author=rule.author),
            points=PER_INDICATOR[rule.level],
            alerts=tuple(sorted(alert.id for alert in held)),
        )

"""How bad a group of alerts is: a sum of named points that anyone can add up again.

Each rule counts once by its level, and half as much for each further host it fired on (up to five); each ATT&CK
tactic after the first adds points, because an attack moves on and noise does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.alerts import Alert, Level
from engine.attack import tactics

POINTS: Mapping[Level, float] = {
    Level.INFORMATIONAL: 0.0,
    Level.LOW: 1.0,
    Level.MEDIUM: 4.0,
    Level.HIGH: 10.0,
    Level.CRITICAL: 20.0,
}
PER_TACTIC = 3.0
OPENS_AT = 10.0  # points from which a group is an incident: one high alert, or several lesser ones that move on
_MORE_HOSTS = 5


def score_terms(alerts: Sequence[Alert]) -> tuple[tuple[str, float], ...]:
    """Return the named points of a group; the score is their sum. Alerts judged to be false count nothing."""
    counted = [alert for alert in alerts if alert.verdict in {None, "true-positive"}]
    rules: dict[str, list[Alert]] = {}
    for alert in counted:
        rules.setdefault(alert.rule.id, []).append(alert)
    terms = []
    for found in rules.values():
        rule = found[0].rule
        points = POINTS[rule.level]
        more = min(len({str(alert.fields.get("host.name", "")) for alert in found}) - 1, _MORE_HOSTS)
        terms.append((f"{rule.level.label}: {rule.name}", points))
        if more and points:
            terms.append((f"on {more} more hosts: {rule.name}", points / 2 * more))
    # a tactic counts where an alert of at least medium level speaks for it
    reached = {name for alert in counted if alert.rule.level >= Level.MEDIUM for name in tactics(alert.rule.tags)}
    if len(reached) > 1:
        terms.append((f"{len(reached)} ATT&CK tactics", PER_TACTIC * (len(reached) - 1)))
    return tuple(sorted(((name, points) for name, points in terms if points), key=lambda term: (-term[1], term[0])))


def total(terms: Sequence[tuple[str, float]]) -> float:
    """Return the score that the terms add up to."""
    return sum(points for _, points in terms)


def severity(score: float, worst: Level) -> Level:
    """Return an incident's severity: that of its worst alert, raised where much came together."""
    if score >= 100:
        return Level.CRITICAL
    if score >= 30:
        return max(worst, Level.HIGH)
    return max(worst, Level.MEDIUM)

"""Masses of alerts made few before anything else looks at them: one for each rule, place and minute, with its count.

Sensors repeat themselves: 1.3 million alerts are 78,000 of these. Alerts come as columns, so that no object is made
for those that are only counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.alerts import Alert, RuleInfo, alert_id
from engine.events import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Alerts of other sensors as columns of one length.

    `seconds` since 1970 (UTC); `rule` and `place` are places in `rules` and `places`, where a place is the fields that
    the alerts there have in common (`host.name`, addresses).
    """

    seconds: NDArray[np.float64]
    rule: NDArray[np.int64]
    place: NDArray[np.int64]
    rules: Sequence[RuleInfo]
    places: Sequence[Mapping[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condensed:
    """One alert for each rule, place and minute, by time; for how many it stands; and which one each row became."""

    alerts: tuple[Alert, ...]
    counts: Mapping[str, int]
    row: NDArray[np.int64]


def condense(columns: Columns) -> Condensed:
    """Return the alerts made few. The first of each minute stands for the others, whatever the order."""
    import numpy as np  # noqa: PLC0415 - as long to load as all the rest, and most commands do without

    minutes = (columns.seconds // MINUTE).astype(np.int64)
    rules, places = max(len(columns.rules), 1), max(len(columns.places), 1)
    keys = (minutes * places + columns.place) * rules + columns.rule
    _, back, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    firsts = np.full(len(sizes), np.inf)
    np.minimum.at(firsts, back, columns.seconds)
    a_row = np.zeros(len(sizes), dtype=np.int64)
    a_row[back] = np.arange(len(back))
    made, counts = [], {}
    for number in range(len(sizes)):
        rule, place = columns.rules[columns.rule[a_row[number]]], columns.places[columns.place[a_row[number]]]
        alert = _alert(rule, place, float(firsts[number]))
        made.append(alert)
        counts[alert.id] = int(sizes[number])
    return Condensed(alerts=tuple(made), counts=counts, row=back.astype(np.int64))


def _alert(rule: RuleInfo, place: Mapping[str, Value], seconds: float) -> Alert:
    minute = int(seconds // MINUTE)
    where = tuple(f"{name}={place[name]}" for name in sorted(place))
    return Alert(
        id=alert_id(rule.id, rule.version, (str(minute), *where)),
        timestamp=datetime.fromtimestamp(seconds, tz=UTC),
        rule=rule,
        events=(),
        why=(),
        fields=place,
    )

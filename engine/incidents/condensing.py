"""Masses of alerts made few before anything else looks at them: one for each rule, place and minute, with its count.

Sensors repeat themselves: 1.3 million alerts are 78,000 of these. Alerts come as columns, so that no object is made
for those that are only counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.alerts import Alert, RuleInfo, framed, id_of
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
    order = np.argsort(keys, kind="stable")
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = keys[order[1:]] != keys[order[:-1]]
    starts = np.flatnonzero(is_first)
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.cumsum(is_first) - 1
    firsts = np.minimum.reduceat(columns.seconds[order], starts) if len(starts) else columns.seconds
    some = order[starts]  # any of those that are one has its rule and place
    alerts = _alerts(columns, columns.rule[some].tolist(), columns.place[some].tolist(), firsts.tolist())
    sizes = np.diff(starts, append=len(order)).tolist()
    counts = {alert.id: size for alert, size in zip(alerts, sizes, strict=True)}
    return Condensed(alerts=alerts, counts=counts, row=row)


def _alerts(columns: Columns, rules: list[int], places: list[int], seconds: list[float]) -> tuple[Alert, ...]:
    heads = [framed((rule.id, rule.version)) for rule in columns.rules]
    tails = [framed(f"{name}={place[name]}" for name in sorted(place)) for place in columns.places]
    return tuple(
        Alert(
            id=id_of(heads[rule] + framed((str(int(moment // MINUTE)),)) + tails[place]),
            timestamp=datetime.fromtimestamp(moment, tz=UTC),
            rule=columns.rules[rule],
            events=(),
            why=(),
            fields=columns.places[place],
        )
        for rule, place, moment in zip(rules, places, seconds, strict=True)
    )

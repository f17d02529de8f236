"""Fairness of a model about people: how often each group is alerted on, with an interval, and no cell too small.

Groups are offices and shifts, never persons. A group with fewer than `least` people or days is joined to the others,
and these are left out too if they are still too few: a reader cannot tell who is behind a number. The interval is
Wilson's ("Probable inference, the law of succession, and statistical inference", 1927) at 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from engine.anomaly.budget import HOUR
from engine.anomaly.frame import PEER, Scores, State
from engine.anomaly.tables import text_column, times

OFFICE, SHIFT = "office", "shift"
_SHIFTS = ("night, 22 to 6", "morning, 6 to 14", "afternoon, 14 to 22")  # UTC, where a model knows no shift
LEAST_CELL = 20
JOINED = "all smaller ones together"
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Alerts among the observations of a group; `low` and `high` bound the rate. `differs` from that of all others."""

    group: str
    alerts: int
    count: int
    low: float
    high: float
    differs: bool


def by_group(observations: pa.Table, scores: Scores, level: float) -> Mapping[str, tuple[Rate, ...]]:
    """Return the rates of alerts at a level by office (the peer group) and by shift; observations not judged are out.

    Where a model knows no peers there is one group without a name.
    """
    judged = (scores.states != State.LEARNING).tolist()
    alerted = (scores.values >= level).tolist()
    if SHIFT in observations.column_names:
        shifts = text_column(observations, SHIFT)
    else:
        hours = (times(observations) - 1) // HOUR % 24  # a window that ends at six is the night's
        shifts = [_SHIFTS[(hour + 2) // 8 % 3] for hour in hours.tolist()]
    groups = {OFFICE: text_column(observations, PEER), SHIFT: shifts}
    return {
        kind: rates((name, over) for name, over, known in zip(names, alerted, judged, strict=True) if known)
        for kind, names in groups.items()
    }


def rates(observations: Iterable[tuple[str, bool]], *, least: int = LEAST_CELL) -> tuple[Rate, ...]:
    """Return the rate of each group of (group, alerted) observations, by name; groups under `least` are joined."""
    counts: dict[str, list[int]] = {}
    for group, alerted in observations:
        cell = counts.setdefault(group, [0, 0])
        cell[0] += alerted
        cell[1] += 1
    small = [group for group, (_, count) in counts.items() if count < least]
    shown = {group: cell for group, cell in counts.items() if cell[1] >= least}
    if small:
        joined = [sum(counts[group][place] for group in small) for place in (0, 1)]
        if joined[1] >= least:
            shown[JOINED] = joined
    alerts, every = (sum(cell[place] for cell in shown.values()) for place in (0, 1))
    return tuple(_rate(group, cell, alerts - cell[0], every - cell[1]) for group, cell in sorted(shown.items()))


def _rate(group: str, cell: list[int], others: int, other_count: int) -> Rate:
    low, high = wilson(*cell)
    rest = wilson(others, other_count) if other_count else (0.0, 1.0)
    return Rate(group=group, alerts=cell[0], count=cell[1], low=low, high=high, differs=low > rest[1] or high < rest[0])


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the bounds of a share; 0 and 1 where there is nothing to count."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)

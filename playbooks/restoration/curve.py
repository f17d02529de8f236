"""The recovery curve: how much is back after how many hours, and the agency's curve of July 2022 to hold it against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playbooks.restoration.planning import Plan
from playbooks.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """What AKSHI reported of its own recovery: this share of services back after these hours."""

    hours: float
    share: float
    what: Text


AKSHI = (
    Milestone(hours=12, share=0.0, what=Text(en="ministry sites back", sq="faqet e ministrive u kthyen")),
    Milestone(hours=96, share=0.98, what=Text(en="98 % of services back", sq="98 % e shërbimeve u kthyen")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """After `hours`: the shares of the services and of their use that are back, from 0 to 1."""

    hours: float
    services: float
    use: float


def curve(plan: Plan, steps: int = 48) -> tuple[Point, ...]:
    """Return the curve at `steps` equal steps, from 0 to the plan's end or AKSHI's last milestone, whichever is later.

    Services that cannot be planned count as not back.
    """
    weights = plan.built.weights
    total, count = sum(weights.values()), len(weights)
    last = max(plan.end / 60, AKSHI[-1].hours)
    ends = sorted((end / 60, weights[name]) for name, end in plan.live.items())
    points, back, use = [], 0, 0.0
    for step in range(steps + 1):
        hours = last * step / steps
        while back < len(ends) and ends[back][0] <= hours:
            use += ends[back][1]
            back += 1
        points.append(Point(hours=hours, services=back / count, use=use / total))
    return tuple(points)


def share_after(plan: Plan, hours: float) -> float:
    """Return the share of all services that are live after so many hours."""
    return sum(end <= hours * 60 for end in plan.live.values()) / len(plan.built.weights)


def drawn(points: Sequence[Point], lang_labels: tuple[str, str, str], width: int = 72, height: int = 16) -> list[str]:
    """Return the curve as lines of text, at most `width` columns: `#` use, `o` services, `A` AKSHI's milestones.

    Letters tell the curves apart, never colours; `*` is where use and services meet.
    """
    columns = width - 7
    last = points[-1].hours or 1.0
    grid = [[" "] * columns for _ in range(height)]
    for column in range(columns):
        point = points[min(round(column / (columns - 1) * (len(points) - 1)), len(points) - 1)]
        rows = (_row(point.services, height), _row(point.use, height))
        grid[rows[0]][column] = "o"
        grid[rows[1]][column] = "*" if rows[0] == rows[1] else "#"
    for mark in AKSHI:
        grid[_row(mark.share, height)][min(round(mark.hours / last * (columns - 1)), columns - 1)] = "A"
    lines = [
        f"{round((height - 1 - row) / (height - 1) * 100):>4} % {''.join(grid[row])}".rstrip() for row in range(height)
    ]
    axis = "       0" + f"{last / 2:.0f} h".center(columns - 8) + f"{last:.0f} h"
    return [*lines, axis.rstrip(), f"       # {lang_labels[0]}   o {lang_labels[1]}   A {lang_labels[2]}"]


def _row(share: float, height: int) -> int:
    return height - 1 - round(share * (height - 1))

"""Drawings of a report as SVG: alerts over time, and entities with what they share. Shapes and words, not colours.

Everything drawn also stands in a table beside it. Values pass the page's escaping function; numbers are kulla's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.formats.page import text
from engine.alerts import Level

_WIDTH, _LEFT, _LANE = 960, 190, 34
_BINS = 96
_ROW, _BOX = 34, 26
_LONGEST = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One alert in a lane of the timeline."""

    lane: str
    at: datetime
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One entity: the column it stands in, and its name."""

    column: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Two nodes, by their places in the list of nodes, and how many alerts they share."""

    one: int
    other: int
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A drawing (empty where there is nothing to draw), and what is said below it."""

    svg: str
    caption: str


def timeline(marks: Sequence[Mark], title: str) -> str:
    """Return the marks over time, one lane for each different `lane` in the order of its first mark; empty for none."""
    if not marks:
        return ""
    lanes = list(dict.fromkeys(mark.lane for mark in sorted(marks, key=lambda mark: mark.at)))
    first, last = min(mark.at for mark in marks), max(mark.at for mark in marks)
    height = _LANE * len(lanes) + 56
    return "".join((
        _open(_WIDTH, height, title),
        *_lanes(lanes),
        *_marks(marks, lanes, first, last),
        *_ticks(first, last, _LANE * len(lanes) + 24),
        "</svg>\n",
    ))  # fmt: skip


def _open(width: int, height: int, title: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{text(title)}">\n'


def _lanes(lanes: Sequence[str]) -> Iterator[str]:
    for number, lane in enumerate(lanes):
        y = _LANE * number + 24
        yield f'<text x="0" y="{y + 5}">{text(_short(lane))}</text>\n'
        yield f'<path class="lane" d="M{_LEFT} {y}H{_WIDTH - 10}"/>\n'


def _marks(marks: Sequence[Mark], lanes: Sequence[str], first: datetime, last: datetime) -> Iterator[str]:
    """Yield one shape for each place in a lane: that of the highest level of the alerts there."""
    span = (last - first).total_seconds() or 1.0
    places: dict[tuple[int, int], Level] = {}
    for mark in marks:
        key = (lanes.index(mark.lane), int((mark.at - first).total_seconds() / span * (_BINS - 1)))
        places[key] = max(places.get(key, Level.INFORMATIONAL), mark.level)
    for (lane, place), level in sorted(places.items()):
        x = _LEFT + 10 + place * (_WIDTH - _LEFT - 30) / (_BINS - 1)
        yield _shape(level, round(x), _LANE * lane + 24)


def _shape(level: Level, x: int, y: int) -> str:
    match level:
        case Level.CRITICAL:
            return f'<path class="mark" d="M{x - 7} {y - 7}h14v14h-14z"/>\n'
        case Level.HIGH:
            return f'<path class="mark" d="M{x} {y - 8}l8 8l-8 8l-8 -8z"/>\n'
        case Level.MEDIUM:
            return f'<path class="mark hollow" d="M{x} {y - 8}l8 14h-16z"/>\n'
        case _:
            return f'<circle class="mark hollow" cx="{x}" cy="{y}" r="5"/>\n'


def _ticks(first: datetime, last: datetime, y: int) -> Iterator[str]:
    same_day = first.date() == last.date()
    for part in range(5):
        at = first + (last - first) * part / 4
        x = _LEFT + 10 + part * (_WIDTH - _LEFT - 30) / 4
        anchor = "end" if part == 4 else "middle"
        yield f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}">{at:%H:%M:%S}</text>\n'
        if not same_day:
            yield f'<text x="{x:.0f}" y="{y + 18}" text-anchor="{anchor}">{at:%Y-%m-%d}</text>\n'


def graph(nodes: Sequence[Node], edges: Sequence[Edge], title: str) -> str:
    """Return the nodes in columns, joined by lines that are as wide as they share alerts; empty for no nodes."""
    if not nodes:
        return ""
    columns = list(dict.fromkeys(node.column for node in nodes))
    gap = _WIDTH // len(columns)
    width = min(gap - 60, 250) if len(columns) > 1 else 250
    rows: dict[str, int] = dict.fromkeys(columns, 0)
    places: list[tuple[int, int]] = []
    for node in nodes:
        places.append((columns.index(node.column) * gap + 4, 34 + rows[node.column] * _ROW))
        rows[node.column] += 1
    parts = [_open(_WIDTH, 44 + max(rows.values()) * _ROW, title)]
    parts += [_line(places[edge.one], places[edge.other], width, edge.alerts) for edge in edges]
    parts += [f'<text class="head" x="{n * gap + 4}" y="16">{text(name)}</text>\n' for n, name in enumerate(columns)]
    for node, (x, y) in zip(nodes, places, strict=True):
        label = _short(node.name, max(8, width // 9))
        parts.append(f'<rect class="node" x="{x}" y="{y}" width="{width}" height="{_BOX}" rx="4"/>\n')
        parts.append(f'<text x="{x + 8}" y="{y + 18}">{text(label)}</text>\n')
    return "".join((*parts, "</svg>\n"))


def _line(one: tuple[int, int], other: tuple[int, int], width: int, alerts: int) -> str:
    (ax, ay), (bx, by) = sorted((one, other))
    ay, by = ay + _BOX // 2, by + _BOX // 2
    thick = min(1 + alerts.bit_length() / 2, 5)
    if ax == bx:  # of one column: around its right side
        ax, bx = ax + width, bx + width
        return (
            f'<path class="edge" stroke-width="{thick:.1f}" d="M{ax} {ay}C{ax + 40} {ay} {bx + 40} {by} {bx} {by}"/>\n'
        )
    return f'<path class="edge" stroke-width="{thick:.1f}" d="M{ax + width} {ay}L{bx} {by}"/>\n'


def _short(name: str, most: int = _LONGEST) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"

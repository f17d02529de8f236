"""From the bits of a request's points to what counts of them.

Of each point log2 of the number of points is taken off, as so many are looked at. A value departs in several points of
one cause (a character that is new is in a pair that is new): of the path, and of each value, the two strangest points
count. Who tampers tampers with one value, and ordinary life is a little strange in many: the strangest of path and
values counts whole, each further one half as much as the one before. More that departs never makes a sum smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from engine.anomaly.web.cleansing import OF_VALUE

_OF_ONE = 2  # points of a path, or of one value, that count
_NEXT = 0.5  # of what the one before counts
_REASSURING = 3.0  # bits for each doubling of the clients that ask for a path
_PATH = -1


class Weighed(NamedTuple):
    """The bits that the point at a place counts."""

    place: int
    bits: float


def weighed(structure: Sequence[float], values: Sequence[float]) -> list[Weighed]:
    """Return what counts of the bits of a path's points, then of each value's, the strangest path or value first."""
    allowance = _allowance(len(structure) + len(values))
    if max(structure) <= allowance and max(values, default=0.0) <= allowance:
        return []
    cut = len(structure)
    causes: dict[int, list[tuple[float, int]]] = {}
    for place, bits in enumerate((*structure, *values)):
        if bits > allowance:
            cause = _PATH if place < cut else (place - cut) // OF_VALUE
            causes.setdefault(cause, []).append((allowance - bits, place))
    strangest = [sorted(points)[:_OF_ONE] for points in causes.values()]
    strangest.sort(key=lambda points: (math.fsum(less for less, _ in points), points[0][1]))
    return [Weighed(place, -less * _NEXT**rank) for rank, points in enumerate(strangest) for less, place in points]


def reassurance(found: Iterable[Weighed], structure: int, clients: int) -> float:
    """Return the bits, at most zero, by which many clients speak for a new release: of path, method and names alone."""
    new = math.fsum(bits for place, bits in found if place < structure)
    return -min(new, _REASSURING * math.log2(max(clients, 1)))


@cache
def _allowance(points: int) -> float:
    return math.log2(points)

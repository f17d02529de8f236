"""From the bits of a request's points to what counts of them.

Of each point log2 of the number of points is taken off, as so many are looked at. A value departs in several points of
one cause (a character that is new is in a pair that is new): of the path, and of each value, the two strangest points
count. Who tampers tampers with one value, and ordinary life is a little strange in many: the strangest of path and
values counts whole, each further one half as much as the one before. More that departs never makes a sum smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

_NEXT = 0.5  # of what the cause before counts
_REASSURING = 3.0  # bits for each doubling of the clients that ask for a path
PATH = 0  # the first cause of a request is its path; the others are its values, in order

Cause: TypeAlias = tuple[float, float]  # the bits of the two strangest points of a path or a value
Weighed: TypeAlias = tuple[int, float, float]  # which cause, and what its two strangest points count


def strangest(bits: Sequence[float]) -> tuple[int, int]:
    """Return which two points of a cause may count, the strangest first."""
    first, following = sorted(range(len(bits)), key=lambda point: (-bits[point], point))[:2]
    return first, following


def allowance_of(points: int) -> float:
    """Return the bits that are taken off of each of so many points."""
    return math.log2(points)


def weighed(causes: Sequence[Cause], allowance: float) -> list[Weighed]:
    """Return what counts of the causes of a request of whose points so much is taken off, the strangest first."""
    beyond = [
        (cause, first - allowance, max(following - allowance, 0.0))
        for cause, (first, following) in enumerate(causes)
        if first > allowance
    ]
    if len(beyond) < 2:
        return beyond
    beyond.sort(key=lambda item: -(item[1] + item[2]))
    return [
        (cause, first * _NEXT**rank, following * _NEXT**rank) for rank, (cause, first, following) in enumerate(beyond)
    ]


def reassurance(new: float, clients: int) -> float:
    """Return the bits, at most zero, by which many clients speak for a new release: of what its path counts alone."""
    return -min(new, _REASSURING * math.log2(max(clients, 1)))

"""How far a value of a series departs from its own past: level, level of the last thirty, and step, each in its spread.

Causal: what is said of a value rests on it and at most `MEMORY` values before it. The three parts are what is beyond
the inner 98 % of the past, in units of its spread, at most `LARGEST` each; their sum is the departure.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MEMORY = 4000  # values: two weeks of five minutes
LARGEST = 20.0
_SHORT = 30  # values of the short mean
_STEP = 0.7  # weight of the step
LEAST = 20  # values before anything is said


def departures(values: NDArray[np.float64], *, since: int = LEAST) -> NDArray[np.float64]:
    """Return the departure of each value; 0 for those before `since`, of which too little is known."""
    every = [float(value) for value in values]
    found = np.zeros(len(every))
    ordered: list[float] = []  # the past, ascending, and the steps in it
    steps: list[float] = []
    for place, value in enumerate(every):
        if place >= max(since, LEAST):
            found[place] = _departed(ordered, steps, every[max(0, place - _SHORT) : place + 1])
        insort(ordered, value)
        if place:
            insort(steps, abs(value - every[place - 1]))
        if place >= MEMORY:
            oldest = every[place - MEMORY]
            del ordered[bisect_left(ordered, oldest)]
            del steps[bisect_left(steps, abs(every[place - MEMORY + 1] - oldest))]
    return found


def departure(values: Sequence[float]) -> float:
    """Return the departure of the last of these values from those before it."""
    past = values[:-1]
    steps = sorted(abs(after - before) for before, after in pairwise(past))
    return _departed(sorted(past), steps, values[-1 - _SHORT :])


def _departed(ordered: Sequence[float], steps: Sequence[float], recent: Sequence[float]) -> float:
    """Return the departure of the last of the `recent` values; `ordered` and `steps` are of the past, ascending."""
    lowest, low, middle, high, highest = (_quantile(ordered, share) for share in (0.01, 0.25, 0.5, 0.75, 0.99))
    spread = max(high - low, (highest - lowest) / 4, 1e-9 * max(abs(middle), 1.0), 1e-12)
    last = recent[-1]
    short = recent[-_SHORT:]
    mean = math.fsum(short) / len(short)
    usual = _quantile(steps, 0.99)
    step = max(0.0, abs(last - recent[-2]) - usual) / max(usual, spread / 4)
    parts = (max(0.0, last - highest, lowest - last), max(0.0, mean - highest, lowest - mean))
    return sum(min(part / spread, LARGEST) for part in parts) + _STEP * min(step, LARGEST)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile, between two values in proportion."""
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

"""How far a value of a series departs from its own past: level, level of the last ten, and step, each in its spread.

Causal: what is said of a value rests on it and at most `MEMORY` values before it. The three parts are what is beyond
the inner 98 % of the past, in units of its spread, at most `LARGEST` each; their sum is the departure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MEMORY = 2000  # values
LARGEST = 20.0
_SHORT = 10  # values of the short mean
_STEP = 0.7  # weight of the step
LEAST = 20  # values before anything is said


def departures(values: NDArray[np.float64], *, since: int = LEAST) -> NDArray[np.float64]:
    """Return the departure of each value; 0 for those before `since`, of which too little is known."""
    found = np.zeros(len(values))
    for place in range(max(since, LEAST), len(values)):
        found[place] = departure(values[max(0, place - MEMORY) : place + 1])
    return found


def departure(values: NDArray[np.float64]) -> float:
    """Return the departure of the last of these values from those before it."""
    past, last = values[:-1], float(values[-1])
    lowest, low, high, highest = (float(item) for item in np.quantile(past, (0.01, 0.25, 0.75, 0.99)))
    tiny = max(1e-9 * max(abs(float(np.median(past))), 1.0), 1e-12)
    spread = max(high - low, (highest - lowest) / 4, tiny)
    mean = float(values[-_SHORT:].mean())
    steps = np.abs(np.diff(past))
    usual = float(np.quantile(steps, 0.99))
    step = max(0.0, abs(last - float(past[-1])) - usual) / max(usual, spread / 4)
    parts = (max(0.0, last - highest, lowest - last), max(0.0, mean - highest, lowest - mean))
    return sum(min(part / spread, LARGEST) for part in parts) + _STEP * min(step, LARGEST)

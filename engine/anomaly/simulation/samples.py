"""Ordinary life for the models' own tests: some days of a small ministry, the same people whatever the seed."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from engine.anomaly.simulation.world import Simulation


@cache
def ordinary(stream: str, *, seed: int, days: int, scale: float = 0.02) -> pa.Table:
    """Return the events of one stream on some days; another seed gives other days of the same ministry."""
    simulation = Simulation.of(11, scale=scale)
    first = 28 * seed
    return pa.concat_tables(
        day[stream].table() for day in simulation.days(first, first + days, [stream])
    ).unify_dictionaries()

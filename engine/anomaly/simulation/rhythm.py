"""The ministry's time: who is at work on a day, and at which instants things happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.holidays import is_working_day
from engine.anomaly.simulation.chance import stream
from engine.anomaly.simulation.ministry import Ministry
from engine.anomaly.simulation.sheets import Integers

ZONE: Final = ZoneInfo("Europe/Tirane")
MINUTE, HOUR, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
_STEPS: Final = 4096

# Weight of each local hour: offices, evening and night shifts; citizens at home; machines.
_OFFICE: Final = (0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 1, 5, 12, 14, 14, 13, 9, 10, 12, 11, 7, 2, 1, 0.7, 0.5, 0.4, 0.3, 0.2)
_EVENING: Final = (1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.5, 1, 4, 10, 12, 12, 11, 10, 11, 12, 10, 6, 2)
_NIGHT: Final = (10, 9, 8, 8, 9, 10, 6, 2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.5, 1, 4, 9, 10)
_CITIZENS: Final = (1.5, 0.8, 0.5, 0.4, 0.4, 0.6, 1.5, 3, 6, 8, 9, 9, 8, 7, 7, 7, 6.5, 6, 6, 6.5, 7, 6.5, 5, 3)
_MACHINES: Final = (5, 9, 12, 8, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4)
RHYTHMS: Final = np.array((_OFFICE, _EVENING, _NIGHT, _CITIZENS, _MACHINES), dtype=np.float64)
OFFICE, CITIZENS, MACHINES = 0, 3, 4
DAY_OFF: Final = np.array((0.03, 0.25, 0.5, 0.55, 1.0))  # what a rhythm keeps of its volume on a day off


def _instants() -> NDArray[np.float64]:
    """Return the inverse of each rhythm's distribution: seconds after local midnight at equal steps of chance."""
    rows = []
    for weights in RHYTHMS:
        edges = np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
        rows.append(np.interp(np.linspace(0.0, 1.0, _STEPS + 1), edges, np.arange(25) * 3600.0))
    return np.array(rows)


@dataclass(frozen=True, kw_only=True)
class Today:
    """One day of the ministry: its number since the simulation began, its date, and the randomness of its streams."""

    ministry: Ministry
    number: int
    date: date

    def rng(self, name: str) -> np.random.Generator:
        """Return the generator of one stream on this day."""
        return stream(self.ministry.seed, name, self.number)

    @cached_property
    def midnight(self) -> int:
        """Return the local midnight in microseconds since 1970, UTC."""
        moment = datetime.combine(self.date, time(), tzinfo=ZONE).astimezone(UTC)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @cached_property
    def is_working(self) -> bool:
        """Tell whether offices are open."""
        return is_working_day(self.date)

    @cached_property
    def present(self) -> NDArray[np.float64]:
        """Return how much each person works today: 0 for those away, about 1 for a usual day."""
        people = self.ministry.people
        rng = self.rng("presence")
        at_work = np.where(people.shift == 0, 0.91 if self.is_working else 0.025, 0.65)
        here = (rng.random(len(people)) < at_work) & (people.starts <= self.number)
        return np.asarray(here * people.activity * rng.gamma(8.0, 1.0 / 8.0, size=len(people)), dtype=np.float64)

    @cached_property
    def office(self) -> NDArray[np.int32]:
        """Return everybody's office today: a reorganisation merges some into others."""
        people = self.ministry.people
        moved = (people.moves >= 0) & (people.moves <= self.number)
        return np.where(moved, people.next_office, people.office).astype(np.int32)

    def counts(self, rng: np.random.Generator, mean: float) -> Integers:
        """Return how often each person does something that a usual person does `mean` times on a usual day."""
        return rng.poisson(self.present * mean).astype(np.int64)

    def moments(self, rng: np.random.Generator, rhythm: NDArray[np.int32] | int, size: int) -> Integers:
        """Return instants (microseconds, UTC) that follow the rhythm of each row."""
        place = rng.random(size) * _STEPS
        step = place.astype(np.int64)
        table = _INSTANTS[rhythm] if isinstance(rhythm, int) else None
        low = table[step] if table is not None else _INSTANTS[rhythm, step]
        high = table[step + 1] if table is not None else _INSTANTS[rhythm, step + 1]
        seconds = low + (high - low) * (place - step)
        return self.midnight + np.asarray(seconds * 1e6, dtype=np.int64)


_INSTANTS: Final = _instants()

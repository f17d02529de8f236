"""The simulation: a ministry's days one after another, each with its streams, and scenarios injected into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np

from engine.anomaly.simulation.injecting import Injection, inject, planned
from engine.anomaly.simulation.ministry import Ministry, founded
from engine.anomaly.simulation.rhythm import DAY_US, Today
from engine.anomaly.simulation.scenarios import Scenario
from engine.anomaly.simulation.sheets import Sheet
from engine.anomaly.simulation.streams import (
    file_events,
    flows,
    logons,
    lookups,
    names,
    processes,
    signins,
    sources,
    traffic,
)

STREAMS: Final[Mapping[str, Callable[[Today], Sheet]]] = {
    "signins": signins.life,
    "logons": logons.life,
    "processes": processes.life,
    "flows": flows.life,
    "names": names.life,
    "lookups": lookups.life,
    "files": file_events.life,
    "traffic": traffic.life,
    "sources": sources.life,
    "lines": sources.lines,
}
FIRST_DAY: Final = date(2026, 2, 23)  # a Monday; 30 days from here hold four holidays


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A ministry from its first day on. The same values give the same events, to the last bit, on every machine."""

    ministry: Ministry
    first_day: date = FIRST_DAY
    injections: Sequence[Injection] = ()

    @classmethod
    def of(cls, seed: int, *, scale: float = 1.0, first_day: date = FIRST_DAY) -> Simulation:
        """Return the simulation of a seed without any attack."""
        return cls(ministry=founded(seed, scale=scale), first_day=first_day)

    def today(self, number: int) -> Today:
        """Return the day of this number, 0 for the first."""
        return Today(ministry=self.ministry, number=number, date=self.first_day + timedelta(days=number))

    def day(self, number: int, streams: Sequence[str] = tuple(STREAMS)) -> Mapping[str, Sheet]:
        """Return the sheets of these streams on one day, injections included. Days can be made in any order."""
        today = self.today(number)
        return {name: self._within(inject(STREAMS[name](today), today, self.injections), today) for name in streams}

    @staticmethod
    def _within(sheet: Sheet, today: Today) -> Sheet:
        """Return the rows of this day alone: what goes on past midnight ends there."""
        low, high = np.searchsorted(sheet.times, (today.midnight, today.midnight + DAY_US))
        return replace(sheet.take(np.arange(low, high, dtype=np.int64)), day=today.number)

    def with_scenarios(self, scenarios: Sequence[Scenario], first: int, after: int, *, seed: int) -> Simulation:
        """Return the same ministry with one injection of each scenario between these days."""
        days = [self.today(number) for number in range(first, after)]
        return replace(self, injections=planned(self.ministry, scenarios, days, seed=seed))

    def days(self, first: int, after: int, streams: Sequence[str] = tuple(STREAMS)) -> Iterator[Mapping[str, Sheet]]:
        """Yield the days from `first` to before `after`."""
        for number in range(first, after):
            yield self.day(number, streams)

"""The scene of an exercise: the log book, the ministry, its machines, and a stream of randomness for each part."""

from __future__ import annotations

from random import Random

from playbooks.exercises.estate import SID, Estate, found_ministry
from playbooks.exercises.logbook import LogBook
from playbooks.exercises.programs.iis import IisSite
from playbooks.exercises.programs.station import Account, Station


class Scene:
    """What the parts of an exercise share. `day` is the start of the working day (UTC), in milliseconds.

    `scale` is 1 for the full day of 100,000 events; smaller days have as many machines, and less of everything else.
    """

    def __init__(self, *, seed: int, day: int, events: int) -> None:
        self.book = LogBook()
        self.day = day
        self.scale = events / 100_000
        self._seed = seed
        self.estate: Estate = found_ministry(self.rng("estate"))
        self.sharepoint = IisSite(self.book, "SP01", self.estate.servers["SP01"].address)
        self.exchange = IisSite(self.book, "EX01", self.estate.servers["EX01"].address)
        self._stations: dict[str, Station] = {}

    def rng(self, part: str) -> Random:
        """Return the randomness of one part: the same for the same seed, whatever the other parts do."""
        return Random(f"{self._seed}/{part}")  # noqa: S311 - an exercise must be repeatable, nothing is secret

    def scaled(self, count: int) -> int:
        """Return a count of the full day, for a day of this size (at least 1)."""
        return max(1, round(count * self.scale))

    def station(self, name: str) -> Station:
        """Return the machine called `name`."""
        if name not in self._stations:
            machine = self.estate.servers.get(name) or self.estate.workstations[name]
            self._stations[name] = Station(self.book, machine, self.rng(f"station {name}"))
        return self._stations[name]

    def machine_account(self, name: str) -> Account:
        """Return the account that a machine itself has in the domain."""
        return Account(f"{name}$", f"{SID}-{2000 + sum(name.encode())}")

"""The catalogue of services and the crews that bring them back: plain records, read by `catalogue` and `crews`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from playbooks.texts import Text

Step = Literal["restore", "verify", "go_live"]
STEPS: tuple[Step, ...] = ("restore", "verify", "go_live")
Contamination = Literal["clean", "suspected", "contaminated", "unknown"]
CONTAMINATIONS: tuple[Contamination, ...] = ("clean", "suspected", "contaminated", "unknown")
Weekdays = tuple[int, int, int, int, int, int, int]

STEP_NAMES: Mapping[Step, Text] = {
    "restore": Text(en="restore", sq="rikthimi"),
    "verify": Text(en="verify clean", sq="vërtetimi i pastërtisë"),
    "go_live": Text(en="go live", sq="vënia në punë"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one step takes: a skill, and a person's minutes."""

    skill: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalDate:
    """A day on which the law wants something done with a service: once, every month or every year.

    `month` is 0 for every month, `year` 0 for every year. A day that a month lacks is its last one.
    """

    day: int
    month: int = 0
    year: int = 0
    what: str = ""

    def next_from(self, first: date) -> date | None:
        """Return the first such day on or after `first`; None for a single day that has passed."""
        for ahead in range(13):
            year, month = divmod(first.year * 12 + first.month - 1 + ahead, 12)
            found = _day_of(year, month + 1, self.day)
            if self.month in (0, found.month) and self.year in (0, found.year) and found >= first:
                return found
        if self.year:
            found = _day_of(self.year, self.month, self.day)
            return found if found >= first else None
        return None


def _day_of(year: int, month: int, day: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day, (following - timedelta(days=1)).day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. `users` are uses per day from Monday to Sunday; `place` is where it stands in its file, from 0.

    `rto` and `rpo` are in minutes, None where nobody named one. `work` has `verify` and `go_live` always, `restore`
    where there is something to restore.
    """

    id: str
    name: Text
    owner: str
    criticality: int
    users: Weekdays
    work: Mapping[Step, Work]
    depends_on: tuple[str, ...] = ()
    legal: tuple[LegalDate, ...] = ()
    rto: int | None = None
    rpo: int | None = None
    health_command: str = ""
    health_expected: str = ""
    backup_taken: datetime | None = None
    backup_place: str = ""
    contamination: Contamination = "unknown"
    fallback: Text | None = None
    place: int = 0
    where: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order; what is clean already is not restored."""
        return tuple(
            step for step in STEPS if step in self.work and not (step == "restore" and self.contamination == "clean")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All services, each once, every dependency among them, no cycle."""

    services: tuple[Service, ...]

    def get(self) -> Mapping[str, Service]:
        """Return the services by id."""
        return {service.id: service for service in self.services}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A span of each day, in minutes after local midnight; an end at or before the start is on the next day."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who restores: crew, skills, and the names of the shifts they work, on these weekdays (0 is Monday)."""

    id: str
    name: str
    crew: str
    skills: frozenset[str]
    shifts: tuple[str, ...]
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crews:
    """The people and their shifts; `rest` are the minutes that must lie between two shifts of one person."""

    people: tuple[Person, ...]
    shifts: Mapping[str, Shift]
    rest: int
    timezone: str

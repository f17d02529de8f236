"""Casting: which people, officers, services and addresses a scenario is about, and the values of its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.anomaly.simulation.ministry import ROLES, Ministry, address
from engine.anomaly.simulation.rhythm import Today
from engine.anomaly.simulation.scenarios import Generator, Part, Scenario, Template
from engine.anomaly.simulation.sheets import Integers

_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cast:
    """The parts of a cast: for each its attributes, a value a member."""

    parts: Mapping[str, Mapping[str, Sequence[str]]]

    def size(self, part: str) -> int:
        """Return how many members a part has."""
        return len(next(iter(self.parts[part].values())))

    def column(self, reference: str) -> Sequence[str]:
        """Return the values that `$part.attribute` names (`$part` alone: its first attribute)."""
        part, _, attribute = reference[1:].partition(".")
        attributes = self.parts[part]
        return attributes[attribute] if attribute else next(iter(attributes.values()))


def cast_of(ministry: Ministry, scenario: Scenario, rng: np.random.Generator, day: Today) -> Cast:
    """Return the cast of a scenario that starts on this day: nobody is chosen who has not begun to work."""
    return Cast(parts={name: _chosen(ministry, part, rng, day) for name, part in scenario.cast.items()})


def _chosen(ministry: Ministry, part: Part, rng: np.random.Generator, day: Today) -> dict[str, list[str]]:
    table = _addresses(part, rng) if part.population == "addresses" else _population(ministry, part.population)
    size = len(next(iter(table.values())))
    fitting = [row for row in range(size) if all(table[name][row] in words for name, words in part.where.items())]
    if part.population in {"people", "officers"}:
        here = _there(ministry, part.population, day)
        fitting = [row for row in fitting if here[row]] or fitting
    if part.top:
        fitting = fitting[: max(1, round(part.top * ministry.scale))]
    count = min(len(fitting), part.count if part.count < 100 else max(10, round(part.count * ministry.scale)))
    rows = rng.permutation(len(fitting))[:count].tolist()
    return {name: [values[fitting[row]] for row in rows] for name, values in table.items()}


def _there(ministry: Ministry, population: str, day: Today) -> Sequence[bool]:
    """Return who is a person of long standing, of the day shift, and at work today."""
    people = ministry.people
    usual = (people.starts == 0) & (people.shift == 0) & (people.activity > 0.5)
    here = usual & (day.present > 0) if day.is_working else usual
    rows = here if population == "people" else here[ministry.officers.person]
    return [bool(row) for row in rows]


def _addresses(part: Part, rng: np.random.Generator) -> dict[str, list[str]]:
    numbers = rng.integers(60_000, size=part.count).tolist()
    return {"ip": [address(part.network, number % 251, number) for number in numbers]}


def _population(ministry: Ministry, name: str) -> Mapping[str, Sequence[str]]:
    people, officers = ministry.people, ministry.officers
    if name == "people":
        roles = [ROLES[role] for role in people.role.tolist()]
        offices = [str(office) for office in people.office.tolist()]
        return {"name": people.name, "host": people.host, "ip": people.address, "role": roles, "office": offices}
    if name == "officers":
        own = ["yes" if flag else "no" for flag in officers.own.tolist()]
        return {
            "id": officers.id,
            "organisation": officers.organisation,
            "office": officers.office,
            "duty": officers.duty,
            "own": own,
        }
    if name == "services":
        rhythms = [("citizens", "offices", "machines")[rhythm] for rhythm in ministry.services.rhythm.tolist()]
        return {"name": ministry.services.name, "rhythm": rhythms}
    if name == "sources":
        return {"host": ministry.sources.host, "dataset": ministry.sources.dataset, "pace": _paces(ministry)}
    return {"host": ministry.servers, "ip": ministry.server_addresses}


def _paces(ministry: Ministry) -> list[str]:
    return ["fast" if volume > 1_500 else "slow" for volume in ministry.sources.volume.tolist()]


def values_of(template: Template, cast: Cast) -> list[str]:
    """Return every value that a template can name; a generator that makes values anew names none."""
    if isinstance(template, int):
        return [str(template)]
    if isinstance(template, str):
        return list(cast.column(template)) if template.startswith("$") else [template]
    if template.kind == "join":
        parts = [values_of(argument, cast) for argument in template.arguments]
        return ["".join(part[row % len(part)] for part in parts) for row in range(max(map(len, parts)))]
    return [value for argument in template.arguments for value in values_of(argument, cast)]


def resolved(template: Template, cast: Cast, members: Integers, rng: np.random.Generator) -> list[str | int]:
    """Return a value for each row; `members` says which member of the cast a row is about."""
    if isinstance(template, int):
        return [template] * len(members)
    if isinstance(template, str):
        if not template.startswith("$"):
            return [template] * len(members)
        column = cast.column(template)
        return [column[member % len(column)] for member in members.tolist()]
    return _made(template, cast, members, rng)


def _made(generator: Generator, cast: Cast, members: Integers, rng: np.random.Generator) -> list[str | int]:
    count = len(members)
    if generator.kind == "number":
        low, high = (int(argument) for argument in generator.arguments if isinstance(argument, int))
        return list(rng.integers(low, high + 1, size=count).tolist())
    if generator.kind == "hex":
        length = next(argument for argument in generator.arguments if isinstance(argument, int))
        digits = rng.integers(16, size=(count, length)).tolist()
        return ["".join(_HEX[digit] for digit in row) for row in digits]
    if generator.kind == "any":
        pool = values_of(generator.arguments[0], cast)
        return [pool[place] for place in rng.integers(len(pool), size=count).tolist()]
    parts = [resolved(argument, cast, members, rng) for argument in generator.arguments]
    if generator.kind == "choose":
        return [parts[place][row] for row, place in enumerate(rng.integers(len(parts), size=count).tolist())]
    return ["".join(str(part[row]) for part in parts) for row in range(count)]

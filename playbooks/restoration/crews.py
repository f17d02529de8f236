"""Reading the crews (YAML): people with their skills and shifts, the rest between shifts, the time zone."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import ConfigurationError
from engine.yaml_document import DocumentError, Value, read_document
from playbooks.restoration.fields import DAYS, RefusedError
from playbooks.restoration.model import Crews, Person, Shift

_CLOCK = re.compile(r"(?P<hour>[01][0-9]|2[0-4]):(?P<minute>[0-5][0-9])")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WHOLE_DAY = 24 * 60
_MOST_PEOPLE = 2000


def read_crews(content: bytes, file: str) -> Crews:
    """Return the crews in the bytes of a YAML file.

    Raise `DocumentError` with file, line and the next step, or `RefusedError` with a fault for each wrong person.
    """
    root = read_document(content, file).mapping(required=("shifts", "people"), optional=("rest_hours", "timezone"))
    shifts = {name: _shift(name, item) for name, item in root["shifts"].entries()}
    people: dict[str, Person] = {}
    faults: list[ConfigurationError] = []
    for item in root["people"].items():
        try:
            person = _person(item, shifts)
            if person.id in people:
                raise item.error(f"`{person.id}` stands twice", "give each person their own id")
            people[person.id] = person
        except DocumentError as error:
            faults.append(error)
    if faults:
        raise RefusedError(faults)
    if not people or len(people) > _MOST_PEOPLE:
        raise root["people"].error(f"{len(people)} people", f"1 to {_MOST_PEOPLE} of them")
    rest = root["rest_hours"].number(0, 48) * 60 if "rest_hours" in root else 11 * 60
    return Crews(people=tuple(people.values()), shifts=shifts, rest=rest, timezone=_timezone(root.get("timezone")))


def _timezone(value: Value | None) -> str:
    if value is None:
        return "UTC"
    try:
        return ZoneInfo(value.text()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise value.error(f"`{value.text()}` is no time zone", "Europe/Tirane, or UTC") from None


def _shift(name: str, value: Value) -> Shift:
    parts = value.mapping(required=("from", "to"))
    return Shift(name=name, start=_minutes(parts["from"]) % _WHOLE_DAY, end=_minutes(parts["to"]))


def _minutes(value: Value) -> int:
    found = _CLOCK.fullmatch(value.text())
    minutes = int(found["hour"]) * 60 + int(found["minute"]) if found else _WHOLE_DAY + 1
    if minutes > _WHOLE_DAY:
        raise value.error(f"`{value.text()[:20]}` is no time of day", 'write it as "07:00", in quotes')
    return minutes


def _person(value: Value, shifts: dict[str, Shift]) -> Person:
    parts = value.mapping(required=("id", "crew", "skills", "shifts"), optional=("name", "days"))
    identifier = parts["id"].text()
    if not _ID.fullmatch(identifier):
        raise parts["id"].error(f"`{identifier[:60]}` is no id", "letters, digits, `.`, `_`, `-`")
    wanted = tuple(item.choice(tuple(shifts)) for item in parts["shifts"].items())
    skills = frozenset(item.text() for item in parts["skills"].items())
    if not wanted or not skills:
        raise value.error(f"`{identifier}` has no {'shift' if skills else 'skill'}", "name at least one")
    days = frozenset(DAYS.index(item.choice(DAYS)) for item in parts["days"].items()) if "days" in parts else None
    return Person(
        id=identifier,
        name=parts["name"].text() if "name" in parts else identifier,
        crew=parts["crew"].text(),
        skills=skills,
        shifts=wanted,
        days=frozenset(range(7)) if days is None else days,
    )

"""kulla's own rules as data: where they lie, and the playbook and test events that each rule file carries.

A rule file ends with a `kulla:` block in its last document (the rule, or the correlation that counts the rules before
it). Its form is described in `detections/README.md`; every fault in it is reported as a `CatalogueError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias, cast

import yaml

TestScalar: TypeAlias = str | int | float | bool | datetime
TestValue: TypeAlias = TestScalar | Sequence[TestScalar]

MAX_FILE = 1024 * 1024  # bytes of one of our own rule files
MAX_REPEATS = 5_000
_SPAN = re.compile(r"(?P<count>\d{1,6})(?P<unit>ms|s|m|h|d)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class CatalogueError(ValueError):
    """A rule file whose `kulla:` block cannot be used; the message begins with the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One test of a rule: flat ECS events in order of time, and whether the rule must find something in them.

    `@timestamp` is an aware instant in UTC; every other value is as the collectors give it.
    """

    name: str
    match: bool
    events: tuple[Mapping[str, TestValue], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a rule file says of itself beside the rule: which rule is tested (its id), its playbook, its tests.

    `blind_spots` are sentences on what of the same threat the rule cannot see; empty where nobody wrote them yet.
    """

    path: Path
    rule: str
    playbook: str
    tests: tuple[RuleTest, ...]
    blind_spots: tuple[str, ...] = ()


def own_rules_folder() -> Path:
    """Return the folder of the rules that come with kulla."""
    return Path(__file__).resolve().parent / "rules"


def rule_files(folder: Path | None = None) -> tuple[Path, ...]:
    """Return the rule files under a folder (kulla's own by default), sorted by path."""
    return tuple(sorted((folder or own_rules_folder()).rglob("*.yml")))


def read_evidence(path: Path) -> Evidence | None:
    """Return what the file's `kulla:` block says; None for a file without one (a rule from elsewhere).

    Raise `CatalogueError` where the file cannot be read or the block is malformed.
    """
    documents = _documents(path)
    return evidence_from(path, documents[-1]) if documents else None


def evidence_from(path: Path, last: Mapping[str, object]) -> Evidence | None:
    """Return what the last document of a file says in its `kulla:` block, None where it has none.

    Raise `CatalogueError` where the block is malformed.
    """
    if "kulla" not in last:
        return None
    block = _mapping(path, "kulla", last["kulla"])
    unknown = set(block) - {"playbook", "tests", "blind_spots"}
    if unknown:
        raise CatalogueError(f"{path}: unknown keys in the kulla block: {', '.join(sorted(unknown))}")
    return Evidence(
        path=path,
        rule=_text(path, "id", last.get("id")),
        playbook=_text(path, "kulla.playbook", block.get("playbook")),
        tests=tuple(_test(path, number, item) for number, item in enumerate(_items(path, "tests", block), 1)),
        blind_spots=_blind_spots(path, block),
    )


def _documents(path: Path) -> list[dict[str, object]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > MAX_FILE:
        raise CatalogueError(f"{path}: larger than {MAX_FILE} bytes")
    try:
        loaded = list(yaml.safe_load_all(content))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise CatalogueError(f"{path}: no valid YAML ({type(error).__name__})") from error
    return [_mapping(path, "the document", item) for item in loaded]


def _mapping(path: Path, what: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise CatalogueError(f"{path}: {what} has to be a mapping")
    return {str(key): item for key, item in value.items()}


def _text(path: Path, what: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise CatalogueError(f"{path}: {what} has to be text")
    return value


def _items(path: Path, what: str, block: Mapping[str, object]) -> list[object]:
    found = block.get(what)
    if not isinstance(found, list):
        raise CatalogueError(f"{path}: {what} has to be a list")
    return found


def _blind_spots(path: Path, block: Mapping[str, object]) -> tuple[str, ...]:
    if "blind_spots" not in block:
        return ()
    return tuple(_text(path, "blind_spots", item) for item in _items(path, "blind_spots", block))


def _test(path: Path, number: int, item: object) -> RuleTest:
    test = _mapping(path, f"test {number}", item)
    match = test.get("match")
    if not isinstance(match, bool):
        raise CatalogueError(f"{path}: test {number}: match has to be true or false")
    events = [event for entry in _items(path, "events", test) for event in _events(path, number, entry)]
    return RuleTest(
        name=_text(path, f"test {number}: name", test.get("name")),
        match=match,
        events=tuple(sorted(events, key=_when)),
    )


def _when(event: Mapping[str, TestValue]) -> datetime:
    return cast("datetime", event["@timestamp"])  # `_event` made it one


def _events(path: Path, number: int, entry: object) -> Iterator[dict[str, TestValue]]:
    """Yield the events of one entry: the event itself, or `repeat` copies of `event`, one every `every`."""
    fields = _mapping(path, f"test {number}: event", entry)
    if "repeat" not in fields:
        yield _event(path, number, fields)
        return
    times, every = fields.get("repeat"), _span(path, number, fields.get("every"))
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_REPEATS:
        raise CatalogueError(f"{path}: test {number}: repeat has to be a number from 1 to {MAX_REPEATS}")
    pattern = _event(path, number, _mapping(path, f"test {number}: event", fields.get("event")))
    for step in range(times):
        event = {name: _numbered(value, step + 1) for name, value in pattern.items()}
        event["@timestamp"] = _when(pattern) + every * step
        yield event


def _numbered(value: TestValue, number: int) -> TestValue:
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, list):
        return [item.replace("{n}", str(number)) if isinstance(item, str) else item for item in value]
    return value


def _span(path: Path, number: int, value: object) -> timedelta:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CatalogueError(f"{path}: test {number}: every has to be a time span such as 30s or 5m")
    return timedelta(seconds=int(found["count"]) * _UNITS[found["unit"]])


def _event(path: Path, number: int, fields: Mapping[str, object]) -> dict[str, TestValue]:
    event = {name: _value(path, number, name, value) for name, value in fields.items()}
    event["@timestamp"] = _instant(path, number, event.get("@timestamp"))
    return event


def _value(path: Path, number: int, name: str, value: object) -> TestValue:
    if isinstance(value, str | int | float | bool | datetime):
        return value
    if isinstance(value, list) and all(isinstance(item, str | int | float | bool) for item in value):
        return value
    raise CatalogueError(f"{path}: test {number}: {name} has to be text, a number, true, false or a list of these")


def _instant(path: Path, number: int, value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise CatalogueError(f"{path}: test {number}: @timestamp has to be an ISO 8601 instant")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

"""All tests of all rules in one store: each in days of its own, so that no correlation counts events of two tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from detections.catalogue import RuleTest, own_rules_folder, read_evidence, rule_files
from engine.detecting import Detector
from engine.events import Event, Origin, event_id
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.protocol import Store

FIRST = datetime(2000, 1, 3, tzinfo=UTC)  # a Monday: tests keep their day of the week and their time of day
APART = timedelta(days=7)  # the longest correlation of ours counts over a day
_AT_ONCE = 100  # tests in one batch
IDENTITY = "ab" * 16
NOW = FIRST + APART * 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A test with the events that it put into the store."""

    rule: str
    path: str
    test: RuleTest
    events: tuple[Event, ...]


def _cases() -> Iterator[_Case]:
    number = 0
    for path in rule_files():
        evidence = read_evidence(path)
        for test in evidence.tests if evidence is not None else ():
            events = tuple(_moved(test, number))
            yield _Case(rule=evidence.rule if evidence else "", path=str(path), test=test, events=events)
            number += 1


def _moved(test: RuleTest, number: int) -> Iterator[Event]:
    """Yield the test's events in week `number`, on the same day of the week and at the same time of day."""
    begin = test.events[0]["@timestamp"]
    assert isinstance(begin, datetime)
    monday = (begin - timedelta(days=begin.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    shift = FIRST + APART * number - monday
    for place, given in enumerate(test.events):
        stamp = given["@timestamp"]
        assert isinstance(stamp, datetime)
        fields = {**given, "@timestamp": stamp + shift}
        told = fields.get("event.original") or fields.get("message")
        original = told if isinstance(told, str) else orjson.dumps(fields, default=str).decode()
        offset = number * 10_000 + place
        yield Event(
            id=event_id(IDENTITY, offset, original.encode()),
            origin=Origin(path="test", identity=IDENTITY, offset=offset, number=offset + 1),
            original=original,
            fields=fields,
        )


def wrong(store: Store) -> tuple[int, list[str]]:
    """Return how many tests there are, and those whose rule does not do in this store what they say."""
    cases = list(_cases())
    for start in range(0, len(cases), _AT_ONCE):
        store.append([event for case in cases[start : start + _AT_ONCE] for event in case.events], [])
    Detector(Engine(load_rules([own_rules_folder()])), store).run()
    found: dict[tuple[str, str], bool] = {}
    for alert in store.alerts():
        found.update({(alert.rule.id, event.id): True for event in alert.events})
    faults = []
    for case in cases:
        fired = any((case.rule, event.id) in found for event in case.events)
        if fired is not case.test.match:
            faults.append(f"{case.path}: {'fires' if fired else 'stays silent'}: {case.test.name}")
    return len(cases), faults

"""Correlations over files: borders, ties, groups, aliases, and what stays silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import yaml

from engine import hunting
from engine.alerts import Alert
from engine.events import Event, Origin, Value, event_id
from engine.hunting import Findings, Hunter, conclude
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet
from tests.engine.sigma.rules import ACME, compiled, document

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CORRELATION = str(UUID(int=99))
Step = tuple[float, dict[str, Value]]  # seconds after START, fields


def rules(correlation: Mapping[str, Any], **selections: Mapping[str, Any]) -> RuleSet:
    """Return base rules, one for each named selection, and a correlation over them."""
    bases = [
        document({"s": dict(selection), "condition": "s"}, number=number, name=name)
        for number, (name, selection) in enumerate(selections.items(), start=1)
    ]
    body = {"rules": list(selections), "timespan": "10s", **correlation}
    found = compiled(*bases, yaml.safe_dump({"title": "c", "id": CORRELATION, "correlation": body}))
    assert [str(issue) for issue in found.issues] == []
    return found


def event(number: int, step: Step) -> Event:
    seconds, fields = step
    full: dict[str, Value] = {**ACME, "@timestamp": START + timedelta(seconds=seconds), **fields}
    origin = Origin(path="/a.log", identity="ab" * 16, offset=number, number=number + 1)
    return Event(id=event_id("ab" * 16, number, b"x"), origin=origin, original="x", fields=full)


def hunted(found: RuleSet, steps: Sequence[Step]) -> list[Alert]:
    hunter = Hunter(Engine(found))
    alerts = []
    for number, step in enumerate(steps):
        whole = event(number, step)
        alerts += hunter.look(dict(whole.fields), b"x", lambda whole=whole: whole)  # type: ignore[misc]
    return alerts + hunter.conclude()


def fired(found: RuleSet, steps: Sequence[Step]) -> list[Alert]:
    return [alert for alert in hunted(found, steps) if alert.rule.id == CORRELATION]


COUNT = {"type": "event_count", "group-by": ["u"], "condition": {"gte": 3}}
FAIL: dict[str, Value] = {"a": "1", "u": "ann"}


@pytest.mark.parametrize(
    ("times", "bursts"),
    [
        ([0, 5, 10], 1),  # a window includes its border
        ([0, 5, 10.001], 0),
        ([0, 0, 0], 1),
        ([0, 1], 0),
        ([0, 1, 2, 3, 4, 5], 1),  # one alert while it stays hot
        ([0, 1, 2, 12.001, 13, 14], 2),  # a silence longer than the span ends it
        ([0, 1, 2, 11, 12, 13, 21, 22, 23], 1),  # no silence, never fewer than three in ten seconds
        ([0, 0, 0, 10, 10, 10], 1),  # hot again after exactly a span
        ([0, 0, 0, 10.001, 10.001, 10.001], 2),
        ([10, 0, 5], 1),  # the order of reading does not matter
        ([0, 8, 16, 24], 0),
    ],
)
def test_event_count(times: list[float], bursts: int) -> None:
    assert len(fired(rules(COUNT, one={"a": 1}), [(time, FAIL) for time in times])) == bursts


@pytest.mark.parametrize(
    ("condition", "count", "fires"),
    [
        ({"gt": 2}, 3, True),
        ({"gt": 3}, 3, False),
        ({"eq": 3}, 3, True),
        ({"eq": 4}, 3, False),
        ({"lt": 2}, 1, True),
        ({"lte": 1}, 1, True),
        ({"neq": 1}, 2, True),
        ({"neq": 1}, 1, False),
        ({"gte": 10**30}, 3, False),
    ],
)
def test_how_a_count_is_compared(condition: dict[str, int], count: int, fires: bool) -> None:
    found = rules({**COUNT, "condition": condition}, one={"a": 1})
    assert bool(fired(found, [(0, FAIL)] * count)) is fires


def test_groups_are_counted_apart_and_folded() -> None:
    users: list[Value] = ["Ann", "ANN", "ann", "bob", "bob"]
    found = fired(rules(COUNT, one={"a": 1}), [(n, {"a": "1", "u": user}) for n, user in enumerate(users)])
    assert len(found) == 1
    assert len(found[0].events) == 3
    assert [(item.field, item.value) for item in found[0].why][1:] == [("u", "ann")]


def test_a_match_without_the_group_field_is_in_no_group() -> None:
    assert fired(rules(COUNT, one={"a": 1}), [(0, {"a": "1"})] * 5) == []


def test_several_group_fields() -> None:
    found = rules({**COUNT, "group-by": ["u", "h"]}, one={"a": 1})
    same = {"a": "1", "u": "ann", "h": "x"}
    assert fired(found, [(0, same), (1, same), (2, {**same, "h": "y"})]) == []
    assert len(fired(found, [(0, same), (1, same), (2, same)])) == 1


def test_without_groups_everything_counts_together() -> None:
    found = rules({"type": "event_count", "condition": {"gte": 2}}, one={"a": 1})
    assert len(fired(found, [(0, {"a": "1", "u": "x"}), (1, {"a": "1", "u": "y"})])) == 1


VALUES = {"type": "value_count", "group-by": ["u"], "condition": {"gte": 3, "field": "h"}}


@pytest.mark.parametrize(
    ("hosts", "fires"),
    [
        (["x", "y", "z"], True),
        (["x", "x", "x", "y"], False),
        (["x", "X", "y"], False),  # folded
        ([["x", "y", "z"]], True),  # several values of one event count each
        ([[], "x", "y"], False),
    ],
)
def test_value_count(hosts: list[Value], fires: bool) -> None:
    steps: list[Step] = [(n, {"a": "1", "u": "ann", "h": host}) for n, host in enumerate(hosts)]
    assert bool(fired(rules(VALUES, one={"a": 1}), steps)) is fires


def test_values_that_left_the_window_do_not_count() -> None:
    steps: list[Step] = [(time, {"a": "1", "u": "ann", "h": host}) for time, host in [(0, "x"), (6, "y"), (10.5, "z")]]
    assert fired(rules(VALUES, one={"a": 1}), steps) == []


TEMPORAL = {"type": "temporal", "group-by": ["u"]}


@pytest.mark.parametrize(
    ("steps", "fires"),
    [
        ([(0, {"a": "1", "u": "x"}), (10, {"b": "1", "u": "x"})], True),
        ([(0, {"b": "1", "u": "x"}), (10, {"a": "1", "u": "x"})], True),  # in any order
        ([(0, {"a": "1", "u": "x"}), (10.1, {"b": "1", "u": "x"})], False),
        ([(0, {"a": "1", "u": "x"}), (1, {"b": "1", "u": "y"})], False),
        ([(0, {"a": "1", "u": "x"}), (1, {"a": "1", "u": "x"})], False),
        ([(0, {"a": "1", "b": "1", "u": "x"})], True),  # one event that both rules match
    ],
)
def test_temporal(steps: list[Step], fires: bool) -> None:
    assert bool(fired(rules(TEMPORAL, one={"a": 1}, two={"b": 1}), steps)) is fires


def test_aliases_name_the_field_of_each_rule() -> None:
    aliases = {"who": {"one": "source_user", "two": "target_user"}}
    found = rules({"type": "temporal", "group-by": ["who"], "aliases": aliases}, one={"a": 1}, two={"b": 1})
    first: Step = (0, {"a": "1", "source_user": "x", "target_user": "y"})
    assert len(fired(found, [first, (1, {"b": "1", "target_user": "X", "source_user": "q"})])) == 1
    assert fired(found, [first, (1, {"b": "1", "target_user": "y"})]) == []


@pytest.mark.parametrize(("generate", "alerts"), [(False, 1), (True, 4), (None, 1)])
def test_generate_says_whether_the_base_rules_alert_too(generate: bool | None, alerts: int) -> None:
    more = {} if generate is None else {"generate": generate}
    assert len(hunted(rules({**COUNT, **more}, one={"a": 1}), [(0, FAIL)] * 3)) == alerts


def test_a_rule_is_found_by_its_id_as_well() -> None:
    base = document({"s": {"a": 1}, "condition": "s"}, name="named")
    body = {**COUNT, "rules": [str(UUID(int=1))], "timespan": "10s"}
    found = compiled(base, yaml.safe_dump({"title": "c", "id": CORRELATION, "correlation": body}))
    assert len(fired(found, [(0, FAIL)] * 3)) == 1


def test_any_order_of_reading_gives_the_same_alerts() -> None:
    found, chance = rules(COUNT, one={"a": 1}), Random(7)
    events = [event(n, (chance.randrange(40), {"a": "1", "u": chance.choice("xyz")})) for n in range(60)]
    told = set()
    for _ in range(5):
        chance.shuffle(events)
        hunter = Hunter(Engine(found))
        for item in events:
            hunter.look(dict(item.fields), b"x", lambda item=item: item)  # type: ignore[misc]
        told.add(tuple(alert.id for alert in hunter.conclude()))
    assert len(told) == 1
    assert next(iter(told))


def test_hunters_that_share_the_work_find_what_one_finds() -> None:
    found = rules(COUNT, one={"a": 1})
    events = [event(n, (n * 0.5, FAIL)) for n in range(12)]
    whole, first, second = (Hunter(Engine(found)) for _ in range(3))
    for number, item in enumerate(events):
        for hunter in (whole, first if number % 2 else second):
            hunter.look(dict(item.fields), b"x", lambda item=item: item)  # type: ignore[misc]
    joined = Findings()
    joined.add(first.findings)
    joined.add(second.findings)
    apart = conclude(Correlator(found), joined.hits, joined.events)
    assert [alert.id for alert in apart] == [alert.id for alert in whole.conclude()] != []


def test_a_burst_tells_its_time_its_events_and_their_entities() -> None:
    steps: list[Step] = [(n, {**FAIL, "host.name": f"h{n}", "source.ip": "192.0.2.1"}) for n in range(4)]
    (alert,) = fired(rules(COUNT, one={"a": 1}), steps)
    assert alert.timestamp == START + timedelta(seconds=2)
    assert len(alert.events) == 3
    assert alert.fields["host.name"] == ["h0", "h1", "h2"]
    assert alert.fields["source.ip"] == "192.0.2.1"
    assert alert.why[0].predicate == "events gte 3 in 10 s"
    assert alert.why[0].value == "3"


def test_a_flood_keeps_few_events_and_loses_no_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hunting, "MAX_KEPT", 3)
    hunter = Hunter(Engine(rules(COUNT, a={"a": "1"})))
    for number in range(50):
        item = event(number, (float(number), {"u": "ann", "h": "x", "a": "1"}))
        hunter.look(dict(item.fields), b"", lambda item=item: item)  # type: ignore[misc]
    assert len(hunter.findings.events) == 3
    assert len(hunter.conclude()) == 1

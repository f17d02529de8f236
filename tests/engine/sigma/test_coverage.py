"""How a rule stands: loaded, without a source, without a field, without events; and who collects its log source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.events import Event, Origin, Value
from engine.sigma.coverage import Standing, Surveyor, firing, kinds_in
from engine.sigma.logsources import Kind
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.rules import compiled, document

DELIVERS = {"evtx": ("winlog",), "json": ("*",), "nginx": ("nginx.access", "nginx.error"), "zeek": ("zeek.",)}
SYSMON = "microsoft-windows-sysmon/operational"


def standing(
    detection: Mapping[str, Any],
    source: Mapping[str, str],
    *,
    seen: frozenset[Kind] | None = None,
    delivers: Mapping[str, Sequence[str]] = DELIVERS,
) -> Standing:
    rules = compiled(document(detection, source=source))
    assert rules.issues == []
    return Surveyor(rules.predicates, delivers, seen).standing(rules.rules[0])


IMAGE = {"s": {"Image": "x"}, "condition": "s"}
PROCESS = {"product": "windows", "category": "process_creation"}


@pytest.mark.parametrize(
    ("source", "collectors"),
    [
        (PROCESS, ("evtx", "json")),
        ({"product": "windows", "service": "security"}, ("evtx",)),
        ({"category": "webserver"}, ("nginx",)),
        ({"product": "zeek", "service": "dns"}, ("zeek",)),
        ({"product": "aws", "service": "cloudtrail"}, ("json",)),
        ({"product": "acme"}, ("json",)),
        ({"product": "macos", "category": "file_event"}, ("json",)),
        ({"product": "windows", "service": "nosuch"}, ()),
    ],
)
def test_who_collects_a_log_source(source: dict[str, str], collectors: tuple[str, ...]) -> None:
    assert standing(IMAGE, source).collectors == collectors


def test_a_rule_without_a_source_is_told() -> None:
    lost = standing(IMAGE, {"product": "windows", "service": "nosuch"})
    assert (lost.state, "windows/*/nosuch" in lost.why) == ("no source", True)
    lost = standing(IMAGE, PROCESS, delivers={"nginx": ("nginx.access",)})
    assert (lost.state, lost.why) == ("no source", "no collector delivers windows/process_creation/*")


def test_a_rule_that_only_documents_in_ecs_can_feed_says_what_they_have_to_name() -> None:
    called = {"s": {"eventName": "x"}, "condition": "s"}
    remark = standing(called, {"product": "aws", "service": "cloudtrail"}).why
    assert remark == "only from documents in ECS (json) that name as event.dataset aws.cloudtrail"
    assert "host.os.type" in standing(IMAGE, {"product": "macos", "category": "process_creation"}).why


@pytest.mark.parametrize(
    ("detection", "state"),
    [
        ({"s": {"GrandParentImage": "x"}, "condition": "s"}, "no field"),
        ({"s": {"GrandParentImage": "x", "Image": "y"}, "condition": "s"}, "no field"),
        ({"s": [{"GrandParentImage": "x"}, {"Image": "y"}], "condition": "s"}, "loaded"),
        ({"s": {"Image": "y"}, "f": {"GrandParentImage": "x"}, "condition": "s and not f"}, "loaded"),
        ({"s": {"Image": "y"}, "f": {"GrandParentImage": None}, "condition": "s and f"}, "loaded"),
        ({"s": {"Image": "y"}, "f": {"GrandParentImage": None}, "condition": "s and not f"}, "no field"),
        ({"s": {"Image": "y"}, "f": {"GrandParentImage|exists": True}, "condition": "s and f"}, "no field"),
        ({"s": {"Image": "y"}, "f": {"GrandParentImage|exists": False}, "condition": "s and f"}, "loaded"),
    ],
)
def test_a_field_that_no_event_has_decides_where_the_rule_needs_it(detection: dict[str, Any], state: str) -> None:
    found = standing(detection, PROCESS)
    assert found.state == state
    assert ("GrandParentImage: not in the event" in found.why) is (state == "no field")


def test_a_field_that_nobody_knows_is_remarked_on() -> None:
    found = standing({"s": {"Commandline": "x"}, "condition": "s"}, PROCESS)
    assert found.state == "loaded"
    assert found.fields == {"Commandline": "unknown"}
    assert found.why == "not known of windows/process_creation/*, read under its own name: Commandline"


def test_a_rule_whose_events_were_never_collected_is_told() -> None:
    seen = frozenset({Kind("windows", SYSMON, "7"), Kind("nginx", "nginx.access", "")})
    assert standing(IMAGE, PROCESS, seen=seen).state == "no events"
    assert standing(IMAGE, PROCESS, seen=seen | {Kind("windows", SYSMON, "1")}).state == "loaded"
    assert standing(IMAGE, {"category": "webserver"}, seen=seen).state == "loaded"
    assert standing(IMAGE, PROCESS, seen=None).state == "loaded"


def stored(number: int, **fields: Value) -> Event:
    names = {name.replace("__", "."): value for name, value in fields.items()}
    stamp = datetime(2026, 3, 10, 8, 0, number, tzinfo=UTC)
    origin = Origin(path="x", identity="0" * 32, offset=number, number=number + 1)
    return Event(id=f"{number:032x}", origin=origin, original="x", fields={"@timestamp": stamp, **names})


def test_the_kinds_that_a_store_holds(tmp_path: Path) -> None:
    events = [
        stored(1, winlog__channel="Microsoft-Windows-Sysmon/Operational", event__code="1", event__dataset="w.s"),
        stored(2, event__dataset="nginx.access", event__category=["web"], event__type=["access"]),
        stored(
            3,
            event__dataset="endpoint.events.file",
            event__category=["file"],
            event__type=["creation"],
            host__os__type="macos",
        ),
        stored(4, event__dataset="system.auth", process__name="sshd"),
    ]
    with EmbeddedStore(tmp_path / "store", lambda: datetime(2026, 3, 10, 9, tzinfo=UTC)) as store:
        assert kinds_in(store) == frozenset()
        store.append(events, [])
        assert kinds_in(store) == {
            Kind("windows", SYSMON, "1"),
            Kind("nginx", "nginx.access", ""),
            Kind("macos", "endpoint.events.file", "file_event"),
            Kind("linux", "system.auth", "sshd"),
        }


def correlated(kind: str, condition: object, first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """Return whether a correlation of two rules, over these log sources, can fire."""
    number = "11111111-0000-4000-8000-000000000000"
    block = {"type": kind, "rules": ["r1", "r2"], "timespan": "5m", "group-by": ["User"], "condition": condition}
    over = yaml.safe_dump({"title": "c", "id": number, "status": "test", "level": "high", "correlation": block})
    bases = [document(IMAGE, source=source, number=n, name=f"r{n}") for n, source in ((1, first), (2, second))]
    rules = compiled(*bases, over)
    assert rules.issues == []
    surveyor = Surveyor(rules.predicates, DELIVERS)
    return number in firing(rules, [surveyor.standing(rule) for rule in rules.rules])


HERE, NOWHERE = PROCESS, {"product": "windows", "service": "nosuch"}


@pytest.mark.parametrize(
    ("kind", "condition", "both", "one", "none"),
    [
        ("temporal", {"gte": 2}, True, False, False),
        ("temporal", "r1 and r2", True, False, False),
        ("temporal", "r1 or r2", True, True, False),
        ("temporal", "r1 and not r2", True, True, False),
        ("temporal_ordered", {"gte": 2}, True, False, False),
        ("event_count", {"gte": 2}, True, True, False),
    ],
)
def test_a_correlation_can_fire_where_enough_of_its_rules_can(
    kind: str, condition: object, both: bool, one: bool, none: bool
) -> None:
    assert correlated(kind, condition, HERE, HERE) is both
    assert correlated(kind, condition, HERE, NOWHERE) is one
    assert correlated(kind, condition, NOWHERE, NOWHERE) is none

"""Each type of correlation, where it holds and where it does not: at borders, with ties, over correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import yaml

from engine.alerts import Alert
from engine.events import Value
from engine.sigma.rules import RuleSet
from tests.engine.sigma.rules import compiled, document
from tests.engine.sigma.test_correlation import CORRELATION, START, Step, fired, hunted, rules

BASES = {"a": {"a": 1}, "b": {"b": 1}, "c": {"c": 1}}


def seen(letters: str, *, values: Sequence[Value] = (), step: float = 1) -> list[Step]:
    """Return events that the rules named by letters match, one a step (`.` is a step without any)."""
    steps: list[Step] = []
    for number, letter in enumerate(letters):
        if letter != ".":
            value: dict[str, Value] = {"v": values[number]} if number < len(values) else {}
            steps.append((number * step, {letter: "1", "u": "ann", **value}))
    return steps


def ordered(condition: Any = None) -> RuleSet:
    body: dict[str, Any] = {"type": "temporal_ordered", "group-by": ["u"]}
    return rules(body if condition is None else {**body, "condition": condition}, **BASES)


@pytest.mark.parametrize(
    ("letters", "fires"),
    [
        ("abc", True),
        ("acb", False),
        ("cba", False),
        ("aabbc", True),
        ("bacbc", True),
        ("a.........c", False),
        ("a....b....c", True),  # ten seconds, the border included
        ("a.....b....c", False),
        ("ab.........abc", True),
        ("abacab", True),
    ],
)
def test_rules_in_order(letters: str, fires: bool) -> None:
    assert bool(fired(ordered(), seen(letters))) is fires


def test_equal_stamps_count_as_in_order() -> None:
    steps = [(0.0, {letter: "1", "u": "ann"}) for letter in "cba"]
    assert len(fired(ordered(), steps)) == 1  # type: ignore[arg-type] # a dict of str is one of Value


@pytest.mark.parametrize(
    ("letters", "fires"), [("ab", True), ("ac", True), ("bc", True), ("ba", False), ("cb", False), ("a", False)]
)
def test_part_of_the_rules_in_order(letters: str, fires: bool) -> None:
    assert bool(fired(ordered({"gte": 2}), seen(letters))) is fires


@pytest.mark.parametrize(
    ("condition", "letters", "fires"),
    [
        ("a and b", "ab", True),
        ("a AND b AND c", "cab", True),
        ("a and b and c", "ab", False),
        ("a or b or c", "c", True),
        ("a and (b or c)", "ca", True),
        ("a and (b or c)", "bc", False),
        ("a and not b", "a", True),
        ("a and not b", "ab", False),
        ("a and not b", "ba", False),  # one window of ten seconds holds both
        ("a and not b", "b..........a", True),
        ("a and not b", "a..........b", True),
        ("a and not b", "b.........a", False),
        ("not (a or b) and c", "c", True),
        ("not (a or b) and c", "cb", False),
        ("a and not (b and c)", "ab", True),
        ("a and not (b and c)", "abc", False),
        ("not not a and b", "ab", True),
    ],
)
def test_extended_conditions(condition: str, letters: str, fires: bool) -> None:
    named = {name: selection for name, selection in BASES.items() if name in condition.lower().replace("and", "")}
    found = rules({"type": "temporal", "group-by": ["u"], "condition": condition}, **named)
    assert bool(fired(found, seen(letters))) is fires


@pytest.mark.parametrize(
    ("condition", "letters", "fires"),
    [
        ("a and b and c", "abc", True),
        ("a and b and c", "bac", False),
        ("a and not b and c", "ac", True),
        ("a and not b and c", "abc", False),  # between them
        ("a and not b and c", "bac", True),  # before both is allowed
        ("a and not b and c", "acb", True),
        ("a and b and not c", "ab", True),
        ("a and b and not c", "abc", False),
        ("a and b and not c", "cab", True),
        ("a and b and not c", "ab.........c", True),  # more than a span after the first
        ("not a and b and c", "abc", False),
        ("not a and b and c", "bca", True),
        ("a and (b or c)", "ac", True),
        ("a and (b or c)", "ca", False),
    ],
)
def test_extended_conditions_in_order(condition: str, letters: str, fires: bool) -> None:
    assert bool(fired(ordered(condition), seen(letters))) is fires


def test_what_was_seen_and_what_was_not_is_told() -> None:
    found = rules({"type": "temporal", "group-by": ["u"], "condition": "a and not b"}, a={"a": 1}, b={"b": 1})
    (alert,) = fired(found, seen("a"))
    assert (alert.why[0].predicate, alert.why[0].value) == ("a and not b in 10 s", "1: a; without b")


NUMBERS: list[tuple[str, dict[str, Any], list[Value], bool]] = [
    ("value_sum", {"gt": 10}, [4, 4, 4], True),
    ("value_sum", {"gt": 10}, [4, 4, 2], False),
    ("value_sum", {"gte": 10}, ["4.5", "5.5"], True),
    ("value_sum", {"gte": 0.3}, ["0.1", "0.2"], True),  # exact: floats add up to more than 0.3 or less
    ("value_sum", {"gt": 0.3}, ["0.1", "0.2"], False),
    ("value_sum", {"lt": -5}, [-3, -3], True),
    ("value_sum", {"lt": -5}, [-3, -2], False),
    ("value_sum", {"gt": 10}, ["many", None, "12x", ""], False),
    ("value_sum", {"gt": 10}, ["1e1", "+1"], True),
    ("value_sum", {"gt": 10}, ["1e999999999"], False),  # refused as a number: it would take all memory
    ("value_sum", {"gt": 10}, [[6, 5]], True),  # all values of one event
    ("value_avg", {"gt": 4.5}, [4, 6], True),
    ("value_avg", {"gt": 5}, [4, 6], False),
    ("value_avg", {"gte": 2, "lt": 3}, [9, 0, 0, 1], True),
    ("value_avg", {"gte": 2, "lt": 3}, [9, 9, 0], False),
    ("value_median", {"eq": 2.5}, [2, 3], True),
    ("value_median", {"gt": 5}, [1, 100, 2], True),
    ("value_median", {"gt": 60}, [1, 100, 2], False),
    ("value_percentile", {"percentile": 95, "gte": 96}, [1, 100], False),
    ("value_percentile", {"percentile": 95, "gte": 95}, [1, 100], True),
    ("value_percentile", {"percentile": 50, "eq": 2}, [1, 3], True),
    ("value_percentile", {"percentile": 0, "lt": 1}, [5, 4], False),
    ("value_percentile", {"percentile": 100, "gte": 5}, [5, 4], True),
    ("value_percentile", {"percentile": 12.5, "gt": 1.12, "lt": 1.13}, [2, 1], True),
]


@pytest.mark.parametrize(("kind", "condition", "values", "fires"), NUMBERS)
def test_measures_of_numbers(kind: str, condition: dict[str, Any], values: list[Value], fires: bool) -> None:
    found = rules({"type": kind, "group-by": ["u"], "condition": {"field": "v", **condition}}, one={"a": 1})
    steps: list[Step] = []
    for number, value in enumerate(values):
        fields: dict[str, Value] = {"a": "1", "u": "ann"}
        steps.append((number, fields if value is None else {**fields, "v": value}))
    assert bool(fired(found, steps)) is fires


def test_numbers_that_left_the_window_do_not_count() -> None:
    found = rules({"type": "value_sum", "condition": {"field": "v", "gt": 10}}, one={"a": 1})
    steps: list[Step] = [(0, {"a": "1", "v": 9}), (10.5, {"a": "1", "v": 9}), (11, {"a": "1", "v": 1})]
    assert fired(found, steps) == []
    assert len(fired(found, [*steps, (12, {"a": "1", "v": 1})])) == 1


def test_an_event_that_two_rules_match_is_added_once() -> None:
    found = rules({"type": "value_sum", "condition": {"field": "v", "gt": 10}}, one={"a": 1}, two={"b": 1})
    assert fired(found, [(0, {"a": "1", "b": "1", "v": 6})]) == []


RARE = {"type": "value_percentile", "group-by": ["u"], "condition": {"field": "v", "lte": 5}}


def names(alerts: Sequence[Alert]) -> list[str]:
    return [alert.why[0].value for alert in alerts]


def test_a_rare_value_is_told_by_its_share() -> None:
    steps: list[Step] = [(n * 0.1, {"a": "1", "u": "ann", "v": "common.exe"}) for n in range(38)]
    found = rules(RARE, one={"a": 1})
    assert fired(found, steps) == []  # the only value there is
    rare: list[Step] = [*steps, (5, {"a": "1", "u": "ann", "v": "Rare.exe"})]
    (alert,) = fired(found, rare)
    assert names([alert]) == ["2.564 (rare.exe)"]
    assert alert.why[0].predicate == "share in percent of the value of v lte 5 in 10 s"
    assert len(alert.events) == 1
    both: list[Step] = [*rare, (5.1, {"a": "1", "u": "ann", "v": "other.exe"})]
    assert names(fired(found, both)) == ["2.564 (rare.exe)", "2.5 (other.exe)"]  # each value is a finding


def test_no_value_is_rare_among_few() -> None:
    steps: list[Step] = [(n, {"a": "1", "u": "ann", "v": str(n)}) for n in range(10)]
    assert fired(rules(RARE, one={"a": 1}), steps) == []


def test_a_value_is_rare_within_its_group_only() -> None:
    steps: list[Step] = [(n * 0.1, {"a": "1", "u": "ann", "v": "x"}) for n in range(50)]
    assert fired(rules(RARE, one={"a": 1}), [*steps, (5, {"a": "1", "u": "bob", "v": "y"})]) == []


def test_several_fields_count_as_one_value() -> None:
    body = {"type": "value_count", "group-by": ["u"], "condition": {"gte": 3, "field": ["v", "w"]}}
    found = rules(body, one={"a": 1})
    pairs: list[tuple[Value, Value]] = [("x", "1"), ("x", "2"), ("X", "2"), ("y", "1")]
    steps: list[Step] = [(n, {"a": "1", "u": "ann", "v": v, "w": w}) for n, (v, w) in enumerate(pairs)]
    assert fired(found, steps[:3]) == []
    assert len(fired(found, steps)) == 1
    assert len(fired(found, [(0, {"a": "1", "u": "ann", "v": ["x", "y"], "w": ["1", "2"]})])) == 1
    assert fired(found, [(n, {"a": "1", "u": "ann", "v": str(n)}) for n in range(5)]) == []  # no second field


def test_values_do_not_run_into_one_another() -> None:
    body = {"type": "value_count", "condition": {"gte": 2, "field": ["v", "w"]}}
    pairs: list[tuple[Value, Value]] = [('a","b', "c"), ("a", 'b","c')]
    assert (
        len(fired(rules(body, one={"a": 1}), [(n, {"a": "1", "v": v, "w": w}) for n, (v, w) in enumerate(pairs)])) == 1
    )


@pytest.mark.parametrize(("count", "fires"), [(9, False), (10, True), (49, True)])
def test_a_range_holds_between_its_bounds(count: int, fires: bool) -> None:
    found = rules({"type": "event_count", "condition": {"gte": 10, "lt": 50}}, one={"a": 1})
    assert bool(fired(found, [(n * 0.1, {"a": "1"}) for n in range(count)])) is fires
    at_once: list[Step] = [(0, {"a": "1"})] * 50
    assert fired(found, at_once) == []  # never between the bounds: they all come in one instant


def test_an_alias_names_the_counted_field_too() -> None:
    body = {
        "type": "value_count",
        "group-by": ["u"],
        "aliases": {"target": {"one": "x", "two": "y"}},
        "condition": {"gte": 2, "field": "target"},
    }
    found = rules(body, one={"a": 1}, two={"b": 1})
    assert len(fired(found, [(0, {"a": "1", "u": "q", "x": "1"}), (1, {"b": "1", "u": "q", "y": "2"})])) == 1
    assert fired(found, [(0, {"a": "1", "u": "q", "x": "1"}), (1, {"b": "1", "u": "q", "y": "1", "x": "2"})]) == []


# correlations of correlations

INNER, MIDDLE = str(UUID(int=77)), str(UUID(int=78))


def chain(outer: Mapping[str, Any], *, inner: Mapping[str, Any] | None = None, outer_first: bool = False) -> RuleSet:
    """Return `many` (three matches of `fail` by user within 10 s) and a correlation over it and `ok`."""
    many = {"type": "event_count", "rules": ["fail"], "group-by": ["u"], "timespan": "10s", "condition": {"gte": 3}}
    documents = [
        document({"s": {"a": 1}, "condition": "s"}, number=1, name="fail"),
        document({"s": {"b": 1}, "condition": "s"}, number=2, name="ok"),
        yaml.safe_dump({"title": "many", "name": "many", "id": INNER, "correlation": {**many, **(inner or {})}}),
        yaml.safe_dump({"title": "c", "id": CORRELATION, "correlation": {"timespan": "10s", **outer}}),
    ]
    found = compiled(*(reversed(documents) if outer_first else documents))
    assert [str(issue) for issue in found.issues] == []
    return found


BRUTE = {"type": "temporal_ordered", "rules": ["many", "ok"], "group-by": ["u"]}


def brute(letters: str, user: str = "ann") -> list[Step]:
    return [
        (float(n), {{"f": "a", "o": "b"}[letter]: "1", "u": user, "h": f"h{n}"})
        for n, letter in enumerate(letters)
        if letter != "."
    ]


@pytest.mark.parametrize("outer_first", [False, True])
@pytest.mark.parametrize(
    ("letters", "fires"),
    [
        ("fffo", True),
        ("ffo", False),
        ("offf", False),
        ("fff.........o", True),  # ten seconds after the third
        ("fff..........o", False),
        ("fff...........f.......o", False),
        ("fff......f.f.f.....o", True),  # it goes on: hot again shortly before
        ("ffffffffffffffffffffo", True),
    ],
)
def test_many_failures_then_success(letters: str, fires: bool, outer_first: bool) -> None:
    alerts = hunted(chain(BRUTE, outer_first=outer_first), brute(letters))
    assert {alert.rule.id for alert in alerts} == ({CORRELATION} if fires else set())  # `many` itself is silent


def test_an_outer_group_is_taken_from_the_events_of_the_inner_window() -> None:
    inner = {"group-by": ["h"]}
    steps: list[Step] = [(n, {"a": "1", "h": "dc", "u": user}) for n, user in enumerate(["ann", "bob", "cyd"])]
    success: Step = (3, {"b": "1", "h": "elsewhere", "u": "ann"})
    (alert,) = fired(chain(BRUTE, inner=inner), [*steps, success])
    assert alert.why[1].value == "ann"
    assert len(alert.events) == 2  # hers, and the success
    other: Step = (3, {"b": "1", "h": "dc", "u": "eve"})
    assert fired(chain(BRUTE, inner=inner), [*steps, other]) == []


def test_generate_lets_an_inner_correlation_alert() -> None:
    found = chain({**BRUTE, "generate": True})
    told = [alert.rule.id for alert in hunted(found, brute("fffo"))]
    assert sorted(told) == sorted([str(UUID(int=1))] * 3 + [str(UUID(int=2)), INNER, CORRELATION]) or INNER in told
    assert CORRELATION in told


def test_bursts_are_counted_once_each() -> None:
    outer = {"type": "event_count", "rules": ["many"], "timespan": "1m", "condition": {"gte": 2}}
    assert fired(chain(outer), brute("ffffffff")) == []  # one burst, however long
    assert len(fired(chain(outer), brute("fff.............fff"))) == 1
    two_users = [*brute("fff"), *brute("fff", "bob")]
    assert len(fired(chain(outer), two_users)) == 1


def test_values_of_an_inner_correlation_are_counted() -> None:
    outer = {"type": "value_count", "rules": ["many"], "timespan": "1m", "condition": {"gte": 2, "field": "u"}}
    assert fired(chain(outer), brute("fff.............fff")) == []
    assert len(fired(chain(outer), [*brute("fff"), *brute("fff", "bob"), *brute("ff", "cyd")])) == 1


def test_three_deep() -> None:
    outer = {"type": "event_count", "rules": [MIDDLE], "group-by": ["h"], "timespan": "1m", "condition": {"gte": 1}}
    documents = [
        document({"s": {"a": 1}, "condition": "s"}, number=1, name="fail"),
        document({"s": {"b": 1}, "condition": "s"}, number=2, name="ok"),
    ]
    many = {"type": "event_count", "rules": ["fail"], "group-by": ["u"], "timespan": "10s", "condition": {"gte": 3}}
    bodies = [("many", INNER, many), ("brute", MIDDLE, {**BRUTE, "timespan": "10s"}), ("top", CORRELATION, outer)]
    documents += [yaml.safe_dump({"title": n, "name": n, "id": i, "correlation": body}) for n, i, body in bodies]
    found = compiled(*documents)
    assert found.issues == []
    alerts = hunted(found, brute("fffo"))
    assert {alert.rule.id for alert in alerts} == {CORRELATION}
    assert {alert.why[1].value for alert in alerts} >= {"h3"}
    assert hunted(found, brute("ffo")) == []


def test_an_inner_absence_holds_back_nothing_that_is_certain() -> None:
    inner = {"type": "temporal", "rules": ["fail", "ok"], "condition": "fail and not ok"}
    outer = {"type": "event_count", "rules": ["many"], "group-by": ["u"], "condition": {"gte": 1}}
    assert len(fired(chain(outer, inner=inner), brute("f"))) == 1
    assert fired(chain(outer, inner=inner), brute("fo")) == []


# ids, and what is listed


def test_the_id_names_rule_group_and_instant_and_no_event() -> None:
    found = rules({"type": "temporal", "group-by": ["u"]}, one={"a": 1}, two={"b": 1})
    steps: list[Step] = [(0, {"a": "1", "u": "x"}), (5, {"b": "1", "u": "x"})]
    (alert,) = fired(found, steps)
    (fuller,) = fired(found, [*steps, (3, {"a": "1", "u": "x"}), (5, {"a": "1", "u": "x"})])
    assert fuller.id == alert.id
    (other,) = fired(found, [(time, {**fields, "u": "y"}) for time, fields in steps])
    assert other.id != alert.id
    assert alert.timestamp == START + timedelta(seconds=5)


def test_a_large_window_is_listed_in_part() -> None:
    found = rules({"type": "event_count", "condition": {"gte": 700}}, one={"a": 1})
    (alert,) = fired(found, [(n * 0.01, {"a": "1"}) for n in range(700)])
    assert len(alert.events) == 500
    assert alert.why[-1].value == "700, of which the first and last 500 are named"

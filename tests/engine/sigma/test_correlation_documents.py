"""Which correlation documents are read, and what is said of those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from engine.sigma import cache
from engine.sigma.correlations.conditions import terms
from engine.sigma.correlations.numbers import number, shown
from engine.sigma.documents import compile_files
from engine.sigma.rules import Correlation, RuleSet
from tests.engine.sigma.rules import compiled, document

OWN = str(UUID(int=99))
BASES = [document({"s": {name: 1}, "condition": "s"}, number=n, name=name) for n, name in enumerate("abc", start=1)]
COUNT: dict[str, Any] = {"type": "event_count", "rules": ["a"], "timespan": "5m", "condition": {"gte": 3}}
VALUES: dict[str, Any] = {**COUNT, "type": "value_count", "condition": {"gte": 3, "field": "x"}}
PERCENT: dict[str, Any] = {**COUNT, "type": "value_percentile"}
TEMPORAL: dict[str, Any] = {"type": "temporal", "rules": ["a", "b"], "timespan": "5m"}


def loaded(body: object, **more: object) -> RuleSet:
    return compiled(*BASES, yaml.safe_dump({"title": "c", "id": OWN, "correlation": body, **more}, sort_keys=False))


def read(body: object, **more: object) -> Correlation:
    found = loaded(body, **more)
    assert [str(issue) for issue in found.issues] == []
    return found.correlations[0]


@pytest.mark.parametrize(
    ("word", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("7d", 604_800), ("2w", 1_209_600), ("1M", 2_629_746), ("1y", 31_556_952)],
)
def test_time_spans(word: str, seconds: int) -> None:
    assert read({**COUNT, "timespan": word}).timespan == seconds


@pytest.mark.parametrize("kind", ["value_sum", "value_avg", "value_median", "value_percentile"])
def test_types_that_measure_numbers(kind: str) -> None:
    item = read({**COUNT, "type": kind, "condition": {"field": "x", "gt": 1.5}})
    assert (item.type, item.bounds[0].number, item.value_fields) == (kind, "1.5", ("x",))


def test_references_become_ids() -> None:
    item = read({**TEMPORAL, "rules": ["b", str(UUID(int=1))], "aliases": {"who": {"b": "x", "a": "y"}}})
    assert item.rules == (str(UUID(int=2)), str(UUID(int=1)))
    assert item.aliases == {"who": {str(UUID(int=2)): "x", str(UUID(int=1)): "y"}}


def test_rules_may_stand_in_the_extended_condition_alone() -> None:
    body = {"type": "temporal", "timespan": "5m", "condition": "b and not a"}
    item = read(body)
    assert item.rules == (str(UUID(int=2)), str(UUID(int=1)))
    assert [(each.seen, each.absent) for each in item.terms] == [((item.rules[0],), (item.rules[1],))]


@pytest.mark.parametrize(
    ("inside", "beside", "generate"), [(True, None, True), (None, True, True), (None, None, False)]
)
def test_generate_stands_in_the_section_or_beside_it(inside: object, beside: object, generate: bool) -> None:
    body = COUNT if inside is None else {**COUNT, "generate": inside}
    assert read(body, **({} if beside is None else {"generate": beside})).generate is generate


def test_one_rule_and_one_group_need_no_list() -> None:
    item = read({**COUNT, "rules": "a", "group-by": "u"})
    assert (len(item.rules), item.group_by) == (1, ("u",))


def test_correlations_survive_the_cache(tmp_path: Path) -> None:
    body = {**TEMPORAL, "type": "temporal_ordered", "condition": "a and not b", "aliases": {"q": {"a": "x"}}}
    for found in (loaded(body), loaded({**PERCENT, "condition": {"field": ["x", "y"], "lte": 0.5, "gt": -1}})):
        cache.write(tmp_path, "k" * 32, found)
        kept = cache.read(tmp_path, "k" * 32)
        assert kept is not None
        assert kept.correlations == found.correlations


REFUSED: list[tuple[object, str]] = [
    ([], "no mapping"),
    ({**COUNT, "timeframe": "5m"}, "no `timeframe`"),
    ({**COUNT, "group_by": ["u"]}, "no `group_by`"),
    ({**COUNT, "type": "value_max"}, "no such correlation type"),
    ({**COUNT, "type": ["event_count"]}, "no such correlation type"),
    ({**COUNT, "type": None}, "without a type"),
    ({**COUNT, "rules": []}, "without rules"),
    ({**COUNT, "rules": {"a": 1}}, "no list of names"),
    ({**COUNT, "rules": ["a", "a"]}, "twice"),
    ({**COUNT, "rules": ["a", str(UUID(int=1))]}, "same rule twice"),
    ({**COUNT, "rules": ["zz"]}, "not loaded: zz"),
    ({**COUNT, "rules": [f"r{n}" for n in range(60)]}, "at most 50"),
    ({**COUNT, "group-by": [1]}, "group-by"),
    ({**COUNT, "timespan": "5"}, "timespan"),
    ({**COUNT, "timespan": "0m"}, "timespan"),
    ({**COUNT, "timespan": "-5m"}, "timespan"),
    ({**COUNT, "timespan": "5 m"}, "timespan"),
    ({**COUNT, "timespan": "9999999999y"}, "timespan"),
    ({**COUNT, "timespan": 300}, "timespan"),
    ({**COUNT, "condition": None}, "needs a condition"),
    ({**COUNT, "condition": {}}, "compares nothing"),
    ({**COUNT, "condition": {"more": 3}}, "compares nothing"),
    ({**COUNT, "condition": {"gte": 3, "more": 3}}, "no `more`"),
    ({**COUNT, "condition": {"gte": "many"}}, "no number"),
    ({**COUNT, "condition": {"gte": True}}, "no number"),
    ({**COUNT, "condition": {"gte": float("nan")}}, "no number"),
    ({**COUNT, "condition": {"gte": [3]}}, "no number"),
    ({**COUNT, "condition": {"gte": 10, "lt": 5}}, "no number can keep"),
    ({**COUNT, "condition": {"gt": 5, "lte": 5}}, "no number can keep"),
    ({**COUNT, "condition": {"gte": 5, "lte": 5, "neq": 5}}, "no number can keep"),
    ({**COUNT, "condition": {"gt": 3, "lt": 4}}, "a count is whole"),
    ({**COUNT, "condition": {"eq": 2.5}}, "a count is whole"),
    ({**COUNT, "condition": {"lt": 1}}, "at least 1"),
    ({**COUNT, "condition": {"eq": 0}}, "at least 1"),
    ({**COUNT, "condition": {"gte": 3, "field": "x"}}, "takes no `field`"),
    ({**COUNT, "condition": {"gte": 3, "percentile": 5}}, "takes no `percentile`"),
    ({**COUNT, "condition": "a"}, "temporal types"),
    ({**VALUES, "condition": {"gte": 3}}, "needs `field`"),
    ({**VALUES, "condition": {"gte": 3, "field": [1]}}, "field"),
    ({**COUNT, "type": "value_sum", "condition": {"gte": 3, "field": ["x", "y"]}}, "one field"),
    ({**PERCENT, "condition": {"gte": 3, "field": ["x", "y"], "percentile": 5}}, "one field"),
    ({**PERCENT, "condition": {"gte": 3, "field": "x", "percentile": 101}}, "0 to 100"),
    ({**PERCENT, "condition": {"gte": 3, "field": "x", "percentile": True}}, "0 to 100"),
    ({**TEMPORAL, "condition": {"gte": 3}}, "at most 2"),
    ({**TEMPORAL, "condition": "a and"}, "ends too early"),
    ({**TEMPORAL, "condition": "a b"}, "at `b`"),
    ({**TEMPORAL, "condition": "(a and b"}, "ends too early"),
    ({**TEMPORAL, "condition": "a and b)"}, "at `)`"),
    ({**TEMPORAL, "condition": "a and c"}, "does not list: c"),
    ({**TEMPORAL, "condition": "a"}, "does not name: b"),
    ({**TEMPORAL, "condition": "not a and not b"}, "without any event"),
    ({**TEMPORAL, "condition": "a or not b"}, "without any event"),
    ({**TEMPORAL, "condition": "a and b and not a"}, "contradicts"),
    ({**TEMPORAL, "condition": "(" * 30 + "a and b" + ")" * 30}, "deep"),
    ({**TEMPORAL, "condition": "a and b" + " or a and b" * 200}, "words"),
    ({**COUNT, "generate": "yes please"}, "neither true nor false"),
    ({**COUNT, "aliases": ["a"]}, "no mapping"),
    ({**COUNT, "aliases": {"who": "a"}}, "no mapping"),
    ({**COUNT, "aliases": {"who": {"a": ["x"]}}}, "names no field"),
    ({**COUNT, "aliases": {"who": {"zz": "x"}}}, "not loaded: zz"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_place_and_reason(body: object, reason: str) -> None:
    found = loaded(body)
    assert found.correlations == []
    assert len(found.rules) == 3
    (issue,) = found.issues
    assert issue.where is not None
    assert issue.where.startswith("test.yml:")
    assert reason in issue.message


def test_generate_given_twice_has_to_agree() -> None:
    assert "differs" in loaded({**COUNT, "generate": True}, generate=False).issues[0].message


def test_many_alternatives_are_refused_before_they_take_time() -> None:
    with pytest.raises(ValueError, match="alternatives"):
        terms(" and ".join(f"(a{n} or b{n})" for n in range(40)))


def linked(*links: tuple[int, str]) -> RuleSet:
    """Return correlations by number, each over one rule by name."""
    bodies = [
        yaml.safe_dump({"title": f"k{n}", "name": f"k{n}", "id": str(UUID(int=100 + n)), "correlation": body})
        for n, over in links
        for body in [{**COUNT, "rules": [over]}]
    ]
    return compiled(*BASES, *bodies)


@pytest.mark.parametrize(
    ("links", "kept", "reasons"),
    [
        ([(1, "k1")], [], ["refers to itself: k1 -> k1"]),
        ([(1, "k2"), (2, "k1")], [], ["k1 -> k2 -> k1", "k2 -> k1 -> k2"]),
        ([(1, "k2"), (2, "k2"), (3, "a")], ["k3"], ["k2 -> k2", "k2 -> k2"]),
        ([(3, "k2"), (2, "k1"), (1, "a")], ["k1", "k2", "k3"], []),
        ([(2, "k1"), (1, "zz")], [], ["not loaded: zz", "not loaded: k1"]),
    ],
)
def test_circles_and_what_hangs_on_them(links: list[tuple[int, str]], kept: list[str], reasons: list[str]) -> None:
    found = linked(*links)
    assert [item.name for item in found.correlations] == kept  # inner ones first
    told = sorted(issue.message for issue in found.issues)
    assert len(told) == len(reasons)
    assert all(any(reason in message for message in told) for reason in reasons)


def test_a_tower_of_correlations_has_an_end() -> None:
    found = linked((0, "a"), *((n, f"k{n - 1}") for n in range(1, 25)))
    assert len(found.correlations) == 20
    assert {issue.message for issue in found.issues} == {"is a correlation of correlations more than 20 deep"}


def test_a_name_is_looked_for_in_the_own_file_first() -> None:
    base = document({"s": {"a": 1}, "condition": "s"}, number=1, name="same")
    other = document({"s": {"b": 1}, "condition": "s"}, number=2, name="same")
    own = yaml.safe_dump({"title": "c", "id": OWN, "correlation": {**COUNT, "rules": ["same"]}})
    near = compile_files([("one.yml", f"{base}---\n{own}".encode()), ("two.yml", other.encode())])
    assert near.correlations[0].rules == (str(UUID(int=1)),)
    far = compile_files([("one.yml", base.encode()), ("two.yml", other.encode()), ("three.yml", own.encode())])
    assert "`same` is the name of several rules (one.yml:1, two.yml:1)" in far.issues[0].message


def test_correlations_stand_before_or_after_what_they_refer_to() -> None:
    own = yaml.safe_dump({"title": "c", "id": OWN, "correlation": COUNT})
    assert len(compiled(own, *BASES).correlations) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", "10"), ("-1.50", "-1.5"), (" 2e3 ", "2000"), ("1E-2", "0.01"), ("0.3333", "0.333"), ("-0.0005", "0")],
)
def test_numbers_are_exact(text: str, value: str) -> None:
    exact = number(text)
    assert exact is not None
    assert shown(exact) == value


@pytest.mark.parametrize("text", ["", "x", "1x", "0x10", "1_000", "1e100", "1" * 50, "nan", "inf", "1.", ".5", "1\n2"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None

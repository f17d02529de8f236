"""Explanations agree with the engine, and the nearest miss is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sigma.engine import Engine
from engine.sigma.explaining import Explainer, Node
from engine.sigma.predicates import holds
from tests.engine.sigma.rules import ACME, compiled, document

SELECTIONS: dict[str, Any] = {
    "s1": {"a": "1", "b|contains": ["x", "y"]},
    "s2": {"c": None},
    "f": [{"d|re": "^z"}, {"a|endswith": "2"}],
    "k": ["word"],
}


def explainer(condition: str) -> tuple[Engine, Explainer]:
    rules = compiled(document({**SELECTIONS, "condition": condition}))
    assert rules.issues == []
    return Engine(rules), Explainer(rules, rules.rules[0])


CONDITIONS = st.recursive(
    st.sampled_from(["s1", "s2", "f", "k"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda part: f"({' '.join(part)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "x", "zy", "word"]))


@given(condition=CONDITIONS, fields=FIELDS, text=st.sampled_from(["", "word"]))
@settings(max_examples=100, deadline=None)
def test_an_explanation_is_what_the_engine_answers(condition: str, fields: dict[str, str], text: str) -> None:
    engine, explaining = explainer(condition)
    event: dict[str, Any] = {**ACME, **fields}
    found = explaining.explain(event, text)
    assert found.fires == bool(engine.match(event, text))
    assert found.distance == explaining.distance(event, text)
    assert bool(found.nearest) == (not found.condition.holds)


def test_flipping_the_nearest_miss_makes_the_rule_fire() -> None:
    engine, explaining = explainer("s1 and not f or k")
    found = explaining.explain({**ACME, "a": "1", "b": "q", "d": "n"}, "")
    (miss,) = found.nearest
    rule = engine.rules.rules[0]
    predicates = engine.rules.predicates
    true = {number for number, item in enumerate(predicates) if (item.field, item.operator) == ("a", "eq")}
    flipped = true ^ {number for number, item in enumerate(predicates) if str(item) == miss.predicate}
    assert holds(rule.expression, flipped)


def test_an_event_of_another_log_source_is_told() -> None:
    _, explaining = explainer("s2")
    found = explaining.explain({"event.dataset": "other.log"}, "")
    assert (found.sees, found.condition.holds, found.fires) == (False, True, False)
    assert found.distance == (True, 0)


@pytest.mark.parametrize(("value", "held"), [("1", True), ("3", False), (None, False)])
def test_each_predicate_says_what_it_found(value: str | None, held: bool) -> None:
    rules = compiled(document({"s": {"a": "1"}, "condition": "s"}))
    event: dict[str, Any] = {**ACME, **({"a": value} if value else {})}
    node: Node = Explainer(rules, rules.rules[0]).explain(event, "").condition
    assert node.asked is not None
    assert (node.holds, node.asked.found, node.asked.predicate) == (held, (value,) if value else (), "is 1")

"""Placeholders: the site's own words, as literals, in every modifier's company."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigurationError
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.sigma.placeholder_values import placeholders_of, read_placeholders
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import Tailoring
from tests.engine.sigma.rules import ACME, document


def load(selection: dict[str, Any], **values: tuple[str, ...]) -> RuleSet:
    text = document({"s": selection, "condition": "s"})
    return compile_files([("a.yml", text.encode())], Tailoring(placeholders=values))


def fires(selection: dict[str, Any], fields: dict[str, Any], **values: tuple[str, ...]) -> bool:
    rules = load(selection, **values)
    assert [str(item) for item in rules.issues] == []
    return bool(Engine(rules).match({**ACME, **fields}))


@pytest.mark.parametrize("user", ["anna", "BEN"])
def test_any_of_the_values_is_meant(user: str) -> None:
    selection = {"u|expand": "%Admins%"}
    assert fires(selection, {"u": user}, Admins=("anna", "ben"))
    assert not fires(selection, {"u": "eve"}, Admins=("anna", "ben"))


@pytest.mark.parametrize(
    ("key", "wanted", "value", "hit", "miss"),
    [
        ("u|expand", "%x%", "a*b", "a*b", "aXb"),
        ("u|expand", "%x%", "a?b", "a?b", "aXb"),
        ("u|expand", "%x%", "c:\\*", "c:\\*", "c:\\dir"),
        ("u|contains|expand", "%x%", "nn", "anna", "ana"),
        ("u|expand|contains", "%x%", "n*n", "xn*ny", "xnany"),
        ("u|startswith|expand", "%x%-", "WS", "ws-1", "ws1"),
        ("u|re|expand", "^%x%$", "a.b", "a.b", "aXb"),
        ("u|re|i|expand", "^%x%[0-9]+$", "a+", "A+7", "aa7"),
        ("u|expand|cidr", "%x%", "10.0.0.0/8", "10.1.2.3", "11.1.2.3"),
        ("u|expand|base64", "%x%", "foo", "Zm9v", "foo"),
        ("u|expand|cased", "%x%", "Anna", "Anna", "anna"),
        ("u|expand", "%x%-%x%", "a", "a-a", "a-b"),
    ],
)
def test_values_are_literals_under_every_modifier(key: str, wanted: str, value: str, hit: str, miss: str) -> None:
    assert fires({key: wanted}, {"u": hit}, x=(value,))
    assert not fires({key: wanted}, {"u": miss}, x=(value,))


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co")), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_value_finds_itself_and_nothing_more(value: str) -> None:
    rules = load({"u|expand": "%x%", "r|re|expand": r"\A%x%\z"}, x=(value,))
    if rules.issues:
        assert "re" in str(rules.issues[0])
        return
    engine = Engine(rules)
    assert engine.match({**ACME, "u": value, "r": value})
    assert not engine.match({**ACME, "u": value + "x", "r": value})
    assert not engine.match({**ACME, "u": value, "r": value + "x"})


def test_all_asks_for_a_value_of_each_placeholder() -> None:
    selection = {"u|contains|all|expand": ["%a%", "%b%"]}
    given_values: dict[str, Any] = {"a": ("x", "y"), "b": ("1", "2")}
    assert fires(selection, {"u": "y-1"}, **given_values)
    assert not fires(selection, {"u": "x-y"}, **given_values)


def test_what_has_no_value_is_told_with_what_to_write_where() -> None:
    (issue,) = load({"u|expand": ["%One%", "%Two%"], "v|contains|expand": "%Three%"}).issues
    assert issue.message == "the placeholders %One% and %Two% and %Three% have no value"
    (network,) = load({"v|expand|cidr": "%Net%"}).issues
    assert network.message == "the placeholder %Net% has no value"
    assert issue.hint is not None
    assert "[rules.placeholders]" in issue.hint
    assert "--placeholders FILE" in issue.hint


def test_combinations_are_bounded() -> None:
    values = tuple(str(number) for number in range(200))
    (issue,) = load({"u|expand": "%x%%x%%x%"}, x=values).issues
    assert "8,000,000" in issue.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a\n- b\n", "a table of placeholders is wanted"),
        ("a b: [c]\n", "no name of a placeholder"),
        ("a: []\n", "has 0 values"),
        ("a: [[b]]\n", "is no text"),
        ("a: [true]\n", "is no text"),
        ("a: ''\n", "is no text"),
        ("a: [x\n", "not YAML"),
        ("a: [x]\na: [y]\n", "twice"),
    ],
)
def test_a_file_of_values_that_says_something_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        read_placeholders(text, "p.yml")
    assert caught.value.where == "p.yml"


def test_values_are_texts_and_whole_numbers() -> None:
    assert read_placeholders("a: [x, 4624]\nb: one\n", "p") == {"a": ("x", "4624"), "b": ("one",)}
    assert read_placeholders("", "p") == {}
    assert placeholders_of({"a": ["x", "x"]}, "p") == {"a": ("x",)}


def test_every_rule_of_sigmahq_that_waits_for_words_loads_with_them(shared: Path) -> None:
    folder = shared / "sigma" / "rules-placeholder"
    waiting = load_rules([folder])
    names = {name for issue in waiting.issues for name in issue.message.split("%")[1::2]}
    values = dict.fromkeys(names, ("10.0.0.1", "corp*"))
    assert len(waiting.issues) > 15
    assert load_rules([folder], tailoring=Tailoring(placeholders=values)).issues == []

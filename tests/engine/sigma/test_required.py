"""What a pattern requires: never a text that some match does without."""

from __future__ import annotations

from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.folding import fold
from engine.sigma.matching import ValueTester
from engine.sigma.predicates import MANY, ONE, Predicate
from engine.sigma.required import least, needle, required


def pattern(value: str, operator: Any = "re") -> Predicate:
    return Predicate("f", operator, value, cased=operator == "re")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abcd", "abcd"),
        ("(?i)ABcd", "abcd"),
        ("abcd|x", ""),
        ("(abcd|x)efgh", "efgh"),
        ("abcd?", "abc"),
        ("abcd*efgh", "efgh"),
        ("abcd{0,3}xy", "abc"),
        ("ab{2,3}cde", "cde"),
        ("abc+d", "abc"),
        (r"abc\.exe", "abc.exe"),
        (r"abc\d1234", "1234"),
        (r"\x41bcd", ""),
        (r"\Qa|b\E", ""),
        (r"\pLatinabc", ""),
        ("[abcdef]xyz", "xyz"),
        ("[]abc]xyz", "xyz"),
        (r"[\]abc]xyz", "xyz"),
        ("a{bcd", "bcd"),
        ("ëëë", ""),
        ("ab", ""),
    ],
)
def test_what_a_regular_expression_requires(value: str, expected: str) -> None:
    assert required(pattern(value)) == expected


def test_what_a_wildcard_pattern_requires() -> None:
    assert required(pattern(f"{MANY}abcd{ONE}efghi{MANY}", "glob")) == "efghi"
    assert required(pattern(f"a{ONE}b{MANY}", "glob")) == ""


def test_shorter_needles_and_lengths() -> None:
    assert needle(pattern("a`.*`")) == "a`"
    assert needle(pattern(r"\s-\s")) == ""
    assert needle(pattern("`+b?")) == "`"
    assert least(pattern(".{150}")) == 150
    assert least(pattern(".{1000,}")) == 1000
    assert least(pattern(".{3}a")) == 0


PARTS = st.sampled_from(
    [
        "abc",
        "Xyz",
        "k",
        "s",
        r"\.",
        r"\s",
        r"\d",
        ".",
        "[a-c]",
        "(?:ab|cd)",
        "(abc)",
        "(?:(abc)?)",
        "(?i:abc)",
        "é",
        r"\\",
    ]
)
COUNTS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,1}", "*?", "+?"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(PARTS, COUNTS), min_size=1, max_size=5), st.booleans(), st.data(),
)  # fmt: skip
def test_a_match_always_holds_what_is_required(parts: list[tuple[str, str]], loose: bool, data: st.DataObject) -> None:
    text = ("(?i)" if loose else "") + "".join(part + count for part, count in parts)
    value = data.draw(st.from_regex(text, alphabet=st.characters(codec="utf-8", exclude_characters="\u017f")))
    if re2.search(text, value):
        assert required(pattern(text)) in fold(value)
        assert needle(pattern(text)) in fold(value)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PARTS, COUNTS), min_size=1, max_size=4), st.booleans(), st.data())
def test_gates_change_no_answer(parts: list[tuple[str, str]], loose: bool, data: st.DataObject) -> None:
    text = ("(?i)" if loose else "") + "".join(part + count for part, count in parts)
    tester = ValueTester([(0, pattern(text)), (1, pattern("abcxyz")), (2, pattern("abc", "contains"))])
    drawn = st.from_regex(text) | st.text("abcxyzksABC.\u017f\u212aé1 ", max_size=12)
    value = data.draw(drawn.filter(lambda found: found.isprintable()))
    assert (0 in tester.test(value)) is (re2.search(text, value) is not None)

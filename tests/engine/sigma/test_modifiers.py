"""Every value modifier of Sigma 2.1, and traps: what it lets through and what it does not.

Each case is asked of the engine by rows, of the engine by columns over a store, and of the oracle.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Value
from engine.folding import fold
from engine.sigma.predicates import Predicate
from tests.engine.sigma import oracle_values
from tests.engine.sigma.cases import WAYS, Case, Table, selects
from tests.engine.sigma.modifier_cases import ABSENT, LETTERS, REFERENCES, VALUES
from tests.engine.sigma.rules import compiled, document, refused
from tests.engine.sigma.rules import selects as engine_selects
from tests.engine.sigma.trap_cases import DASHES, TRAPS


def _referring(modifiers: str, one: Value, other: Value | None, expected: bool) -> Case:
    return selects({f"f|{modifiers}": "g"}, {"f": one} if other is None else {"f": one, "g": other}, expected)


CASES = [
    *(selects(selection, {"f": value}, expected) for selection, value, expected in VALUES),
    *(selects(selection, {"other": "x"}, expected) for selection, expected in ABSENT),
    *(_referring(*row) for row in REFERENCES),
    *(
        selects({name: literal + more}, {"f": value + ("x" if more else "")}, expected)
        for one, other, expected in LETTERS
        for literal, value in ((one, other), (other, one))
        for name, more in (("f", ""), ("f|contains", ""), ("f|startswith", ""), ("f|endswith", ""), ("f", "?"))
    ),
    *(selects(*row) for row in TRAPS),
]
TABLE = Table(CASES)
NAMES = [f"{number}-{str(case.detection['selection'])[:50]}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", range(len(CASES)), ids=NAMES)
def test_a_case(number: int, way: str) -> None:
    assert TABLE.matches(number, way) is CASES[number].expected, CASES[number]


def test_every_rule_of_the_table_loads() -> None:
    assert TABLE.refused() == []


def test_every_rule_gives_one_answer_on_every_event_of_the_table() -> None:
    assert TABLE.differing() == []


def test_every_modifier_is_seen_to_match_and_not_to() -> None:
    known = """all base64 base64offset cased cidr contains day dotall endswith exists expand fieldref gt gte hour i
    ignorecase lt lte m minute month multiline neq re s startswith utf16 utf16be utf16le week wide windash year"""
    for expected in (True, False):
        keys = {key for case in CASES if case.expected is expected for key in case.detection["selection"]}
        assert set(known.split()) <= {word for key in keys for word in key.split("|")[1:]}


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        ({"f|windash|contains": " -a" * 5}, "5 dashes"),
        ({"f|base64": "a*b"}, "wildcards"),
        ({"f|base64offset|contains": "a"}, "two bytes"),
        ({"f|base64offset|contains": ""}, "two bytes"),
        ({"f|re": "(?=a)b"}, "linear-time"),
        ({"f|re": "(a)\\1"}, "linear-time"),
        ({"f|re": "("}, "invalid"),
        ({"f|cidr": "10.0.0.1/8"}, "CIDR"),
        ({"f|nosuch": "a"}, "nosuch"),
        ({"f|gt": "text"}, "incompatible"),
        ({"f|expand": "%names%"}, "%names%"),
        ({"f|re|expand": "a%names%b"}, "%names%"),
        ({"f": "a\ufdd0b"}, "U+FDD0"),
        ({"|cidr": "10.0.0.0/8"}, "keyword"),
        ({"|fieldref": "g"}, "keyword"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_reason(selection: dict[str, Any], reason: str) -> None:
    assert reason in refused({"selection": selection, "condition": "selection"})


@settings(max_examples=60, deadline=None)
@given(
    st.text(min_size=2, max_size=6).filter(lambda text: not set(text) & set("*?\\%\ufdd0\ufdd1")),
    st.binary(max_size=5),
    st.binary(max_size=5),
    st.sampled_from([("", "utf-8"), ("wide|", "utf-16-le"), ("utf16be|", "utf-16-be")]),
)
def test_base64offset_finds_a_text_wherever_it_stands(
    text: str, before: bytes, after: bytes, how: tuple[str, str]
) -> None:
    modifier, codec = how
    encoded = b64encode(before + text.encode(codec) + after).decode()
    assert engine_selects({f"f|{modifier}base64offset|contains": text}, {"f": f"powershell -enc {encoded}"})


@pytest.mark.parametrize("text", ["foo", "föö", "日本語 bar", "New-Object Net.WebClient"])
@pytest.mark.parametrize("before", ["", "a", "bc", "def"])
@pytest.mark.parametrize("after", ["", "x", "yz"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_base64offset_does_not_find_another_text(text: str, before: str, after: str, codec: str) -> None:
    wide = "wide|" if codec == "utf-16-le" else ""
    other = b64encode(before.encode() + (text[:-1] + "\u0101").encode(codec) + after.encode()).decode()
    assert not engine_selects({f"f|{wide}base64offset|contains": text}, {"f": other})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["-a", "/bc", "x", " "]), min_size=1, max_size=4), st.data())
def test_windash_takes_any_dash_in_place_of_any(words: list[str], data: st.DataObject) -> None:
    literal = " ".join(words)
    shown = "".join(data.draw(st.sampled_from(DASHES)) if character in "-/" else character for character in literal)
    assert engine_selects({"f|windash|contains": literal}, {"f": f"cmd {shown}"})


def test_folding_keeps_the_length_and_is_the_oracles() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    assert len(fold(every)) == len(every)
    assert fold(fold(every)) == fold(every)
    assert fold(every) == oracle_values.fold(every)


def test_questions_that_are_the_same_share_a_predicate_and_others_do_not() -> None:
    rules = compiled(
        *(document({"s": {"f": value}, "condition": "s"}, number=number)
          for number, value in enumerate([1, "1", True, "true", 1.5, "1.5", "A", "a"], start=1))
    )  # fmt: skip
    assert rules.predicates == [
        Predicate("f", "eq", "1"),
        Predicate("f", "eq", "true"),
        Predicate("f", "number", "1.5"),
        Predicate("f", "eq", "1.5"),
        Predicate("f", "eq", "a"),
    ]

"""Conditions, keywords and selections of Sigma 2.1."""

from __future__ import annotations

from typing import Any

import pytest

from engine.sigma.predicates import holds
from tests.engine.sigma.cases import WAYS, Case, Table, selects
from tests.engine.sigma.rules import ACME, document, engine, fires, refused

PARTS = {"sel_a": {"a": 1}, "sel_b": {"b": 1}, "filter_c": {"c": 1}, "_hidden": {"h": 1}}
ON = {"a": "1", "b": "1", "c": "1", "h": "1"}


# condition, fields that are set, does it hold
CONDITIONS: list[tuple[Any, str, bool]] = [
    ("sel_a", "a", True),
    ("sel_a", "b", False),
    ("sel_a and sel_b", "ab", True),
    ("sel_a and sel_b", "a", False),
    ("sel_a or sel_b", "b", True),
    ("sel_a or sel_b", "c", False),
    ("not sel_a", "", True),
    ("not sel_a", "a", False),
    ("not not sel_a", "a", True),
    ("not not not sel_a", "a", False),
    ("not (sel_a or not (sel_b and not filter_c))", "b", True),
    ("not (sel_a or not (sel_b and not filter_c))", "bc", False),
    ("sel_a and not filter_c", "a", True),
    ("sel_a and not filter_c", "ac", False),
    ("sel_a or sel_b and filter_c", "a", True),  # `and` binds tighter than `or`
    ("sel_a or sel_b and filter_c", "b", False),
    ("(sel_a or sel_b) and filter_c", "a", False),
    ("not sel_a and sel_b", "b", True),
    ("1 of sel_*", "b", True),
    ("1 of sel_*", "c", False),
    ("any of sel_*", "a", True),
    ("all of sel_*", "ab", True),
    ("all of sel_*", "a", False),
    ("1 of them", "c", True),
    ("1 of them", "h", False),  # names that begin with an underscore are none of them
    ("all of them", "abc", True),
    ("all of them", "ab", False),
    ("not 1 of them", "", True),
    ("1 of *_c", "c", True),
    ("all of sel_* and not 1 of filter_*", "ab", True),
    ("all of sel_* and not 1 of filter_*", "abc", False),
    ("1 of _*", "h", True),
    (["sel_a and sel_b", "filter_c"], "c", True),  # several conditions are alternatives
    (["sel_a and sel_b", "filter_c"], "a", False),
    ("not sel_a or sel_b", "ab", True),  # `not` binds tighter than `or`
    ("not sel_a or sel_b", "a", False),
    ("not (sel_a or sel_b)", "c", True),
    ("not (sel_a or sel_b)", "b", False),
    ("sel_a and (sel_b or (filter_c and not _hidden))", "ac", True),
    ("sel_a and (sel_b or (filter_c and not _hidden))", "ach", False),
    ("sel_a or sel_b and not filter_c", "ac", True),
    ("sel_a or sel_b and not filter_c", "bc", False),
    ("not all of sel_*", "a", True),
    ("not all of sel_*", "ab", False),
    ("1 of sel_* and 1 of filter_*", "bc", True),
    ("1 of sel_* and 1 of filter_*", "ab", False),
    ("any of them", "b", True),
    ("any of them", "h", False),
    ("1 of sel_a", "a", True),
]

# selection, fields, does it hold
SELECTIONS: list[tuple[Any, dict[str, int], bool]] = [
    ({"a": 1, "b": 2}, {"a": 1, "b": 2}, True),
    ({"a": 1, "b": 2}, {"a": 1}, False),
    ([{"a": 1}, {"b": 2}], {"b": 2}, True),
    ([{"a": 1, "c": 1}, {"b": 2}], {"a": 1}, False),
    ({"a": []}, {"b": 1}, True),  # no value at all: as null
    ([{"a": 1, "b": 1}, {"c": 1}], {"a": 1, "c": 1}, True),
    ([{"a": 1}, {"a": 2}], {"a": 2}, True),
    ([{"a": 1}, {"a": 2}], {"a": 3}, False),
    ({"a": [], "b": 1}, {"b": 1}, True),
    ({"a": [], "b": 1}, {"a": 0, "b": 1}, False),
]


@pytest.mark.parametrize(
    "condition", ["nosuch", "sel_a and", "sel_a |  count() > 5", "2 of sel_*", "1 of none_*", "sel_a AND sel_b"]
)
def test_a_condition_that_says_nothing_is_refused(condition: str) -> None:
    assert refused({**PARTS, "condition": condition}).startswith("test.yml:1: ")


JSON_TEXT = '{"path": "C:\\\\Windows\\\\cmd.exe", "said": "a \\"quoted\\" word", "n": 4711}'
KEYWORDS: list[tuple[Any, bool]] = [
    ("cmd.exe", True),
    ("CMD.EXE", True),
    ("powershell", False),
    (["powershell", "quoted"], True),
    ({"|all": ["cmd", "quoted"]}, True),
    ({"|all": ["cmd", "powershell"]}, False),
    ("C:\\Windows\\cmd.exe", True),
    ('"quoted"', True),
    ("win*exe", True),
    ("exe*win", False),
    ("c?d", True),
    (4711, True),
    (4712, False),
    ({"|re": "c[lm]d\\.exe"}, True),
    ({"|re": "^cmd"}, False),
    ({"|cased": "CMD.EXE"}, False),
    ({"|cased": "cmd.exe"}, True),
    ("*", True),
    ("", True),
    ("a*b*c*d*e*f*g", False),
    ({"|neq": "powershell"}, True),
    ({"|neq": "cmd.exe"}, False),
    ({"|windash": "-quoted"}, False),
    ({"|re|i": "CMD"}, True),
]

WINDOWS = {"product": "windows", "service": "application"}
SPOKEN = {
    "winlog.channel": "Application",
    "event.code": "1",
    "winlog.event_data.Path": "C:\\Windows\\cmd.exe",
    "winlog.event_data.Said": ['a "quoted" word', "n 4711"],
    "host.name": "powershell",  # a name of ours, no text of the event
}


CASES = [
    *(
        Case(
            detection={**PARTS, "condition": condition},
            fields={**ACME, **{name: ON[name] for name in names}},
            expected=expected,
        )
        for condition, names, expected in CONDITIONS
    ),
    *(selects(selection, fields, expected) for selection, fields, expected in SELECTIONS),
    *(
        Case(
            detection={"keywords": keywords, "condition": "keywords"},
            fields=fields,
            original=JSON_TEXT,
            source=source,
            expected=expected,
        )
        for keywords, expected in KEYWORDS
        for fields, source in ((ACME, {"product": "acme"}), (SPOKEN, WINDOWS))
    ),
]
TABLE = Table(CASES)
NAMES = [f"{number}-{str(list(case.detection.values())[-1])[:50]}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", range(len(CASES)), ids=NAMES)
def test_a_case(number: int, way: str) -> None:
    assert TABLE.matches(number, way) is CASES[number].expected, CASES[number]


def test_every_rule_of_the_table_loads() -> None:
    assert TABLE.refused() == []


def test_every_rule_gives_one_answer_on_every_event_of_the_table() -> None:
    assert TABLE.differing() == []


def test_an_anchored_keyword_is_held_against_each_value_by_itself() -> None:
    detection = {"keywords": {"|re": "^n 47"}, "condition": "keywords"}
    assert fires(detection, SPOKEN, "", WINDOWS)
    assert not fires({"keywords": {"|re": "^47"}, "condition": "keywords"}, SPOKEN, "", WINDOWS)


def test_bytes_that_are_no_text_do_not_stop_a_search_for_keywords() -> None:
    found = engine(document({"keywords": "needle", "condition": "keywords"})).match(ACME, b"\xff\x00 needle \xc3")
    assert len(found) == 1


def test_why_names_the_predicates_that_held_and_their_values() -> None:
    detection = {
        "s": {"a|endswith": "\\cmd.exe", "b": ["x", "y"]},
        "other": {"c": 1},
        "condition": "s and not other",
    }
    fields = {**ACME, "a": "C:\\CMD.exe", "b": ["z", "Y"]}
    (match,) = engine(document(detection)).match(fields)
    told = [(item.field, item.predicate, item.value) for item in match.why(fields, "")]
    assert told == [("a", "endswith \\cmd.exe", "C:\\CMD.exe"), ("b", "is y", "Y")]


def test_an_expression_is_evaluated_as_it_is_written() -> None:
    assert holds(("and", 0, ("not", ("or", 1, 2))), {0})
    assert not holds(("and", 0, ("not", ("or", 1, 2))), {0, 2})

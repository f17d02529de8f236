"""Values of a parameter: each way in which one departs, and a site that never had a parameter."""

from __future__ import annotations

import math

import pytest

from engine.anomaly.evaluation.requests_data import Line, as_events
from engine.anomaly.models.web_requests import MODEL
from engine.anomaly.web.parameters import Parameter
from engine.anomaly.web.values import FAMILIES, Values, pairs_of, shape_of, spell

_FORMS = FAMILIES[1:]
PASSWORDS = {f"pass{number}word{number % 7}": 1 for number in range(900)} | {f"a_b{number}": 1 for number in range(9)}
DATES = {f"{day:02}.{month:02}.19{year}": 1 for day in range(1, 29) for month in range(1, 13) for year in (50, 77)}


def bits(known: dict[str, int], value: str) -> dict[str, float]:
    chances = Parameter([Values.of(known)]).of_form(shape_of(value))
    return {name: -math.log2(chance) for name, chance in zip(_FORMS, chances, strict=True)}


def test_two_strange_characters_say_more_than_one() -> None:
    one, two = bits(PASSWORDS, "pass12'word"), bits(PASSWORDS, "pa?s12'word")
    assert one["character"] > 7
    assert two["character"] >= one["character"]
    assert two["further character"] > one["further character"] + 5


def test_a_usual_character_that_is_absent_is_told() -> None:
    assert bits(DATES, "01031950")["absent character"] > 7
    assert bits(DATES, "01.03.1950")["absent character"] < 1


def test_a_pair_with_a_character_that_is_seldom_seen_says_little() -> None:
    assert bits(PASSWORDS, "a9_b1")["pair"] < 4  # `_` was in nine values, always behind a letter
    assert bits(DATES, "01.03..950")["pair"] > 7  # both are in all of them, and never so


def test_repetitions_are_told_in_words_and_never_taken_for_pairs() -> None:
    assert ".*9" in pairs_of(shape_of("." * 9))
    assert ".9" not in pairs_of(shape_of("." * 9))
    assert spell(".*9") == "`.` 9 times"
    assert spell("a9") == "a letter then a digit"


@pytest.mark.parametrize("query", ["id=1%27+or+1=1--", "a=1&b=2"])
def test_a_site_that_never_had_a_parameter_judges_one(query: str) -> None:
    lines = [Line("GET", f"/a{number % 40}/p{number}.html", "") for number in range(300)]
    fitted = MODEL.fit(MODEL.observe(as_events(lines, "x")), seed=1)
    table = MODEL.observe(as_events([Line("GET", "/a1/p1.html", query), Line("GET", "/a1/p1.html", "")], "y"))
    with_one, without = fitted.score(table).values
    assert with_one > without
    first = fitted.explain(table, 0)[0]
    assert first.name == "new parameter"
    assert first.expected == "no parameter was ever seen here"

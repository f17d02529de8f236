"""Traces of a value: found in whatever form it was written, and not where something else stands."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.traces import Trace, trace_of

CODE = "EE47101010033"


def code() -> Trace:
    found = trace_of(CODE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "ee47101010033",
        "47101010033",
        "PNOEE-47101010033",
        "471010-10033",
        "4710 1010 033",
        quote("PNOEE-47101010033", safe=""),
        "%45%45%34%37%31%30%31%30%31%30%30%33%33",
        json.dumps(json.dumps({"a": "\u00450047101010033"[1:] + " 47101010033"})),
        "\\u0034\\u0037101010033",
        "&#52;&#55;101010033",
        "\\x34\\x37101010033",
        "\\064\\067101010033",
        base64.b64encode(b"user:EE47101010033:x").decode(),
        base64.urlsafe_b64encode(b"x47101010033").decode(),
        base64.b64encode("EE47101010033".encode("utf-16-le")).decode(),
        b"a47101010033".hex(),
        "name=47101010033.log",
    ],
)
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert code().found_in(text)
    cleaned = code().replaced(text, "<who>")
    assert "47101010033" not in cleaned


@pytest.mark.parametrize("value", ["0000000", "0012345", "+3551234", "AL12345"])
@pytest.mark.parametrize("before", ["", "u", "u:"])
def test_a_value_that_is_short_without_its_prefix_is_found_with_it_in_base64_and_hexadecimal(
    value: str, before: str
) -> None:
    trace = trace_of(value)
    assert trace is not None
    raw = f"{before}{value}:p".encode()
    for text in (base64.b64encode(raw).decode(), raw.hex()):
        assert trace.found_in(text)
        assert trace.replaced(f"x {text} y", "<who>") == "x <who> y"
        assert any(form in text.encode() for form in trace.in_bytes())


@pytest.mark.parametrize("text", ["", "47101010034", "4710101003", "EE", "4710101 and 0034", "%34%37"])
def test_what_is_not_the_code_is_left_alone(text: str) -> None:
    assert not code().found_in(text)
    assert code().replaced(text, "<who>") == text


@pytest.mark.parametrize(
    ("value", "written"), [("Arta", "\U0001d400\U0001d42b\U0001d42d\U0001d41a"), ("Arta", "ＡＲＴＡ")]
)
def test_letters_of_other_alphabets_of_unicode_are_letters(value: str, written: str) -> None:
    name = trace_of(value, "words")
    assert name is not None
    assert name.found_in(f"user {written} came")
    assert trace_of("EEABCDE12345", "letters").found_in(
        "ee" + "".join(chr(0x1D400 + ord(c) - 65) for c in "ABCDE") + "12345"
    )  # type: ignore[union-attr]


def test_names_are_whole_words_in_any_case_composition_and_escape() -> None:
    name = trace_of("Mëri Hoxha", "words")
    assert name is not None
    for text in (
        "HOXHA, MËRI",
        "me\u0308ri hoxha",
        quote("Mëri Hoxha"),
        json.dumps("Hoxha M\u00ebri"),
        "a\\nMëri\\thoxha",
    ):
        assert name.found_in(text), text
        assert not name.found_in(name.replaced(text, "*")), text
    assert not name.found_in("Mërika Hoxhaj")
    assert not name.found_in("Hoxha alone")


def test_addresses_are_found_as_they_are_written() -> None:
    address = trace_of("192.0.2.7", "whole")
    assert address is not None
    assert (
        address.replaced("192.0.2.7, 192.0.2.70, 1192.0.2.7; 192.0.2.7:443", "*") == "*, 192.0.2.70, 1192.0.2.7; *:443"
    )


def test_values_without_letters_have_no_trace() -> None:
    assert trace_of("-") is trace_of("  ") is trace_of("", "words") is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_looked_through_and_replacing_leaves_nothing_that_was_plain(text: str) -> None:
    mixed = f"{text}{CODE}{text}"
    assert code().found_in(mixed)
    assert CODE not in code().replaced(mixed, "*")


def test_hostile_text_takes_linear_time() -> None:
    """A megabyte each of almost the value, of separators, of escapes: a quadratic pattern would take hours."""
    for piece in ("4710101003", "4-" * 5, "%2", "\\", "&#", "EE/EE/", "A"):
        assert "*" in code().replaced(piece * (1_000_000 // len(piece)) + f" {CODE}", "*")

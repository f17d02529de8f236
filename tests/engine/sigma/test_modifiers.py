"""Every value modifier of Sigma 2.1: what it lets through and what it does not."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.events import Value
from engine.sigma.folding import fold
from tests.engine.sigma.rules import refused, selects

WIDE = "pass".encode("utf-16-le").decode("latin-1")

# selection, value of the field `f`, does it hold
CASES: list[tuple[dict[str, Any], Value, bool]] = [
    # plain values
    ({"f": "abc"}, "ABC", True),
    ({"f": "abc"}, "abcd", False),
    ({"f": "abc"}, "xabc", False),
    ({"f": ""}, "", True),
    ({"f": ""}, " ", False),
    ({"f": ["a", "b"]}, "b", True),
    ({"f": ["a", "b"]}, "c", False),
    ({"f": "b"}, ["a", "b"], True),
    ({"f": "c"}, ["a", "b"], False),
    ({"f|all": ["a", "b"]}, ["a", "b"], True),
    ({"f|all": ["a", "b"]}, ["a", "c"], False),
    # numbers and truth values
    ({"f": 5}, 5, True),
    ({"f": 5}, "5", True),
    ({"f": 5}, "05", False),
    ({"f": 5}, 50, False),
    ({"f": "5"}, 5, True),
    ({"f": 1.5}, 1.5, True),
    ({"f": 1.5}, "1.50", True),
    ({"f": 1.5}, 1, False),
    ({"f": -3}, -3, True),
    ({"f": True}, True, True),
    ({"f": True}, "True", True),
    ({"f": True}, False, False),
    ({"f": True}, 1, False),
    ({"f": 1}, True, False),
    ({"f": False}, "false", True),
    # contains, startswith, endswith, all
    ({"f|contains": "mid"}, "a MID b", True),
    ({"f|contains": "mid"}, "m i d", False),
    ({"f|contains": "mid"}, "mid", True),
    ({"f|contains": ""}, "anything", True),
    ({"f|contains": ["x", "y"]}, "..y..", True),
    ({"f|contains|all": ["x", "y"]}, "yx", True),
    ({"f|contains|all": ["x", "y"]}, "yy", False),
    ({"f|startswith": "ab"}, "ABc", True),
    ({"f|startswith": "ab"}, "cab", False),
    ({"f|endswith": "yz"}, "xYZ", True),
    ({"f|endswith": "yz"}, "yzx", False),
    ({"f|endswith": "\\cmd.exe"}, "C:\\Windows\\CMD.EXE", True),
    ({"f|endswith": "\\cmd.exe"}, "C:\\Windows\\xcmd.exe", False),
    ({"f|startswith": "a?c"}, "abcd", True),
    ({"f|startswith": "a?c"}, "acd", False),
    ({"f|endswith": "a*z"}, "..a..z", True),
    ({"f|contains": "a*z"}, "..z..a", False),
    ({"f|contains": "aa"}, "a", False),
    # wildcards and escapes
    ({"f": "a*c"}, "abbbc", True),
    ({"f": "a*c"}, "ac", True),
    ({"f": "a*c"}, "acb", False),
    ({"f": "a*c"}, "a\n\x00c", True),
    ({"f": "a?c"}, "abc", True),
    ({"f": "a?c"}, "a日c", True),
    ({"f": "a?c"}, "ac", False),
    ({"f": "a??"}, "ab", False),
    ({"f": "*"}, "x", True),
    ({"f": "*"}, "", True),
    ({"f": "?*"}, "", False),
    ({"f": "?*"}, "x", True),
    ({"f": "**a**"}, "bab", True),
    ({"f": "\\*"}, "*", True),
    ({"f": "\\*"}, "x", False),
    ({"f": "\\?"}, "?", True),
    ({"f": "\\?"}, "x", False),
    ({"f": "\\\\*"}, "\\rest", True),
    ({"f": "\\\\*"}, "*", False),
    ({"f": "\\\\\\*"}, "\\*", True),
    ({"f": "\\\\\\*"}, "\\x", False),
    ({"f": "a\\b"}, "a\\b", True),
    ({"f": "a\\\\b"}, "a\\b", True),
    ({"f": "a.c"}, "abc", False),
    ({"f": "(a|b)*"}, "(a|b)c", True),
    ({"f": "[a]*"}, "a", False),
    # regular expressions
    ({"f|re": "a.c"}, "xabcx", True),
    ({"f|re": "a.c"}, "ABC", False),
    ({"f|re|i": "a.c"}, "ABC", True),
    ({"f|re": "^a$"}, "b\na\nb", False),
    ({"f|re|m": "^a$"}, "b\na\nb", True),
    ({"f|re": "a.b"}, "a\nb", False),
    ({"f|re|s": "a.b"}, "a\nb", True),
    ({"f|re|i|m|s": "^A.B$"}, "x\na\nb\nx", True),
    ({"f|re": "\\\\\\*x?"}, "\\*", True),
    ({"f|re": ["^a", "^b"]}, "bc", True),
    ({"f|re": "é{2}"}, "éé", True),
    # networks
    ({"f|cidr": "10.0.0.0/8"}, "10.0.0.0", True),
    ({"f|cidr": "10.0.0.0/8"}, "10.255.255.255", True),
    ({"f|cidr": "10.0.0.0/8"}, "9.255.255.255", False),
    ({"f|cidr": "10.0.0.0/8"}, "11.0.0.0", False),
    ({"f|cidr": "192.0.2.7/32"}, "192.0.2.7", True),
    ({"f|cidr": "192.0.2.7/32"}, "192.0.2.8", False),
    ({"f|cidr": "0.0.0.0/0"}, "203.0.113.9", True),
    ({"f|cidr": "0.0.0.0/0"}, "2001:db8::1", False),
    ({"f|cidr": "10.0.0.0/8"}, "::ffff:10.1.2.3", True),
    ({"f|cidr": "10.0.0.0/8"}, "[::ffff:10.1.2.3]", True),
    ({"f|cidr": "2001:db8::/32"}, "2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff", True),
    ({"f|cidr": "2001:db8::/32"}, "2001:db9::", False),
    ({"f|cidr": "fe80::/10"}, "fe80::1%eth0", True),
    ({"f|cidr": "10.0.0.0/8"}, "10.1.2.3:445", False),
    ({"f|cidr": "10.0.0.0/8"}, "10.1.2", False),
    ({"f|cidr": "10.0.0.0/8"}, "10.1.2.3.4", False),
    ({"f|cidr": "10.0.0.0/8"}, "", False),
    ({"f|cidr": "10.0.0.0/8"}, "not an address", False),
    ({"f|cidr": ["10.0.0.0/8", "172.16.0.0/12"]}, ["x", "172.31.255.255"], True),
    # Base64
    ({"f|base64": "foo"}, "Zm9v", True),
    ({"f|base64": "foo"}, "xZm9v", False),
    ({"f|base64|contains": "fö"}, b64encode("fö".encode()).decode(), True),
    ({"f|utf16|base64": "x"}, b64encode(b"\xff\xfex\x00").decode(), True),
    ({"f|utf16be|base64": "x"}, b64encode(b"\x00x").decode(), True),
    # UTF-16 as text with NULs
    ({"f|wide|contains": "pass"}, f"..{WIDE}..", True),
    ({"f|wide|contains": "pass"}, "pass", False),
    ({"f|utf16le": "pass"}, WIDE, True),
    ({"f|utf16be": "pass"}, WIDE, False),
    ({"f|utf16be": "pass"}, "pass".encode("utf-16-be").decode("latin-1"), True),
    ({"f|utf16": "pass"}, "\xff\xfe" + WIDE, True),
    ({"f|utf16": "pass"}, WIDE, False),
    # dashes
    *(({"f|windash|contains": " -exec "}, f"x {dash}EXEC y", True) for dash in "-/\u2013\u2014\u2015"),
    ({"f|windash|contains": " -exec "}, "x +exec y", False),
    ({"f|windash|contains": " -exec "}, "x exec y", False),
    ({"f|windash|contains|all": [" -a", " /b"]}, "x \u2014a -b", True),
    ({"f|windash|contains": "-a -b"}, "/a \u2015b", True),
    ({"f|windash|contains": "-a -b"}, "/a b", False),
    ({"f|windash": "web-app -x"}, "web-app /x", True),
    ({"f|windash": "web-app -x"}, "web/app /x", False),  # a dash within a word stays
    # comparisons
    ({"f|gt": 5}, 6, True),
    ({"f|gt": 5}, 5, False),
    ({"f|gte": 5}, "5", True),
    ({"f|gte": 5}, 4.9, False),
    ({"f|lt": 5}, -1, True),
    ({"f|lt": 5}, 5, False),
    ({"f|lte": 5}, 5.0, True),
    ({"f|lte": 5}, 5.1, False),
    ({"f|gt": 16}, "0x11", True),
    ({"f|gt": 5}, "many", False),
    ({"f|gt": 5}, "1_000", False),
    ({"f|gt": 5}, "inf", False),
    ({"f|lt": 5}, "nan", False),
    ({"f|gt": 5}, ["1", "9"], True),
    ({"f|lt": 5}, "", False),
    # cased
    ({"f|cased": "AbC"}, "AbC", True),
    ({"f|cased": "AbC"}, "abc", False),
    ({"f|contains|cased": "AbC"}, "xAbCx", True),
    ({"f|contains|cased": "AbC"}, "xABCx", False),
    ({"f|startswith|cased": "Ab"}, "abc", False),
    ({"f|cased": "A?C"}, "AxC", True),
    ({"f|cased": "A?C"}, "axc", False),
    # neq
    ({"f|neq": "a"}, "b", True),
    ({"f|neq": "a"}, "A", False),
    ({"f|neq": ["a", "b"]}, "b", False),
    ({"f|contains|neq": "a"}, "xay", False),
    ({"f|neq": 5}, 6, True),
    # exists and null
    ({"f|exists": True}, "", True),
    ({"f|exists": False}, "", False),
    ({"f": None}, "", False),
    ({"f": None}, [], True),
    ({"f|exists": True}, [], False),
    ({"f": [None, "x"]}, "x", True),
    # parts of an instant
    ({"f|minute": 7}, "2024-02-29T23:07:59Z", True),
    ({"f|minute": 8}, "2024-02-29T23:07:59Z", False),
    ({"f|hour": 23}, "2024-02-29T23:07:59Z", True),
    ({"f|hour": 23}, "2024-03-01T01:07:59+02:00", True),
    ({"f|day": 29}, "2024-02-29T23:07:59.123Z", True),
    ({"f|week": 9}, "2024-02-29", True),
    ({"f|week": 53}, "2021-01-01T00:00:00Z", True),
    ({"f|month": 2}, "2024-02-29 23:07:59", True),
    ({"f|year": 2024}, "2024-02-29", True),
    ({"f|year": 2024}, datetime(2024, 2, 29, tzinfo=UTC), True),
    ({"f|year": 2024}, 1709247600, True),
    ({"f|year": 2024}, "1709247600123", True),
    ({"f|year": 2024}, "1712010112345", True),  # which reads as a day of 1712 as well
    ({"f|month": 4}, 1712010112345, True),
    ({"f|year": 2024}, "20240229", True),
    ({"f|year": 2024}, "yesterday", False),
    ({"f|hour|gte": 22}, "2024-02-29T23:07:59Z", True),
    ({"f|hour|lt": 6}, "2024-02-29T23:07:59Z", False),
    ({"f|year": 1}, "0001-01-01T00:00:00+23:00", False),  # before the year 1 in UTC: no instant, no failure
    ({"f|year": 9999}, "9999-12-31T23:59:59-23:00", False),
    ({"f|week": 52}, "9999-12-31T23:59:59Z", True),
]


@pytest.mark.parametrize(("selection", "value", "expected"), CASES, ids=lambda item: repr(item)[:60])
def test_a_value(selection: dict[str, Any], value: Value, expected: bool) -> None:
    assert selects(selection, {"f": value}) is expected


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"f": None}, True),
        ({"f": ""}, False),
        ({"f": "*"}, False),
        ({"f|exists": True}, False),
        ({"f|exists": False}, True),
        ({"f|neq": "a"}, True),
        ({"f|re": ".*"}, False),
        ({"f|lt": 5}, False),
        ({"f": [None, "x"]}, True),
        ({"f|fieldref": "g"}, False),
        ({"f|cidr": "0.0.0.0/0"}, False),
        ({"f|contains": ""}, False),
    ],
)
def test_an_absent_field(selection: dict[str, Any], expected: bool) -> None:
    assert selects(selection, {"other": "x"}) is expected


@pytest.mark.parametrize("text", ["foo", "föö", "日本語 bar", "New-Object Net.WebClient"])
@pytest.mark.parametrize("before", ["", "a", "bc", "def"])
@pytest.mark.parametrize("after", ["", "x", "yz"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_base64offset_finds_a_text_wherever_it_stands(text: str, before: str, after: str, codec: str) -> None:
    wide = "wide|" if codec == "utf-16-le" else ""
    selection = {f"f|{wide}base64offset|contains": text}
    encoded = b64encode(before.encode() + text.encode(codec) + after.encode()).decode()
    assert selects(selection, {"f": f"powershell -enc {encoded}"})
    other = b64encode(before.encode() + (text[:-1] + "\u0101").encode(codec) + after.encode()).decode()
    assert not selects(selection, {"f": other})


@pytest.mark.parametrize(
    ("modifiers", "one", "other", "expected"),
    [
        ("fieldref", "User", "uSER", True),
        ("fieldref", "User", "User2", False),
        ("fieldref|startswith", "User2", "user", True),
        ("fieldref|startswith", "xUser", "user", False),
        ("fieldref|endswith", "xUser", "user", True),
        ("fieldref|endswith", "Userx", "user", False),
        ("fieldref|contains", "xUserx", "USER", True),
        ("fieldref|contains", "Use", "USER", False),
        ("fieldref", ["a", "b"], ["c", "B"], True),
        ("fieldref", "a", None, False),
        ("fieldref", 5, "5", True),
    ],
)
def test_references_to_another_field(modifiers: str, one: Value, other: Value | None, expected: bool) -> None:
    fields: dict[str, Value] = {"f": one} if other is None else {"f": one, "g": other}
    assert selects({f"f|{modifiers}": "g"}, fields) is expected


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


@pytest.mark.parametrize(
    ("literal", "value", "expected"),
    [
        ("i", "İ", True),  # U+0130 has the simple lower case i
        ("ı", "I", False),  # dotless i is a letter of its own
        ("ı", "ı", True),
        ("i", "I", True),
        ("k", "\u212a", True),  # the Kelvin sign
        ("å", "\u212b", True),  # the Angstrom sign
        ("ss", "ß", False),
        ("ß", "\u1e9e", True),  # capital sharp s
        ("σ", "Σ", True),
        ("ς", "Σ", False),  # final sigma is another letter
        ("ΌΔΟΣ", "όδοσ", True),
        ("s", "ſ", False),  # long s: no lower-case mapping
        ("é", "É", True),
        ("é", "e\u0301", False),  # nothing is normalised
        ("я", "Я", True),
    ],
)
@pytest.mark.parametrize("operator", ["f", "f|contains", "f|startswith", "f|endswith"])
def test_letters_are_folded_one_by_one(operator: str, literal: str, value: str, expected: bool) -> None:
    assert selects({operator: literal}, {"f": value}) is expected
    assert selects({operator: value}, {"f": literal}) is expected
    assert selects({operator: f"{literal}?"}, {"f": f"{value}x"}) is expected


def test_folding_keeps_the_length() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    assert len(fold(every)) == len(every)
    assert fold(fold(every)) == fold(every)


def test_a_lone_surrogate_in_an_event_stops_nothing() -> None:
    assert selects({"f|contains": "cmd"}, {"f": "\ud800 cmd \udfff"})
    assert selects({"f|re": "cmd .dfff"}, {"f": "cmd \udfff"}) is False

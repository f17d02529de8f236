"""The table of value modifiers and plain values: a selection on the field `f`, its value, whether it holds."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from engine.events import Value

WIDE = "pass".encode("utf-16-le").decode("latin-1")

# selection, value of the field `f`, does it hold
VALUES: list[tuple[dict[str, Any], Value, bool]] = [
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

# selection, does it hold where the field `f` is absent
ABSENT: list[tuple[dict[str, Any], bool]] = [
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
]

# modifiers, value of `f`, value of `g` (None where absent), does `f|MODIFIERS: g` hold
REFERENCES: list[tuple[str, Value, Value | None, bool]] = [
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
]

# literal, value: are they the same letters; the other way round the answer is the same
LETTERS: list[tuple[str, str, bool]] = [
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
]

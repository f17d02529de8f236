"""Rules made up by chance: every modifier, every kind of value, nested conditions, several log sources.

SigmaHQ's rules use about half of what the specification has; these use all of it, in combinations nobody would write.
"""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

import yaml

SOURCES: list[dict[str, str]] = [
    {"product": "acme"},
    {"product": "acme"},
    {"product": "windows", "service": "application"},
    {"product": "windows", "category": "process_creation"},
    {"product": "linux", "service": "sshd"},
    {"category": "webserver"},
]
# fmt: off
FIELDS = ["f", "f", "g", "g", "h", "a b", "a.b.c", "Image", "Data", "EventID", "Provider_Name", "source.ip", "tags",
          "event.risk_score", "http.response.status_code", "event.category", "cs-referer", "sc-status", "İd", "x-y"]
PIECES = ["cmd", "PowerShell", "İ", "ı", "Σ", "ς", "ſ", "k\u212a", "ß", "é", "日本", "\\", "\\\\", "*", "?",
          "\\*", "\\?", "**", " -e", " /x", "\u2013a", "-", "/", "1", "07", "true", "", " ", "\n", '"',
          "'", "%", ".", "a|b", "[x]"]
PATTERNS = ["^a", "b$", "a.c", "[0-9]{2,3}", "(?:x|y)+z", "\\\\cmd\\.exe$", "^$", ".*", "k", "\\bfoo\\b", "\\s-e\\s",
            "é+", "[^a]", "^.{3}$", "\u212a", "(?i)mixed", "a?b*c+", "\\d\\w", "^[\\x00-\\x7f]*$", "st.ck"]
NETWORKS = ["10.0.0.0/8", "192.0.2.7/32", "0.0.0.0/0", "172.16.0.0/12", "169.254.0.0/16", "203.0.113.128/25",
            "2001:db8::/32", "fe80::/10", "::1/128", "::/0", "::ffff:0:0/96", "fd00::/8"]
NUMBERS = [0, 1, 5, -3, 1.5, 404, 4624, 2**31, 1e3, -0.5, 10**12]
WORDS = ["contains", "startswith", "endswith", "contains|all", "cased", "contains|cased", "endswith|cased",
         "startswith|cased", "all", "neq", "contains|neq", "windash", "windash|contains", "windash|contains|all",
         "wide", "utf16le|contains", "utf16be|contains", "utf16", "wide|cased", "", "", ""]
BYTES = ["base64", "base64|contains", "base64offset|contains", "wide|base64offset|contains", "utf16|base64",
         "utf16be|base64offset|contains", "utf16le|base64|contains", "base64offset|contains|all"]
EXPRESSIONS = ["re", "re|i", "re|m", "re|s", "re|i|m|s", "re|all", "re|neq", "re|ignorecase"]
REFERENCES = ["fieldref", "fieldref|startswith", "fieldref|endswith", "fieldref|contains", "fieldref|neq"]
COMPARISONS = ["gt", "gte", "lt", "lte", "gt|neq"]
PARTS = {"minute": 60, "hour": 24, "day": 32, "week": 54, "month": 13, "year": 2040}
# fmt: on


def rules(count: int, chance: Random) -> list[tuple[str, bytes]]:
    """Return rule files, a rule each. A few are refused on purpose: they ask for what makes no sense."""
    return [(f"made-{number}.yml", _document(number, chance).encode()) for number in range(1, count + 1)]


def _document(number: int, chance: Random) -> str:
    detection: dict[str, Any] = {
        f"{chance.choice(['sel', 'filter', '_own'])}_{name}": _selection(chance)
        for name in "abcd"[: chance.randrange(1, 5)]
    }
    detection["condition"] = _condition(sorted(detection), chance, 0)
    head = {"title": f"made up {number}", "id": str(UUID(int=number)), "logsource": chance.choice(SOURCES)}
    return yaml.safe_dump({**head, "detection": detection}, allow_unicode=True, sort_keys=False)


def _selection(chance: Random) -> Any:
    kind = chance.randrange(12)
    if kind == 0:
        return [_word(chance) + "x" for _ in range(chance.randrange(1, 4))]
    if kind == 1:
        return chance.choice([{"|all": ["cmd", "a"]}, {"|re": chance.choice(PATTERNS)}, {"|cased": "Cmd"}, [5, "é"]])
    if kind == 2:
        return [_mapping(chance) for _ in range(chance.randrange(1, 4))]
    return _mapping(chance)


def _mapping(chance: Random) -> dict[str, Any]:
    return dict(_item(chance.choice(FIELDS), chance) for _ in range(chance.choice([1, 1, 2, 3])))


def _item(field: str, chance: Random) -> tuple[str, Any]:
    kind = chance.randrange(16)
    if kind < 5:
        return _key(field, chance.choice(WORDS)), _few(lambda: _word(chance), chance)
    if kind < 7:
        return _key(field, chance.choice(BYTES)), _few(
            lambda: chance.choice(["foo", "é日", "cmd /c", "İΣ", "ab"]), chance
        )
    if kind < 9:
        return _key(field, chance.choice(EXPRESSIONS)), _few(lambda: chance.choice(PATTERNS), chance)
    if kind == 9:
        return f"{field}|cidr", _few(lambda: chance.choice(NETWORKS), chance)
    if kind == 10:
        return _key(field, chance.choice(REFERENCES)), chance.choice(FIELDS)
    if kind == 11:
        return _key(field, chance.choice(["", "", "neq", *COMPARISONS])), chance.choice(NUMBERS)
    if kind == 12:
        part = chance.choice(sorted(PARTS))
        bound = chance.randrange(1999, 2040) if part == "year" else chance.randrange(PARTS[part])
        return _key(f"{field}|{part}", chance.choice(["", "", *COMPARISONS])), bound
    if kind == 13:
        return f"{field}|exists", chance.choice([True, False])
    return field, chance.choice([None, [], "", True, False, [None, "a"], [1, "1", True], ["", None], "-", "*", "?"])


def _key(field: str, words: str) -> str:
    return f"{field}|{words}" if words else field


def _few(make: Any, chance: Random) -> Any:
    count = chance.choice([1, 1, 1, 2, 3])
    return make() if count == 1 else [make() for _ in range(count)]


def _word(chance: Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.choice([1, 1, 2, 2, 3])))


def _condition(names: list[str], chance: Random, depth: int) -> str:
    kind = chance.randrange(9)
    if kind < 3 or depth > 3:
        return chance.choice(names)
    if kind == 3:
        return f"not {_condition(names, chance, depth + 1)}"
    if kind == 4:
        return f"{chance.choice(['1', 'all', 'any'])} of {chance.choice([names[0][:3] + '*', '*_a', '*'])}"
    if kind == 5:
        return f"({_condition(names, chance, depth + 1)})"
    joined = chance.choice([" and ", " or ", " and not "])
    return joined.join(_condition(names, chance, depth + 1) for _ in range(chance.choice([2, 2, 3])))

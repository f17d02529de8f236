"""A second, slow and plain reading of Sigma rules, against which the engine is held.

It walks pySigma's own condition tree for every (rule, event) pair and shares with the engine only the tables that say
which events a log source means and which event fields a rule's field means. There are no predicates, no signatures,
no automata: strings are compared character by character.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
    TimestampPart,
)

from engine.events import Value, texts
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import kind_of
from engine.sigma.rules import LogSource

Part = str | SpecialChars
_ORDER = {
    CompareOperators.LT: lambda a, b: a < b,
    CompareOperators.LTE: lambda a, b: a <= b,
    CompareOperators.GT: lambda a, b: a > b,
    CompareOperators.GTE: lambda a, b: a >= b,
}


class Oracle:
    """One rule, ready to be asked about events one by one."""

    def __init__(self, rule: SigmaRule) -> None:
        source = rule.logsource
        self.id = str(rule.id)
        self.source = LogSource(*((part or "").lower() for part in (source.product, source.category, source.service)))
        self.trees = [condition.parsed for condition in rule.detection.parsed_condition]

    def matches(self, seen: View) -> bool:
        """Tell whether the rule holds for an event of its log source."""
        return any(holds(tree, seen) for tree in self.trees)


class View:
    """An event as rules see it."""

    def __init__(self, fields: Mapping[str, Value], original: str) -> None:
        self.fields, self.original = fields, original
        self.kind = kind_of(fields)
        self._known: dict[str, tuple[str, ...]] = {}

    def values(self, field: str) -> tuple[str, ...]:
        """Return the texts of a rule's field; none where it is absent."""
        if field not in self._known:
            self._known[field] = self._values(field)
        return self._known[field]

    def _values(self, field: str) -> tuple[str, ...]:
        names = event_fields(field, self.kind)
        if field == "Data" and self.kind.family == "windows":
            return tuple(text for name in names for text in texts(self.fields.get(name)))
        return next((texts(self.fields[name]) for name in names if name in self.fields), ())

    def searched(self) -> list[str]:
        """Return the texts in which keywords are looked for."""
        if self.kind.family != "windows":
            return [self.original]
        own = ("winlog.event_data.", "winlog.user_data.")
        named = ("winlog.provider_name", "winlog.computer_name", "message")
        return [t for name, value in self.fields.items() if name.startswith((*own, *named)) for t in texts(value)]


def holds(node: Any, seen: View) -> bool:
    if isinstance(node, ConditionAND):
        return all(holds(part, seen) for part in node.args)
    if isinstance(node, ConditionOR):
        return any(holds(part, seen) for part in node.args)
    if isinstance(node, ConditionNOT):
        return not holds(node.args[0], seen)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return field_holds(node.field, node.value, seen)
    assert isinstance(node, ConditionValueExpression)
    return keyword_holds(node.value, seen)


def field_holds(field: str, wanted: Any, seen: View) -> bool:
    values = seen.values(field)
    if isinstance(wanted, SigmaExpansion):
        return any(field_holds(field, item, seen) for item in wanted.values)
    if isinstance(wanted, SigmaNull):
        return not values
    if isinstance(wanted, SigmaExists):
        return bool(values) == wanted.exists
    if isinstance(wanted, SigmaFieldReference):
        return any(refers(wanted, fold(one), fold(other)) for one in values for other in seen.values(wanted.field))
    return any(value_holds(wanted, value) for value in values)


def refers(wanted: SigmaFieldReference, one: str, other: str) -> bool:
    if wanted.starts_with and wanted.ends_with:
        return other in one
    if wanted.starts_with:
        return one[: len(other)] == other
    return one[len(one) - len(other) :] == other and len(one) >= len(other) if wanted.ends_with else one == other


def value_holds(wanted: Any, value: str) -> bool:
    if isinstance(wanted, SigmaString):
        return string_holds(wanted, value)
    if isinstance(wanted, SigmaRegularExpression):
        return expression(wanted).search(value) is not None
    if isinstance(wanted, SigmaTimestampPart):
        moment = instant(value)
        return moment is not None and part_of(moment, wanted.timestamp_part) == wanted.number
    if isinstance(wanted, SigmaNumber):
        return value == str(wanted.number) if isinstance(wanted.number, int) else number(value) == wanted.number
    if isinstance(wanted, SigmaBool):
        return fold(value) == ("true" if wanted.boolean else "false")
    if isinstance(wanted, SigmaCIDRExpression):
        return within(wanted, value)
    assert isinstance(wanted, SigmaCompareExpression), type(wanted)
    return compares(wanted, value)


def compares(wanted: SigmaCompareExpression, value: str) -> bool:
    if isinstance(wanted.number, SigmaTimestampPart):
        moment = instant(value)
        if moment is None:
            return False
        return bool(_ORDER[wanted.op](part_of(moment, wanted.number.timestamp_part), wanted.number.number))
    found = number(value)
    return found is not None and bool(_ORDER[wanted.op](found, wanted.number.number))


def keyword_holds(wanted: Any, seen: View) -> bool:
    if isinstance(wanted, SigmaExpansion):
        return any(keyword_holds(item, seen) for item in wanted.values)
    where = seen.searched()
    if isinstance(wanted, SigmaRegularExpression):
        return any(expression(wanted).search(text) for text in where)
    if isinstance(wanted, SigmaNumber):
        return any(str(wanted.number) in text for text in where)
    many = SpecialChars.WILDCARD_MULTI
    cased = isinstance(wanted, SigmaCasedString)
    patterns = [[many, *wanted.s, many]]
    if seen.kind.family != "windows":
        escaped = [p.replace("\\", "\\\\").replace('"', '\\"') if isinstance(p, str) else p for p in wanted.s]
        patterns.append([many, *escaped, many])
    return any(like(tuple(characters(pattern, cased)), text, cased) for pattern in patterns for text in where)


def string_holds(wanted: SigmaString, value: str) -> bool:
    cased = isinstance(wanted, SigmaCasedString)
    return like(tuple(characters(wanted.s, cased)), value, cased)


def characters(parts: Any, cased: bool) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            found.extend(part if cased else fold(part))
        else:
            found.append(part)
    return found


def like(pattern: tuple[Part, ...], value: str, cased: bool) -> bool:
    """Compare with wildcards, character by character: at a mismatch the last `*` takes one more."""
    text = value if cased else fold(value)
    here = there = 0
    star, kept = -1, 0
    while there < len(text):
        wanted = pattern[here] if here < len(pattern) else None
        if wanted is SpecialChars.WILDCARD_MULTI:
            star, kept, here = here, there, here + 1
        elif wanted is SpecialChars.WILDCARD_SINGLE or wanted == text[there]:
            here, there = here + 1, there + 1
        elif star >= 0:
            kept += 1
            here, there = star + 1, kept
        else:
            return False
    return all(part is SpecialChars.WILDCARD_MULTI for part in pattern[here:])


@lru_cache(maxsize=200_000)
def fold(text: str) -> str:
    """Lower each code point by itself, to one code point."""
    return "".join((character.lower() or character)[0] for character in text)


_COMPILED: dict[tuple[str, str], Any] = {}


def expression(wanted: SigmaRegularExpression) -> Any:
    """Return the compiled expression (RE2's own search, one expression at a time)."""
    flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in wanted.flags))
    key = (flags, wanted.regexp.to_plain_regex())
    if key not in _COMPILED:
        options = re2.Options()
        options.max_mem = 64 << 20
        _COMPILED[key] = re2.compile((f"(?{flags})" if flags else "") + key[1], options)
    return _COMPILED[key]


def within(wanted: SigmaCIDRExpression, value: str) -> bool:
    text = value.strip().strip("[]").split("%")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    forms = [address]
    if address.version == 6 and int(address) >> 32 == 0xFFFF:
        forms.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    network = wanted.network
    return any(form.version == network.version and int(network[0]) <= int(form) <= int(network[-1]) for form in forms)


def number(text: str) -> float | None:
    try:
        if text[:2] in {"0x", "0X"} and "_" not in text:
            return float(int(text, 16))
        found = float(text) if "_" not in text else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and abs(found) != float("inf") and found == found else None  # noqa: PLR0124 - not a number


def instant(text: str) -> datetime | None:
    """Read ISO 8601, or seconds or milliseconds since 1970."""
    seconds = number(text)
    try:
        if seconds is not None and len(text) != 8:
            since = seconds / 1000 if abs(seconds) > 1e11 else seconds
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=since)
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def part_of(moment: datetime, part: TimestampPart) -> int:
    if part is TimestampPart.WEEK:
        return moment.isocalendar().week
    return int(getattr(moment, part.name.lower()))

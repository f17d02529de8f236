"""The naive evaluator: every event against every rule, one after the other, in plain Python.

    python -m tests.bench.peers.naive REPORT RULES LOG STEP all|partitioned|regexes SECONDS

It is what a careful person writes in an afternoon: each rule's condition tree (pySigma's) becomes a closure once, texts
are lowered once an event, comparisons are Python's own `in`, `startswith`, `endswith` and `re`. Nothing is shared
between rules or remembered between events. With `partitioned`, a rule sees only the events of its log source; with
`regexes` that as well, and each text of a rule is a regular expression of its own, as pySigma writes it for backends.
It looks at every STEPth event of LOG, and stops after SECONDS of CPU time; parsing events is not counted.
"""

from __future__ import annotations

import ipaddress
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)

from collectors.reader import LogReader, Parsed
from engine.events import Value, texts
from engine.sigma import modifiers
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import Kind, covers, kind_of
from engine.sigma.rules import LogSource

Test = Callable[["Seen"], bool]
OfText = Callable[[str, list[Any]], Test]  # from a rule's field and the parts of a text
_MANY = SpecialChars.WILDCARD_MULTI
_SEARCHED = ("winlog.event_data.", "winlog.user_data.", "winlog.provider_name", "winlog.computer_name", "message")
_fields = lru_cache(maxsize=None)(event_fields)


class Seen:
    """One event: its values by a rule's field name, as they are and lowered."""

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self.fields, self.kind = fields, kind_of(fields)
        self._values: dict[str, tuple[str, ...]] = {}
        self._lowered: dict[str, tuple[str, ...]] = {}

    def values(self, field: str) -> tuple[str, ...]:
        """Return the texts of a rule's field, none where it is absent."""
        known = self._values.get(field)
        if known is None:
            names = _fields(field, self.kind)
            known = next((texts(self.fields[name]) for name in names if name in self.fields), ())
            self._values[field] = known
        return known

    def lowered(self, field: str) -> tuple[str, ...]:
        """Return the lowered texts of a rule's field."""
        known = self._lowered.get(field)
        if known is None:
            known = self._lowered[field] = tuple(value.lower() for value in self.values(field))
        return known

    def searched(self) -> list[str]:
        """Return the texts in which keywords are looked for."""
        return [text for name, value in self.fields.items() if name.startswith(_SEARCHED) for text in texts(value)]


class Rule:
    """One rule: where it looks, and its condition as a function."""

    def __init__(self, rule: SigmaRule, of_text: OfText) -> None:
        source = rule.logsource
        self.id = str(rule.id)
        self.source = LogSource(*((part or "").lower() for part in (source.product, source.category, source.service)))
        self.tests = [compiled(condition.parsed, of_text) for condition in rule.detection.parsed_condition]

    def matches(self, seen: Seen) -> bool:
        """Tell whether the rule's condition holds."""
        return any(test(seen) for test in self.tests)


def compiled(node: Any, of_text: OfText) -> Test:
    """Turn a condition tree into one function of an event."""
    if isinstance(node, ConditionAND | ConditionOR):
        parts = [compiled(part, of_text) for part in node.args]
        if isinstance(node, ConditionAND):
            return lambda seen: all(part(seen) for part in parts)
        return lambda seen: any(part(seen) for part in parts)
    if isinstance(node, ConditionNOT):
        inner = compiled(node.args[0], of_text)
        return lambda seen: not inner(seen)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _on_field(node.field, node.value, of_text)
    return _keyword(node.value)


def _on_field(field: str, wanted: Any, of_text: OfText) -> Test:
    if isinstance(wanted, SigmaExpansion):
        parts = [_on_field(field, item, of_text) for item in wanted.values]
        return lambda seen: any(part(seen) for part in parts)
    if isinstance(wanted, SigmaNull):
        return lambda seen: not seen.values(field)
    if isinstance(wanted, SigmaNumber) and isinstance(wanted.number, int):
        text = str(wanted.number)
        return lambda seen: text in seen.values(field)
    if isinstance(wanted, SigmaRegularExpression):
        found = _pattern(wanted).search
        return lambda seen: any(found(value) for value in seen.values(field))
    if isinstance(wanted, SigmaString) and not isinstance(wanted, SigmaCasedString):
        return of_text(field, list(wanted.s))
    return _rare(field, wanted)


def _rare(field: str, wanted: Any) -> Test:
    if isinstance(wanted, SigmaCIDRExpression):
        network = wanted.network
        return lambda seen: any(_within(value, network) for value in seen.values(field))
    if isinstance(wanted, SigmaFieldReference) and not (wanted.starts_with or wanted.ends_with):
        other = wanted.field
        return lambda seen: not set(seen.lowered(field)).isdisjoint(seen.lowered(other))
    if isinstance(wanted, SigmaFieldReference):
        return lambda seen: any(
            one.startswith(two) if wanted.starts_with else one.endswith(two)
            for one in seen.lowered(field)
            for two in seen.lowered(wanted.field)
        )
    raise SigmaError(f"the naive evaluator does not know {type(wanted).__name__}")


def _within(value: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def _pattern(wanted: SigmaRegularExpression) -> re.Pattern[str]:
    flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in wanted.flags))
    return re.compile((f"(?{flags})" if flags else "") + wanted.regexp.to_plain_regex())


def as_regex(field: str, parts: list[Any]) -> Test:
    """Return the test of a text as one regular expression over the whole value."""
    pattern = re.compile("".join(_piece(part) for part in parts), re.DOTALL | re.IGNORECASE)
    return lambda seen: any(pattern.fullmatch(value) for value in seen.values(field))


def as_text(field: str, parts: list[Any]) -> Test:
    """Return the test of a text by what Python has for texts, where no wildcard stands in its middle."""
    before, after = parts[:1] == [_MANY], len(parts) > 1 and parts[-1] == _MANY
    middle = parts[1 if before else 0 : -1 if after else None]
    if any(isinstance(part, SpecialChars) for part in middle):
        pattern = re.compile("".join(_piece(part) for part in parts), re.DOTALL)
        return lambda seen: any(pattern.fullmatch(value) for value in seen.lowered(field))
    text = "".join(str(part) for part in middle).lower()
    if before and after:
        return lambda seen: any(text in value for value in seen.lowered(field))
    if before:
        return lambda seen: any(value.endswith(text) for value in seen.lowered(field))
    if after:
        return lambda seen: any(value.startswith(text) for value in seen.lowered(field))
    return lambda seen: text in seen.lowered(field)


def _piece(part: Any) -> str:
    if isinstance(part, SpecialChars):
        return ".*" if part is _MANY else "."
    return re.escape(str(part).lower())


def _keyword(wanted: Any) -> Test:
    if isinstance(wanted, SigmaExpansion):
        parts = [_keyword(item) for item in wanted.values]
        return lambda seen: any(part(seen) for part in parts)
    if isinstance(wanted, SigmaRegularExpression):
        found = _pattern(wanted).search
        return lambda seen: any(found(value) for value in seen.searched())
    if isinstance(wanted, SigmaString):
        inner = re.compile("".join(_piece(part) for part in wanted.s), re.DOTALL).search
        return lambda seen: any(inner(value.lower()) for value in seen.searched())
    text = str(wanted)
    return lambda seen: any(text in value for value in seen.searched())


def load(folder: Path, of_text: OfText = as_text) -> list[Rule]:
    """Compile every rule of a folder; rules that pySigma refuses are left out."""
    modifiers.install()
    found = []
    for file in sorted(folder.rglob("*.yml")):
        try:
            found.append(Rule(SigmaRule.from_yaml(file.read_text("utf-8")), of_text))
        except SigmaError:
            continue
    return found


def main() -> None:
    """Evaluate the sample, and write figures and pairs to REPORT."""
    report, folder, log = (Path(word) for word in sys.argv[1:4])
    step, partitioned, limit = int(sys.argv[4]), sys.argv[5] != "all", float(sys.argv[6])
    rules = load(folder, as_regex if sys.argv[5] == "regexes" else as_text)
    pairs: list[tuple[str, int]] = []
    numbers: list[int] = []
    spent = 0.0
    visible: dict[Kind, list[Rule]] = {}
    for number, item in enumerate(LogReader(log).records(), 1):
        if not isinstance(item, Parsed) or number % step:
            continue
        kind = kind_of(item.fields)
        if kind not in visible:
            visible[kind] = [rule for rule in rules if not partitioned or covers(rule.source, kind)]
        begun = time.process_time()
        seen = Seen(item.fields)
        pairs += [(rule.id, number) for rule in visible[kind] if rule.matches(seen)]
        spent += time.process_time() - begun
        numbers.append(number)
        if spent > limit:
            break
    figures = {
        "cpu": spent,
        "events": len(numbers),
        "numbers": numbers,
        "rules": len(rules),
        "pairs": pairs,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    report.write_text(json.dumps(figures), "utf-8")


if __name__ == "__main__":
    main()

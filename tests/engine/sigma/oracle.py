"""A second, plain reading of Sigma rules, against which the engine is held.

pySigma's own condition tree of each rule becomes one Python function, which is asked about one event after the other.
There are no predicates, no signatures, no automata and no memory of earlier events. It shares with the engine what
says which events a log source means and which event fields a rule's field means, how an event's value is written as
text, and the encoding modifiers that kulla puts into pySigma (which have tests of their own).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
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
)

from engine import ecs_types
from engine.events import Value, texts
from engine.sigma.fieldmap import event_fields
from engine.sigma.logsources import kind_of
from engine.sigma.rules import LogSource
from tests.engine.sigma import oracle_values
from tests.engine.sigma.oracle_values import Test, fold

_MANY = SpecialChars.WILDCARD_MULTI
# in Windows events: the values that have no name of their own, and what stands in several forms; all of them
_SPREAD = ("Data", "Level", "Keywords")
# In these logs a dash is how an absent value is written: it is as good as none, and only a rule's own `-` finds it.
_DASHED = ("iis.access", "nginx.access", "apache.access", "squid.access")
_fields = lru_cache(maxsize=None)(event_fields)


class Oracle:
    """One rule, ready to be asked about events one by one. Raise `ValueError` where it holds a placeholder."""

    def __init__(self, rule: SigmaRule) -> None:
        source = rule.logsource
        self.id = str(rule.id)
        self.source = LogSource(*((part or "").lower() for part in (source.product, source.category, source.service)))
        self.trees = [condition.parsed for condition in rule.detection.parsed_condition]
        self._asks = [asks(tree) for tree in self.trees]

    def matches(self, seen: View) -> bool:
        """Tell whether the rule holds for an event of its log source."""
        return any(ask(seen) for ask in self._asks)


class View:
    """An event as rules see it. A rule's field has several texts, or none where it is absent."""

    def __init__(self, fields: Mapping[str, Value], original: str) -> None:
        self.fields, self.original = fields, original
        self.kind = kind_of(fields)
        self.plain: dict[str, tuple[str, ...]] = {}
        self.folded: dict[str, tuple[str, ...]] = {}
        self._searched: tuple[list[str], list[str]] | None = None

    def read(self, field: str) -> tuple[str, ...]:
        """Read a field for the first time into `plain` and `folded`."""
        found = tuple(map(_encodable, self._values(field)))
        self.plain[field] = found
        self.folded[field] = tuple(map(fold, found))
        return found

    def values(self, field: str) -> tuple[str, ...]:
        """Return a field's texts as they are."""
        found = self.plain.get(field)
        return self.read(field) if found is None else found

    def is_dash(self, field: str) -> bool:
        """Tell whether the field says, in a log that says it so, that there is no value."""
        return self.kind.dataset in _DASHED and self.values(field) == ("-",)

    def _values(self, field: str) -> tuple[str, ...]:
        names = _fields(field, self.kind)
        if field in _SPREAD and self.kind.family == "windows":
            return tuple(text for name in names for text in texts(self.fields.get(name)))
        return next((texts(self.fields[name]) for name in names if name in self.fields), ())

    def searched(self, *, folded: bool) -> list[str]:
        """Return the texts in which keywords are looked for."""
        if self._searched is None:
            found = [_encodable(text) for text in self._texts()]
            self._searched = (found, [fold(text) for text in found])
        return self._searched[folded]

    def _texts(self) -> Sequence[str]:
        if self.kind.family != "windows":
            return [self.original]
        own = ("winlog.event_data.", "winlog.user_data.")
        named = ("winlog.provider_name", "winlog.computer_name", "message")
        return [t for name, value in self.fields.items() if name.startswith((*own, *named)) for t in texts(value)]


Ask = Callable[[View], bool]


def asks(node: Any) -> Ask:
    """Turn a condition tree into a function of an event."""
    if isinstance(node, ConditionAND):
        return _every([asks(part) for part in node.args])
    if isinstance(node, ConditionOR):
        return _some([asks(part) for part in node.args])
    if isinstance(node, ConditionNOT):
        inner = asks(node.args[0])
        return lambda seen: not inner(seen)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _field(node.field, node.value)
    assert isinstance(node, ConditionValueExpression)
    return _keyword(node.value)


def _every(parts: list[Ask]) -> Ask:
    def ask(seen: View) -> bool:
        for part in parts:  # noqa: SIM110 - a generator for each node would double the time of the full comparison
            if not part(seen):
                return False
        return True

    return ask


def _some(parts: list[Ask]) -> Ask:
    def ask(seen: View) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(seen):
                return True
        return False

    return ask


def _field(field: str, wanted: Any) -> Ask:
    if isinstance(wanted, SigmaExpansion):
        return _some([_field(field, item) for item in wanted.values])
    if isinstance(wanted, SigmaNull):
        return lambda seen: not seen.values(field) or seen.is_dash(field)
    if isinstance(wanted, SigmaExists):
        return lambda seen: (bool(seen.values(field)) and not seen.is_dash(field)) == wanted.exists
    if isinstance(wanted, SigmaFieldReference):
        return lambda seen: any(
            _refers(wanted, fold(one), fold(other)) for one in seen.values(field) for other in seen.values(wanted.field)
        )
    if isinstance(wanted, SigmaString):
        return _string(field, wanted)
    return _any_value(field, _value_test(field, wanted), folded=isinstance(wanted, SigmaBool))


def _string(field: str, wanted: SigmaString) -> Ask:
    cased = isinstance(wanted, SigmaCasedString)
    if tuple(wanted.s) == ("-",):  # also where a dash means that there is none
        return lambda seen: "-" in seen.values(field) or (not seen.values(field) and seen.kind.dataset in _DASHED)
    return _any_value(field, oracle_values.like(wanted.s, cased=cased), folded=not cased)


def _any_value(field: str, test: Test, *, folded: bool) -> Ask:
    def ask(seen: View) -> bool:
        known = seen.folded if folded else seen.plain
        values = known.get(field)
        if values is None:
            seen.read(field)
            values = known[field]
        for value in values:
            if test(value):
                return not seen.is_dash(field)
        return False

    return ask


def _refers(wanted: SigmaFieldReference, one: str, other: str) -> bool:
    if wanted.starts_with and wanted.ends_with:
        return other in one
    if wanted.starts_with:
        return one[: len(other)] == other
    return one[len(one) - len(other) :] == other and len(one) >= len(other) if wanted.ends_with else one == other


def _value_test(field: str, wanted: Any) -> Test:
    if isinstance(wanted, SigmaRegularExpression):
        return oracle_values.expression(wanted)
    if isinstance(wanted, SigmaTimestampPart):
        return oracle_values.part_is(wanted)
    if isinstance(wanted, SigmaNumber):
        return oracle_values.is_number(wanted, fraction=ecs_types.kind_of(field) == "float")
    if isinstance(wanted, SigmaBool):
        return ("true" if wanted.boolean else "false").__eq__
    if isinstance(wanted, SigmaCIDRExpression):
        return oracle_values.within(wanted)
    assert isinstance(wanted, SigmaCompareExpression), type(wanted)
    return oracle_values.compares(wanted)


def _keyword(wanted: Any) -> Ask:
    if isinstance(wanted, SigmaExpansion):
        return _some([_keyword(item) for item in wanted.values])
    if isinstance(wanted, SigmaRegularExpression):
        test = oracle_values.expression(wanted)
        return lambda seen: any(map(test, seen.searched(folded=False)))
    if isinstance(wanted, SigmaNumber | SigmaBool):
        word = str(wanted).lower()
        return lambda seen: any(word in text for text in seen.searched(folded=True))
    assert isinstance(wanted, SigmaString), type(wanted)
    return _words(wanted)


def _words(wanted: SigmaString) -> Ask:
    cased = isinstance(wanted, SigmaCasedString)
    plain = oracle_values.like([_MANY, *wanted.s, _MANY], cased=cased)
    escaped = [p.replace("\\", "\\\\").replace('"', '\\"') if isinstance(p, str) else p for p in wanted.s]
    in_json = oracle_values.like([_MANY, *escaped, _MANY], cased=cased)

    def ask(seen: View) -> bool:
        where = seen.searched(folded=not cased)
        return any(map(plain, where)) or (seen.kind.family != "windows" and any(map(in_json, where)))

    return ask


def _encodable(text: str) -> str:
    """Write half a surrogate pair, which is no text in any encoding, as the escape that says so."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()

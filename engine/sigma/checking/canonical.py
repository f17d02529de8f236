"""The canonical form of a rule's logic: two rules that say the same in other words have the same form.

Negations are pushed down to the predicates (De Morgan), nested and/or are flattened, parts are sorted and each kept
once, and what another part implies by absorption (`a or (a and b)` is `a`) is dropped. This finds rules that were
copied and reordered; it does not find every equivalence, which would be NP-hard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from engine.sigma.predicates import Expression, Predicate
from engine.sigma.rules import Correlation, Rule


@dataclass(frozen=True, slots=True, order=True)
class _Form:
    """A part in canonical form: a predicate's text with `is` or `not`, or sorted parts joined by `and` or `or`."""

    word: str
    predicate: str = ""
    parts: tuple[_Form, ...] = ()


def rule_form(rule: Rule, predicates: Sequence[Predicate]) -> str:
    """Return a hash of a rule's log source and logic, the same in whichever set of rules it stands."""
    return _digest(str(rule.logsource), _form(rule.expression, predicates, positive=True))


def correlation_form(item: Correlation, forms: Mapping[str, str]) -> str:
    """Return a hash of what a correlation counts, how, and from when on; `forms` are those of the rules it names."""
    counted = [forms.get(name, name) for name in item.rules]
    ordered = counted if item.type == "temporal_ordered" else sorted(counted)
    bounds = sorted((bound.operator, bound.number) for bound in item.bounds)
    terms = item.condition if item.terms else ""
    aliases = sorted((name, sorted(fields.items())) for name, fields in item.aliases.items())
    measure = (item.type, item.timespan, sorted(item.group_by), sorted(item.value_fields), item.percentile)
    return _digest(*measure, ordered, bounds, terms, aliases)


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()


def _form(expression: Expression, predicates: Sequence[Predicate], *, positive: bool) -> _Form:
    if isinstance(expression, int):
        return _Form("is" if positive else "not", "\0".join(map(str, tuple(predicates[expression]))))
    word, *parts = expression
    if word == "not":
        return _form(parts[0], predicates, positive=not positive)  # type: ignore[arg-type] # only the first item is a word
    joined = "and" if (word == "and") == positive else "or"
    inner: dict[_Form, None] = {}
    for part in parts:
        found = _form(part, predicates, positive=positive)  # type: ignore[arg-type]
        inner.update(dict.fromkeys(found.parts if found.word == joined else (found,)))
    kept = _absorbed(joined, list(inner))
    return kept[0] if len(kept) == 1 else _Form(joined, parts=tuple(kept))


def _absorbed(joined: str, parts: list[_Form]) -> list[_Form]:
    """Drop the parts that hold another part of the same level, and sort the rest."""
    other = "or" if joined == "and" else "and"
    simple = {part for part in parts if part.word != other}
    return sorted(part for part in parts if part in simple or simple.isdisjoint(part.parts))

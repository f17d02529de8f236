"""The condition of a correlation: bounds on a number, or which rules have to be seen and which must not.

`condition: {gte: 10, lt: 50, field: user.name}` is a mapping of bounds, all of which hold together. The temporal types
also take an expression over rule names, `a and (b or c) and not d` (keywords in any case), which is brought into its
alternatives (disjunctive normal form): each names rules to be seen and rules to be absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from engine.sigma.correlations.numbers import number
from engine.sigma.rules import Bound, BoundOperator, Term

MAX_TERMS = 64  # alternatives of one extended condition
MAX_WORDS = 400
MAX_BRACKETS = 20  # brackets and negations, one within the other

COMPARE: Mapping[BoundOperator, Callable[[Fraction, Fraction], bool]] = {
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "eq": lambda value, bound: value == bound,
    "neq": lambda value, bound: value != bound,
}

Alternatives = list[tuple[frozenset[str], frozenset[str]]]  # each: rules to be seen, rules to be absent

_WORD = re.compile(r"\s*(?:([()])|([^\s()]+))")


def bounds(condition: Mapping[str, object]) -> tuple[Bound, ...]:
    """Return the bounds that a mapping names; raise `ValueError` where they are none, no numbers, or contradictory."""
    found = tuple(Bound(name, _exact(name, condition[name])) for name in COMPARE if name in condition)
    if not found:
        raise ValueError(f"the condition compares nothing: it needs one of {', '.join(COMPARE)}")
    _check_possible(found)
    return found


def _exact(name: str, value: object) -> str:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or number(text) is None:
        raise ValueError(f"the condition's {name} is no number: {text[:80]}")
    return text.strip()


def _check_possible(found: Sequence[Bound]) -> None:
    limits = {item.operator: Fraction(item.number) for item in found}
    lowest = max((limits[name] for name in ("gt", "gte", "eq") if name in limits), default=None)
    highest = min((limits[name] for name in ("lt", "lte", "eq") if name in limits), default=None)
    if lowest is None or highest is None:
        return
    if lowest > highest or (lowest == highest and not all(COMPARE[name](lowest, limits[name]) for name in limits)):
        raise ValueError(f"no number can keep the condition: {text_of(found)}")


def check_count(found: Sequence[Bound], most: int | None) -> None:
    """Raise `ValueError` for bounds that no count can keep: counts are whole, at least 1 and at most `most`.

    There is no group without an event, so that nothing is ever counted as none.
    """
    exact = [(item.operator, Fraction(item.number)) for item in found]
    near = {whole for _, bound in exact for whole in (int(bound) - 1, int(bound), int(bound) + 1)} | {1}
    candidates = near | ({most} if most is not None else {max(near) + 1})
    if not any(
        whole >= 1 and (most is None or whole <= most) and all(COMPARE[name](Fraction(whole), b) for name, b in exact)
        for whole in candidates
    ):
        top = "" if most is None else f" and at most {most}, the number of its rules"
        raise ValueError(f"nothing can be counted that is {text_of(found)}: a count is whole, at least 1{top}")


def text_of(found: Sequence[Bound]) -> str:
    """Return bounds as people write them: `gte 10 and lt 50`."""
    return " and ".join(f"{item.operator} {item.number}" for item in found)


def words_of(expression: str) -> list[str]:
    """Return the names of rules in an extended condition, in order of appearance."""
    names = [word for word in _words(expression) if word not in "()" and word.lower() not in {"and", "or", "not"}]
    return list(dict.fromkeys(names))


def terms(expression: str) -> tuple[Term, ...]:
    """Return the alternatives of an extended condition over rule names; raise `ValueError` with what is wrong."""
    words = _words(expression)
    parser = _Parser(words)
    found = [(seen, absent) for seen, absent in parser.whole() if not seen & absent]
    if not found:
        raise ValueError("the extended condition contradicts itself")
    if any(not seen for seen, _ in found):
        raise ValueError("the extended condition can hold without any event: it needs a rule that is not negated")
    order = words_of(expression)
    unique = dict.fromkeys(found)
    return tuple(Term(_sorted(seen, order), _sorted(absent, order)) for seen, absent in unique)


def _sorted(names: frozenset[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in order if name in names)


def _words(expression: str) -> list[str]:
    words = [match[1] or match[2] for match in _WORD.finditer(expression)]
    if len(words) > MAX_WORDS:
        raise ValueError(f"an extended condition of {len(words)} words; at most {MAX_WORDS} are read")
    return words


class _Parser:
    """Reads `not` before `and` before `or`, as Sigma's conditions do, into alternatives."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words: Iterator[str] = iter(words)
        self._next = next(self._words, None)
        self._depth = 0

    def whole(self) -> Alternatives:
        found = self._either(negated=False)
        if self._next is not None:
            raise ValueError(f"the extended condition makes no sense at `{self._next}`")
        return found

    def _take(self) -> str:
        if self._next is None:
            raise ValueError("the extended condition ends too early")
        word, self._next = self._next, next(self._words, None)
        return word

    def _is(self, keyword: str) -> bool:
        return self._next is not None and self._next.lower() == keyword

    def _either(self, *, negated: bool) -> Alternatives:
        parts = [self._both(negated=negated)]
        while self._is("or"):
            self._take()
            parts.append(self._both(negated=negated))
        return _all_of(parts) if negated else _any_of(parts)

    def _both(self, *, negated: bool) -> Alternatives:
        parts = [self._one(negated=negated)]
        while self._is("and"):
            self._take()
            parts.append(self._one(negated=negated))
        return _any_of(parts) if negated else _all_of(parts)

    def _one(self, *, negated: bool) -> Alternatives:
        word = self._take()
        if word == "(" or word.lower() == "not":
            self._depth += 1
            if self._depth > MAX_BRACKETS:
                raise ValueError(f"an extended condition nested more than {MAX_BRACKETS} deep")
            found = self._one(negated=not negated) if word != "(" else self._either(negated=negated)
            if word == "(" and self._take() != ")":
                raise ValueError("the extended condition lacks a closing bracket")
            self._depth -= 1
            return found
        if word == ")" or word.lower() in {"and", "or"}:
            raise ValueError(f"the extended condition makes no sense at `{word}`")
        name, none = frozenset({word}), frozenset[str]()
        return [(none, name)] if negated else [(name, none)]


def _any_of(parts: Sequence[Alternatives]) -> Alternatives:
    return _within_limit(list(dict.fromkeys(item for part in parts for item in part)))


def _all_of(parts: Sequence[Alternatives]) -> Alternatives:
    found = parts[0]
    for part in parts[1:]:
        joined = ((seen | more, absent | less) for seen, absent in found for more, less in part)
        found = _within_limit(list(dict.fromkeys(joined)))
    return found


def _within_limit(found: Alternatives) -> Alternatives:
    if len(found) > MAX_TERMS:
        raise ValueError(f"an extended condition with more than {MAX_TERMS} alternatives")
    return found

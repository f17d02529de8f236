"""What is worked out of rules once, however many partitions see them.

Of each rule: the predicates it mentions, those of which one must be true where the rule is, and a function that judges
it. Of each set of predicates that partitions ask of one field: what tests a value. Of each set of keywords: what looks
for them in whole records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from engine.sigma.keyword_scan import KeywordScan
from engine.sigma.matching import ValueTester
from engine.sigma.predicates import Expression, Predicate, leaves, rarity, witnesses
from engine.sigma.rules import Rule

Judge: TypeAlias = Callable[[AbstractSet[int]], bool]
"""Tells from the numbers of the true predicates whether a rule matches."""


class Workings:
    """The workings of the rules of one rule set."""

    def __init__(self, predicates: Sequence[Predicate]) -> None:
        self._costs = _Costs(predicates)
        self._leaves: dict[int, frozenset[int]] = {}
        self._witnesses: dict[int, frozenset[int] | None] = {}
        self._judges: dict[int, Judge] = {}
        self._testers: dict[tuple[int, ...], ValueTester] = {}
        self._scans: dict[tuple[int, ...], KeywordScan] = {}

    def tester(self, numbered: Sequence[tuple[int, Predicate]]) -> ValueTester:
        """Return what tests a value for these predicates of the rule set; for the same ones it is the same."""
        numbers = tuple(number for number, _ in numbered)
        found = self._testers.get(numbers)
        if found is None:
            found = self._testers[numbers] = ValueTester(numbered)
        return found

    def keyword_scan(self, numbered: Sequence[tuple[int, Predicate]]) -> KeywordScan:
        """Return what looks for these keywords; for the same ones it is the same, with what it learnt from logs."""
        numbers = tuple(number for number, _ in numbered)
        found = self._scans.get(numbers)
        if found is None:
            found = self._scans[numbers] = KeywordScan(item for _, item in numbered)
        return found

    def leaves(self, rule: Rule) -> frozenset[int]:
        """Return the numbers of the predicates that the rule mentions."""
        found = self._leaves.get(id(rule))
        if found is None:
            found = self._leaves[id(rule)] = frozenset(leaves(rule.expression))
        return found

    def witnesses(self, rule: Rule) -> frozenset[int] | None:
        """Return predicates of which one at least is true where the rule matches; None where there are none."""
        if id(rule) not in self._witnesses:
            self._witnesses[id(rule)] = witnesses(rule.expression, self._costs)
        return self._witnesses[id(rule)]

    def matches(self, rule: Rule, true: AbstractSet[int]) -> bool:
        """Tell whether the rule matches, given the numbers of the true predicates."""
        judge = self._judges.get(id(rule))
        if judge is None:
            judge = self._judges[id(rule)] = judge_of(rule.expression)
        return judge(true)


class _Costs(dict[int, int]):
    """How often each predicate is true, guessed when it is asked for."""

    def __init__(self, predicates: Sequence[Predicate]) -> None:
        super().__init__()
        self._predicates = predicates

    def __missing__(self, number: int) -> int:
        cost = self[number] = rarity(self._predicates[number])
        return cost


def judge_of(expression: Expression) -> Judge:
    """Turn an expression into a function: hundreds of alternatives are one look at two sets."""
    if isinstance(expression, int):
        number = expression
        return lambda true: number in true
    word, *parts = expression
    if word == "not":
        judge = judge_of(parts[0])  # type: ignore[arg-type] # only the first item of an expression is a word
        return lambda true: not judge(true)
    plain = frozenset(part for part in parts if isinstance(part, int))
    judges = [judge_of(part) for part in parts if not isinstance(part, int)]  # type: ignore[arg-type]
    return _all_of(plain, judges) if word == "and" else _any_of(plain, judges)


def _all_of(plain: frozenset[int], judges: Sequence[Judge]) -> Judge:
    if not judges:
        return plain.issubset
    return lambda true: plain.issubset(true) and all(judge(true) for judge in judges)


def _any_of(plain: frozenset[int], judges: Sequence[Judge]) -> Judge:
    if not judges:
        return lambda true: not plain.isdisjoint(true)
    return lambda true: not plain.isdisjoint(true) or any(judge(true) for judge in judges)

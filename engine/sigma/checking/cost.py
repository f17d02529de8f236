"""What a rule costs for the events that have nothing to do with it: its class, and why.

An event is passed over cheaply where one lookup of an exact value, or one pass over a field for all literals together,
shows that the rule cannot match (`predicates.witnesses`). What has no such witness is evaluated for every profile of
its log source; keywords and patterns without a literal look at every byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.sigma.checking.findings import Finding
from engine.sigma.predicates import KEYWORD, Predicate, leaves, rarity, witnesses
from engine.sigma.rules import Rule, RuleSet

CostClass = Literal["light", "medium", "heavy"]
_EXACT = frozenset({"eq", "cidr", "number", "startswith", "endswith"})
_MANY_PATTERNS = 20  # patterns of one rule beyond which every new value of its field takes long
_SHORT = 3  # letters of a literal that is found in most texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A rule's class and the reason for it."""

    grade: CostClass
    why: str


def cost(rule: Rule, predicates: Sequence[Predicate]) -> Cost:
    """Return what a rule costs."""
    used = {number: predicates[number] for number in leaves(rule.expression)}
    patterns = sum(item.operator == "re" for item in used.values())
    keywords = any(item.field == KEYWORD for item in used.values())
    chosen = witnesses(rule.expression, {number: rarity(item) for number, item in used.items()})
    if chosen is None:
        why = "nothing has to be there for it to match: it is evaluated for every kind of event of its log source"
        return Cost(grade="heavy", why=why)
    first = [used[number] for number in chosen]
    if all(item.operator in _EXACT and item.field != KEYWORD for item in first):
        return Cost(grade="light", why="passed over by an exact value, a beginning or an end")
    if any(item.operator == "re" for item in first):
        return Cost(grade="heavy", why="a regular expression has to look at every distinct value")
    if keywords and any(item.field == KEYWORD and len(item.value) <= _SHORT for item in first):
        return Cost(grade="heavy", why=f"a keyword of {_SHORT} letters or fewer is searched for in whole events")
    if patterns > _MANY_PATTERNS:
        return Cost(grade="heavy", why=f"{patterns} regular expressions look at the values that pass")
    return Cost(grade="medium", why="passed over by a search for literals in a field or the whole event")


def costs(rules: RuleSet) -> Iterator[Finding]:
    """Yield a note for every rule of the class `heavy`."""
    for rule in rules.alerting:
        found = cost(rule, rules.predicates)
        if found.grade == "heavy":
            path, _, line = rule.info.path.rpartition(":")
            yield Finding(
                check="cost",
                severity="note",
                message=f"{found.grade}: {found.why}",
                path=path,
                line=int(line or 1),
                rule=rule.info.id,
                title=rule.info.name,
            )

"""Predicates: the smallest questions that Sigma rules ask of one field of an event.

A rule is a boolean expression over predicates. Two rules that ask the same question share one predicate, and every
distinct value is asked each question at most once.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

Operator = Literal[
    "eq",
    "contains",
    "startswith",
    "endswith",
    "glob",
    "re",
    "cidr",
    "lt",
    "lte",
    "gt",
    "gte",
    "neq",
    "number",
    "exists",
    "null",
    "absent",
    "ref",
    "ref-contains",
    "ref-startswith",
    "ref-endswith",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
]

# In the value of a `glob`, these stand for Sigma's wildcards `*` and `?`. Unicode keeps both from being characters of
# any text, and no byte that an encoding modifier puts into a value has their numbers.
MANY = "\ufdd0"
ONE = "\ufdd1"

KEYWORD = ""  # the field of a predicate that looks at the whole event

REFERENCES = frozenset({"ref", "ref-contains", "ref-startswith", "ref-endswith"})
TIME_PARTS = frozenset({"minute", "hour", "day", "week", "month", "year"})


class Predicate(NamedTuple):
    """One question: `field` as the rule names it (`""` for keywords), operator, value.

    Where `cased` is false the value is folded (see `engine.folding`) and so are the values it is compared with. For
    `re` the value is a pattern with its flags in front (`(?i)...`); for references it is the other field's name.
    """

    field: str
    operator: Operator
    value: str
    cased: bool = False

    def __str__(self) -> str:
        if self.operator in {"null", "absent", "exists"}:
            return {"null": "is absent", "absent": "does not exist", "exists": "is there"}[self.operator]
        shown = self.value.replace(MANY, "*").replace(ONE, "?")
        word = {"eq": "is", "glob": "is like", "number": "is", "ref": "equals the field"}.get(
            self.operator, self.operator
        )
        return f"{word} {shown}" + (" (cased)" if self.cased and self.operator != "re" else "")


# A boolean expression over predicate numbers: a number is a leaf, the tuples are ("and", a, b, ...), ("or", a, b, ...)
# and ("not", a). Tuples rather than classes: a set of 3,800 rules is loaded from its cache in a fifth of a second.
Expression: TypeAlias = "int | tuple[str | Expression, ...]"


def holds(expression: Expression, true: frozenset[int] | set[int]) -> bool:
    """Evaluate an expression, given the numbers of the predicates that are true."""
    if isinstance(expression, int):
        return expression in true
    word, *parts = expression
    if word == "and":
        return all(holds(part, true) for part in parts)  # type: ignore[arg-type] # only the first item is a word
    if word == "or":
        return any(holds(part, true) for part in parts)  # type: ignore[arg-type]
    return not holds(parts[0], true)  # type: ignore[arg-type]


def leaves(expression: Expression) -> set[int]:
    """Return the numbers of all predicates that the expression mentions."""
    if isinstance(expression, int):
        return {expression}
    plain, nested = _parts(expression)
    return set(plain).union(*map(leaves, nested))


def supporters(expression: Expression, true: frozenset[int] | set[int]) -> list[int]:
    """Return the true predicates on which a true expression rests, in the order of the rule."""
    if isinstance(expression, int):
        return [expression] if expression in true else []
    word, *parts = expression
    if word == "not":
        return []
    found: list[int] = []
    for part in parts:
        if holds(part, true):  # type: ignore[arg-type]
            found.extend(supporters(part, true))  # type: ignore[arg-type]
    return list(dict.fromkeys(found))


def witnesses(expression: Expression, cost: dict[int, int]) -> frozenset[int] | None:
    """Return predicates of which at least one is true whenever the expression is; None where there are none.

    Of an `and`, the cheapest part is taken by `cost` (the sum of its predicates' costs): the rarest one.
    """
    if isinstance(expression, int):
        return frozenset({expression})
    if expression[0] == "not":
        return None
    plain, nested = _parts(expression)
    found = [witnesses(part, cost) for part in nested]
    usable = [item for item in found if item is not None]
    if expression[0] == "or":
        return frozenset(plain).union(*usable) if len(usable) == len(found) else None
    if plain:
        usable.append(frozenset({min(plain, key=lambda number: cost[number])}))
    if len(usable) < 2:
        return usable[0] if usable else None
    return min(usable, key=lambda item: sum(cost[number] for number in item))


def _parts(expression: tuple[Any, ...]) -> tuple[list[int], list[Expression]]:
    """Return the predicates that stand in an expression themselves, and the expressions in it."""
    parts = expression[1:]  # only the first item of an expression is a word
    return [part for part in parts if type(part) is int], [part for part in parts if type(part) is not int]


def rarity(predicate: Predicate) -> int:
    """Guess how often a predicate is true (a large number: often), to choose a rule's witnesses."""
    if predicate.operator in {"null", "absent", "exists", "neq", "lt", "lte", "gt", "gte"}:
        return 1000
    if predicate.field in {KEYWORD, "EventID", "Channel", "Provider_Name"}:
        return 100
    if predicate.operator in {"eq", "endswith"}:
        return 2 if len(predicate.value) > 3 else 20
    return max(2, 40 - 2 * len(predicate.value))

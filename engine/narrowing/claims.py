"""What a rule claims of the documents that it can match: a query that finds at least those, and how many at most.

A claim may be too wide and never too narrow: what the cluster cannot tell is taken to be true, and the engine judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.sigma.predicates import Expression

Json = dict[str, Any]
_HARDLY = 2  # a part that leaves more than one in so many documents is left out of a query


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """At most `docs` documents, found by `query`; None stands for all there are."""

    query: Json | None
    docs: int

    @property
    def is_empty(self) -> bool:
        """Tell whether no document can match."""
        return self.docs == 0


NOTHING = Claim(query={"match_none": {}}, docs=0)
Leaf = Callable[[frozenset[int]], Claim]
"""Returns the claim of any of several predicates being true."""


def claim_of(expression: Expression, leaf: Leaf, everything: int) -> Claim:
    """Return the claim of an expression; `everything` is how many documents there are."""
    if isinstance(expression, int):
        return leaf(frozenset({expression}))
    word, *parts = expression
    if word == "not":
        return Claim(query=None, docs=everything)
    plain = [part for part in parts if isinstance(part, int)]
    nested = [claim_of(part, leaf, everything) for part in parts if not isinstance(part, int)]  # type: ignore[arg-type] # only the first item is a word
    if word == "or":
        return either([*([leaf(frozenset(plain))] if plain else []), *nested], everything)
    return _both([*(leaf(frozenset({part})) for part in plain), *nested], everything)


def either(claims: Iterable[Claim], everything: int) -> Claim:
    """Return the claim that any of several holds."""
    left = [claim for claim in claims if not claim.is_empty]
    if not left:
        return NOTHING
    if any(claim.query is None for claim in left):
        return Claim(query=None, docs=everything)
    docs = min(everything, sum(claim.docs for claim in left))
    if len(left) == 1:
        return left[0]
    return Claim(query={"bool": {"should": [claim.query for claim in left]}}, docs=docs)


def _both(claims: Iterable[Claim], everything: int) -> Claim:
    found = sorted(claims, key=lambda claim: claim.docs)
    if not found or found[0].is_empty:
        return NOTHING
    telling = [claim for claim in found if claim.query is not None]
    if not telling:
        return Claim(query=None, docs=everything)
    useful = [claim for claim in telling if claim.docs * _HARDLY <= everything] or telling[:1]
    if len(useful) == 1:
        return useful[0]
    return Claim(query={"bool": {"filter": [claim.query for claim in useful]}}, docs=useful[0].docs)


def positive(expression: Expression) -> frozenset[int]:
    """Return the predicates that are not under a `not`: the others say nothing of where a rule can match."""
    if isinstance(expression, int):
        return frozenset({expression})
    word, *parts = expression
    if word == "not":
        return frozenset()
    return frozenset[int]().union(*(positive(part) for part in parts))  # type: ignore[arg-type]

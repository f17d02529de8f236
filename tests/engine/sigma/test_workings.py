"""A rule's judge says what its expression says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sigma.predicates import Expression, holds
from engine.sigma.workings import judge_of

NUMBERS = st.integers(0, 7)


def _larger(smaller: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(smaller, min_size=1, max_size=4)
    return st.one_of(
        st.tuples(st.just("not"), smaller),
        several.map(lambda parts: ("and", *parts)),
        several.map(lambda parts: ("or", *parts)),
    )


EXPRESSION: st.SearchStrategy[Expression] = st.recursive(NUMBERS, _larger, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(EXPRESSION, st.frozensets(NUMBERS))
def test_a_judge_and_its_expression_agree(expression: Expression, true: frozenset[int]) -> None:
    assert judge_of(expression)(true) is holds(expression, true)

"""Glances: a text is seen in any case; what would need too many forms is not looked for at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sigma.glances import glance

PIECE = st.text(st.sampled_from("abKs:.1 "), min_size=1, max_size=6)


@given(pieces=st.lists(PIECE, min_size=1, max_size=4), chosen=st.integers(min_value=0), turn=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_a_text_is_seen_in_any_case(pieces: list[str], chosen: int, turn: int) -> None:
    found = glance(pieces, [])
    assert found is not None
    text = pieces[chosen % len(pieces)]
    spelled = "".join(letter.upper() if turn >> place & 1 else letter.lower() for place, letter in enumerate(text))
    assert found.find_matches_as_indexes(f"before {spelled} after".encode())


def test_only_the_beginnings_of_what_is_asked_are_seen() -> None:
    found = glance(["sekurlsa::"], [b"\\u00"])
    assert found is not None
    assert not found.find_matches_as_indexes(b"sekurlsa and IPv6 2001::1")
    assert found.find_matches_as_indexes(b"x\\u0041")


@pytest.mark.parametrize("texts", [[], [""], [f"{letter}xyz" for letter in "abcdefghijk"]])
def test_nothing_and_too_much_are_not_looked_for(texts: list[str]) -> None:
    assert glance(texts, []) is None

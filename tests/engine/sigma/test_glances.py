"""Glances: a text is seen in any case; what would need too many forms is not looked for at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sigma.glances import glance

PIECE = st.text(st.sampled_from("abKis:.1 "), min_size=1, max_size=6)
STRANGE = {"k": "\u212a", "i": "\u0130", "s": "\u017f"}


@given(pieces=st.lists(PIECE, min_size=1, max_size=4), chosen=st.integers(min_value=0), turns=st.data())
@settings(max_examples=60, deadline=None)
def test_a_text_is_seen_in_any_case(pieces: list[str], chosen: int, turns: st.DataObject) -> None:
    found = glance(pieces, [])
    assert found is not None
    text = pieces[chosen % len(pieces)]
    forms = [[letter.lower(), letter.upper(), *STRANGE.get(letter.lower(), "")] for letter in text]
    spelled = "".join(turns.draw(st.sampled_from(letters)) for letters in forms)
    assert found.find_matches_as_indexes(f"before {spelled} after".encode())


def test_only_the_beginnings_of_what_is_asked_are_seen() -> None:
    found = glance(["sekurlsa::"], [b"\\u00"])
    assert found is not None
    assert not found.find_matches_as_indexes(b"sekurlsa and IPv6 2001::1")
    assert found.find_matches_as_indexes(b"x\\u0041")


@pytest.mark.parametrize("texts", [[], [""], [f"{letter}xyz" for letter in "abcdefghijk"]])
def test_nothing_and_too_much_are_not_looked_for(texts: list[str]) -> None:
    assert glance(texts, []) is None

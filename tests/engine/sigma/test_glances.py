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
    common = turns.draw(st.lists(PIECE, max_size=3))
    for _ in range(20):
        assert found.look(f"before {spelled} after".encode())
        found.mistaken(" ".join(common).encode() * 4096)


def test_what_a_log_is_full_of_is_looked_for_no_longer() -> None:
    found = glance(["commandlinetemplate", "\\mimilib.dll"])
    assert found is not None
    usual = rb"Company C:\Program Files\Microsoft\x.dll  " * 2000
    assert found.look(usual)
    for _ in range(40):
        found.mistaken(usual)
    assert not found.look(usual)
    assert found.look(b"x CommandLineTemplate")
    assert found.look(rb"C:\MimiLib.DLL")


def test_only_the_beginnings_of_what_is_asked_are_seen() -> None:
    found = glance(["sekurlsa::"], [b"\\u00"])
    assert found is not None
    assert not found.look(b"sekurlsa and IPv6 2001::1")
    assert found.look(b"x\\u0041")


@pytest.mark.parametrize("texts", [[], [""], [f"{letter}xyz" for letter in "abcdefghijk"]])
def test_nothing_and_too_much_are_not_looked_for(texts: list[str]) -> None:
    assert glance(texts, []) is None

"""Both languages say everything, with the same place-holders."""

from __future__ import annotations

from dataclasses import fields
from string import Formatter

import pytest

from cli.deciding_words import ALBANIAN as DECIDING_SQ
from cli.deciding_words import ENGLISH as DECIDING_EN
from cli.deciding_words import DecidingWords
from cli.words import ALBANIAN, ENGLISH, WORDS, Words, word_for, words
from engine.alerts import Level


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("name", [field.name for field in fields(Words)])
def test_both_languages_have_the_text(name: str) -> None:
    english, albanian = getattr(ENGLISH, name), getattr(ALBANIAN, name)
    assert english.strip() == english != ""
    assert albanian.strip() == albanian != ""
    assert english != albanian
    assert _places(english) == _places(albanian)


@pytest.mark.parametrize("name", [field.name for field in fields(DecidingWords)])
def test_both_languages_have_the_text_about_decisions(name: str) -> None:
    english, albanian = getattr(DECIDING_EN, name), getattr(DECIDING_SQ, name)
    assert english.strip() == english != ""
    assert albanian.strip() == albanian != ""
    assert english != albanian
    assert _places(english) == _places(albanian)


def test_levels_and_statuses_are_written_out() -> None:
    for lang in WORDS:
        table = words(lang)
        for name in (*(level.label for level in Level), "open", "contained", "closed"):
            assert word_for(table, name)
    assert word_for(ALBANIAN, "critical") == "kritik"
    assert word_for(ALBANIAN, "unheard-of") == "unheard-of"

"""Folding: its promises hold for every code point."""

from __future__ import annotations

import sys

from engine.folding import INTO_ASCII, fold


def test_every_code_point_folds_into_one_and_folding_again_changes_nothing() -> None:
    for number in range(sys.maxunicode + 1):
        folded = fold(chr(number))
        assert len(folded) == 1
        assert fold(folded) == folded


def test_these_letters_and_no_others_fold_into_ascii() -> None:
    beyond = map(chr, range(128, sys.maxunicode + 1))
    assert {letter for letter in beyond if fold(letter).isascii()} == set(INTO_ASCII)

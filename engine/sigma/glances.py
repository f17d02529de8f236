"""Looking at bytes as they are for texts in any case: three characters of each, in all their forms.

Folding a text costs more than searching it. Where few forms stand for many texts, searching comes first and nearly
always shows that there is nothing to fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

import ahocorasick_rs

from engine.folding import INTO_ASCII, fold

_LENGTH: Final = 3  # characters that are looked for
MOST: Final = 64  # forms; more of them cannot be looked for at many bytes at once
# Letters outside ASCII by what they fold into; the long s does not fold, but a pattern takes it for an `s`.
STRANGERS: Final = {**{letter: fold(letter)[0] for letter in INTO_ASCII}, "\u017f": "s"}


def automaton(patterns: Sequence[bytes]) -> ahocorasick_rs.BytesAhoCorasick:
    """Build what tells whether any pattern is there: leftmost matching lets it look at many bytes at once."""
    return ahocorasick_rs.BytesAhoCorasick(patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostFirst)


def glance(texts: Iterable[str], others: Iterable[bytes] = ()) -> ahocorasick_rs.BytesAhoCorasick | None:
    """Return what finds, in bytes as they are, part of each text (ASCII) in any case, and `others` as they stand.

    None where there is nothing to look for, or too much.
    """
    forms = frozenset[bytes]().union(*(forms_of(text) for text in texts if text))
    patterns = [*others, *sorted(forms)]
    return automaton(patterns) if forms and len(patterns) <= MOST else None


def forms_of(text: str) -> frozenset[bytes]:
    """Return all forms of the part of a text (ASCII) that is looked for: the one with the fewest letters.

    Letters outside ASCII that fold into its letters are among them.
    """
    window = min(_windows(text), key=lambda part: sum(map(str.isalpha, part)))
    return frozenset("".join(form).encode() for form in product(*map(_likenesses, window)))


def _likenesses(character: str) -> set[str]:
    lower = character.lower()
    return {lower, character.upper(), *(letter for letter in STRANGERS if STRANGERS[letter] == lower)}


def _windows(text: str) -> list[str]:
    return [text[start : start + _LENGTH] for start in range(max(1, len(text) - _LENGTH + 1))]

"""How upper and lower case are made equal: one rule for literals, values, stores and tests.

Sigma compares text without regard to case. kulla folds each code point to its simple lower-case mapping (Unicode's
`Simple_Lowercase_Mapping`), which is what Lucene's `lowercase` filter does, so that the embedded store and
Elasticsearch give the same answers. It is not `str.lower()` (which turns `İ` into two characters and looks at the
neighbours of `Σ`) and not `str.casefold()` (which makes `ß` equal `ss`).
"""

from __future__ import annotations

from typing import Final

# The letters outside ASCII that fold into ASCII: KELVIN SIGN, and LATIN CAPITAL LETTER I WITH DOT ABOVE.
INTO_ASCII: Final = "\u212a\u0130"

_ODD = frozenset("\u0130\u03a3")  # the two letters of which `str.lower` makes something else


def fold(text: str) -> str:
    """Return the text with every code point in its simple lower-case form; the length never changes."""
    if text.isascii() or _ODD.isdisjoint(text):
        return text.lower()
    return "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else lowered[0]

"""Looking for keywords in a record as a whole, before any value of it is tested.

Keywords are searched in every value of a Windows event. Nearly no event holds one, so it is enough to know that no
value *can* hold one: each keyword needs a piece of plain text, and one scan for all pieces over the raw JSON shows
that none is there. The pieces are made of characters that no JSON writer escapes; where a record spells such characters
as `\\u00xx` all the same, or holds a letter outside ASCII that folds into it, the scan gives no answer.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from typing import Final

from engine.folding import fold
from engine.sigma.glances import STRANGERS, automaton, glance
from engine.sigma.predicates import Predicate

_PLAIN: Final = frozenset(string.ascii_letters + string.digits + " .:;-_=()@!%^#$~|*?")
_SHORTEST: Final = 3  # characters; shorter pieces are found everywhere
_LONGEST: Final = 1 << 20  # bytes; of what is longer the values are tested at once: findings take memory
_STRANGERS: Final = tuple(letter.encode() for letter in STRANGERS)
# How escapes begin that may stand for what a keyword is made of.
_ESCAPES: Final = (b"\\u00", b"\\u21", b"\\u01")
# An escape of such a letter, or of an ASCII character that is no control character and not escaped for HTML's sake.
_ESCAPED: Final = re.compile(rb"\\u(?:00(?:2[013-589ac-e]|3[0-9abdf]|[46][0-9a-f]|5[0-9abdef]|7[0-9a-e])|212a|0130)")


class KeywordScan:
    """Tells whether a record can hold any of the keywords; `usable` where each keyword has a plain piece.

    Most records are dismissed at a glance (see `engine.sigma.glances`).
    """

    def __init__(self, keywords: Iterable[Predicate]) -> None:
        pieces = [_piece(item) for item in keywords]
        self.usable = all(pieces)
        texts = sorted({piece for piece in pieces if piece})
        self._glance = glance(texts, _ESCAPES)
        self._automaton = automaton([*_ESCAPES, *(text.encode() for text in texts)]) if texts else None

    def may_hold(self, raw: bytes | memoryview) -> bool:
        """Tell whether a value of the record, written as JSON, may hold a keyword; only a false answer is certain."""
        if self._automaton is None:
            return not self.usable
        if len(raw) > _LONGEST:
            return True
        if self._glance is not None and not self._glance.look(raw):
            return False
        raw = bytes(raw)
        folded = raw.lower()
        found = self._automaton.find_matches_as_indexes(folded)
        if _is_piece(found) or (found and _ESCAPED.search(folded) is not None):
            return True
        if not raw.isascii() and any(letter in raw for letter in _STRANGERS):
            return True
        if self._glance is not None:
            self._glance.mistaken(raw)
        return False

    def may_stand_in(self, text: str) -> bool:
        """Tell whether one of many values, joined to one text, may hold a keyword; only a false answer is certain."""
        if self._automaton is None:
            return not self.usable
        if len(text) > _LONGEST:
            return True
        raw = text.encode("utf-8", "surrogatepass")
        if self._glance is not None and not self._glance.look(raw):
            return False
        folded = raw if raw.isascii() else fold(text).encode("utf-8", "surrogatepass")
        if _is_piece(self._automaton.find_matches_as_indexes(folded.lower())):
            return True
        if self._glance is not None:
            self._glance.mistaken(raw)
        return False


def _is_piece(found: Sequence[tuple[int, int, int]]) -> bool:
    """Tell whether a piece is among the findings, and not only the beginnings of escapes."""
    return bool(found) and (found[-1][0] >= len(_ESCAPES) or any(index >= len(_ESCAPES) for index, _, _ in found))


def _piece(item: Predicate) -> str:
    """Return the longest plain piece of text that a value must hold for the predicate to be true, folded; or nothing.

    A piece has a letter and begins with no colon: numbers, and objects inside values, may be written differently.
    """
    if item.operator not in {"contains", "startswith", "endswith", "eq", "glob"}:
        return ""
    runs, run = [""], ""
    for character in item.value:
        run = run + character if character in _PLAIN else ""
        runs.append(run.lstrip(":"))
    longest = max((item for item in runs if any(map(str.isalpha, item))), key=len, default="")
    return longest.lower() if len(longest) >= _SHORTEST else ""

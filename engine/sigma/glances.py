"""Looking at bytes as they are for texts in any case: three characters of each, in all their forms.

Folding a text costs more than searching it. Where few forms stand for many texts, searching comes first and nearly
always shows that there is nothing to fold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

import ahocorasick_rs

from engine.folding import INTO_ASCII, fold

_LENGTH: Final = 3  # characters that are looked for
MOST: Final = 64  # forms; more of them cannot be looked for at many bytes at once
ROOMY: Final = 48  # forms that leave room for others in their stead
_LESSON: Final = 1 << 16  # bytes from which one lesson is taken
_LESSONS: Final = 6
_GLIMPSE: Final = 1 << 12  # bytes of one text, or of several that lie together
Finding = tuple[int, int, int]  # which it is, its first byte, and the one after its last
Look = Callable[[bytes | memoryview], Sequence[Finding]]
# Letters outside ASCII by what they fold into; the long s does not fold, but a pattern takes it for an `s`.
STRANGERS: Final = {**{letter: fold(letter)[0] for letter in INTO_ASCII}, "\u017f": "s"}


def automaton(patterns: Sequence[bytes]) -> ahocorasick_rs.BytesAhoCorasick:
    """Build what tells whether any pattern is there: leftmost matching lets it look at many bytes at once."""
    return ahocorasick_rs.BytesAhoCorasick(patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostFirst)


def glance(texts: Iterable[str], others: Iterable[bytes] = ()) -> Glance | None:
    """Return what finds, in bytes as they are, part of each text (ASCII) in any case, and `others` as they stand.

    None where there is nothing to look for, or too much.
    """
    wanted = sorted({text for text in texts if text})
    given = tuple(others)
    parts = {text: _windows(text)[0] for text in wanted}
    patterns = [*given, *_forms(parts.values())]
    return Glance(parts, given) if wanted and len(patterns) <= MOST else None


class Glance:
    """Finds part of each text at a glance, and learns from mistakes: what is rare in one log is common in another.

    `look` returns what is found in some bytes. Of the parts of a text that need few forms, the one is looked for that
    was seen least often in bytes that looked as if they held a text and held none, as far as there is room for it.
    """

    def __init__(self, parts: Mapping[str, str], others: Sequence[bytes]) -> None:
        self._parts = dict(parts)
        self._others = others
        self._seen: Counter[str] = Counter()
        self._sample = bytearray()
        self._lessons = _LESSONS
        self._build()

    def _build(self) -> None:
        self._automaton = automaton([*self._others, *_forms(self._parts.values())])
        self.look: Look = self._automaton.find_matches_as_indexes

    def mistaken(self, part: bytes | memoryview) -> None:
        """Take a lesson from bytes in which something was found, but no text, as long as there is more to learn."""
        if self._lessons:
            self._sample += part[:_GLIMPSE]
            if len(self._sample) >= _LESSON:
                self._learn()

    def _learn(self) -> None:
        sample = bytes(self._sample).lower()
        self._sample.clear()
        self._lessons -= 1
        windows = {text: _windows(text) for text in self._parts}
        for window in {each for several in windows.values() for each in several}:
            self._seen[window] += sample.count(window.encode())
        for text in sorted(self._parts, key=lambda text: -self._seen[self._parts[text]]):  # the worst first
            parts = {**self._parts, text: min(windows[text], key=self._seen.__getitem__)}
            if len(self._others) + len(_forms(parts.values())) <= MOST:
                self._parts = parts
        self._build()


def forms_of(text: str) -> frozenset[bytes]:
    """Return all forms of the part of a text (ASCII) that is looked for at first."""
    return _forms(_windows(text)[:1])


def _forms(windows: Iterable[str]) -> frozenset[bytes]:
    """Return all forms of these parts; letters outside ASCII that fold into their letters are among them."""
    return frozenset[bytes]().union(*map(_forms_of_one, windows))


@lru_cache(maxsize=4096)
def _forms_of_one(window: str) -> frozenset[bytes]:
    return frozenset("".join(form).encode() for form in product(*map(_likenesses, window)))


@lru_cache(maxsize=256)
def _likenesses(character: str) -> frozenset[str]:
    lower = character.lower()
    return frozenset({lower, character.upper(), *(letter for letter in STRANGERS if STRANGERS[letter] == lower)})


def _windows(text: str) -> list[str]:
    """Return the parts of a text, in small letters, that need few forms: those that need the fewest first."""
    lower = text.lower()
    parts = [lower[start : start + _LENGTH] for start in range(max(1, len(lower) - _LENGTH + 1))]
    counts = {part: prod(len(_likenesses(character)) for character in part) for part in parts}
    fewest = min(counts.values())
    return sorted((part for part in counts if counts[part] <= 2 * fewest), key=counts.__getitem__)

"""Names as programs make them: designs of generators drawn at random, so that no family has to be known.

Every public family of generated names is one of a few designs with its own numbers: letters by a random number, with
or without digits, hexadecimal digits of a hash, base 32, few letters, letters with a preference or a chain of them,
consonant and vowel by turns, words of a list. A model trained on many draws of each has seen no family at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiou"
_CONSONANTS = "".join(letter for letter in _LETTERS if letter not in _VOWELS)
_ALPHABETS = (_LETTERS, _LETTERS + "0123456789", "0123456789abcdef", _LETTERS + "234567")
_DESIGNS = 9
_OF_ONE = 60  # names of one draw at most
_LEAST_OFTEN = 4  # times a piece stands in ordinary names before it counts as a word


def generated(count: int, chance: np.random.Generator) -> list[str]:
    """Return so many names, of as many draws of designs as that takes."""
    names: list[str] = []
    while len(names) < count:
        shortest = int(chance.integers(6, 20))
        longest = shortest + int(chance.integers(0, 14))
        lengths = chance.integers(shortest, longest + 1, int(chance.integers(20, _OF_ONE)))
        names += _draw(int(chance.integers(0, _DESIGNS)), lengths.tolist(), chance)
    return names[:count]


def _draw(design: int, lengths: Sequence[int], chance: np.random.Generator) -> list[str]:
    if design < len(_ALPHABETS):
        alphabet = _ALPHABETS[design]
        return [_letters(alphabet, chance.integers(0, len(alphabet), length)) for length in lengths]
    if design == 4:
        few = "".join(chance.choice(list(_LETTERS), size=int(chance.integers(5, 20)), replace=False))
        return [_letters(few, chance.integers(0, len(few), length)) for length in lengths]
    if design == 5:
        preferred = chance.dirichlet(np.full(len(_LETTERS), 2.0))
        return [_letters(_LETTERS, chance.choice(len(_LETTERS), size=length, p=preferred)) for length in lengths]
    if design == 6:
        return [_by_turns(length, chance) for length in lengths]
    if design == 7:
        ends = [str(chance.integers(0, 10 ** int(chance.integers(1, 5)))) for _ in lengths]
        return [
            _letters(_LETTERS, chance.integers(0, len(_LETTERS), max(length - 2, 1))) + end
            for length, end in zip(lengths, ends, strict=True)
        ]
    following = chance.dirichlet(np.full(len(_LETTERS), 0.6), size=len(_LETTERS)).cumsum(axis=1)
    return [_chain(length, following, chance) for length in lengths]


def _letters(alphabet: str, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    return "".join(alphabet[place] for place in places)


def _by_turns(length: int, chance: np.random.Generator) -> str:
    first = int(chance.integers(0, 2))
    kinds = [_VOWELS if (place + first) % 2 else _CONSONANTS for place in range(length)]
    return "".join(kind[int(chance.integers(0, len(kind)))] for kind in kinds)


def _chain(
    length: int, following: np.ndarray[tuple[int, int], np.dtype[np.float64]], chance: np.random.Generator
) -> str:
    def after(letter: int, draw: float) -> int:
        return min(int(np.searchsorted(following[letter], draw)), len(_LETTERS) - 1)

    first = int(chance.integers(0, len(_LETTERS)))
    return "".join(_LETTERS[place] for place in accumulate(chance.random(length - 1).tolist(), after, initial=first))


def joined_words(count: int, vocabulary: Sequence[str], chance: np.random.Generator) -> list[str]:
    """Return names made of two to five words of a vocabulary; none where it has no words."""
    names: list[str] = []
    while len(names) < count and vocabulary:
        number = int(chance.integers(2, 6))
        between = "-" if chance.random() < 0.15 else ""
        own = chance.integers(0, len(vocabulary), int(chance.integers(30, 400)))
        drawn = chance.integers(0, len(own), (_OF_ONE, number))
        names += [between.join(vocabulary[own[place]] for place in places)[:63] for places in drawn]
    return names[:count]


def words_of(names: Sequence[str]) -> list[str]:
    """Return the pieces of four to eight letters that ordinary names have in common: their words, roughly."""
    counts: Counter[str] = Counter()
    for name in names:
        for part in "".join(letter if letter in _LETTERS else " " for letter in name).split():
            for size in range(4, 9):
                counts.update(part[place : place + size] for place in range(len(part) - size + 1))
    common = {piece: times for piece, times in counts.items() if times >= _LEAST_OFTEN}
    longer: dict[str, int] = {}
    for piece, times in common.items():
        for inner in (piece[1:], piece[:-1]):
            longer[inner] = max(longer.get(inner, 0), times)
    return sorted(piece for piece, times in common.items() if longer.get(piece, 0) < 0.6 * times)

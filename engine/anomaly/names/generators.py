"""Names as programs make them: designs of generators drawn at random, so that no family has to be known.

Every public family of generated names is one of a few designs with its own numbers: letters by a random number, with
or without digits, hexadecimal digits of a hash, base 32, few letters, letters with a preference or a chain of them,
consonant and vowel by turns, syllables, words of a list, letters as they follow one another in a text. A model trained
on many draws of each has seen no family at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate, islice

import numpy as np

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiou"
_CONSONANTS = "".join(letter for letter in _LETTERS if letter not in _VOWELS)
_ALPHABETS = (_LETTERS, _LETTERS + "0123456789", "0123456789abcdef", _LETTERS + "234567")
_SYLLABLES = ("cv", "cvc", "vc", "cvv", "cvcc", "ccv")
_DESIGNS = 9
_OF_ONE = 60  # names of one draw at most
_SHORTEST_CHAIN, _LONGEST_CHAIN = 7, 40  # letters of a chain
_TRIES = 20  # for each chain wanted: short ones are no names that programs make
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


def of_syllables(count: int, chance: np.random.Generator) -> list[str]:
    """Return names of one to three kinds of syllables, of some consonants and vowels."""
    names: list[str] = []
    while len(names) < count:
        kinds = chance.choice(_SYLLABLES, size=int(chance.integers(1, 4)), replace=False).tolist()
        consonants = chance.choice(list(_CONSONANTS), size=int(chance.integers(8, 21)), replace=False).tolist()
        letters = {"c": consonants, "v": list(_VOWELS + "y")[: int(chance.integers(4, 7))]}
        shortest = int(chance.integers(5, 12))
        lengths = chance.integers(shortest, shortest + int(chance.integers(1, 9)), _OF_ONE * 2 // 3)
        whole = chance.random(len(lengths)) < 0.5  # syllables, or cut at a length
        for length, uncut in zip(lengths.tolist(), whole.tolist(), strict=True):
            name = _spoken(length, kinds, letters, chance)
            names.append(name if uncut else name[:length])
    return names[:count]


def _spoken(length: int, kinds: Sequence[str], letters: dict[str, list[str]], chance: np.random.Generator) -> str:
    name = ""
    while len(name) < length:
        kind = kinds[int(chance.integers(0, len(kinds)))]
        name += "".join(letters[place][int(chance.integers(0, len(letters[place])))] for place in kind)
    return name


def chained(count: int, ordinary: Sequence[str], chance: np.random.Generator) -> list[str]:
    """Return names in which each letter follows two others as in ordinary names: they sound alike and mean nothing.

    Fewer than `count` where ordinary names are all short.
    """
    following: defaultdict[str, list[str]] = defaultdict(list)
    for name in ordinary:
        text = f"^^{name}$"
        for place in range(2, len(text)):
            following[text[place - 2 : place]].append(text[place])
    made = (_of_chain(following, chance) for _ in range(_TRIES * count if following else 0))
    return list(islice((name for name in made if len(name) >= _SHORTEST_CHAIN), count))


def _of_chain(following: dict[str, list[str]], chance: np.random.Generator) -> str:
    name = "^^"
    while len(name) < _LONGEST_CHAIN and not name.endswith("$"):
        choices = following[name[-2:]]
        name += choices[int(chance.integers(0, len(choices)))]
    return name[2:].removesuffix("$")


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

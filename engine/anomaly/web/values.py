"""One parameter's values: which there are, of what shape, how long, of which characters; and what a new one says.

A value departs in its rarest character, in its next rarest (who tampers leaves more than one), in a character that
all others have, in the strangest pair of neighbours or repetition, and in length. A pair says what its characters do
not: one seen in few values has not had the time to stand beside all others.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, cast

from engine.anomaly.rarity import STRENGTH, Lengths, Rarity

FAMILIES = ("value", "character", "further character", "absent character", "pair")
UNKNOWN = 0.5  # the chance of anything, before anything is known
_LONGEST = 2048  # characters of a value that are looked at; its length counts whole
_MOST_KINDS = 5000
_FEW = 256  # distinct values of a parameter up to which the values themselves are kept
_LOW = 2  # a value that came twice may be one that was sent twice
_ENOUGH = 100  # distinct values from which on they tell how common a character is
_USUAL = 0.5  # of the values have a character whose absence is looked at


class _Kinds(dict[int, str]):
    """The kind of each character: letters and digits by class, everything else is itself."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isalpha():
            kind = "a" if code < 128 else "L"
        elif character.isdigit():
            kind = "9"
        else:
            kind = character if character.isprintable() else "\x00"
        if len(self) < _MOST_KINDS:
            self[code] = kind
        return kind


_KINDS = _Kinds()
_NAMES = {"a": "a letter", "L": "a letter outside ASCII", "9": "a digit", "\x00": "a control character", " ": "a space"}


_RUNS = re.compile(r"a{2,}|9{2,}|L{2,}")  # linear: each alternative is one character


@lru_cache(maxsize=65536)
def shape_of(value: str) -> str:
    """Return the shape of a value: runs of letters and of digits once (`29283698y` is `9a`), all else as it is."""
    return _RUNS.sub(_first, value[:_LONGEST].translate(_KINDS))


def _first(run: re.Match[str]) -> str:
    return run[0][0]


def characters_of(shape: str) -> set[str]:
    """Return the kinds of characters in a shape."""
    return set(shape)


def pairs_of(shape: str) -> set[str]:
    """Return the pairs of neighbours in a shape (`^` and `$` are its ends), and as `-*2` what comes several times."""
    counts = Counter(shape)
    repeated = (f"{kind}*{count}" for kind, count in counts.items() if count > 1 and kind not in "a9L ")
    return {*map("".join, pairwise(f"^{shape}$")), *repeated}


def spell(item: str) -> str:
    """Return a kind of character, a pair of them, or one that comes several times, in words."""
    if len(item) > 2:
        return f"{_named(item[0])} {item[2:]} times"
    return " then ".join(map(_named, item))


def _named(kind: str) -> str:
    return _NAMES.get(kind, {"^": "the beginning", "$": "the end"}.get(kind, f"`{kind}`"))


@dataclass(frozen=True, kw_only=True)
class Values:
    """What the values of one parameter were.

    The values themselves are kept only where they are few and come again and again (a choice, a code), never
    passwords, names or numbers of people; `choices` is then empty. Characters and pairs count distinct values.
    """

    seen: int
    choices: Rarity
    characters: Rarity
    further: Rarity
    pairs: Rarity
    lengths: Lengths

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Values:
        """Return what these values, with how often each came, were."""
        shapes = [shape_of(value) for value in counts]
        return cls(
            seen=sum(counts.values()),
            choices=_choices(counts),
            characters=Rarity.of(map(characters_of, shapes)),
            further=Rarity.of(map(characters_of, shapes), place=1),
            pairs=Rarity.of(map(pairs_of, shapes)),
            lengths=Lengths(counts=dict(sorted(Counter(map(len, counts)).items()))),
        )

    def doubting(self, share: float) -> Values:
        """Return them without the choices that stand far apart from all others, up to this share of what was seen."""
        return replace(self, choices=self.choices.doubting(share))

    @cached_property
    def usual(self) -> frozenset[str]:
        """Return the kinds of characters that most values have."""
        least = _USUAL * self.characters.seen
        return frozenset(kind for kind, count in self.characters.counts.items() if count > least)

    def to_json(self) -> list[object]:
        """Return it as JSON."""
        lengths = {str(length): count for length, count in self.lengths.counts.items()}
        rarities = (self.choices, self.characters, self.further, self.pairs)
        return [self.seen, *(rarity.to_json() for rarity in rarities), lengths]

    @classmethod
    def from_json(cls, value: object) -> Values:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` for anything else."""
        seen, choices, characters, further, pairs, lengths = cast("list[Any]", value)
        return cls(
            seen=int(seen),
            choices=Rarity.from_json(choices),
            characters=Rarity.from_json(characters),
            further=Rarity.from_json(further),
            pairs=Rarity.from_json(pairs),
            lengths=Lengths(counts={int(length): int(count) for length, count in lengths.items()}),
        )


def _choices(counts: Mapping[str, int]) -> Rarity:
    """Return the values as outcomes; where they are no choice among a few, a rarity that is surprised by none."""
    seen = sum(counts.values())
    rarest: Counter[int] = Counter()
    for count in counts.values():
        rarest[count] += count
    few = len(counts) <= _FEW and sum(count for value, count in counts.items() if count <= _LOW) <= 0.1 * seen + _LOW
    if not few:
        return Rarity(counts={}, rarest={1: seen}, seen=seen, low=_LOW)
    return Rarity(counts=dict(sorted(counts.items())), rarest=dict(sorted(rarest.items())), seen=seen, low=_LOW)


def of_length(layers: Sequence[Values], length: int) -> float:
    """Return the chance of a length, leaning from the widest layer inwards; 1 where no value was ever seen."""
    chance = UNKNOWN if layers else 1.0
    for layer in layers:
        chance = layer.lengths.chance(length, chance)
    return chance


def of_form(layers: Sequence[Values], shape: str, doubt: float = 0.0) -> tuple[float, float, float, float]:
    """Return the chances of a shape's characters, as `FAMILIES` has them, from the widest layer on.

    Where no value was ever seen they are all 1: that there is a parameter at all is then the surprise.
    """
    if not layers:
        return 1.0, 1.0, 1.0, 1.0
    kinds = characters_of(shape)
    return (
        _of_items([layer.characters for layer in layers], kinds, doubt),
        _of_items([layer.further for layer in layers], kinds, doubt) if len(kinds) > 1 else 1.0,
        _of_absence(layers, kinds, doubt),
        _of_pairs(layers, shape, kinds, doubt),
    )


def _of_items(layers: Sequence[Rarity], items: AbstractSet[str], doubt: float) -> float:
    """Return the chance of items as rare as these; what is known nowhere is as rare as the widest layer says."""
    anywhere = items <= layers[0].counts.keys()
    chance = UNKNOWN
    for layer in layers if anywhere else layers[:1]:
        chance = layer.chance(items, chance, doubt * layer.seen)
    return chance


def _of_pairs(layers: Sequence[Values], shape: str, kinds: AbstractSet[str], doubt: float) -> float:
    """Return the chance of the strangest pair: at least 1 / (n + 2), if one of its characters was in n values."""
    known = next((layer for layer in reversed(layers) if layer.characters.seen >= _ENOUGH), layers[0]).characters
    rarities = [layer.pairs for layer in layers]
    pairs = pairs_of(shape)
    chance = _of_items(rarities, pairs, doubt)
    if 1.0 / (min((known.counts.get(kind, 0) for kind in kinds), default=known.seen) + 2.0) <= chance:
        return chance  # all of its characters are common enough to speak
    by_count: defaultdict[int, set[str]] = defaultdict(set)
    for pair in pairs:
        own = pair[0] if len(pair) > 2 else pair
        by_count[min((known.counts.get(kind, 0) for kind in own if kind not in "^$"), default=known.seen)].add(pair)
    return min(max(_of_items(rarities, found, doubt), 1.0 / (count + 2.0)) for count, found in by_count.items())


def _of_absence(layers: Sequence[Values], kinds: AbstractSet[str], doubt: float) -> float:
    """Return the chance that a character is absent which most values have; of the strangest such."""
    absent = {kind for layer in layers for kind in layer.usual if kind not in kinds}
    return min((_absent([layer.characters for layer in layers], kind, doubt) for kind in absent), default=1.0)


def _absent(layers: Sequence[Rarity], kind: str, doubt: float) -> float:
    chance = 1.0
    for layer in layers:
        without = max(layer.seen - layer.counts.get(kind, 0) - doubt * layer.seen, 0.0)
        chance = (without + STRENGTH * chance) / (layer.seen + STRENGTH)
    return chance


def of_choice(layers: Sequence[Values], value: str, doubt: float = 0.0) -> float:
    """Return the chance of a value where its parameter is a choice among few, 1 where it is none.

    The nearest layer decides; a value that the same name has elsewhere in the service is no surprise.
    """
    choices = [layer.choices for layer in layers]
    if not choices or not choices[-1].counts or any(choice.knows(value, choice.outlying(doubt)) for choice in choices):
        return 1.0
    chance = UNKNOWN
    for choice in choices:
        chance = choice.chance((value,), chance, choice.outlying(doubt)) if choice.counts else chance
    return chance

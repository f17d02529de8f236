"""One parameter's values: which there are, of what shape, how long, of which characters; and what a new one says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

from engine.anomaly.rarity import Lengths, Rarity

FAMILIES = ("value", "character", "pair")
UNKNOWN = 0.5  # the chance of anything, before anything is known
_LONGEST = 2048  # characters of a value that are looked at; its length counts whole
_MOST_KINDS = 5000
_FEW = 256  # distinct values of a parameter up to which the values themselves are kept
_LOW = 2  # a value that came twice may be one that was sent twice


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
    """Return the kinds of characters in a shape; one that comes several times also as `@2`, `@3` and so on."""
    counts = Counter(shape)
    return {*counts, *(f"{kind}{count}" for kind, count in counts.items() if count > 1 and kind not in "a9L ")}


def pairs_of(shape: str) -> set[str]:
    """Return the pairs of neighbours in a shape; `^` and `$` are its ends."""
    ends = f"^{shape}$"
    return set(map("".join, pairwise(ends)))


def spell(items: Iterable[str]) -> str:
    """Return kinds of characters, or a pair of them, in words."""
    return " then ".join(
        _NAMES.get(item, {"^": "the beginning", "$": "the end"}.get(item, f"`{item}`")) for item in items
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the values of one parameter were.

    The values themselves are kept only where they are few and come again and again (a choice, a code), never
    passwords, names or numbers of people; `families` are in the order of `FAMILIES`, the first is then empty.
    Characters and pairs count distinct values.
    """

    seen: int
    families: tuple[Rarity, ...]
    lengths: Lengths

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Values:
        """Return what these values, with how often each came, were."""
        shapes = [shape_of(value) for value in counts]
        families = (
            _choices(counts),
            Rarity.of(map(characters_of, shapes)),
            Rarity.of(map(pairs_of, shapes)),
        )
        lengths = Lengths(counts=dict(sorted(Counter(map(len, counts)).items())))
        return cls(seen=sum(counts.values()), families=families, lengths=lengths)

    def to_json(self) -> list[object]:
        """Return it as JSON."""
        lengths = {str(length): count for length, count in self.lengths.counts.items()}
        return [self.seen, [family.to_json() for family in self.families], lengths]

    @classmethod
    def from_json(cls, value: object) -> Values:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` for anything else."""
        seen, families, lengths = cast("list[Any]", value)
        return cls(
            seen=int(seen),
            families=tuple(Rarity.from_json(family) for family in families),
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


def of_form(layers: Sequence[Values], shape: str, length: int, doubt: float = 0.0) -> tuple[float, float, float]:
    """Return the chances of a shape's characters, its pairs, and a length, leaning from the widest layer inwards."""
    found = []
    for place, items in enumerate((characters_of(shape), pairs_of(shape)), 1):
        widest = layers[0].families[place]
        anywhere = items <= widest.counts.keys()
        chance = UNKNOWN
        for layer in layers if anywhere else layers[:1]:
            chance = layer.families[place].chance(items, chance, doubt * layer.families[place].seen)
        found.append(chance)
    chance = UNKNOWN
    for layer in layers:
        chance = layer.lengths.chance(length, chance)
    return found[0], found[1], chance


def of_choice(layers: Sequence[Values], value: str, doubt: float = 0.0) -> float:
    """Return the chance of a value where its parameter is a choice among few, 1 where it is none.

    The nearest layer decides; a value that the same name has elsewhere in the service is no surprise.
    """
    choices = [layer.families[0] for layer in layers]
    if not choices or not choices[-1].counts or any(choice.knows(value, choice.outlying(doubt)) for choice in choices):
        return 1.0
    chance = UNKNOWN
    for choice in choices:
        chance = choice.chance((value,), chance, choice.outlying(doubt)) if choice.counts else chance
    return chance

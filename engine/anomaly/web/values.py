"""One parameter's values: which there were, of what shapes, how long, and of which characters and pairs of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import add
from typing import Any, cast

from engine.anomaly.rarity import Lengths, Rarity

FAMILIES = ("value", "character", "further character", "absent character", "pair")
OF_VALUE = len(FAMILIES) + 1  # departures of one value: its families and its length
UNKNOWN = 0.5  # the chance of anything, before anything is known
_LONGEST = 2048  # characters of a value that are looked at; its length counts whole
_MOST_KINDS = 5000
_FEW = 256  # distinct values of a parameter up to which the values themselves are kept
_LOW = 2  # a value that came twice may be one that was sent twice
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
_ASCII = "".join(_KINDS[code] for code in range(128)).encode() + bytes(128)
_RUNS = tuple((kind, kind * 2, kind * 4) for kind in "a9L")
_UNCOUNTED = frozenset("a9L ")  # kinds that come several times in any value
_NAMES = {"a": "a letter", "L": "a letter outside ASCII", "9": "a digit", "\x00": "a control character", " ": "a space"}


def shape_of(value: str) -> str:
    """Return the shape of a value: runs of letters and of digits once (`29283698y` is `9a`), all else as it is."""
    if value.isascii():
        if value.isalpha():
            return "a"
        if value.isdigit():
            return "9"
        shape = value[:_LONGEST].encode().translate(_ASCII).decode()
    else:
        shape = value[:_LONGEST].translate(_KINDS)
    for kind, two, four in _RUNS:
        if two in shape:
            shape = shape.replace(four, kind)  # most runs need no more than this and one more pass
            while two in shape:
                shape = shape.replace(two, kind)
    return shape


def characters_of(shape: str) -> frozenset[str]:
    """Return the kinds of characters in a shape."""
    return frozenset(shape)


def pairs_of(shape: str) -> set[str]:
    """Return the pairs of neighbours in a shape (`^` and `$` are its ends), and as `-*2` what comes several times."""
    pairs = set(map(add, f"^{shape}", f"{shape}$"))
    if marks := set(shape) - _UNCOUNTED:
        pairs.update([f"{mark}*{count}" for mark in marks if (count := shape.count(mark)) > 1])
    return pairs


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

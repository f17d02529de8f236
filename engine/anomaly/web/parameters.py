"""What is known of one parameter, in layers, and the chances of a value: as a choice, in its form and in its length.

Layers go from the widest to the nearest: all values of the site, those of the name anywhere in the service, those of
the parameter on its path. Each leans on the one before.

A value departs in its rarest character, in its next rarest (who tampers leaves more than one), in a character that
all others have, in the strangest pair of neighbours or repetition, and in length. A pair says what its characters do
not: one seen in few values has not had the time to stand beside all others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from engine.anomaly.rarity import STRENGTH, Rarity
from engine.anomaly.web.values import UNKNOWN, Values, characters_of, pairs_of

_DOUBT_OF_FORMS = 0.2  # free text has a tail of its own: less of it is doubted than of names and choices
_ENOUGH = 100  # distinct values from which on they tell how common a character is
_MOST = 10_000  # chances that are remembered


class Parameter:
    """What is known of a parameter; `doubt` is the share of requests that may have been an attacker's.

    Where no value was ever seen every chance is 1: that there is a parameter at all is then the surprise.
    """

    def __init__(self, layers: Sequence[Values], doubt: float = 0.0) -> None:
        self._layers = layers
        self._doubt = doubt
        self._choices = [layer.choices for layer in layers[1:]]
        self.is_choice = any(choices.counts for choices in self._choices)
        if layers:
            of_forms = doubt * _DOUBT_OF_FORMS
            characters = [layer.characters for layer in layers]
            self._characters = _Items(characters, of_forms)
            self._further = _Items([layer.further for layer in layers], of_forms)
            self._pairs = _Items([layer.pairs for layer in layers], of_forms)
            self._common = next((known for known in reversed(characters) if known.seen >= _ENOUGH), characters[0])
            usual = {kind for layer in layers for kind in layer.usual}
            self._absences = sorted((_absence(characters, kind, of_forms), kind) for kind in usual)

    def of_choice(self, value: str) -> float:
        """Return the chance of a value where its parameter is a choice among few, 1 where it is none.

        The nearest layer decides; a value that the same name has elsewhere in the service is no surprise.
        """
        if not self._choices or not self._choices[-1].counts:
            return 1.0
        if any(choices.knows(value, choices.outlying(self._doubt)) for choices in self._choices):
            return 1.0
        chance = UNKNOWN
        for choices in self._choices:
            if choices.counts:
                chance = choices.chance((value,), chance, choices.outlying(self._doubt))
        return chance

    def of_length(self, length: int) -> float:
        """Return the chance of a length."""
        chance = UNKNOWN if self._layers else 1.0
        for layer in self._layers:
            chance = layer.lengths.chance(length, chance)
        return chance

    def of_form(self, shape: str) -> tuple[float, float, float, float]:
        """Return the chances of a shape's characters and pairs, as `FAMILIES` has them."""
        if not self._layers:
            return 1.0, 1.0, 1.0, 1.0
        kinds = characters_of(shape)
        return (
            self._characters.chance(kinds),
            self._further.chance(kinds) if len(kinds) > 1 else 1.0,
            next((chance for chance, kind in self._absences if kind not in kinds), 1.0),
            self._of_pairs(shape, kinds),
        )

    def _of_pairs(self, shape: str, kinds: AbstractSet[str]) -> float:
        """Return the chance of the strangest pair: at least 1 / (n + 2), if one of its characters was in n values."""
        pairs = pairs_of(shape)
        chance = self._pairs.chance(pairs)
        known, every = self._common.counts, self._common.seen
        common = {kind: known.get(kind, 0) for kind in kinds}
        if _least(min(common.values(), default=every)) <= chance:
            return chance  # all of its characters are common enough to speak
        common["^"] = common["$"] = every  # the ends are in all
        by_count: defaultdict[int, set[str]] = defaultdict(set)
        for pair in pairs:
            following = common[pair[1]] if len(pair) == 2 else every
            by_count[min(common[pair[0]], following)].add(pair)
        strangest = 1.0
        for count, found in sorted(by_count.items(), reverse=True):
            if _least(count) >= strangest:
                break  # nor can those of rarer characters say more
            strangest = min(strangest, max(self._pairs.chance(found), _least(count)))
        return strangest


class _Items:
    """Chances of items as rare as these. How often the items were seen decides, so chances are remembered by that."""

    def __init__(self, layers: Sequence[Rarity], doubt: float) -> None:
        self._layers = [(layer, doubt * layer.seen) for layer in layers]
        self._anywhere = layers[0].counts.keys()
        self._chances: dict[tuple[int, ...], float] = {}

    def chance(self, items: AbstractSet[str]) -> float:
        """Return the chance; what is known nowhere is as rare as the widest layer says."""
        layers = self._layers if items <= self._anywhere else self._layers[:1]
        counts = tuple([layer.count(items) for layer, _ in layers])
        found = self._chances.get(counts)
        if found is None:
            found = UNKNOWN
            for (layer, doubted), count in zip(layers, counts, strict=True):
                found = layer.chance_of(count, found, doubted)
            if len(self._chances) < _MOST:
                self._chances[counts] = found
        return found


def _least(count: int) -> float:
    """Return the chance that is left to what only a character says which was in so many values."""
    return 1.0 / (count + 2.0)


def _absence(layers: Sequence[Rarity], kind: str, doubt: float) -> float:
    """Return the chance that a character is absent which most values have."""
    chance = 1.0
    for layer in layers:
        without = max(layer.seen - layer.counts.get(kind, 0) - doubt * layer.seen, 0.0)
        chance = (without + STRENGTH * chance) / (layer.seen + STRENGTH)
    return chance

"""What is known of one parameter, in layers, and the chances of a value: as a choice, in its form and in its length.

Layers go from the widest to the nearest: all values of the site, those of the name anywhere in the service, those of
the parameter on its path. Each leans on the one before.

A value departs in its rarest character, in its next rarest (who tampers leaves more than one), in a character that
all others have, in the strangest pair of neighbours or repetition, and in length. A pair says what its characters do
not: one seen in few values has not had the time to stand beside all others.
"""

from __future__ import annotations

from collections.abc import Sequence

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
        self._of_kinds: dict[frozenset[str], tuple[float, float, float]] = {}
        self.is_choice = any(choices.counts for choices in self._choices)
        if layers:
            of_forms = doubt * _DOUBT_OF_FORMS
            characters = [layer.characters for layer in layers]
            self._characters = _Items(characters, of_forms)
            self._further = _Items([layer.further for layer in layers], of_forms)
            common = next((known for known in reversed(characters) if known.seen >= _ENOUGH), characters[0])
            self._pairs = _Pairs([layer.pairs for layer in layers], of_forms, common)
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
                chance = choices.chance(value, chance, choices.outlying(self._doubt))
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
        known = self._of_kinds.get(kinds)
        if known is None:
            known = self._judged(kinds)
            if len(self._of_kinds) < _MOST:
                self._of_kinds[kinds] = known
        return *known, min(map(self._pairs.__getitem__, pairs_of(shape)))

    def _judged(self, kinds: frozenset[str]) -> tuple[float, float, float]:
        """Return the chances of the rarest of these characters, of the next rarest, and that none is missing."""
        return (
            min(map(self._characters.__getitem__, kinds), default=1.0),
            sorted(map(self._further.__getitem__, kinds))[1] if len(kinds) > 1 else 1.0,
            next((chance for chance, kind in self._absences if kind not in kinds), 1.0),
        )


class _Items(dict[str, float]):
    """The chance of each item; how often it was seen in each layer decides, so chances are remembered by that too."""

    def __init__(self, layers: Sequence[Rarity], doubt: float) -> None:
        super().__init__()
        self._layers = [(layer, doubt * layer.seen) for layer in layers]
        self._count = [layer.counts.get for layer in layers]
        self._chances: dict[tuple[int, ...], float] = {}

    def __missing__(self, item: str) -> float:
        found = self._chance(item)
        if len(self) < _MOST:
            self[item] = found
        return found

    def _chance(self, item: str) -> float:
        """Return the chance of an item; one that is known nowhere is as rare as the widest layer says."""
        counts = tuple([count(item, 0) for count in self._count])
        if not counts[0]:
            counts = counts[:1]
        found = self._chances.get(counts)
        if found is None:
            found = UNKNOWN
            for count, (layer, doubted) in zip(counts, self._layers, strict=False):
                found = layer.chance_of(count, found, doubted)
            if len(self._chances) < _MOST:
                self._chances[counts] = found
        return found


class _Pairs(_Items):
    """The chance of each pair: at least 1 / (n + 2), if one of its characters was in n values."""

    def __init__(self, layers: Sequence[Rarity], doubt: float, common: Rarity) -> None:
        super().__init__(layers, doubt)
        self._common = {**common.counts, "^": common.seen, "$": common.seen}  # the ends are in all

    def _chance(self, item: str) -> float:
        common = self._common.get
        count = common(item[0], 0)
        if len(item) == 2:
            count = min(count, common(item[1], 0))
        return max(super()._chance(item), 1.0 / (count + 2.0))


def _absence(layers: Sequence[Rarity], kind: str, doubt: float) -> float:
    """Return the chance that a character is absent which most values have."""
    chance = 1.0
    for layer in layers:
        without = max(layer.seen - layer.counts.get(kind, 0) - doubt * layer.seen, 0.0)
        chance = (without + STRENGTH * chance) / (layer.seen + STRENGTH)
    return chance

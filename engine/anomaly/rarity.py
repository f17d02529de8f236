"""How surprising one more outcome is, when outcomes were counted: the chance of one as rare as this, or rarer.

An observation may hold several items (the characters of a value); it is as rare as its rarest item, so the chance of
an item is the share of observations whose rarest item was seen no more often. For one that was never seen it is the
share of those whose rarest item was seen `low` times or less: where new things come all the time, one more surprises
nobody (Good, "The population frequencies of species", 1953). With few observations the answer leans on that of the
layer above, which is worth `STRENGTH` observations.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, cast

from engine.anomaly.frame import NotEnoughDataError

STRENGTH = 4.0
FLOOR = 0.5  # observations that an item never seen is worth where there were many
LITTLE = 20.0  # observations at which half of that is left: who saw little cannot say more than the layer above
GAP = 3  # times rarer than the next, and a thing stands apart
LARGEST = 5000  # items kept; the rarer ones count as never seen


@dataclass(frozen=True, kw_only=True)
class Rarity:
    """Counts of items, and for each count how many observations had a rarest item of that count (`rarest`).

    With `place` 1 an observation is as rare as its second rarest item, one with a single item surprises nobody.
    """

    counts: Mapping[str, int]
    rarest: Mapping[int, int]
    seen: int
    low: int = 1
    place: int = 0

    @classmethod
    def of(cls, observations: Iterable[Collection[str]], *, low: int = 1, place: int = 0) -> Rarity:
        """Count the items of observations."""
        every = [set(items) for items in observations]
        counts: Counter[str] = Counter()
        for items in every:
            counts.update(items)
        rarest = Counter(sorted(map(counts.__getitem__, items))[place] for items in every if len(items) > place)
        kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
        return cls(counts=dict(kept), rarest=dict(sorted(rarest.items())), seen=len(every), low=low, place=place)

    @cached_property
    def _ladder(self) -> tuple[list[int], list[int]]:
        ordered = sorted(self.rarest)
        return ordered, [0, *accumulate(self.rarest[count] for count in ordered)]

    def chance(self, item: str, above: float, doubted: float = 0.0) -> float:
        """Return the chance of an observation with an item as rare as this; `above` is that of the layer above.

        `doubted` is how many observations, the rarest, may not be ordinary (see `outlying`): they speak for nothing.
        """
        return self.chance_of(self.counts.get(item, 0), above, doubted)

    def chance_of(self, rarest: int, above: float, doubted: float = 0.0) -> float:
        """Return the chance of an observation whose rarest item was seen so often."""
        as_rare = self._as_rare(rarest) - doubted
        if rarest == 0 or doubted:
            as_rare = max(as_rare - (rarest == 0), FLOOR * self.seen / (self.seen + LITTLE))
        return min(1.0, (as_rare + STRENGTH * above) / (self.seen + STRENGTH))

    def outlying(self, share: float) -> float:
        """Return how many observations, up to a share of all, hold items far rarer than those of all the others.

        Where counts fall off without a gap (the years of birth, say) that is none.
        """
        if not share:
            return 0.0
        ordered, sums = self._ladder
        places = range(1, bisect_right(sums, share * self.seen))
        return float(
            max((sums[k] for k in places if k < len(ordered) and ordered[k] >= GAP * ordered[k - 1]), default=0)
        )

    def knows(self, item: str, doubted: float = 0.0) -> bool:
        """Tell whether an item was seen in more than the observations that are doubted."""
        count = self.counts.get(item, 0)
        return count > 0 and (not doubted or self._as_rare(count) > doubted)

    def doubting(self, share: float) -> Rarity:
        """Return it without the items that stand far apart from all others (see `outlying`), as if never seen."""
        doubted = self.outlying(share)
        if not doubted:
            return self
        return replace(
            self,
            counts={item: count for item, count in self.counts.items() if self._as_rare(count) > doubted},
            rarest={count: seen for count, seen in self.rarest.items() if self._as_rare(count) > doubted},
        )

    def _as_rare(self, rarest: int) -> float:
        ordered, sums = self._ladder
        return float(sums[bisect_right(ordered, rarest or self.low)])

    def to_json(self) -> list[object]:
        """Return it as JSON."""
        rarest = {str(key): count for key, count in self.rarest.items()}
        return [dict(self.counts), rarest, self.seen, self.low, self.place]

    @classmethod
    def from_json(cls, value: object) -> Rarity:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` for anything else."""
        counts, rarest, seen, low, place = cast("list[Any]", value)
        return cls(
            counts={str(item): int(count) for item, count in counts.items()},
            rarest={int(key): int(count) for key, count in rarest.items()},
            seen=int(seen),
            low=int(low),
            place=int(place),
        )


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Lengths that were seen, as counts; what one as far out, or further, is worth."""

    counts: Mapping[int, int]

    @cached_property
    def _sums(self) -> tuple[list[int], list[int], float]:
        ordered = sorted(self.counts)
        sums = [0, *accumulate(self.counts[length] for length in ordered)]
        mean = math.fsum(length * self.counts[length] for length in ordered) / sums[-1]
        spread = math.sqrt(math.fsum((length - mean) ** 2 * self.counts[length] for length in ordered) / sums[-1])
        return ordered, sums, spread

    @property
    def span(self) -> str:
        """Return the lengths seen in words."""
        ordered = self._sums[0]
        return f"{ordered[0]} to {ordered[-1]}" if ordered[0] != ordered[-1] else str(ordered[0])

    def chance(self, length: int, above: float) -> float:
        """Return the chance of this length or one further out on the same side, twice (there are two sides).

        Beyond what was seen it halves with each `1 + standard deviation`, 8 times at most; and the more often the last
        length was met without being passed, the harder that end is.
        """
        ordered, sums, spread = self._sums
        seen = sums[-1]
        shorter = sums[bisect_right(ordered, length)]
        longer = seen - sums[bisect_right(ordered, length - 1)]
        as_far: float = 2 * min(shorter, longer)
        if not as_far:
            beyond = length - ordered[-1] if length > ordered[-1] else ordered[0] - length
            at_end = self.counts[ordered[-1] if length > ordered[-1] else ordered[0]]
            as_far = 2.0 ** -min(8.0, beyond / (1.0 + spread)) / at_end
        return min(1.0, (as_far + STRENGTH * above) / (seen + STRENGTH))


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """Turns a raw surprise of one kind into bits that mean what they say, by what held-out ordinary ones got.

    `steps` are raw surprises, ascending, `bits[k]` those of a raw surprise of at least `steps[k]`.
    """

    steps: tuple[float, ...]
    bits: tuple[float, ...]

    @classmethod
    def of(cls, held_out: Iterable[float], *, most: int = 2000) -> Gauge:
        """Return the gauge of surprises that held-out ordinary observations had."""
        ordered = sorted(round(value, 6) for value in held_out)
        if not ordered:
            raise NotEnoughDataError("no ordinary observation was held out")
        steps, bits = steps_of(ordered, most)
        return cls(steps=steps, bits=(*bits, math.log2(2.0 * len(ordered) + 2.0)))

    def read(self, raw: float) -> float:
        """Return the bits of a raw surprise; beyond all that was held out it grows on, by 8 bits at most.

        They are at most twice the raw ones: what is hardly surprising stays so, however even the others were.
        """
        steps = self.steps
        if raw > steps[-1] + 1e-6:
            return min(2.0 * raw, self.bits[-1] + min(8.0, raw - steps[-1]))
        place = bisect_left(steps, raw - 1e-6)  # as many were as large as the next step
        return min(2.0 * raw, self.bits[place])


def steps_of(ascending: Sequence[float], most: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the distinct values, about `most` of them (the largest all), and the bits of a value as large as each.

    The bits are those of the share that was as large, with half a count added, as conformal p-values have it.
    """
    count = len(ascending)
    first = [place for place in range(count) if not place or ascending[place] > ascending[place - 1]]
    every = -(-len(first) // most)
    kept = sorted({*range(0, len(first), every), *range(max(0, len(first) - most // 2), len(first))})
    places = [first[k] for k in kept]
    bits = (max(0.0, -math.log2((count - place + 0.5) / (count + 1.0))) for place in places)
    return tuple(ascending[place] for place in places), tuple(bits)

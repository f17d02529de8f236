"""Shrinkage: what is known of an entity, leaning on its peer group, which leans on the whole organisation.

A new entity is judged as its peers are; each observation of its own moves it away from them. `strength` is how many
observations the layer above is worth. All figures are in bits, and split into what each layer adds, so that a score
can say "the organisation has never seen this" and "this user never does" apart.

Categories: the Pitman-Yor-like back-off with Dirichlet strength (MacKay and Peto, "A hierarchical Dirichlet language
model", 1995). Rates: the gamma-Poisson model, whose tail is negative binomial.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.anomaly.frame import Layer

LAYERS: tuple[Layer, ...] = ("organisation", "peer group", "entity")
_SEPARATOR = "\x1f"  # joins layer keys to the values counted under them; no field of a log is split by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """Counts of values by organisation, peer group and entity. `counts[layer][key]` maps values to counts."""

    counts: tuple[Mapping[str, Mapping[str, int]], ...]
    totals: tuple[Mapping[str, int], ...]
    strength: float = 8.0

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]], *, strength: float = 8.0, cap: int = 0) -> Categories:
        """Count (entity, peer group, value) rows; of one entity at most `cap` of the same value count above it."""
        layers: tuple[dict[str, dict[str, int]], ...] = ({}, {}, {})
        for entity, peer, value in rows:
            own = layers[2].setdefault(entity, {})
            own[value] = own.get(value, 0) + 1
            if cap and own[value] > cap:
                continue
            for place, key in ((0, ""), (1, peer)):
                counts = layers[place].setdefault(key, {})
                counts[value] = counts.get(value, 0) + 1
        return cls._from(layers, strength)

    @classmethod
    def _from(cls, layers: Sequence[Mapping[str, Mapping[str, int]]], strength: float) -> Categories:
        totals = tuple({key: sum(values.values()) for key, values in layer.items()} for layer in layers)
        return cls(counts=tuple(layers), totals=totals, strength=strength)

    def known(self, entity: str) -> int:
        """Return how many observations of this entity there were."""
        return self.totals[2].get(entity, 0)

    def bits(self, entity: str, peer: str, value: str) -> tuple[float, float, float]:
        """Return the surprise of a value as parts by layer (`LAYERS`): their sum is -log2 of its probability."""
        organisation = self._chance(0, "", value, 1.0 / (1 + len(self.counts[0].get("", ()))))
        group = self._chance(1, peer, value, organisation)
        own = self._chance(2, entity, value, group)
        return -math.log2(organisation), math.log2(organisation / group), math.log2(group / own)

    def _chance(self, layer: int, key: str, value: str, above: float) -> float:
        count = self.counts[layer].get(key, {}).get(value, 0)
        return (count + self.strength * above) / (self.totals[layer].get(key, 0) + self.strength)

    def to_json(self) -> dict[str, object]:
        """Return the counts as JSON; see `from_json`."""
        return {"strength": self.strength, "counts": [dict(layer) for layer in self.counts]}

    @classmethod
    def from_json(cls, value: object) -> Categories:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` where it is something else."""
        if not isinstance(value, Mapping) or len(value["counts"]) != len(LAYERS):
            raise ValueError("counts of three layers are wanted")
        layers = [
            {str(k): {str(v): int(n) for v, n in m.items()} for k, m in layer.items()} for layer in value["counts"]
        ]
        return cls._from(layers, float(value["strength"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Counts per window (logons an hour, look-ups a day), shrunk: sums and windows by organisation, peer, entity.

    `strength` is in windows. `spread` is the shape of the gamma around a layer's rate: small where entities differ
    much from one another.
    """

    sums: tuple[Mapping[str, float], ...]
    windows: tuple[Mapping[str, int], ...]
    strength: float = 5.0
    spread: float = 2.0

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, float]], *, strength: float = 5.0, spread: float = 2.0) -> Rates:
        """Sum (entity, peer group, count in one window) rows."""
        sums: tuple[dict[str, float], ...] = ({}, {}, {})
        windows: tuple[dict[str, int], ...] = ({}, {}, {})
        for entity, peer, count in rows:
            for place, key in enumerate(("", peer, entity)):
                sums[place][key] = sums[place].get(key, 0.0) + count
                windows[place][key] = windows[place].get(key, 0) + 1
        return cls(sums=sums, windows=windows, strength=strength, spread=spread)

    def rate(self, entity: str, peer: str) -> tuple[float, float, float]:
        """Return the expected count in a window by organisation, peer group and entity, each leaning on the last."""
        found: list[float] = []
        for place, key in enumerate(("", peer, entity)):
            above, weight = (found[-1], self.strength) if found else (0.5, 1.0)
            number = self.windows[place].get(key, 0)
            found.append((self.sums[place].get(key, 0.0) + weight * above) / (number + weight))
        return found[0], found[1], found[2]

    def bits(self, entity: str, peer: str, count: int) -> tuple[float, float, float]:
        """Return the surprise of so many or more in a window, by layer: the sum is that of the entity's own rate."""
        shapes = [
            self.spread + self.windows[2].get(entity, 0) if place == len(LAYERS) - 1 else self.spread
            for place in range(3)
        ]
        tails = [tail_bits(count, rate, shape) for rate, shape in zip(self.rate(entity, peer), shapes, strict=True)]
        return tails[0], tails[1] - tails[0], tails[2] - tails[1]

    def to_json(self) -> dict[str, object]:
        """Return the sums as JSON; see `from_json`."""
        layers = {"sums": [dict(layer) for layer in self.sums], "windows": [dict(layer) for layer in self.windows]}
        return {"strength": self.strength, "spread": self.spread, **layers}

    @classmethod
    def from_json(cls, value: object) -> Rates:
        """Return what `to_json` gave; raise `ValueError` or `TypeError` where it is something else."""
        if not isinstance(value, Mapping) or len(value["sums"]) != len(LAYERS):
            raise ValueError("sums of three layers are wanted")
        sums = tuple({str(key): float(item) for key, item in layer.items()} for layer in value["sums"])
        windows = tuple({str(key): int(item) for key, item in layer.items()} for layer in value["windows"])
        return cls(sums=sums, windows=windows, strength=float(value["strength"]), spread=float(value["spread"]))


def tail_bits(count: int, rate: float, shape: float) -> float:
    """Return -log2 of the chance of `count` or more under a negative binomial of this mean and shape.

    Summed from the count upwards in a fixed order until a term no longer matters, so large counts keep their digits.
    """
    if count <= 0:
        return 0.0
    success = rate / (rate + shape)
    log_first = (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + shape * math.log1p(-success)
        + count * math.log(success)
    )
    term, tail, number = 1.0, 1.0, count
    while term > tail * 1e-13 and number < count + 100_000:
        term *= success * (number + shape) / (number + 1)
        tail += term
        number += 1
    return max(0.0, -(log_first + math.log(tail)) / math.log(2.0))

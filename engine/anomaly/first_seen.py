"""First-seen things by their rate: new for an entity, new for all, in a window; surprising where new ones are seldom.

A clerk who opens one new server a month and a help desk that opens twenty new machines a day differ in nothing but
their rate, so the number of new things in a window is judged by the rate at which this entity, its peers and everybody
had new things before (a gamma-Poisson model, `engine.anomaly.shrinkage.Rates`), learned after a warm-up in which all
things are new. For who came after the model was fitted every thing is new, day after day, so he is judged by how many
things the windows of newcomers held. What nobody ever had is judged apart, by how often a window holds such a thing. A
thing that several entities show within a day (`windows.shared_lists`) is a release or a move, not an intruder.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.anomaly.by_row import Row
from engine.anomaly.frame import Layer, NotEnoughDataError, Term
from engine.anomaly.shrinkage import LAYERS, Rates, tail_bits

_WARM_UP = 0.4  # part of the windows, the earliest, after which new things are counted
_LEAST = 40  # windows
_FEW = 4.0  # entities that had a thing within a day and take nothing from its newness
MOST_PAIRS = 400_000  # pairs of entity and thing that a model keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What an entity did in one window: its things, and how many entities had each of them of late."""

    entity: str
    peer: str
    things: Sequence[str]
    shared: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSeen:
    """What was seen before. `spread` counts the entities of each thing; `known` the things of each entity.

    `fresh` are rates of things new for their entity, `unheard` the mean number of things a window that nobody had
    before, and `clumps` the shape of its distribution (small: they come together). `newcomers` is the mean number of
    things, of whatever kind, in a window of those who came after the warm-up, and `gathered` its shape.
    """

    spread: Mapping[str, int]
    known: Mapping[str, frozenset[str]]
    fresh: Rates
    unheard: float
    clumps: float
    windows: int
    newcomers: float = 0.0
    gathered: float = 1.0

    @classmethod
    def of(cls, windows: Iterable[Window], *, pairs: bool = True) -> FirstSeen:
        """Learn from windows in order of time; without `pairs` only what is new for everybody is known.

        Raises `NotEnoughDataError`.
        """
        rows = list(windows)
        if len(rows) < _LEAST:
            raise NotEnoughDataError(f"{len(rows)} windows of activity, {_LEAST} are wanted")
        known: dict[str, set[str]] = {}
        spread: Counter[str] = Counter()
        fresh: list[tuple[str, str, float]] = []
        unheard: list[int] = []
        old: set[str] = set()
        held: list[int] = []
        for place, row in enumerate(rows):
            own = known.setdefault(row.entity, set())
            new = [thing for thing in row.things if thing not in own]
            if place < _WARM_UP * len(rows):
                old.add(row.entity)
            else:
                if row.entity not in old:
                    held.append(len(row.things))
                fresh.append((row.entity, row.peer, float(len(new))))
                unheard.append(sum(thing not in spread for thing in new))
            own.update(new)
            spread.update(new)
        mean = (math.fsum(unheard) + 0.5) / (len(unheard) + 1.0)
        held = held if len(held) >= _LEAST else [len(row.things) for row in rows]
        return cls(
            spread=most_common(spread, MOST_PAIRS),
            known=_kept(known) if pairs else {},
            fresh=Rates.of(fresh if pairs else [], spread=_shape([count for *_, count in fresh])),
            unheard=mean,
            clumps=_shape(unheard),
            windows=len(rows),
            newcomers=(math.fsum(held) + 0.5) / (len(held) + 1.0),
            gathered=_shape(held),
        )

    def knows(self, entity: str) -> bool:
        """Tell whether the entity was there before."""
        return entity in self.known

    def own(self, row: Window, *, field: str, name: str) -> list[Term]:
        """Return the terms of things that are new for the entity, by layer; a new entity is judged as its peers."""
        before = self.known.get(row.entity, frozenset())
        new = [thing for thing in row.things if thing not in before]
        if not new:
            return []
        return [
            Term(
                name=name,
                bits=bits,
                field=field,
                value=_told(new),
                expected=f"{rate:.3g} new ones in a window",
                layer=layer,
            )
            for bits, rate, layer in self.surprise(row.entity, row.peer, len(new))
        ]

    def surprise(self, entity: str, peer: str, count: int) -> list[tuple[float, float, Layer]]:
        """Return the bits of so many new things, the mean that was expected, and the layer, for each layer."""
        if self.newcomers and not self.knows(entity):
            return [(tail_bits(count, self.newcomers, self.gathered), self.newcomers, LAYERS[0])]
        return list(zip(self.fresh.bits(entity, peer, count), self.fresh.rate(entity, peer), LAYERS, strict=True))

    def moved(self, row: Window, *, field: str, name: str) -> list[Term]:
        """Return what speaks for a new share or a new office: new things that many have every day count for less."""
        before = self.known.get(row.entity, frozenset())
        new = [many for thing, many in zip(row.things, row.shared, strict=True) if thing not in before]
        less = math.fsum(min(1.0, math.sqrt(_FEW / max(many, 1.0))) for many in new)
        full, kept = (
            math.fsum(bits for bits, _, _ in self.surprise(row.entity, row.peer, count))
            for count in (len(new), round(less))
        )
        if kept >= full:
            return []
        told = f"{max(new):.0f} had one within a day"
        return [Term(name=name, bits=kept - full, field=field, value=told, expected="a move")]

    def unheard_of(self, row: Window, *, field: str, name: str) -> list[Term]:
        """Return the terms of things that nobody had before, less what speaks for a release."""
        new = [(thing, many) for thing, many in zip(row.things, row.shared, strict=True) if thing not in self.spread]
        if not new:
            return []
        bits = tail_bits(len(new), self.unheard, self.clumps)
        found = [
            Term(
                name=name,
                bits=bits,
                field=field,
                value=_told([thing for thing, _ in new]),
                expected=f"{self.unheard:.3g} such in a window of any",
            )
        ]
        most = min(many for _, many in new)
        if most > 1:
            less = -min(bits, 2.0 * math.log2(most))
            told = f"at least {most:.0f} had them within a day"
            found.append(Term(name="shared by many at once", bits=less, field=field, value=told, expected="a release"))
        return found

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "spread": dict(self.spread),
            "known": {entity: sorted(things) for entity, things in sorted(self.known.items())},
            "fresh": {
                "sums": [dict(layer) for layer in self.fresh.sums],
                "windows": [dict(layer) for layer in self.fresh.windows],
                "strength": self.fresh.strength,
                "spread": self.fresh.spread,
            },
            "unheard": self.unheard,
            "clumps": self.clumps,
            "windows": self.windows,
            "newcomers": self.newcomers,
            "gathered": self.gathered,
        }

    @classmethod
    def from_json(cls, value: object) -> FirstSeen:
        """Return what `to_json` gave; raise `KeyError`, `ValueError` or `TypeError` for anything else."""
        document = cast("Mapping[str, object]", value)
        fresh = cast("Mapping[str, object]", document["fresh"])
        sums = cast("Sequence[Mapping[str, float]]", fresh["sums"])
        counts = cast("Sequence[Mapping[str, int]]", fresh["windows"])
        if len(sums) != len(LAYERS) or len(counts) != len(LAYERS):
            raise ValueError("rates of three layers are wanted")
        known = cast("Mapping[str, Sequence[str]]", document["known"])
        return cls(
            spread={str(k): int(v) for k, v in cast("Mapping[str, int]", document["spread"]).items()},
            known={str(entity): frozenset(map(str, things)) for entity, things in known.items()},
            fresh=Rates(
                sums=tuple({str(k): float(v) for k, v in layer.items()} for layer in sums),
                windows=tuple({str(k): int(v) for k, v in layer.items()} for layer in counts),
                strength=float(cast("float", fresh["strength"])),
                spread=float(cast("float", fresh["spread"])),
            ),
            unheard=float(cast("float", document["unheard"])),
            clumps=float(cast("float", document["clumps"])),
            windows=int(cast("int", document["windows"])),
            newcomers=float(cast("float", document.get("newcomers", 0.0))),  # absent: fitted before they were learned
            gathered=float(cast("float", document.get("gathered", 1.0))),
        )


def most_common(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the largest counts, by name: what an attacker can make endlessly many of must not fill the memory."""
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return dict(sorted(kept))


def window_of_row(row: Row) -> Window:
    """Return a row's things and how many shared them."""
    return Window(entity=row.entity, peer=row.peer, things=row.texts("things"), shared=row.numbers("shared"))


def _told(things: Sequence[str]) -> str:
    more = f" and {len(things) - 3} more" if len(things) > 3 else ""
    return ", ".join(things[:3]) + more


def _kept(known: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Return the pairs that are kept: all, or of the most talkative entities fewer things, until they fit."""
    most = MOST_PAIRS
    total = sum(map(len, known.values()))
    if total > MOST_PAIRS:
        most = max(1, MOST_PAIRS // len(known))
    return {entity: frozenset(sorted(things)[:most]) for entity, things in known.items()}


def _shape(counts: Sequence[float]) -> float:
    """Return the shape of a negative binomial with the mean and variance of these counts, from 0.05 to 5."""
    if not counts:
        return 1.0
    mean = math.fsum(counts) / len(counts)
    variance = math.fsum((count - mean) ** 2 for count in counts) / len(counts)
    if mean <= 0 or variance <= mean:
        return 5.0 if mean > 0 else 0.5
    return min(5.0, max(0.05, mean * mean / (variance - mean)))

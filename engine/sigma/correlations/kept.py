"""How many hits are kept in memory, and what is left out when there are more: counted, and said.

Bounds: `MAX_GROUP` hits of one group (of an `event_count`, at least twice the number that its condition names),
`MAX_HITS` over all, about 300 bytes each. A group that is full loses the oldest half of its hits. Where all is full,
the largest group loses half of its own, so that a flood in one group (an attacker's, say) blinds no other; only where
no group is large are new hits left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from engine.sigma.correlations.hits import Group, Hit
from engine.sigma.rules import Correlation

MAX_GROUP = 100_000
MAX_HITS = 500_000
_LARGE = 1_000  # hits of a group that can lose half of them
_ASK_AGAIN = 10_000  # hits left out before the largest group is looked for again

Place = tuple[str, Group]  # the key of a correlation, and a group of it


def group_bound(item: Correlation) -> int:
    """Return how many hits of one group of a correlation are kept."""
    counted = [Fraction(bound.number) for bound in item.bounds] if item.type == "event_count" else []
    return int(min(Fraction(MAX_HITS), max([Fraction(MAX_GROUP), *(2 * number for number in counted)])))


class KeptHits:
    """Hits by correlation and group, each once, within the bounds. `left_out` counts, by a correlation's key."""

    def __init__(self, bounds: Mapping[str, int]) -> None:
        self._bounds = bounds
        self._groups: dict[Place, dict[Hit, None]] = {}
        self._asked = 0
        self.total = 0
        self.left_out: Counter[str] = Counter()

    def add(self, hit: Hit) -> bool:
        """Keep a hit; return False where there is no room for it."""
        place = (hit.correlation, hit.group)
        members = self._groups.get(place)
        if members is not None and hit in members:
            return True
        if members is not None and len(members) >= self._bounds.get(hit.correlation, MAX_GROUP):
            self._halve(place)
        if self.total >= MAX_HITS and not self._make_room():
            self.left_out[hit.correlation] += 1
            return False
        self._groups.setdefault(place, {})[hit] = None
        self.total += 1
        return True

    def join(self, other: KeptHits) -> None:
        """Add all hits of another."""
        self.left_out.update(other.left_out)
        self._bounds = self._bounds or other._bounds
        for hit in other:
            self.add(hit)

    def __iter__(self) -> Iterator[Hit]:
        for members in self._groups.values():
            yield from members

    def _make_room(self) -> bool:
        if self._asked:
            self._asked -= 1
            return False
        place = max(self._groups, key=lambda each: len(self._groups[each]))
        if len(self._groups[place]) < min(_LARGE, MAX_HITS):
            self._asked = _ASK_AGAIN
            return False
        self._halve(place)
        return True

    def _halve(self, place: Place) -> None:
        members = sorted(self._groups[place], key=lambda hit: (hit.timestamp, hit.event_id))
        newest = members[-(len(members) // 2) :] if len(members) > 1 else []
        lost = len(members) - len(newest)
        self._groups[place] = dict.fromkeys(newest)
        self.total -= lost
        self.left_out[place[0]] += lost


def bounded(hits: Iterable[Hit], bounds: Mapping[str, int]) -> KeptHits:
    """Return hits within the bounds."""
    kept = KeptHits(bounds)
    for hit in hits:
        kept.add(hit)
    return kept

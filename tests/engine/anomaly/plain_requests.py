"""How requests are judged by definition, slowly and with nothing remembered: what the fast way is held against."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.anomaly.models.web_requests import WebRequestsFitted
from engine.anomaly.rarity import STRENGTH, Rarity
from engine.anomaly.web.requests import request_of
from engine.anomaly.web.values import OF_VALUE, Values, characters_of, pairs_of

Row = tuple[str, str, str, str, int]  # service, method, path, query, clients


def score_of(fitted: WebRequestsFitted, row: Row) -> float:
    """Return the score of a request as the site and the gauges say it, point by point."""
    service, method, path, query, clients = row
    request = request_of(service, method, path, query)
    if not fitted.site.requests.get(service):
        return 0.0
    names = [name for name, _ in request.parameters]
    structure = fitted.site.structure(service, method, request.path, names)
    values = [found for pair in request.parameters for found in fitted.site.value(service, request.path, *pair)]
    bits = [[fitted.gauges[item.kind].read(item.raw) for item in items] for items in (structure, values)]
    found = weighed_of(*bits)
    of_path = math.fsum(count for place, count in found if place < len(structure))
    return math.fsum([*(count for _, count in found), -min(of_path, 3.0 * math.log2(clients))])


def weighed_of(structure: Sequence[float], values: Sequence[float]) -> list[tuple[int, float]]:
    """Return which points of a request count, and what: of path and values two each, and each cause half the last."""
    points = [*structure, *values]
    allowance, cut = math.log2(len(points)), len(structure)
    starts = [0, *range(cut, len(points), OF_VALUE)]
    causes = []
    for start, end in zip(starts, [*starts[1:], len(points)], strict=True):
        beyond = [(allowance - points[place], place) for place in range(start, end) if points[place] > allowance]
        causes.append(sorted(beyond)[:2])
    causes.sort(key=lambda cause: math.fsum(less for less, _ in cause))
    return [(place, -less * 0.5**rank) for rank, cause in enumerate(causes) for less, place in cause]


def form_of(layers: list[Values], shape: str, doubt: float) -> tuple[float, float, float, float]:
    """Return the chances of a shape's rarest character, its next, one that it lacks, and its strangest pair."""
    kinds = characters_of(shape)
    characters = [layer.characters for layer in layers]
    absent = [kind for layer in layers for kind in layer.usual - kinds]
    return (
        _of_items(characters, kinds, doubt),
        _of_items([layer.further for layer in layers], kinds, doubt),
        min((_of_absence(characters, kind, doubt) for kind in absent), default=1.0),
        _of_pairs(layers, shape, doubt),
    )


def _of_items(layers: list[Rarity], items: set[str], doubt: float) -> float:
    chance = 0.5
    for layer in layers if all(item in layers[0].counts for item in items) else layers[:1]:
        chance = layer.chance(items, chance, doubt * layer.seen)
    return chance


def _of_absence(layers: list[Rarity], kind: str, doubt: float) -> float:
    chance = 1.0
    for layer in layers:
        without = max(layer.seen - layer.counts.get(kind, 0) - doubt * layer.seen, 0.0)
        chance = (without + STRENGTH * chance) / (layer.seen + STRENGTH)
    return chance


def _of_pairs(layers: list[Values], shape: str, doubt: float) -> float:
    """Return the chance of the strangest of the pairs that are as common in their rarer character."""
    rarities, pairs = [layer.pairs for layer in layers], pairs_of(shape)
    common = next((layer.characters for layer in layers[::-1] if layer.characters.seen >= 100), layers[0].characters)
    together = _of_items(rarities, pairs, doubt)
    if 1.0 / (min((common.counts.get(kind, 0) for kind in set(shape)), default=common.seen) + 2.0) <= together:
        return together
    groups: dict[int, set[str]] = {}
    for pair in pairs:
        counts = [common.counts.get(kind, 0) for kind in (pair[0] if len(pair) > 2 else pair) if kind not in "^$"]
        groups.setdefault(min(counts, default=common.seen), set()).add(pair)
    return min(max(_of_items(rarities, found, doubt), 1.0 / (count + 2.0)) for count, found in groups.items())

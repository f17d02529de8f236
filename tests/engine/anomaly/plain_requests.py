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
    further = sorted(_of_item([layer.further for layer in layers], kind, doubt) for kind in kinds)
    return (
        min((_of_item(characters, kind, doubt) for kind in kinds), default=1.0),
        further[1] if len(further) > 1 else 1.0,
        min((_of_absence(characters, kind, doubt) for kind in absent), default=1.0),
        min(_of_pair(layers, pair, doubt) for pair in pairs_of(shape)),
    )


def _of_item(layers: list[Rarity], item: str, doubt: float) -> float:
    chance = 0.5
    for layer in layers if item in layers[0].counts else layers[:1]:
        chance = layer.chance(item, chance, doubt * layer.seen)
    return chance


def _of_absence(layers: list[Rarity], kind: str, doubt: float) -> float:
    chance = 1.0
    for layer in layers:
        without = max(layer.seen - layer.counts.get(kind, 0) - doubt * layer.seen, 0.0)
        chance = (without + STRENGTH * chance) / (layer.seen + STRENGTH)
    return chance


def _of_pair(layers: list[Values], pair: str, doubt: float) -> float:
    """Return the chance of a pair, which is no smaller than what its rarer character alone can say."""
    common = next((layer.characters for layer in layers[::-1] if layer.characters.seen >= 100), layers[0].characters)
    counts = [common.counts.get(kind, 0) for kind in (pair[0] if len(pair) > 2 else pair) if kind not in "^$"]
    return max(_of_item([layer.pairs for layer in layers], pair, doubt), 1.0 / (min(counts, default=common.seen) + 2.0))

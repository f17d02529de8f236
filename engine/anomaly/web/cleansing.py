"""Which training requests may be an attacker's: more of them depart far from the rest than ordinary life explains.

Each request is judged by models of the other thirds of the training requests. By the scale of surprise itself, a share
of 2 ** -bits lies that far out or further; where several times as many do, the training is poisoned, and those beyond
that point teach nothing. What poison says of itself is doubted meanwhile: up to five in a hundred of what was seen in
a place, if they stand far apart from all else seen there (`Rarity.outlying`), speak for nothing, so that ten attacks
alike do not vouch for one another. It goes round until nothing more falls away, since what one round takes out shows
the next one more (as the concentration steps of Rousseeuw and Van Driessen, "A fast algorithm for the minimum
covariance determinant estimator", 1999).

Some stay: a value that a page of three hundred requests never had is worth eight bits at most, and several points are
looked at. So where any were set aside, what still stands apart among a parameter's choices is not learned either.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b

from engine.anomaly.web.requests import Request
from engine.anomaly.web.site import Departure, Site
from engine.anomaly.web.values import OF_VALUE, shape_of

DOUBT = 0.05  # of the training requests, which may be an attacker's
_FOLDS = 3  # parts, to look for suspects
FINE_FOLDS = 6  # parts, to say what ordinary requests get: each part then misses little of what the others know
_ROUNDS = 4
_MOST = 1.5 * DOUBT  # of the training requests, that may be left out
_LEVELS = (5.0, 6.0, 7.0, 8.0, 9.0, 10.0)  # bits
_MORE = 1.5  # times as many as the scale of surprise expects,
_DEVIATIONS = 3.0  # and so many standard deviations more, as counts scatter (Poisson)
_LEAST = 10  # requests beyond a level, before they are more than chance


def suspects(counts: Mapping[Request, int], seed: int) -> set[Request]:
    """Return the requests that should not teach: none, where no more depart than ordinary life explains."""
    found: set[Request] = set()
    for _ in range(_ROUNDS):
        taught = counts.keys() - found
        surprise = {
            request: _surprise(departures, len(request.parameters))
            for request, departures in held_out(counts, taught, seed, doubt=DOUBT).items()
        }
        level = _level(sorted(surprise.values()))
        order = sorted((-bits, request) for request, bits in surprise.items() if bits >= level)
        now = {request for _, request in order[: int(_MOST * len(counts))]}
        if now == found:
            break
        found = now
    return found


def _level(ascending: Sequence[float]) -> float:
    """Return the lowest level beyond which there are too many; infinite where there is none."""
    for level in _LEVELS:
        beyond = sum(bits >= level for bits in ascending)
        usual = len(ascending) * 2.0**-level
        if beyond >= _LEAST and beyond > max(_MORE * usual, usual + _DEVIATIONS * math.sqrt(usual)):
            return level
    return math.inf


def _surprise(departures: Sequence[Departure], values: int) -> float:
    """Return the raw bits of a request, beyond what is taken off since so many points are looked at.

    Of a value's characters and pairs the strangest counts alone: raw bits of one cause would add up to an attack.
    """
    raw = [departure.raw for departure in departures]
    cut = len(raw) - OF_VALUE * values
    points = raw[:cut]
    for start in range(cut, len(raw), OF_VALUE):
        of_value, *forms, length = raw[start : start + OF_VALUE]
        points += (of_value, max(forms), length)
    allowance = math.log2(len(points))
    return math.fsum(bits - allowance for bits in points if bits > allowance)


def held_out(
    counts: Mapping[Request, int], taught: Collection[Request], seed: int, *, folds: int = _FOLDS, doubt: float = 0.0
) -> dict[Request, list[Departure]]:
    """Return how each request departs from what those `taught` of the other parts say: its path, then its values."""
    found: dict[Request, list[Departure]] = {}
    for part in _parts(counts, seed, folds):
        rest = Site.of(
            {request: count for request, count in counts.items() if request not in part and request in taught}
        )
        known: dict[tuple[object, ...], Sequence[Departure]] = {}
        for request in sorted(part):
            found[request] = list(_departures(rest, request, doubt, known))
    return {request: found[request] for request in counts}


def _departures(
    site: Site, request: Request, doubt: float, known: dict[tuple[object, ...], Sequence[Departure]]
) -> Iterable[Departure]:
    service, method, path, parameters = request
    names = tuple(name for name, _ in parameters)
    place: tuple[object, ...] = (service, method, path, names)
    if place not in known:
        known[place] = site.structure(service, method, path, names, doubt)
    yield from known[place]
    for name, value in parameters:
        kind = value if site.parameter(service, path, name, doubt).is_choice else (shape_of(value), len(value))
        place = (service, path, name, kind)
        if place not in known:
            known[place] = site.value(service, path, name, value, doubt)
        yield from known[place]


def _parts(requests: Iterable[Request], seed: int, folds: int) -> list[set[Request]]:
    """Return the requests in so many parts; those that differ in nothing but the method stay together."""
    parts: list[set[Request]] = [set() for _ in range(folds)]
    for request in requests:
        known = repr((seed, request.service, request.path.whole, request.parameters)).encode()
        parts[int.from_bytes(blake2b(known, digest_size=4).digest(), "big") % folds].add(request)
    return parts

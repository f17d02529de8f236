"""What the services of one site are like: their paths, methods, parameters and values, and how a request departs.

What is known of a parameter on its path leans on what is known of its name anywhere in the service, and that on all
values of the site: entity, peer group, organisation.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from engine.anomaly.rarity import STRENGTH, Rarity
from engine.anomaly.web.parameters import Parameter
from engine.anomaly.web.requests import Path, Request
from engine.anomaly.web.values import FAMILIES, UNKNOWN, Values, shape_of

KINDS = ("folder", "ending", "leaf", "method", "new parameter", "missing parameter", *FAMILIES, "length")
_FIRST_OF_VALUES = KINDS.index("value")
_MOST_TIMES = 16  # of one and the same request, so that a probe every second does not make up the site
Key: TypeAlias = tuple[str, ...]


class Departure(NamedTuple):
    """How far a request departs in one point: kind (a place in `KINDS`), raw bits, and the parameter's name if any."""

    kind: int
    raw: float
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Rarities by key: `()`, `(service,)`, `(service, path)` and the like, from the widest to the nearest."""

    folders: Mapping[Key, Rarity]
    endings: Mapping[Key, Rarity]
    leaves: Mapping[Key, Rarity]
    methods: Mapping[Key, Rarity]
    names: Mapping[Key, Rarity]
    values: Mapping[Key, Values]
    requests: Mapping[str, int]

    @classmethod
    def of(cls, counts: Mapping[Request, int]) -> Site:
        """Learn from requests, with how often each came."""
        every = [(request, min(count, _MOST_TIMES)) for request, count in counts.items()]
        values: defaultdict[Key, Counter[str]] = defaultdict(Counter)
        requests: Counter[str] = Counter()
        for request, count in every:
            requests[request.service] += 1
            for name, value in request.parameters:
                for key in _value_keys(request.service, request.path, name):
                    values[key][value] += count
        return cls(
            folders=_rarities((((r.service,), {r.path.folder}, n) for r, n in every)),
            endings=_rarities((key, {r.path.ending}, n) for r, n in every for key in _ending_keys(r.service, r.path)),
            leaves=_rarities((_leaf_key(r.service, r.path), {r.path.leaf}, n) for r, n in every),
            methods=_rarities((key, {r.method}, n) for r, n in every for key in _path_keys(r.service, r.path)),
            names=_rarities((key, _names(r), n) for r, n in every for key in _path_keys(r.service, r.path)),
            values={key: Values.of(found) for key, found in values.items()},
            requests=dict(requests),
        )

    def doubting(self, share: float) -> Site:
        """Return the site without the choices of a parameter that may be an attacker's: see `Values.doubting`."""
        return replace(self, values={key: found.doubting(share) for key, found in self.values.items()})

    def structure(
        self, service: str, method: str, path: Path, names: Collection[str], doubt: float = 0.0
    ) -> list[Departure]:
        """Return how a request departs in its path, method and names; what is known at all departs in nothing.

        `doubt` is the share of requests that may have been an attacker's: see `engine.anomaly.rarity`.
        """
        return [
            Departure(0, _bits(self._layers(self.folders, [(service,)]), path.folder, doubt)),
            Departure(1, _bits(self._layers(self.endings, _ending_keys(service, path)), path.ending, doubt)),
            Departure(2, _bits(self._layers(self.leaves, [_leaf_key(service, path)]), path.leaf, doubt)),
            Departure(3, _bits(self._layers(self.methods, _path_keys(service, path)), method, doubt)),
            *self._strange_names(service, path, names, doubt),
        ]

    def value(self, service: str, path: Path, name: str, value: str, doubt: float = 0.0) -> tuple[Departure, ...]:
        """Return how a value departs from those of its parameter: as a choice, in form and in length."""
        known = self.parameter(service, path, name, doubt)
        chances = known.of_choice(value), *known.of_form(shape_of(value)), known.of_length(len(value))
        return tuple(Departure(kind, -math.log2(chance), name) for kind, chance in enumerate(chances, _FIRST_OF_VALUES))

    def parameter(self, service: str, path: Path, name: str, doubt: float = 0.0) -> Parameter:
        """Return what is known of the values of a parameter; there are never more of these than the site knows."""
        keys = tuple([key for key in _value_keys(service, path, name) if key in self.values])
        found = self._parameters.get((keys, doubt))
        if found is None:
            found = self._parameters[keys, doubt] = Parameter([self.values[key] for key in keys], doubt)
        return found

    @cached_property
    def _parameters(self) -> dict[tuple[tuple[Key, ...], float], Parameter]:
        return {}

    def _layers(self, of: Mapping[Key, Rarity], keys: Iterable[Key]) -> list[Rarity]:
        return [found for found in map(of.get, keys) if found is not None]

    def _strange_names(self, service: str, path: Path, names: Collection[str], doubt: float) -> list[Departure]:
        """Return the parameter that is the strangest here, and the one whose absence is."""
        layers = self._layers(self.names, _path_keys(service, path))
        here = self.names.get((service, path.whole))
        if here is None:  # on a path that is new, so are its parameters: the path says it
            return []
        new = max(((_bits(layers, name, doubt), name) for name in names), default=(0.0, ""))
        absent = ((-math.log2(_absence(here, name, doubt)), name) for name in here.counts if name not in names)
        return [Departure(4, *new), Departure(5, *max(absent, default=(0.0, "")))]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        tables = {name: getattr(self, name) for name in ("folders", "endings", "leaves", "methods", "names", "values")}
        return {
            "requests": dict(sorted(self.requests.items())),
            **{name: [[list(key), of[key].to_json()] for key in sorted(of)] for name, of in tables.items()},
        }

    @classmethod
    def from_json(cls, value: object) -> Site:
        """Return what `to_json` gave; raise `ValueError`, `TypeError` or `KeyError` for anything else."""
        if not isinstance(value, Mapping):
            raise TypeError("a mapping is wanted")

        def table(name: str) -> dict[Key, Rarity]:
            return {tuple(map(str, key)): Rarity.from_json(item) for key, item in value[name]}

        return cls(
            folders=table("folders"),
            endings=table("endings"),
            leaves=table("leaves"),
            methods=table("methods"),
            names=table("names"),
            values={tuple(map(str, key)): Values.from_json(item) for key, item in value["values"]},
            requests={str(service): int(count) for service, count in value["requests"].items()},
        )


def _bits(layers: Sequence[Rarity], item: str, doubt: float) -> float:
    """Return the surprise of a name: none if known here; if it is known nowhere, that of the widest layer."""
    if layers and layers[-1].knows(item, layers[-1].outlying(doubt)):
        return 0.0
    chance = UNKNOWN
    for layer in layers[:1] if layers and not layers[0].knows(item, layers[0].outlying(doubt)) else layers:
        chance = layer.chance(item, chance, layer.outlying(doubt))
    return -math.log2(chance)


def _absence(here: Rarity, name: str, doubt: float) -> float:
    missing = max(here.seen - here.counts[name] - doubt * here.seen, 0.0)
    return (missing + STRENGTH * UNKNOWN) / (here.seen + STRENGTH)


def _names(request: Request) -> frozenset[str]:
    return frozenset(name for name, _ in request.parameters)


def _value_keys(service: str, path: Path, name: str) -> tuple[Key, ...]:
    return (), (service, name), (service, path.whole, name)


def _ending_keys(service: str, path: Path) -> tuple[Key, ...]:
    return (service,), (service, path.folder)


def _leaf_key(service: str, path: Path) -> Key:
    return service, path.folder, path.ending


def _path_keys(service: str, path: Path) -> tuple[Key, ...]:
    return (service,), (service, path.whole)


def _rarities(rows: Iterable[tuple[Key, Collection[str], int]]) -> dict[Key, Rarity]:
    gathered: defaultdict[Key, Counter[frozenset[str]]] = defaultdict(Counter)
    for key, items, times in rows:
        gathered[key][frozenset(items)] += times
    return {key: Rarity.of(found.elements()) for key, found in gathered.items()}

"""From a request to the bits that count of it, read off a frozen site, and the memory that makes this fast.

Requests that were never seen are made of parts that were: most of their parameters are known as they stand in the
query, and most of the others have a shape and a length that are known. So each part is judged once and remembered:
whole requests, paths with the names of their parameters, parameters as they are written, shapes with lengths, shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias, TypeVar

from engine.anomaly.rarity import Gauge
from engine.anomaly.web.parameters import Parameter
from engine.anomaly.web.requests import MOST_PARAMETERS, Path, path_of, split_pair, split_query
from engine.anomaly.web.site import KINDS, Departure, Site
from engine.anomaly.web.values import OF_VALUE, shape_of
from engine.anomaly.web.weighing import PATH, Cause, weighed

_MOST = 300_000  # parts that are remembered
_LONGEST = 512  # characters of such a part: what is longer hardly comes again
_CHOICE, _LENGTH = KINDS.index("value"), KINDS.index("length")
_FORM = range(_CHOICE + 1, _LENGTH)
Counted: TypeAlias = tuple[float, tuple[float, ...]]  # of a request's points: the bits of its path's, and all bits
_NOTHING: Counted = (0.0, ())
_K = TypeVar("_K")
_V = TypeVar("_V")


class _Memory:
    """How much is remembered, all told."""

    def __init__(self) -> None:
        self.parts = 0

    def keep(self, memo: dict[_K, _V], key: _K, found: _V, size: int) -> _V:
        """Remember what was found, if its key is no longer than it may be."""
        if size <= _LONGEST:
            memo[key] = found
            self.parts += 1
        return found


class _Parameter:
    """A parameter, and the values that were judged by it."""

    def __init__(self, known: Parameter, gauges: Mapping[int, Gauge], memory: _Memory) -> None:
        self._known = known
        self._gauges = gauges
        self._memory = memory
        self._values: dict[object, Cause] = {}
        self._shapes: dict[str, list[float]] = {}
        self._lengths: dict[int, float] = {}

    def judged(self, value: str) -> Cause:
        """Return what is strangest in a value."""
        shape, length = shape_of(value), len(value)
        kind = value if self._known.is_choice else (shape, length)
        found = self._values.get(kind)
        if found is None:
            found = _cause([self._bits(_CHOICE, self._known.of_choice(value)), *self._form(shape), self._far(length)])
            self._memory.keep(self._values, kind, found, length if self._known.is_choice else len(shape))
        return found

    def _form(self, shape: str) -> list[float]:
        found = self._shapes.get(shape)
        if found is None:
            found = list(map(self._bits, _FORM, self._known.of_form(shape)))
            self._memory.keep(self._shapes, shape, found, len(shape))
        return found

    def _far(self, length: int) -> float:
        found = self._lengths.get(length)
        if found is None:
            found = self._bits(_LENGTH, self._known.of_length(length))
            self._memory.keep(self._lengths, length, found, 1)
        return found

    def _bits(self, kind: int, chance: float) -> float:
        return self._gauges[kind].read(-math.log2(chance))


class _Structure(NamedTuple):
    """A path with a method and the names of its parameters."""

    cause: Cause
    points: int  # of a request that is built so, with those of its values
    plain: bool  # whether the names stand as they are: none comes twice, none is cut


class _Page(dict[str, tuple[str, Cause]]):
    """The parameters of a path as they stand in queries: what each is called, and what is strangest in its value."""

    def __init__(self, known: Callable[[str], _Parameter], memory: _Memory) -> None:
        super().__init__()
        self._known = known
        self._memory = memory
        self._parameters: dict[str, _Parameter] = {}
        self.structures: dict[tuple[str, tuple[str, ...]], _Structure] = {}  # by method and names

    def __missing__(self, pair: str) -> tuple[str, Cause]:
        name, value = split_pair(pair)
        return self._memory.keep(self, pair, (name, self.judged(name, value)), len(pair))

    def judged(self, name: str, value: str) -> Cause:
        """Return what is strangest in the value of a parameter."""
        found = self._parameters.get(name)
        if found is None:
            found = self._memory.keep(self._parameters, name, self._known(name), len(name))
        return found.judged(value)


class Judge:
    """Judges requests by a frozen site; what it remembers changes nothing but the time that takes."""

    def __init__(self, site: Site, gauges: Mapping[int, Gauge]) -> None:
        self._site = site
        self._gauges = gauges
        self._forget()

    def _forget(self) -> None:
        self._memory = _Memory()
        self._requests: dict[tuple[str, str, str, str], Counted] = {}
        self._written: dict[tuple[str, str], _Page] = {}  # by path as it is written
        self._pages: dict[tuple[str, Path], _Page] = {}
        self._parameters: dict[Parameter, _Parameter] = {}

    def counted(self, service: str, method: str, path: str, query: str) -> Counted:
        """Return what counts of a request's points."""
        key = (service, method, path, query)
        found = self._requests.get(key)
        if found is None:
            if self._memory.parts >= _MOST:
                self._forget()
            found = self._judged(*key)
            self._memory.keep(self._requests, key, found, len(path) + len(query))
        return found

    def read(self, departure: Departure) -> float:
        """Return the bits of one departure."""
        return self._gauges[departure.kind].read(departure.raw)

    def _judged(self, service: str, method: str, path: str, query: str) -> Counted:
        page = self._written.get((service, path))
        if page is None:  # an empty one is false
            page = self._page(service, path)
        pairs = list(map(page.__getitem__, query.split("&", MOST_PARAMETERS))) if query else []
        names = tuple([name for name, _ in pairs])
        structure = page.structures.get((method, names))
        if structure is None:
            structure = self._structure(service, method, path, names, query)
            self._memory.keep(page.structures, (method, names), structure, sum(map(len, names)))
        causes = [cause for _, cause in pairs] if structure.plain else list(map(page.judged, *split_query(query)))
        found = weighed([structure.cause, *causes], structure.points)
        if not found:
            return _NOTHING
        new = math.fsum(first + following for cause, first, following in found if cause == PATH)
        return new, tuple([bits for _, first, following in found for bits in (first, following)])

    def _page(self, service: str, path: str) -> _Page:
        place = path_of(path)
        found = self._pages.get((service, place))
        if found is None:
            found = _Page(partial(self._parameter, service, place), self._memory)
            self._memory.keep(self._pages, (service, place), found, len(place.whole))
        return self._memory.keep(self._written, (service, path), found, len(path))

    def _structure(self, service: str, method: str, path: str, names: tuple[str, ...], query: str) -> _Structure:
        called, _ = split_query(query)
        bits = list(map(self.read, self._site.structure(service, method, path_of(path), called)))
        return _Structure(_cause(bits), len(bits) + OF_VALUE * len(names), called == names)

    def _parameter(self, service: str, path: Path, name: str) -> _Parameter:
        known = self._site.parameter(service, path, name)
        found = self._parameters.get(known)
        if found is None:
            found = self._parameters[known] = _Parameter(known, self._gauges, self._memory)
        return found


def _cause(bits: Sequence[float]) -> Cause:
    first, following = sorted(bits, reverse=True)[:2]
    return first, following

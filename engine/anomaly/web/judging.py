"""From a request to the bits that count of it, read off a frozen site, and the memory that makes this fast.

Requests that were never seen are made of parts that were: most of their parameters are known as they stand in the
query, and most of the others have a shape and a length that are known. So each part is judged once and remembered:
paths with the names of their parameters, parameters as they are written, shapes with lengths, shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import fsum, log2
from typing import NamedTuple, TypeAlias, TypeVar

from engine.anomaly.rarity import Gauge
from engine.anomaly.web.parameters import Parameter
from engine.anomaly.web.requests import MOST_PARAMETERS, Path, numbered, path_of, split_pair, split_query
from engine.anomaly.web.site import KINDS, Departure, Site
from engine.anomaly.web.values import OF_VALUE, shape_of
from engine.anomaly.web.weighing import PATH, Cause, allowance_of, weighed

_MOST = 300_000  # parts that are remembered
_LONGEST = 512  # characters of such a part: what is longer hardly comes again
_MOST_RAW = 10_000  # raw bits of one kind whose reading is remembered
_QUIET = allowance_of(4 + OF_VALUE)  # bits that count in no request with a value: the least that is taken off
_OF_VALUE = range(KINDS.index("value"), KINDS.index("length") + 1)
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


class _Bits(dict[float, float]):
    """What the raw bits of one kind of departure count."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__()
        self._gauge = gauge

    def __missing__(self, raw: float) -> float:
        found = self._gauge.read(raw)
        if len(self) < _MOST_RAW:
            self[raw] = found
        return found


class _Parameter:
    """A parameter, and the values that were judged by it."""

    def __init__(self, known: Parameter, bits: Sequence[Mapping[float, float]], memory: _Memory) -> None:
        self._known = known
        self._of_choice, *self._of_form, self._of_length = bits
        self._memory = memory
        self._values: dict[object, Cause | None] = {}
        self._shapes: dict[str, list[float]] = {}
        self._lengths: dict[int, float] = {}

    def judged(self, value: str) -> Cause | None:
        """Return what is strangest in a value, if it counts in any request."""
        shape, length = shape_of(value), len(value)
        kind = value if self._known.is_choice else (shape, length)
        if kind in self._values:
            return self._values[kind]
        of_choice = self._of_choice[-log2(self._known.of_choice(value))]
        found = _cause([of_choice, self._far(length), *self._form(shape)])
        size = length if self._known.is_choice else len(shape)
        return self._memory.keep(self._values, kind, found if found[0] > _QUIET else None, size)

    def _form(self, shape: str) -> list[float]:
        found = self._shapes.get(shape)
        if found is None:
            found = [
                bits[-log2(chance)] for bits, chance in zip(self._of_form, self._known.of_form(shape), strict=True)
            ]
            self._memory.keep(self._shapes, shape, found, len(shape))
        return found

    def _far(self, length: int) -> float:
        found = self._lengths.get(length)
        if found is None:
            found = self._of_length[-log2(self._known.of_length(length))]
            self._memory.keep(self._lengths, length, found, 1)
        return found


class _Structure(NamedTuple):
    """A path with a method and the names of its parameters."""

    cause: Cause
    allowance: float  # of a request that is built so, by its points and those of its values
    plain: bool  # whether the names stand as they are: none comes twice, none is cut


class _Page(dict[str, tuple[str, Cause | None]]):
    """The parameters of a path as they stand in queries: what each is called, and what is strangest in its value."""

    def __init__(self, known: Callable[[str], _Parameter], memory: _Memory) -> None:
        super().__init__()
        self._known = known
        self._memory = memory
        self._parameters: dict[str, _Parameter] = {}
        self.structures: dict[tuple[str, tuple[str, ...]], _Structure] = {}  # by method and names

    def __missing__(self, pair: str) -> tuple[str, Cause | None]:
        name, value = split_pair(pair)
        return self._memory.keep(self, pair, (name, self.judged(name, value)), len(pair))

    def judged(self, name: str, value: str) -> Cause | None:
        """Return what is strangest in the value of a parameter, if it counts in any request."""
        return (self._parameters.get(name) or self._parameter(name)).judged(value)

    def _parameter(self, name: str) -> _Parameter:
        return self._memory.keep(self._parameters, name, self._known(name), len(name))


class Judge:
    """Judges requests by a frozen site; what it remembers changes nothing but the time that takes."""

    def __init__(self, site: Site, gauges: Mapping[int, Gauge]) -> None:
        self._site = site
        self._bits = {kind: _Bits(gauge) for kind, gauge in gauges.items()}
        self._of_value = [self._bits[kind] for kind in _OF_VALUE]
        self._forget()

    def _forget(self) -> None:
        self._memory = _Memory()
        self._written: dict[tuple[str, str], _Page] = {}  # by path as it is written
        self._pages: dict[tuple[str, Path], _Page] = {}
        self._parameters: dict[Parameter, _Parameter] = {}

    def counted(self, service: str, method: str, path: str, query: str) -> Counted:
        """Return what counts of a request's points."""
        if self._memory.parts >= _MOST:
            self._forget()
        page = self._written.get((service, path))
        if page is None:  # an empty one is false
            page = self._page(service, path)
        names: tuple[str, ...] = ()
        causes: Iterable[Cause | None] = ()
        if query:
            names, causes = zip(*map(page.__getitem__, query.split("&", MOST_PARAMETERS)), strict=True)
        structure = page.structures.get((method, names))
        if structure is None:
            structure = self._structure(service, method, path, names)
            self._memory.keep(page.structures, (method, names), structure, sum(map(len, names)))
        if not structure.plain:
            causes = map(page.judged, *split_query(query))
        found = weighed([structure.cause, *filter(None, causes)], structure.allowance)
        if not found:
            return _NOTHING
        if len(found) > 1:
            new = fsum([first + following for cause, first, following in found if cause == PATH])
            return new, tuple([bits for _, *counted in found for bits in counted])
        ((cause, first, following),) = found
        return (first + following if cause == PATH else 0.0), (first, following)

    def read(self, departure: Departure) -> float:
        """Return the bits of one departure."""
        return self._bits[departure.kind][departure.raw]

    def _page(self, service: str, path: str) -> _Page:
        place = path_of(path)
        found = self._pages.get((service, place))
        if found is None:
            found = _Page(partial(self._parameter, service, place), self._memory)
            self._memory.keep(self._pages, (service, place), found, len(place.whole))
        return self._memory.keep(self._written, (service, path), found, len(path))

    def _structure(self, service: str, method: str, path: str, names: tuple[str, ...]) -> _Structure:
        called = numbered(names)
        bits = list(map(self.read, self._site.structure(service, method, path_of(path), called)))
        return _Structure(_cause(bits), allowance_of(len(bits) + OF_VALUE * len(names)), called == names)

    def _parameter(self, service: str, path: Path, name: str) -> _Parameter:
        known = self._site.parameter(service, path, name)
        found = self._parameters.get(known)
        if found is None:
            found = self._parameters[known] = _Parameter(known, self._of_value, self._memory)
        return found


def _cause(bits: Sequence[float]) -> Cause:
    first, following = sorted(bits, reverse=True)[:2]
    return first, following

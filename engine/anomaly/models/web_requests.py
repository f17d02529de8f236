"""Web requests: how a request departs from what this path and these parameters of this service always were.

Threat: injection, tampering, forced browsing and probing of e-services, which no signature was written for. Data: any
access log with the query (better: a log of a gateway or firewall with the body). An observation is one distinct
request of one client in five minutes. Each point in which it departs (folder, ending, leaf, method, a parameter that
is new or missing, and of each parameter value, form and length) gives bits by what held-out ordinary requests got in
the same point; what counts of them, `engine.anomaly.web.weighing` says.

A new release brings paths and parameters that nobody knows, and many clients ask for them: that reassures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from engine.anomaly.frame import Content, NotEnoughDataError, Scores, State, Term, ordered
from engine.anomaly.rarity import Gauge
from engine.anomaly.tables import (
    coded,
    empty_observations,
    grouped,
    numbers,
    observations,
    text_column,
    times,
    window_of,
)
from engine.anomaly.web.cleansing import DOUBT, FINE_FOLDS, OF_VALUE, held_out, suspects
from engine.anomaly.web.explaining import expected, place_of
from engine.anomaly.web.requests import Request, path_of, request_of, split_query
from engine.anomaly.web.samples import attack_rows, sample_events
from engine.anomaly.web.site import KINDS, Departure, Site
from engine.anomaly.web.values import shape_of
from engine.anomaly.web.weighing import Weighed, reassurance, weighed
from engine.errors import InputError

_OWN = {"service": pa.string(), "method": pa.string(), "path": pa.string(), "query": pa.string(), "clients": pa.int64()}
_LEAST = 100  # distinct requests of a service before it is judged
_LEFT_IN = 16  # suspects that are set aside, for each one that may be left among the rest
_REMEMBERED = 100_000  # entries of each memory
_K = TypeVar("_K")
_V = TypeVar("_V")
Row: TypeAlias = tuple[str, str, str, str, int]


Bits: TypeAlias = tuple[float, ...]
Counted: TypeAlias = tuple[list[Weighed], int]  # what counts, and how many points are the path's
_Memo: TypeAlias = tuple[bool, dict[object, Bits], dict[object, Bits]]  # a choice or not, whole values, and their parts


class _Judge:
    """Reads departures off the gauges as bits, and remembers: requests, paths with names, shapes and lengths."""

    def __init__(self, site: Site, gauges: Mapping[int, Gauge]) -> None:
        self._site = site
        self._gauges = gauges
        self._requests: dict[tuple[str, str, str, str], Counted] = {}
        self._structures: dict[tuple[object, ...], Bits] = {}
        self._places: dict[tuple[str, str, tuple[str, ...]], list[_Memo]] = {}

    def counted(self, service: str, method: str, path: str, query: str) -> Counted:
        """Return what counts of a request's points, and how many points are the path's."""
        key = (service, method, path, query)
        found = self._requests.get(key)
        if found is None:
            names, values = split_query(query)
            structure = self._structure(service, method, path, names)
            found = weighed(structure, self._values(service, path, names, values)), len(structure)
            _put(self._requests, key, found)
        return found

    def read(self, departure: Departure) -> float:
        """Return the bits of one departure."""
        return self._gauges[departure.kind].read(departure.raw)

    def _structure(self, service: str, method: str, path: str, names: tuple[str, ...]) -> Bits:
        """Return the bits of path, method and names."""
        key = (service, method, path, names)
        found = self._structures.get(key)
        if found is None:
            found = tuple(map(self.read, self._site.structure(service, method, path_of(path), names)))
            _put(self._structures, key, found)
        return found

    def _values(self, service: str, path: str, names: tuple[str, ...], values: Sequence[str]) -> list[float]:
        """Return the bits of values, forms and lengths."""
        place = (service, path, names)
        memos = self._places.get(place)
        if memos is None:
            memos = [(self._site.is_choice(service, path_of(path), name), {}, {}) for name in names]
            _put(self._places, place, memos)
        bits: list[float] = []
        for name, value, (choice, memo, parts) in zip(names, values, memos, strict=True):
            kind = value if choice else (shape_of(value), len(value))
            known = memo.get(kind)
            if known is None:
                known = self._of_value(service, path, name, value, parts)
                _put(memo, kind, known)
            bits += known
        return bits

    def _of_value(self, service: str, path: str, name: str, value: str, memo: dict[object, Bits]) -> Bits:
        """Return the bits of a value; those of its shape and of its length are remembered by themselves."""
        shape, place = shape_of(value), path_of(path)
        form, length = memo.get(shape), memo.get(len(value))
        if form is None:
            form = tuple(map(self.read, self._site.form(service, place, name, shape)))
            _put(memo, shape, form)
        if length is None:
            length = (self.read(self._site.length(service, place, name, len(value))),)
            _put(memo, len(value), length)
        return self.read(self._site.choice(service, place, name, value)), *form, *length


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequestsFitted:
    """The site as it was, and what held-out ordinary requests got in each point."""

    site: Site
    gauges: Mapping[int, Gauge]
    judge: _Judge
    doubted: int  # distinct training requests that taught nothing, see `engine.anomaly.web.cleansing`

    @classmethod
    def of(cls, site: Site, gauges: Mapping[int, Gauge], doubted: int) -> WebRequestsFitted:
        """Return the model of these parts."""
        return cls(site=site, gauges=gauges, judge=_Judge(site, gauges), doubted=doubted)

    def score(self, observations: pa.Table) -> Scores:
        """Return scores; each distinct request is judged once."""
        rows = _rows(observations)
        known = {row: self._value(row) for row in dict.fromkeys(rows)}
        states = [State.READY if self._knows(row[0]) else State.LEARNING for row in rows]
        values = np.array([known[row] for row in rows], dtype=np.float64)
        return Scores(values=values, states=np.array(states, dtype=np.uint8))

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one request."""
        (found,) = _rows(observations.slice(row, 1))
        if not self._knows(found[0]):
            return ()
        request = _request(found)
        service, path = request.service, request.path
        structure = self.site.structure(service, request.method, path, [name for name, _ in request.parameters])
        departures = [
            *structure,
            *(
                departure
                for name, value in request.parameters
                for departure in self.site.value(service, path, name, value)
            ),
        ]
        bits = [self.judge.read(departure) for departure in departures]
        counted = weighed(bits[: len(structure)], bits[len(structure) :])
        many = reassurance(counted, len(structure), found[-1])
        terms = [self._term(request, departures[place], counts) for place, counts in counted]
        terms.append(Term(name="asked for by many", bits=many, field="source.ip", value=str(found[-1])))
        return ordered(terms)

    def content(self) -> Content:
        """Return the site and the gauges."""
        gauges = {KINDS[kind]: [list(gauge.steps), list(gauge.bits)] for kind, gauge in sorted(self.gauges.items())}
        return Content(document={"site": self.site.to_json(), "gauges": gauges, "doubted": self.doubted})

    def _knows(self, service: str) -> bool:
        return self.site.requests.get(service, 0) >= _LEAST

    def _value(self, row: Row) -> float:
        service, method, path, query, clients = row
        if not self._knows(service):
            return 0.0
        counted, structure = self.judge.counted(service, method, path, query)
        if not counted:
            return 0.0
        bits = [item.bits for item in counted]
        if clients > 1:
            bits.append(reassurance(counted, structure, clients))
        return math.fsum(bits)

    def _term(self, request: Request, departure: Departure, bits: float) -> Term:
        field, value = place_of(request, departure)
        words = expected(self.site, request, departure)
        return Term(name=KINDS[departure.kind], bits=bits, field=field, value=value, expected=words, layer="entity")


def _put(memo: dict[_K, _V], key: _K, found: _V) -> None:
    """Remember; a full memory is begun anew."""
    if len(memo) >= _REMEMBERED:
        memo.clear()
    memo[key] = found


class WebRequests:
    """The model of requests to e-services."""

    name = "web-requests"
    columns: tuple[str, ...] = (
        "@timestamp", "source.ip", "url.domain", "service.name", "http.request.method", "url.path", "url.query",
        "http.request.body.content",
    )  # fmt: skip
    window = timedelta(minutes=5)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return each distinct request of each client in five minutes; `clients` asked for the like meanwhile."""
        events = events.filter(pa.array((coded(events, "url.path")[0] >= 0) & (times(events) >= 0)))
        if not events.num_rows:
            return empty_observations(_OWN)
        service = [
            name or domain
            for name, domain in zip(text_column(events, "service.name"), text_column(events, "url.domain"), strict=True)
        ]
        query = _queries(events)
        stamps = times(events)
        codes = [
            window_of(stamps, self.window),
            coded(events, "source.ip")[0],
            _codes(service),
            coded(events, "http.request.method")[0],
            coded(events, "url.path")[0],
            _codes(query),
        ]
        group, first = grouped(codes)
        names = [" ".join(sorted(pair.partition("=")[0] for pair in text.split("&"))) for text in query]
        paths = grouped([codes[0], codes[2], codes[4], _codes(names)])[0][first]
        askers = grouped([paths, codes[1][first]])
        clients = np.bincount(paths[askers[1]], minlength=int(paths.max()) + 1)[paths]
        ids: list[list[str]] = [[] for _ in first]
        for place, number in zip(group.tolist(), text_column(events, "event.id"), strict=True):
            ids[place].append(number)
        kept = first.tolist()
        source, method, path = (text_column(events, name) for name in ("source.ip", "http.request.method", "url.path"))
        return observations(
            time=stamps[first],
            entity=[source[row] for row in kept],
            events=ids,
            columns={
                "service": pa.array([service[row] for row in kept], type=pa.string()),
                "method": pa.array([method[row] for row in kept], type=pa.string()),
                "path": pa.array([path[row] for row in kept], type=pa.string()),
                "query": pa.array([query[row] for row in kept], type=pa.string()),
                "clients": pa.array(clients, type=pa.int64()),
            },
        )

    def fit(self, observations: pa.Table, *, seed: int) -> WebRequestsFitted:
        """Learn the site without suspects, and on parts of it that were held out what ordinary requests get."""
        counts = Counter(map(_request, _rows(observations)))
        if max(Counter(request.service for request in counts).values(), default=0) < _LEAST:
            raise NotEnoughDataError(
                f"{len(counts):,} distinct requests; {_LEAST} of one service are wanted", hint="kulla collect PATH"
            )
        left_out = suspects(counts, seed)
        taught = {request: count for request, count in counts.items() if request not in left_out}
        held = held_out(taught, taught, seed, folds=FINE_FOLDS)
        site = Site.of(taught).doubting(DOUBT) if left_out else Site.of(taught)
        return WebRequestsFitted.of(site, _gauges(held, len(left_out) // _LEFT_IN), len(left_out))

    def restore(self, content: Content) -> WebRequestsFitted:
        """Return the model of this content."""
        document = content.document
        try:
            gauges = {
                KINDS.index(kind): Gauge(steps=tuple(map(float, steps)), bits=tuple(map(float, bits)))
                for kind, (steps, bits) in document["gauges"].items()  # type: ignore[attr-defined] # refused below
            }
            return WebRequestsFitted.of(Site.from_json(document["site"]), gauges, int(str(document["doubted"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"this is no model of web requests ({error})", hint="kulla models train web-requests"
            ) from error

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return made-up requests to two services."""
        return sample_events(seed=seed, count=count)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return payloads in the site's own parameters, and probes of its own folders."""
        return attack_rows(normal, seed=seed)


def _rows(observations: pa.Table) -> list[Row]:
    texts = [text_column(observations, name) for name in ("service", "method", "path", "query")]
    return list(zip(*texts, numbers(observations, "clients").astype(np.int64).tolist(), strict=True))


def _request(row: Row) -> Request:
    return request_of(*row[:4])


def _queries(events: pa.Table) -> list[str]:
    """Return the query of each request, with the body where a log has one that is a form."""
    bodies = text_column(events, "http.request.body.content")
    queries = text_column(events, "url.query")
    return [
        "&".join(part for part in (query, body) if part) if "=" in body and body[:1] not in "{[<" else query
        for query, body in zip(queries, bodies, strict=True)
    ]


def _codes(texts: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    known: dict[str, int] = {}
    return np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)


def _gauges(held: Mapping[Request, Sequence[Departure]], doubted: int) -> dict[int, Gauge]:
    """Return the gauge of each kind of departure; of a parameter each distinct value counts once.

    The `doubted` largest of each kind count for nothing: they may be an attacker's that cleansing left in.
    """
    raws: dict[int, list[float]] = {kind: [0.0] for kind in range(len(KINDS))}
    seen: set[tuple[str, ...]] = set()
    for request, departures in held.items():
        cut = len(departures) - OF_VALUE * len(request.parameters)
        counted = list(departures[:cut])
        for place, (name, value) in enumerate(request.parameters):
            key = (request.service, request.path.whole, name, value)
            if key not in seen:
                seen.add(key)
                counted += departures[cut + OF_VALUE * place :][:OF_VALUE]
        for departure in counted:
            raws[departure.kind].append(departure.raw)
    return {kind: Gauge.of(sorted(every)[: max(1, len(every) - doubted)]) for kind, every in raws.items()}


MODEL = WebRequests()

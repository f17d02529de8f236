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
from typing import TypeAlias

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
from engine.anomaly.web.cleansing import DOUBT, FINE_FOLDS, held_out, suspects
from engine.anomaly.web.explaining import expected, place_of
from engine.anomaly.web.judging import Judge
from engine.anomaly.web.requests import Request, request_of
from engine.anomaly.web.samples import attack_rows, sample_events
from engine.anomaly.web.site import KINDS, Departure, Site
from engine.anomaly.web.values import OF_VALUE
from engine.anomaly.web.weighing import PATH, allowance_of, reassurance, strangest, weighed
from engine.errors import InputError

_OWN = {"service": pa.string(), "method": pa.string(), "path": pa.string(), "query": pa.string(), "clients": pa.int64()}
_LEAST = 100  # distinct requests of a service before it is judged
_LEFT_IN = 16  # suspects that are set aside, for each one that may be left among the rest
Row: TypeAlias = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRequestsFitted:
    """The site as it was, and what held-out ordinary requests got in each point."""

    site: Site
    gauges: Mapping[int, Gauge]
    judge: Judge
    doubted: int  # distinct training requests that taught nothing, see `engine.anomaly.web.cleansing`

    @classmethod
    def of(cls, site: Site, gauges: Mapping[int, Gauge], doubted: int) -> WebRequestsFitted:
        """Return the model of these parts."""
        return cls(site=site, gauges=gauges, judge=Judge(site, gauges), doubted=doubted)

    def score(self, observations: pa.Table) -> Scores:
        """Return scores; each distinct request is judged once."""
        rows = _rows(observations)
        ready = set(filter(self._knows, {row[0] for row in rows}))
        known = {row: self._value(row) if row[0] in ready else 0.0 for row in dict.fromkeys(rows)}
        values = np.fromiter(map(known.__getitem__, rows), np.float64, len(rows))
        states = np.where([row[0] in ready for row in rows], np.uint8(State.READY), np.uint8(State.LEARNING))
        return Scores(values=values, states=states)

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one request."""
        (asked,) = _rows(observations.slice(row, 1))
        clients = asked[-1]
        if not self._knows(asked[0]):
            return ()
        request = _request(asked)
        service, path = request.service, request.path
        names = [name for name, _ in request.parameters]
        causes = [
            self.site.structure(service, request.method, path, names),
            *(self.site.value(service, path, name, value) for name, value in request.parameters),
        ]
        bits = [[self.judge.read(departure) for departure in departures] for departures in causes]
        strange = [strangest(points) for points in bits]
        two = [(points[first], points[following]) for points, (first, following) in zip(bits, strange, strict=True)]
        found = weighed(two, allowance_of(sum(map(len, bits))))
        terms = [
            self._term(request, causes[cause][point], counts)
            for cause, *counted in found
            for point, counts in zip(strange[cause], counted, strict=True)
        ]
        new = math.fsum(first + following for cause, first, following in found if cause == PATH)
        many = reassurance(new, clients)
        terms.append(Term(name="asked for by many", bits=many, field="source.ip", value=str(clients)))
        return ordered(terms)

    def content(self) -> Content:
        """Return the site and the gauges."""
        gauges = {KINDS[kind]: [list(gauge.steps), list(gauge.bits)] for kind, gauge in sorted(self.gauges.items())}
        return Content(document={"site": self.site.to_json(), "gauges": gauges, "doubted": self.doubted})

    def _knows(self, service: str) -> bool:
        return self.site.requests.get(service, 0) >= _LEAST

    def _value(self, row: Row) -> float:
        service, method, path, query, clients = row
        new, bits = self.judge.counted(service, method, path, query)
        if clients > 1 and bits:
            bits = (*bits, reassurance(new, clients))
        return math.fsum(bits)

    def _term(self, request: Request, departure: Departure, bits: float) -> Term:
        field, value = place_of(request, departure)
        words = expected(self.site, request, departure)
        return Term(name=KINDS[departure.kind], bits=bits, field=field, value=value, expected=words, layer="entity")


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

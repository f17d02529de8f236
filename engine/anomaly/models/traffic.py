"""Traffic of e-services: drops, outages and surges, and what tells an attack from a crowd.

Threat: denial of service, a broken service that nobody reports, a redirect of citizens elsewhere. Data: access logs
(`service.name` or `url.domain`, else the host; `http.response.status_code`, `source.ip`), which are counted here, or
counts that a balancer made already (`event.kind` metric with `http.requests`, `http.failures`, `http.clients`). An
observation is one service in fifteen minutes, silent or not. Expected is what this quarter of an hour brought on
working days, or on days off; a surge whose clients grow with it, and whose requests succeed as ever, is a crowd, not
an attack.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.by_row import MOST_BITS, ByRow, Row, Tail, restored
from engine.anomaly.frame import ENTITY, Content, NotEnoughDataError, Term
from engine.anomaly.holidays import hour_cell
from engine.anomaly.shrinkage import tail_bits
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, numbers, times
from engine.anomaly.windows import Integers, cells, either, filled, matching

_OWN = {"requests": pa.int64(), "failures": pa.int64(), "clients": pa.int64()}
_SLOT = timedelta(minutes=15)
_SLOT_US = _SLOT // timedelta(microseconds=1)
_CELLS = 192  # quarters of an hour of a working day, then of a day off
_LEAST_SLOTS = 192
_LONGEST = 4 * 24  # quarters without a request that are filled in
_WORTH = 3.0  # days that neighbouring quarters are worth
_ODD, _NO_CROWD = 6.0, 18.0  # bits up to which clients and failures are those of a crowd, and from which they are not
_OWN_WAYS = 0.02  # variance of the log share of clients from one quarter to another
_FAILING = 3.0  # shape of the gamma of failures: they come in clumps
_CROWD = 0.85  # part of a surge's bits that a crowd takes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: expected requests by cell, how much they vary (the shape of a gamma), and its usual mix."""

    expected: tuple[float, ...]
    shape: float
    clients: float
    failures: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficFitted(ByRow):
    """Services, and how far ordinary quarters of an hour were above and below what was expected of them."""

    services: Mapping[str, Service]
    above: Tail
    below: Tail
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one service's quarter of an hour."""
        service = self.services.get(row.entity)
        if service is None:
            return None
        requests = row.number("requests")
        expected = service.expected[_cell(int(row.time.timestamp() * 1e6) - _SLOT_US)]
        departed = departure(requests, expected, service.shape)
        told = f"about {expected:.0f} at this hour"
        if departed <= 0:
            bits = self.below.bits(-departed)
            return [
                Term(name="fewer requests", bits=bits, field="http.requests", value=f"{requests:.0f}", expected=told)
            ]
        bits = self.above.bits(departed)
        surge = Term(name="more requests", bits=bits, field="http.requests", value=f"{requests:.0f}", expected=told)
        return [surge, *self._mix(row, service, bits)]

    def _mix(self, row: Row, service: Service, bits: float) -> list[Term]:
        few, failing = mix(row.number("requests"), row.number("clients"), row.number("failures"), service)
        found = [
            Term(name="few clients for so many requests", bits=few if few > 3 else 0.0, field="http.clients",
                 value=f"{row.number('clients'):.0f}", expected=f"{service.clients:.2f} clients a request"),
            Term(name="requests that fail", bits=failing if failing > 3 else 0.0, field="http.failures",
                 value=f"{row.number('failures'):.0f}", expected=f"{service.failures:.2%} fail"),
        ]  # fmt: skip
        like = min(1.0, (_NO_CROWD - max(few, failing)) / (_NO_CROWD - _ODD))
        if like > 0.0:
            back = -_CROWD * like * bits
            less = f"{row.number('clients'):.0f} clients, {row.number('failures'):.0f} failures"
            found.append(Term(name="a crowd, not an attack", bits=back, field="http.clients", value=less,
                              expected="clients and successes grow with the requests"))  # fmt: skip
        return found

    def content(self) -> Content:
        """Return all of it: what is expected as an array, the rest as JSON."""
        names = sorted(self.services)
        rest = {
            name: [self.services[name].shape, self.services[name].clients, self.services[name].failures]
            for name in names
        }
        return Content(
            document={
                "services": rest,
                "above": self.above.to_json(),
                "below": self.below.to_json(),
            },
            arrays={"expected": np.array([self.services[name].expected for name in names]).reshape(-1, _CELLS)},
        )


def departure(requests: float, expected: float, shape: float) -> float:
    """Return how far a count lies from the expected one: log ratio over its spread (Poisson and gamma together)."""
    ratio = math.log((requests + 1.0) / (expected + 1.0))
    return ratio / math.sqrt(1.0 / (expected + 1.0) + 1.0 / shape)


def mix(requests: float, clients: float, failures: float, service: Service) -> tuple[float, float]:
    """Return the bits of so few clients, and of so many failures, for this many requests of the service.

    Clients: a normal tail of the log ratio to what is usual. Failures: a negative binomial tail.
    """
    usual = requests * service.clients
    far = math.log((usual + 2.0) / (clients + 2.0)) / math.sqrt(1.0 / (usual + 2.0) + _OWN_WAYS)
    few = min(MOST_BITS, 0.72 * far * far) if far > 1.0 else 0.0
    mean = requests * service.failures
    return few, min(MOST_BITS, tail_bits(int(failures), mean, _FAILING)) if failures > mean else 0.0


def _cell(moment: int) -> int:
    quarter, hour = moment // _SLOT_US % 4, moment // 3_600_000_000
    place = hour_cell(hour)
    return (place % 24) * 4 + quarter + 96 * (place // 24)


def _made(document: Mapping[str, object], expected: NDArray[np.generic]) -> TrafficFitted:
    rest = cast("Mapping[str, Sequence[float]]", document["services"])
    if expected.shape != (len(rest), _CELLS):
        raise ValueError("a service has 192 cells")
    services = {
        str(name): Service(expected=tuple(map(float, profile)), shape=float(s), clients=float(c), failures=float(f))
        for (name, (s, c, f)), profile in zip(sorted(rest.items()), expected.tolist(), strict=True)
    }
    above, below = (Tail.from_json(document[name]) for name in ("above", "below"))
    return TrafficFitted(services=services, above=above, below=below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The kind of model; see the module. `lookback`: as in `engine.anomaly.models.silence`."""

    name: str = "traffic"
    columns: tuple[str, ...] = (
        *(
            "@timestamp",
            "event.kind",
            "event.dataset",
            "service.name",
            "url.domain",
            "host.name",
            "http.response.status_code",
            "source.ip",
        ),
        *("http.requests", "http.failures", "http.clients"),
    )
    window: timedelta = _SLOT
    lookback: timedelta = timedelta(hours=3)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each service and quarter of an hour, from its first request in the table to its end."""
        service, names = either(events, "service.name", "url.domain", "host.name", "event.dataset")
        counted = matching(events, "event.kind", ("metric",)) & ~np.isnan(numbers(events, "http.requests"))
        status = numbers(events, "http.response.status_code")
        keys = [np.where(counted | ~np.isnan(status), service, -1)]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        rows = found.rows
        client, _ = coded(events, "source.ip")
        requests = np.where(counted, numbers(events, "http.requests"), 1.0)[rows]
        failures = np.where(counted, numbers(events, "http.failures"), status >= 500)[rows]
        clients = found.sums(np.where(counted, numbers(events, "http.clients"), 0.0)[rows])
        clients += found.distinct(client[rows], ~counted[rows])
        values = np.stack([found.sums(requests), found.sums(failures.astype(np.float64)), clients]).astype(np.int64)
        return _filled(found.observations(entity=[names[code] for code in found.key[0].tolist()], columns={}), values)

    def fit(self, observations: pa.Table, *, seed: int) -> TrafficFitted:
        """Return what is expected of each service."""
        del seed
        moments = times(observations) - _SLOT_US
        if not len(moments) or (moments.max() - moments.min()) // _SLOT_US < _LEAST_SLOTS:
            raise NotEnoughDataError("less than two days of traffic; services are learned from at least two")
        code, names = coded(observations, ENTITY)
        values = [observations.column(name).to_numpy().astype(np.float64) for name in _OWN]
        known = {int(moment): _cell(int(moment)) for moment in np.unique(moments)}
        cell = np.array([known[moment] for moment in moments.tolist()], dtype=np.int64)
        services = _services(code, names, cell, values)
        return _tails(services, [names[place] for place in code.tolist()], cell, values[0])

    def restore(self, content: Content) -> TrafficFitted:
        """Return the model again."""
        return restored(content, lambda document: _made(document, content.arrays["expected"]))

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return counts of the simulated ministry's e-services."""
        return ordinary("traffic", seed=seed, days=6 if count >= 1000 else 1)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return quarters of an hour in which busy services are flooded by few, or answer hardly anybody."""
        del seed
        rows = sorted(normal.to_pylist(), key=lambda row: -row["requests"])[:40]
        for place, row in enumerate(rows):
            flooded = place % 2 == 0
            row |= {"requests": row["requests"] * 15 if flooded else row["requests"] // 30}
            row |= {"failures": row["requests"] // 3 if flooded else 0, "clients": row["clients"] if flooded else 1}
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _filled(table: pa.Table, values: NDArray[np.int64]) -> pa.Table:
    """Return the table with a row for every quarter without requests between a service's first one and the end."""
    code, _ = coded(table, ENTITY)
    own = times(table) // _SLOT_US
    slots, cell = filled(own, code, _LONGEST)
    order = np.lexsort((code[cell], slots))
    slots, cell = slots[order], cell[order]
    spoke = own[cell] == slots
    ends = pa.array(slots * _SLOT_US).cast(pa.timestamp("us", "UTC"))
    made = table.take(pa.array(cell)).set_column(0, "@timestamp", ends)
    for name, column in zip(_OWN, values, strict=True):
        made = made.append_column(name, pa.array(np.where(spoke, column[cell], 0)))
    return made


def _services(
    code: Integers, names: Sequence[str], cell: Integers, values: Sequence[NDArray[np.float64]]
) -> dict[str, Service]:
    size = len(names) * _CELLS
    requests = np.bincount(code * _CELLS + cell, weights=values[0], minlength=size).reshape(-1, _CELLS)
    slots = np.bincount(code * _CELLS + cell, minlength=size).reshape(-1, _CELLS)
    expected = np.zeros(requests.shape, dtype=np.float64)
    for low in (0, 96):
        part, seen = requests[:, low : low + 96], slots[:, low : low + 96]
        near = sum(np.roll(part, step, axis=1) for step in (-2, -1, 1, 2))
        near_seen = sum(np.roll(seen, step, axis=1) for step in (-2, -1, 1, 2))
        mean = (part.sum(axis=1, keepdims=True) + 0.5) / (seen.sum(axis=1, keepdims=True) + 1.0)
        above = (near + mean) / (near_seen + 1.0)
        expected[:, low : low + 96] = (part + _WORTH * above) / (seen + _WORTH)
    shape = _shapes(code, len(names), values[0], expected[code, cell])
    every = [np.bincount(code, weights=value, minlength=len(names)) for value in values]
    failures = (every[1] + 1.0) / (every[0] + 200.0)
    clients = (every[2] + 5.0) / (every[0] + 10.0)
    return {
        name: Service(
            expected=tuple(expected[place].tolist()),
            shape=float(shape[place]),
            clients=float(min(1.0, clients[place])),
            failures=float(failures[place]),
        )
        for place, name in enumerate(names)
    }


def _shapes(
    code: Integers, count: int, requests: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the shape of each service's gamma by moments: variance = mean + mean² / shape."""
    excess = np.bincount(code, weights=(requests - expected) ** 2 - expected, minlength=count)
    squares = np.bincount(code, weights=expected**2, minlength=count)
    return np.clip(squares / np.maximum(excess, 1e-9), 1.0, 200.0)


def _tails(
    services: Mapping[str, Service], names: Sequence[str], cell: Integers, requests: NDArray[np.float64]
) -> TrafficFitted:
    above, below = [0.0], [0.0]
    for name, place, count in zip(names, cell.tolist(), requests.tolist(), strict=True):
        departed = departure(count, services[name].expected[place], services[name].shape)
        (above if departed > 0 else below).append(abs(departed))
    return TrafficFitted(services=services, above=Tail.of(above), below=Tail.of(below))


MODEL = Traffic()

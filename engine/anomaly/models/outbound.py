"""Outbound volume: more bytes to a destination than such a destination gets from anybody, at this time.

Threat: theft of data, fast or slow. Data: connections with `source.ip`, `destination.ip` and `source.bytes` (Zeek's
conn, a firewall, NetFlow). An observation is what one host inside sent to one network outside (/24) within six hours,
if that is at least `_LEAST_BYTES`. The destination's class comes from the past: known to many, to few, to this host
alone, or to nobody; and so does how much hosts send to such a class during working hours and outside of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, Tail, learned, restored
from engine.anomaly.first_seen import MOST_PAIRS, most_common
from engine.anomaly.frame import Content, NotEnoughDataError, Term
from engine.anomaly.holidays import hour_cell
from engine.anomaly.networks import is_inside, is_single, near
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, numbers, times
from engine.anomaly.windows import Cells, Integers, cells

_OWN = {
    "destination": pa.string(),
    "bytes": pa.int64(),
    "flows": pa.int64(),
    "off_hours": pa.float64(),
    "periods": pa.int64(),
}
_LEAST_BYTES = 256_000
_LEAST_ROWS = 60
_NOBODY, _ONE, _FEW, _MANY = "nobody", "one", "few", "many"
_PAIRS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFitted(ByRow):
    """Hosts of each destination, volumes by class, and the most each regular pair sent (log2: mean and spread)."""

    hosts: Mapping[str, int]
    volumes: Mapping[str, Tail]
    classes: Mapping[str, float]
    pairs: Mapping[str, tuple[int, float, float]]
    again: Tail
    off_hours: float
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term]:
        """Return the terms of one pair's six hours."""
        destination, sent = row.text("destination"), row.number("bytes")
        regular = self.pairs.get(f"{row.entity}>{destination}")
        if regular is not None:
            return [self._own(sent, *regular)]
        known = self._class(destination)
        found = [
            Term(
                name="bytes sent",
                bits=self.volumes[known].bits(sent),
                field="source.bytes",
                value=f"{sent / 1e6:.1f} MB in {row.number('flows'):.0f} connections",
                expected=f"at most {self.volumes[known].steps[-1] / 1e6:.1f} MB to destinations known to {known}",
            ),
            Term(
                name="destination",
                bits=self.classes[known],
                field="destination.ip",
                value=destination,
                expected=f"known to {known}",
            ),
        ]
        if row.number("periods") > 1 and known in (_NOBODY, _ONE):
            found.append(
                Term(
                    name="comes again",
                    bits=self.again.bits(row.number("periods")),
                    field="destination.ip",
                    value=f"{row.number('periods'):.0f} periods of six hours within three days",
                    expected="few begin to send somewhere again and again",
                )
            )
        if row.number("off_hours") > 0.8:
            bits, value = self.off_hours, f"{row.number('off_hours'):.0%} outside of working hours"
            found.append(Term(name="at odd hours", bits=bits, field="@timestamp", value=value, expected="few do"))
        return found

    def _class(self, destination: str) -> str:
        count = self.hosts.get(destination, 0)
        return _NOBODY if not count else _ONE if count == 1 else _FEW if count <= 5 else _MANY

    @staticmethod
    def _own(sent: float, seen: int, mean: float, spread: float) -> Term:
        beyond = max(0.0, (math.log2(sent + 1.0) - mean) / spread)
        return Term(
            name="more than this pair ever sent",
            bits=min(40.0, 0.72 * beyond * beyond) if beyond > 1.0 else 0.0,
            field="source.bytes",
            value=f"{sent / 1e6:.1f} MB",
            expected=f"{2.0**mean / 1e6:.1f} MB in {seen} such periods",
            layer="entity",
        )

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "hosts": dict(self.hosts),
                "volumes": {name: tail.to_json() for name, tail in self.volumes.items()},
                "classes": dict(self.classes),
                "pairs": {name: list(values) for name, values in self.pairs.items()},
                "again": self.again.to_json(),
                "off_hours": self.off_hours,
            }
        )


def _made(document: Mapping[str, object]) -> OutboundFitted:
    pairs = cast("Mapping[str, Sequence[float]]", document["pairs"])
    return OutboundFitted(
        hosts={str(k): int(v) for k, v in cast("Mapping[str, int]", document["hosts"]).items()},
        volumes={str(k): Tail.from_json(v) for k, v in cast("Mapping[str, object]", document["volumes"]).items()},
        classes={str(k): float(v) for k, v in cast("Mapping[str, float]", document["classes"]).items()},
        pairs={str(k): (int(v[0]), float(v[1]), float(v[2])) for k, v in pairs.items()},
        again=Tail.from_json(document["again"]),
        off_hours=float(cast("float", document["off_hours"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """The kind of model; see the module."""

    name: str = "outbound"
    columns: tuple[str, ...] = ("@timestamp", "source.ip", "destination.ip", "source.bytes")
    window: timedelta = timedelta(hours=6)
    lookback: timedelta = timedelta(days=3)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each host inside and network outside with enough bytes in six hours."""
        source, sources = coded(events, "source.ip")
        target, targets = coded(events, "destination.ip")
        inside = np.array([*(is_inside(value) and is_single(value) for value in sources), False])
        outside = np.array([*(is_single(value) and not is_inside(value) for value in targets), False])
        network, networks = _networks(target, targets)
        sent = numbers(events, "source.bytes")
        moments = times(events)
        keys = [np.where(inside[source] & outside[target] & (sent >= 0), source, -1), network]
        found = cells(events, moments=moments, keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        found = found.only(found.sums(sent[found.rows]) >= _LEAST_BYTES)
        if not len(found):
            return empty_observations(_OWN)
        hours = moments[found.rows] // 3_600_000_000
        odd = {int(hour): not 7 <= hour_cell(int(hour)) < 19 for hour in np.unique(hours)}
        late = np.array([odd[hour] for hour in hours.tolist()], dtype=bool)
        total = found.sums(sent[found.rows])
        columns = {
            "destination": pa.array([networks[code] for code in found.key[1].tolist()]),
            "bytes": pa.array(total.astype(np.int64)),
            "flows": pa.array(found.counts()),
            "off_hours": pa.array(found.sums(np.where(late, sent[found.rows], 0.0)) / total),
            "periods": pa.array(_periods(found, self.window, self.lookback)),
        }
        return found.observations(entity=[sources[code] for code in found.key[0].tolist()], columns=columns)

    def fit(self, observations: pa.Table, *, seed: int) -> OutboundFitted:
        """Return what hosts sent where."""
        del seed
        if observations.num_rows < _LEAST_ROWS:
            raise NotEnoughDataError(f"{observations.num_rows} larger transfers, {_LEAST_ROWS} are wanted")
        rows = learned(observations)
        volumes: dict[str, list[float]] = {name: [] for name in (_NOBODY, _ONE, _FEW, _MANY)}
        hosts: dict[str, set[str]] = {}
        pairs: dict[str, list[float]] = {}
        classes = dict.fromkeys(volumes, 0)
        for place, row in enumerate(rows):
            own = hosts.setdefault(row.text("destination"), set())
            known = _NOBODY if not own else _ONE if len(own) == 1 else _FEW if len(own) <= 5 else _MANY
            pair = pairs.setdefault(f"{row.entity}>{row.text('destination')}", [])
            if not pair or place * 2 < len(rows):
                volumes[known].append(row.number("bytes"))
            classes[known] += place * 2 >= len(rows)
            pair.append(math.log2(row.number("bytes") + 1.0))
            own.add(row.entity)
        every = [row.number("bytes") for row in rows]
        counted = sum(classes.values())
        odd = sum(row.number("off_hours") > 0.8 for row in rows)
        return OutboundFitted(
            hosts=most_common({name: len(own) for name, own in hosts.items()}, MOST_PAIRS),
            volumes={name: Tail.of(values if len(values) >= 20 else every) for name, values in volumes.items()},
            classes={name: -math.log2((count + 1.0) / (counted + 4.0)) for name, count in classes.items()},
            pairs=_regular(pairs),
            again=Tail.of(_begun(rows)),
            off_hours=-math.log2((odd + 1.0) / (len(rows) + 2.0)),
        )

    def restore(self, content: Content) -> OutboundFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return connections of the simulated ministry."""
        return ordinary("flows", seed=seed, days=10 if count >= 1000 else 3, scale=0.05)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return periods in which hosts send a great deal to a network that nobody knows, mostly at night."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            row |= {
                "destination": f"45.{rng.integers(250)}.{rng.integers(250)}.0/24",
                "off_hours": 1.0,
                "flows": 60,
                "periods": 4,
            }
            row["bytes"] = int(rng.integers(200_000_000, 900_000_000))
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _networks(codes: Integers, values: Sequence[str]) -> tuple[Integers, list[str]]:
    made = [near(value) for value in values]
    place = {value: number for number, value in enumerate(dict.fromkeys(made))}
    return np.array([*(place[value] for value in made), -1], dtype=np.int64)[codes], list(place)


def _periods(found: Cells, window: timedelta, lookback: timedelta) -> Integers:
    """Return how many windows each pair had within the look back, this one included."""
    slot = found.end // (window // timedelta(microseconds=1))
    pair = found.key[0] * (int(found.key[1].max()) + 1) + found.key[1]
    span = int(slot.max() - slot.min()) + lookback // window + 2
    moments = np.unique(pair, return_inverse=True)[1].ravel() * span + slot - slot.min() + lookback // window
    ascending = np.sort(moments)
    first = np.searchsorted(ascending, moments - lookback // window, side="right")
    return np.asarray(np.searchsorted(ascending, moments, side="right") - first, dtype=np.int64)


def _begun(rows: Sequence[Row]) -> list[float]:
    """Return how often pairs came within three days of their first time, in the later two thirds of the rows."""
    found: dict[str, float] = {}
    old: set[str] = set()
    begun: dict[str, float] = {}
    for place, row in enumerate(rows):
        pair = f"{row.entity}>{row.text('destination')}"
        if place * 3 < len(rows):
            old.add(pair)
        elif pair not in old:
            begun.setdefault(pair, row.time.timestamp())
            if row.time.timestamp() - begun[pair] <= 3 * 86_400:
                found[pair] = max(found.get(pair, 0.0), row.number("periods"))
    return [*found.values(), 1.0]


def _regular(pairs: Mapping[str, Sequence[float]]) -> dict[str, tuple[int, float, float]]:
    """Return the pairs with at least five periods: how many, mean and spread of the volume's log2."""
    found: dict[str, tuple[int, float, float]] = {}
    for name, logs in sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))[:_PAIRS]:
        if len(logs) >= 5:
            mean = math.fsum(logs) / len(logs)
            spread = math.sqrt(math.fsum((value - mean) ** 2 for value in logs) / (len(logs) - 1))
            found[name] = (len(logs), mean, max(0.5, spread))
    return dict(sorted(found.items()))


MODEL = Outbound()

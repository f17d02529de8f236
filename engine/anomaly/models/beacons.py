"""Beacons: a machine that calls one destination again and again, evenly, around the clock, and nobody else does.

Threat: programs that ask their owner for orders (ATT&CK T1071, T1029). Data: connections with source and destination
(flows, a proxy, a firewall, Zeek). An observation is one pair of them in a day with at least eight calls. Evenness
alone cannot tell a beacon from an updater, so how many machines call the destination, and whether it was ever called
before, are in the score. Evenness is that of gaps folded by the period, so that lost calls do not hide it; the four
sub-scores of RITA (activecm) were the starting point, the terms are log-likelihood ratios.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import numpy as np
import pyarrow as pa

from engine.anomaly.calls import call_events
from engine.anomaly.frame import ENTITY, TIME, Content, NotEnoughDataError, Scores, State, Term, ordered, total
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
from engine.errors import InputError

_NUMBERS = pa.list_(pa.float64())
_OWN = {"destination": pa.string(), "gaps": _NUMBERS, "sizes": _NUMBERS, "hours": pa.int64(), "machines": pa.int64()}
_KINDS = ("even gaps", "around the clock", "even sizes")
_LEAST_CALLS = 8
_MOST_GAPS = 400
_LEAST = 100  # pairs
_MOST_DESTINATIONS = 100_000
_MOST_BITS = 8.0  # of prevalence and of first sight, either way
_BEACON_IS_KNOWN = 0.02  # chance that a beacon's destination was called before it
_EVEN_ENOUGH = 0.01  # relative deviation that counts as perfect


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconsFitted:
    """Machines of each known destination, how machines are spread, and how often a destination is new."""

    destinations: Mapping[str, int]
    spread: Mapping[int, float]
    new: float

    def score(self, observations: pa.Table) -> Scores:
        """Return the score of each pair in a day."""
        values = [total(self._terms(row)) for row in _rows(observations)]
        states = np.full(observations.num_rows, State.READY, dtype=np.uint8)
        return Scores(values=np.array(values, dtype=np.float64), states=states)

    def explain(self, observations: pa.Table, row: int) -> Sequence[Term]:
        """Return the terms of one pair."""
        (found,) = _rows(observations.slice(row, 1))
        return ordered(self._terms(found))

    def content(self) -> Content:
        """Return what was learned."""
        return Content(
            document={
                "destinations": dict(self.destinations),
                "spread": {str(machines): share for machines, share in self.spread.items()},
                "new": self.new,
            }
        )

    def _terms(self, row: Mapping[str, object]) -> list[Term]:
        destination, machines = str(row["destination"]), int(str(row["machines"]))
        field = "destination.domain"
        raws = _raws(row)
        gaps = row["gaps"]
        period = f"{median(gaps):.0f} s between calls" if isinstance(gaps, list) and gaps else ""
        terms = [
            Term(name=name, bits=raw, field=field, value=destination, expected=period)
            for name, raw in zip(_KINDS, raws, strict=True)
        ]
        before = self.destinations.get(destination, 0)
        words = f"called by {before} machines before" if before else "never called before"
        terms.append(
            Term(name="first seen", bits=self._first_seen(before), field=field, value=destination, expected=words)
        )
        words = f"{machines} machines call it that day"
        terms.append(
            Term(name="few machines", bits=self._few(machines), field=field, value=destination, expected=words)
        )
        return terms

    def _first_seen(self, before: int) -> float:
        ratio = _BEACON_IS_KNOWN / (1.0 - self.new) if before else (1.0 - _BEACON_IS_KNOWN) / self.new
        return _clipped(math.log2(ratio))

    def _few(self, machines: int) -> float:
        step = min(machines, max(self.spread))
        return _clipped(-float(min(machines, 60)) - math.log2(self.spread.get(step, min(self.spread.values()))))


class Beacons:
    """The model of beacons."""

    name = "beacons"
    columns = ("@timestamp", "source.ip", "destination.ip", "destination.domain", "source.bytes")
    window = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return each source and destination with enough calls in a day."""
        domains, addresses = text_column(events, "destination.domain"), text_column(events, "destination.ip")
        destination = [domain or address for domain, address in zip(domains, addresses, strict=True)]
        source, stamps = coded(events, "source.ip")[0], times(events)
        usable = np.array([bool(name) for name in destination], dtype=bool) & (source >= 0) & (stamps >= 0)
        if not usable.any():
            return empty_observations(_OWN)
        places = np.flatnonzero(usable)[np.argsort(stamps[usable], kind="stable")]
        number: dict[str, int] = {}
        target = np.array([number.setdefault(destination[place], len(number)) for place in places.tolist()])
        day = window_of(stamps[places], self.window)
        group, first = grouped([day, source[places], target])
        machines = np.bincount(grouped([day[first], target[first]])[0])[grouped([day[first], target[first]])[0]]
        members: list[list[int]] = [[] for _ in first]
        for place, row in zip(group.tolist(), places.tolist(), strict=True):
            members[place].append(row)
        kept = [place for place, rows in enumerate(members) if len(rows) >= _LEAST_CALLS]
        return self._table(events, destination, [members[place] for place in kept], machines[kept])

    def _table(
        self,
        events: pa.Table,
        destination: Sequence[str],
        members: Sequence[Sequence[int]],
        machines: np.ndarray[tuple[int], np.dtype[np.int64]],
    ) -> pa.Table:
        if not members:
            return empty_observations(_OWN)
        stamps, sizes = times(events), numbers(events, "source.bytes")
        sources, ids = text_column(events, "source.ip"), text_column(events, "event.id")
        step = int(self.window.total_seconds() * 1_000_000)
        gaps = [(np.diff(stamps[list(rows)])[:_MOST_GAPS] / 1e6).tolist() for rows in members]
        known = [[size for size in sizes[list(rows)].tolist() if not math.isnan(size)][:_MOST_GAPS] for rows in members]
        hours = [len(set((stamps[list(rows)] // 3_600_000_000 % 24).tolist())) for rows in members]
        return observations(
            time=np.array([(int(stamps[rows[0]]) // step + 1) * step - 1 for rows in members], dtype=np.int64),
            entity=[sources[rows[0]] for rows in members],
            events=[[ids[row] for row in rows[:20]] for rows in members],
            columns={
                "destination": pa.array([destination[rows[0]] for rows in members], type=pa.string()),
                "gaps": pa.array(gaps, type=_NUMBERS),
                "sizes": pa.array(known, type=_NUMBERS),
                "hours": pa.array(hours, type=pa.int64()),
                "machines": pa.array(machines, type=pa.int64()),
            },
        )

    def fit(self, observations: pa.Table, *, seed: int) -> BeaconsFitted:
        """Learn which destinations there are, how many machines call one, and how often a new one comes."""
        del seed  # nothing is drawn
        if observations.num_rows < _LEAST:
            raise NotEnoughDataError(f"{observations.num_rows} pairs; {_LEAST} are wanted", hint="kulla collect PATH")
        rows = _rows(observations)
        machines = {(str(row["destination"]), str(row[TIME])): int(str(row["machines"])) for row in rows}
        counts: Counter[str] = Counter()
        for (destination, _), number in machines.items():
            counts[destination] = max(counts[destination], number)
        spread = Counter(int(str(row["machines"])) for row in rows)
        return BeaconsFitted(
            destinations=dict(counts.most_common(_MOST_DESTINATIONS)),
            spread={number: (spread[number] + 1) / (len(rows) + 2) for number in sorted(spread)},
            new=_share_of_new(rows),
        )

    def restore(self, content: Content) -> BeaconsFitted:
        """Return the model of this content."""
        kept = dict(content.document)
        try:
            return BeaconsFitted(
                destinations={str(name): int(number) for name, number in kept["destinations"].items()},  # type: ignore[attr-defined] # refused below
                spread={int(number): float(share) for number, share in kept["spread"].items()},  # type: ignore[attr-defined] # refused below
                new=float(str(kept["new"])),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"this is no model of beacons ({error})", hint="kulla models train beacons") from error

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return a day of made-up calls of the same machines; there are more of these for a larger `count`."""
        return call_events(seed=1, machines=max(40, count // 25), days=1, first_day=seed)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return the same machines calling a destination of their own, evenly, by day and night."""
        chance = np.random.default_rng(seed)
        rows = normal.slice(0, 40)
        gaps = [(300 * (1 + 0.2 * chance.uniform(-1, 1, 287))).tolist() for _ in range(rows.num_rows)]
        made = {
            "destination": pa.array([f"c2-{number}.example" for number in range(rows.num_rows)], type=pa.string()),
            "gaps": pa.array(gaps, type=_NUMBERS),
            "hours": pa.array([24] * rows.num_rows, type=pa.int64()),
            "machines": pa.array([1] * rows.num_rows, type=pa.int64()),
        }
        for name, column in made.items():
            rows = rows.set_column(rows.schema.get_field_index(name), name, column)
        return rows


def _rows(table: pa.Table) -> list[dict[str, object]]:
    found: list[dict[str, object]] = table.select([TIME, ENTITY, *_OWN]).to_pylist()
    return found


def _raws(row: Mapping[str, object]) -> tuple[float, float, float]:
    gaps, sizes, hours = row["gaps"], row["sizes"], int(str(row["hours"]))
    return (
        folded_evenness(gaps if isinstance(gaps, list) else []),
        -math.log2(1.02 - around_the_clock(gaps if isinstance(gaps, list) else [], hours)),
        evenness(sizes if isinstance(sizes, list) else []),
    )


def around_the_clock(gaps: Sequence[float], hours: int) -> float:
    """Return the part of the day that calls fill, 0 to 1: of what so few calls could fill where their times were even.

    Twenty calls that come by day and night touch fourteen of its hours, and nearly all of it lies between the first and
    the last; as many in office hours do not reach beyond them.
    """
    calls = len(gaps) + 1
    filled = hours / (24.0 * (1.0 - (23.0 / 24.0) ** calls))
    if len(gaps) < 2 or len(gaps) >= _MOST_GAPS:  # the gaps that were kept do not tell how long the day was
        return min(1.0, filled, hours / 24.0)
    return min(1.0, filled, math.fsum(gaps) / 86_400.0 * (calls + 1) / (calls - 1))


def folded_evenness(gaps: Sequence[float]) -> float:
    """Return how even gaps are in bits, each divided by the number of periods it spans (lost calls make long ones)."""
    positive = [gap for gap in gaps if gap > 0.5]
    if len(positive) < _LEAST_CALLS - 1:
        return 0.0
    period = median(positive)
    best = 0.0
    for part in (1.0, 2.0, 3.0):
        base = period / part
        folded = [gap / max(1, round(gap / base)) for gap in positive]
        best = max(best, evenness(folded) - math.log2(part) * 1.5)  # a shorter period fits anything
    return best


def evenness(values: Sequence[float]) -> float:
    """Return -log2 of the mean relative deviation from the median: 0 for none, 6.6 for perfectly even values."""
    if len(values) < _LEAST_CALLS - 1:
        return 0.0
    middle = median(values)
    if middle <= 0.0:
        return 0.0
    deviation = math.fsum(abs(value - middle) for value in values) / len(values) / middle
    return max(0.0, -math.log2(deviation + _EVEN_ENOUGH))


def _share_of_new(rows: Sequence[Mapping[str, object]]) -> float:
    """Return the share of pairs of the later half whose destination the earlier half did not know."""
    half = len(rows) // 2
    known = {row["destination"] for row in rows[:half]}
    fresh = sum(row["destination"] not in known for row in rows[half:])
    return (fresh + 1) / (len(rows) - half + 2)


def _clipped(bits: float) -> float:
    return max(-_MOST_BITS, min(_MOST_BITS, bits))


MODEL = Beacons()

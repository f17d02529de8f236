"""A log source gone silent: no event for longer than this source, at these hours, ever was without one.

Threat: a stopped forwarder, a cleared or switched off log, a lost host. Data: any events with `host.name` (else
`observer.name`) and `event.dataset`. An observation is one source in ten minutes, silent or not. How long a silence is
depends on the hour: it is measured in events that this source's hours would have brought (the time-rescaling theorem:
Brown et al., "The time-rescaling theorem and its application to neural spike train data analysis", 2002), and these
are held against the longest silences that sources had.
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

from engine.anomaly.by_row import ByRow, Row, Tail, restored
from engine.anomaly.frame import ENTITY, PEER, Content, NotEnoughDataError, Term
from engine.anomaly.holidays import hour_cell
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Cells, Integers, cells, combined, either, filled

_OWN = {"last": pa.int64()}
SLOT = timedelta(minutes=10)
_SLOT_US = SLOT // timedelta(microseconds=1)
_LONGEST = 72 * 6  # slots of a silence that are looked at
_HOURS = 48  # cells of a source's profile: the hours of a working day, then of a day off
_STRENGTH = 12.0  # slots that a dataset's profile is worth
_LEAST_SLOTS = 144
_ANYWHERE = "any host"  # of sources whose log does not say where it was written


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceFitted(ByRow):
    """For each source the expected events of a slot by cell (in units in which one means 63 % of slots speak)."""

    expected: Mapping[str, tuple[float, ...]]
    silences: Tail
    longest: Mapping[str, tuple[float, ...]]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one source's slot: nothing while it speaks."""
        profile = self.expected.get(row.entity)
        if profile is None:
            return None
        end = int(row.time.timestamp()) // 600
        last = int(row.number("last")) // _SLOT_US + 1
        if end <= last:
            return []
        missed = _missed(profile, last, end)
        bits = self.silences.bits(missed)
        minutes = (end - last) * 10
        found = [
            Term(
                name="silence",
                bits=bits,
                field="event.dataset",
                value=f"nothing for {minutes} minutes or longer",
                expected=f"{missed:.1f} usual waits; the longest of all was {self.silences.steps[-1]:.1f}",
            )
        ]
        before = [longest for longest in self.longest[row.entity] if longest >= missed]
        if before:
            found.append(
                Term(
                    name="this source was as silent before",
                    bits=-min(bits, 3.0 * len(before)),
                    field="event.dataset",
                    value=f"{len(before)} times",
                    expected=f"its longest waits: {', '.join(f'{value:.1f}' for value in self.longest[row.entity])}",
                    layer="entity",
                )
            )
        return found

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "expected": {name: list(profile) for name, profile in self.expected.items()},
                "silences": self.silences.to_json(),
                "longest": {name: list(values) for name, values in self.longest.items()},
            }
        )


def _missed(profile: Sequence[float], last: int, end: int) -> float:
    """Return how many events the slots from `last` to before `end` would have brought."""
    first = max(last, end - _LONGEST)
    parts: list[float] = []
    while first < end:
        hour = first // 6
        after = min(end, hour * 6 + 6)
        parts.append((after - first) * profile[hour_cell(hour)])
        first = after
    return min(1e6, math.fsum(parts))


def _made(document: Mapping[str, object]) -> SilenceFitted:
    expected = cast("Mapping[str, Sequence[float]]", document["expected"])
    longest = cast("Mapping[str, Sequence[float]]", document["longest"])
    if any(len(profile) != _HOURS for profile in expected.values()):
        raise ValueError("a profile has 48 cells")
    return SilenceFitted(
        expected={str(name): tuple(map(float, profile)) for name, profile in expected.items()},
        silences=Tail.from_json(document["silences"]),
        longest={str(name): tuple(map(float, longest[name])) for name in expected},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """The kind of model; see the module.

    `lookback` is how much of the past `observe` should be given with new events, so that sources are still in the
    table when they are silent.
    """

    name: str = "silence"
    columns: tuple[str, ...] = ("@timestamp", "event.dataset", "host.name", "observer.name")
    window: timedelta = SLOT
    lookback: timedelta = timedelta(days=3)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each source and slot, from its first event in the table to the table's end."""
        host, hosts = either(events, "host.name", "observer.name")
        place = np.where(host < 0, len(hosts), host)
        source = combined((place, [*hosts, _ANYWHERE]), coded(events, "event.dataset"), mark="|")
        found = cells(events, moments=times(events), keys=[source[0]], window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        slots, cell = filled(found.end // _SLOT_US, found.key[0], _LONGEST)
        order = np.lexsort((found.key[0][cell], slots))
        slots, cell = slots[order], cell[order]
        table = found.observations(entity=[source[1][code] for code in found.key[0].tolist()], columns={})
        taken = table.take(pa.array(cell))
        ends = pa.array(slots * _SLOT_US).cast(pa.timestamp("us", "UTC"))
        latest = _latest(found, times(events))[cell]
        datasets = [name.rpartition("|")[2] for name in source[1]]
        taken = taken.set_column(0, "@timestamp", ends).append_column("last", pa.array(latest))
        return taken.set_column(2, PEER, pa.array([datasets[row] for row in found.key[0][cell].tolist()], pa.string()))

    def fit(self, observations: pa.Table, *, seed: int) -> SilenceFitted:
        """Return the profile of each source, and the longest silences."""
        del seed
        source, names = coded(observations, ENTITY)
        peer, peers = coded(observations, PEER)
        ends = times(observations) // _SLOT_US
        if not len(ends) or ends.max() - ends.min() < _LEAST_SLOTS:
            raise NotEnoughDataError("less than a day of events; sources are learned from at least one")
        last = observations.column("last").to_numpy() // _SLOT_US + 1
        speaks = (last >= ends).astype(np.float64)
        cell = np.array([hour_cell(int(hour)) for hour in range(int(ends.min()) // 6 - 1, int(ends.max()) // 6 + 1)])
        cell = cell[(ends - 1) // 6 - (int(ends.min()) // 6 - 1)]
        profiles = _profiles(source, peer, cell, speaks, (len(names), len(peers)))
        expected = {name: tuple(profile) for name, profile in zip(names, profiles.tolist(), strict=True)}
        silences, longest = _silences(expected, names, (source, last, ends))
        return SilenceFitted(expected=expected, silences=Tail.of(silences), longest=longest)

    def restore(self, content: Content) -> SilenceFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return which sources of the simulated ministry spoke when."""
        return ordinary("sources", seed=seed, days=5 if count >= 1000 else 1)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return slots in which sources that speak all the time have been silent for six hours."""
        del seed
        counted = normal.group_by(ENTITY).aggregate([("last", "count_distinct")])
        talkative = counted.sort_by([("last_count_distinct", "descending"), (ENTITY, "ascending")])
        names = set(talkative.column(ENTITY).to_pylist()[:8])
        rows = [row for row in normal.to_pylist() if row[ENTITY] in names][-40:]
        for row in rows:
            row["last"] -= 6 * 3_600_000_000
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _latest(found: Cells, moments: Integers) -> Integers:
    latest = np.zeros(len(found), dtype=np.int64)
    np.maximum.at(latest, found.group, moments[found.rows])
    return latest


def _profiles(
    source: Integers, peer: Integers, cell: Integers, speaks: NDArray[np.float64], sizes: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the expected events of a slot, by source and cell, leaning on its dataset's day."""
    count, peers = sizes
    spoke = np.bincount(source * _HOURS + cell, weights=speaks, minlength=count * _HOURS).reshape(count, _HOURS)
    slots = np.bincount(source * _HOURS + cell, minlength=count * _HOURS).reshape(count, _HOURS)
    of_peer = np.bincount(peer * _HOURS + cell, weights=speaks, minlength=peers * _HOURS).reshape(peers, _HOURS)
    all_peer = np.bincount(peer * _HOURS + cell, minlength=peers * _HOURS).reshape(peers, _HOURS)
    shape = (of_peer + 0.5) / (all_peer + 1.0)
    group = np.zeros(count, dtype=np.int64)
    group[source] = peer
    mean = (spoke.sum(axis=1) + 0.5) / (slots.sum(axis=1) + 1.0)
    usual = (shape[group] * slots).sum(axis=1) / np.maximum(1, slots.sum(axis=1))
    above = np.clip(shape[group] * (mean / np.maximum(usual, 1e-6))[:, None], 0.0, 0.999)
    chance = (spoke + _STRENGTH * above) / (slots + _STRENGTH)
    return np.asarray(-np.log(1.0 - np.clip(chance, 1e-4, 0.995)), dtype=np.float64)


def _silences(
    expected: Mapping[str, Sequence[float]], names: Sequence[str], rows: tuple[Integers, Integers, Integers]
) -> tuple[list[float], dict[str, tuple[float, ...]]]:
    """Return the length of every silence of the training, and the five longest of each source."""
    source, last, ends = rows
    silent = np.flatnonzero(ends > last)
    order = silent[np.lexsort((ends[silent], last[silent], source[silent]))]
    final = np.ones(len(order), dtype=bool)  # the last slot of each silence
    final[:-1] = (np.diff(source[order]) != 0) | (np.diff(last[order]) != 0)
    found: dict[str, list[float]] = {name: [] for name in names}
    every: list[float] = []
    for place in order[final].tolist():
        name = names[int(source[place])]
        missed = _missed(expected[name], int(last[place]), int(ends[place]))
        found[name].append(missed)
        every.append(missed)
    every.extend(0.0 for _ in range(len(ends) - len(order)))
    return every, {name: tuple(sorted(values, reverse=True)[:5]) for name, values in found.items()}


MODEL = Silence()

"""Answer times of e-services: a service answers far slower, or far faster, than it did in the last two days.

Threat: denial of service by requests that cost much (which leave traffic as it was), a machine that mines for others,
a broken service that fails at once. Data: access logs with `event.duration` (nanoseconds) and `service.name` or
`url.domain`, else the host. An observation is one service in ten minutes: the median of its answers, and those of the
windows before it. How far it departs from its own past is told by `engine.anomaly.series`, and how rare such a
departure is by what services here had in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.by_row import ByRow, Row, Tail, restored
from engine.anomaly.frame import ENTITY, Content, NotEnoughDataError, Term
from engine.anomaly.series import LEAST, departure
from engine.anomaly.tables import INSTANT, empty_observations, numbers, times
from engine.anomaly.windows import Cells, cells, either

_OWN = {"median": pa.float64(), "past": pa.list_(pa.float64())}
_WINDOW = timedelta(minutes=10)
_LOOKBACK = timedelta(days=2)
_ANSWERS = 5  # in a window, before it has a median
_LEAST_WINDOWS = 30  # that can be judged, to learn from
_LARGEST = 5  # departures of a service that are remembered
_REASSURING = 3.0  # bits for each time that a service departed as far before
_MILLISECOND = 1e6  # nanoseconds
_START = 1_780_000_200_000_000  # microseconds since 1970, of made-up life


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTimesFitted(ByRow):
    """How far services departed from their own past in ordinary life: all of them, and the farthest of each."""

    departures: Tail
    farthest: Mapping[str, tuple[float, ...]]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one service in ten minutes; None where too little of its past is known."""
        past = row.numbers("past")
        if len(past) < LEAST:
            return None
        departed = _departed(past, row.number("median"))
        bits = self.departures.bits(departed)
        usual = float(np.median(past))
        what = "answers slower" if row.number("median") >= usual else "answers faster"
        shown = f"{row.number('median'):.1f} ms"
        expected = f"{usual:.1f} ms in the middle of {len(past)} windows before"
        found = [Term(name=what, bits=bits, field="event.duration", value=shown, expected=expected, layer="entity")]
        before = [far for far in self.farthest.get(row.entity, ()) if far >= departed]
        if before:
            told = f"{len(before)} times or more"
            less = -min(bits, _REASSURING * len(before))
            found.append(
                Term(name="this service departed as far before", bits=less, field="event.duration", value=told)
            )
        return found

    def content(self) -> Content:
        """Return all of it as JSON."""
        farthest = {name: list(values) for name, values in self.farthest.items()}
        return Content(document={"departures": self.departures.to_json(), "farthest": farthest})


def _departed(past: Sequence[float], median: float) -> float:
    return departure([*past, median])


def _made(document: Mapping[str, object]) -> AnswerTimesFitted:
    farthest = cast("Mapping[str, Sequence[float]]", document["farthest"])
    return AnswerTimesFitted(
        departures=Tail.from_json(document["departures"]),
        farthest={str(name): tuple(map(float, values)) for name, values in farthest.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTimes:
    """The kind of model; see the module. `lookback`: as in `engine.anomaly.models.silence`."""

    name: str = "answer-times"
    columns: tuple[str, ...] = ("@timestamp", "service.name", "url.domain", "host.name", "event.duration")
    window: timedelta = _WINDOW
    lookback: timedelta = _LOOKBACK

    def observe(self, events: pa.Table) -> pa.Table:
        """Return each service in each ten minutes with answers enough, and its medians of two days before."""
        service, names = either(events, "service.name", "url.domain", "host.name")
        duration = numbers(events, "event.duration")
        found = cells(events, moments=times(events), keys=[np.where(duration >= 0, service, -1)], window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        medians = _medians(found, duration / _MILLISECOND)
        entity = [names[code] for code in found.key[0].tolist()]
        past = _pasts(found, medians)
        columns = {"median": pa.array(medians), "past": pa.array(past, type=_OWN["past"])}
        table = found.observations(entity=entity, columns=columns)
        return table.filter(pa.array(~np.isnan(table.column("median").to_numpy())))

    def fit(self, observations: pa.Table, *, seed: int) -> AnswerTimesFitted:
        """Return how far services departed."""
        del seed
        columns = (observations.column(name).to_pylist() for name in (ENTITY, "past", "median"))
        far = [
            (name, _departed(past, median)) for name, past, median in zip(*columns, strict=True) if len(past) >= LEAST
        ]
        if len(far) < _LEAST_WINDOWS:
            raise NotEnoughDataError(f"{len(far)} windows with a past; {_LEAST_WINDOWS} are wanted")
        of_service: dict[str, list[float]] = {}
        for name, departed in far:
            of_service.setdefault(name, []).append(departed)
        farthest = {
            name: tuple(sorted((value for value in values if value > 0), reverse=True)[:_LARGEST])
            for name, values in sorted(of_service.items())
        }
        return AnswerTimesFitted(departures=Tail.of(departed for _, departed in far), farthest=farthest)

    def restore(self, content: Content) -> AnswerTimesFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return so many made-up answers of two services, some seven of each in ten minutes."""
        chance = np.random.default_rng(seed)
        span = count // 14 * (_WINDOW // timedelta(microseconds=1))
        moments = _START + np.sort(chance.integers(0, max(span, 1), count))
        durations = chance.lognormal(mean=np.log(80.0), sigma=0.4, size=count) * _MILLISECOND
        return pa.table(
            {
                "event.id": [f"answer-{seed}-{number}" for number in range(count)],
                "@timestamp": pa.array(moments).cast(INSTANT),
                "service.name": [("tax", "registry")[number] for number in chance.integers(0, 2, count).tolist()],
                "event.duration": pa.array(durations.astype(np.int64)),
            }
        )

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return the same services answering thirty times slower."""
        del seed
        rows = [row | {"median": 30.0 * row["median"]} for row in normal.to_pylist() if len(row["past"]) >= LEAST]
        return pa.Table.from_pylist(rows[:40], schema=normal.schema)


def _medians(found: Cells, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each group; NaN where it has too few values."""
    order = np.lexsort((values[found.rows], found.group))
    sizes = found.counts()
    starts = np.cumsum(sizes) - sizes
    ordered = values[found.rows][order]
    middle = (ordered[starts + (sizes - 1) // 2] + ordered[starts + sizes // 2]) / 2.0
    return np.where(sizes >= _ANSWERS, middle, np.nan)


def _pasts(found: Cells, medians: NDArray[np.float64]) -> list[list[float]]:
    """Return for each group the medians of the same service within the look-back before it, in order."""
    back = _LOOKBACK // timedelta(microseconds=1)
    known: dict[int, list[tuple[int, float]]] = {}
    pasts: list[list[float]] = []
    for service, end, median in zip(found.key[0].tolist(), found.end.tolist(), medians.tolist(), strict=True):
        before = [item for item in known.get(service, ()) if item[0] >= end - back]
        pasts.append([value for _, value in before])
        known[service] = before if np.isnan(median) else [*before, (end, median)]
    return pasts


MODEL = AnswerTimes()

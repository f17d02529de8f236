"""What a model that looks back is given by a store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from engine.anomaly.models.silence import MODEL as SILENCE
from engine.anomaly.models.tunnels import MODEL as TUNNELS
from engine.anomaly.training import read_observations

START = datetime(2026, 3, 4, 6, tzinfo=UTC)


class OneBlock:
    """A store's block of one source that speaks every minute until it is cut off, and of another that goes on."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.rows = table.num_rows
        self.selected = None

    @property
    def names(self) -> Sequence[str]:
        return [name for name in self._table.column_names if name != "event.id"]

    def read(self, names: Collection[str]) -> pa.Table:
        return self._table.select([name for name in self._table.column_names if name in names])

    def ids(self, rows: np.ndarray) -> list[str]:
        return self._table.column("event.id").take(pa.array(rows)).to_pylist()


class OneTable:
    """A store that holds one table of events."""

    def __init__(self, events: pa.Table) -> None:
        self._events = events

    def blocks(self, *, since: datetime, before: datetime) -> Iterator[OneBlock]:
        moments = [moment.as_py() for moment in self._events.column("@timestamp")]
        yield OneBlock(self._events.filter(pa.array([since <= moment < before for moment in moments])))


def two_sources(cut_off: datetime, until: datetime) -> pa.Table:
    minutes = int((until - START) / timedelta(minutes=1))
    rows = [(START + timedelta(minutes=n), "gw01") for n in range(minutes) if START + timedelta(minutes=n) < cut_off]
    rows += [(START + timedelta(minutes=n, seconds=9), "gw02") for n in range(minutes)]
    return pa.table(
        {
            "@timestamp": pa.array([moment for moment, _ in rows], pa.timestamp("us", "UTC")),
            "event.id": [f"e{n}" for n in range(len(rows))],
            "host.name": [host for _, host in rows],
            "event.dataset": ["system.auth"] * len(rows),
        }
    )


def test_a_source_cut_off_before_the_run_is_seen_as_silent_in_it() -> None:
    now = START + timedelta(hours=5)
    store = OneTable(two_sources(START + timedelta(hours=2), now))
    tables = list(read_observations(store, SILENCE, now - timedelta(minutes=20), now))
    rows = [row for table in tables for row in table.to_pylist()]
    assert {row["@timestamp"] for row in rows} == {now - timedelta(minutes=10), now}
    last = {row["kulla.entity"]: row["last"] for row in rows}
    assert last["gw01|system.auth"] == int((START + timedelta(minutes=119)).timestamp() * 1e6)
    assert last["gw02|system.auth"] > last["gw01|system.auth"]


def test_the_same_windows_are_the_same_however_the_run_is_cut() -> None:
    now = START + timedelta(hours=5)
    store = OneTable(two_sources(START + timedelta(hours=2), now))
    since = now - timedelta(hours=1)
    whole = [row for table in read_observations(store, SILENCE, since, now) for row in table.to_pylist()]
    middle = now - timedelta(minutes=30)
    parts = [
        row
        for first, last in ((since, middle), (middle, now))
        for table in read_observations(store, SILENCE, first, last)
        for row in table.to_pylist()
    ]
    assert whole == parts


def test_a_model_that_does_not_look_back_sees_its_windows_alone() -> None:
    assert not hasattr(TUNNELS, "lookback")
    now = START + timedelta(hours=5)
    assert not [t for t in read_observations(OneTable(two_sources(now, now)), TUNNELS, START, now) if t.num_rows]

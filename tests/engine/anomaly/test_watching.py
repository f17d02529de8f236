"""Running models: what was given is counted, also where a run is killed between two of its commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.anomaly.budget import Calibration
from engine.anomaly.frame import Scores, State, Term
from engine.anomaly.tables import observations
from engine.anomaly.watching import Watched, watch
from engine.events import Event, Origin, event_id
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUDGET = 100.0


@dataclass(frozen=True)
class _Model:
    """Each event is an observation of its host, and as surprising as its offset says."""

    name: str
    columns: tuple[str, ...] = ("@timestamp", "host.name", "event.severity")
    window: timedelta = timedelta()

    def observe(self, events: pa.Table) -> pa.Table:
        stamps = events.column("@timestamp").cast(pa.int64()).to_numpy()
        return observations(
            time=stamps,
            entity=events.column("host.name").to_pylist(),
            events=[[number] for number in events.column("event.id").to_pylist()],
            columns={"bits": events.column("event.severity")},
        )

    def score(self, table: pa.Table) -> Scores:
        bits = table.column("bits").to_numpy().astype(np.float64)
        return Scores(values=bits, states=np.full(len(bits), State.READY, dtype=np.uint8))

    def explain(self, table: pa.Table, row: int) -> Sequence[Term]:
        del table, row
        return ()


class _Killed(Exception):  # noqa: N818 - it is no error
    pass


class _Dying(EmbeddedStore):
    """Dies before a commit."""

    lives = 1

    def commit_run(self, name: str, **more: Any) -> int:
        if self.lives == 0:
            raise _Killed
        self.lives -= 1
        return super().commit_run(name, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for home in ("whole", "killed"):
        with EmbeddedStore(tmp_path / home, lambda: NOW) as store:
            store.append([_event(number) for number in range(60)], [])
    return tmp_path


def _event(number: int) -> Event:
    fields = {
        "@timestamp": NOW - timedelta(hours=3) + timedelta(minutes=number),
        "host.name": f"host{number % 7}",
        "event.severity": 5 + number % 11,
        "event.dataset": "a",
    }
    origin = Origin(path="/x.log", identity="ab" * 16, offset=number, number=number + 1)
    return Event(id=event_id("ab" * 16, number, b"x"), origin=origin, original="x", fields=fields)  # type: ignore[arg-type]


def _models() -> list[Watched]:
    calibration = Calibration(largest=np.linspace(0.0, 8.0, 200), count=200, per_day=200.0)
    made = [_Model("fan-out"), _Model("novelty"), _Model("silence")]
    return [
        Watched(model=each, version="1", fitted=each, calibration=calibration, share=BUDGET / 3)  # type: ignore[arg-type]
        for each in made
    ]


def _told(store: EmbeddedStore) -> tuple[list[str], str]:
    record = store.record("models", "keeper")
    assert record is not None
    return sorted(alert.id for alert in store.alerts()), record.body


def test_an_hour_of_an_entity_is_one_alert_of_its_rows_by_surprise(folder: Path) -> None:
    with EmbeddedStore(folder / "whole", lambda: NOW) as store:
        found = watch(store, _models(), NOW, budget=BUDGET)
        assert len({alert.id for alert in found}) == len(found) > 20
        worst = [float(next(why.value for why in alert.why)) for alert in found]
        assert all(number >= 5 for number in worst)
        assert any(len(alert.events) > 1 for alert in found)


def test_a_run_that_is_killed_gives_the_alerts_and_counts_them_as_one_that_is_not(folder: Path) -> None:
    with EmbeddedStore(folder / "whole", lambda: NOW) as store:
        watch(store, _models(), NOW, budget=BUDGET)
        wanted = _told(store)
    with _Dying(folder / "killed", lambda: NOW) as store, pytest.raises(_Killed):
        watch(store, _models(), NOW, budget=BUDGET)
    with EmbeddedStore(folder / "killed", lambda: NOW) as store:
        watch(store, _models(), NOW, budget=BUDGET)
        assert _told(store) == wanted

"""Over real logs, runs over the store find the alerts that a hunt through the files finds, id by id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from lzma import open as open_xz
from pathlib import Path

import pytest

from collectors.reader import LogReader
from engine.alerts import Alert
from engine.detecting import Detector
from engine.events import DeadLetter, Event
from engine.hunting import Hunter
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINES = 3000
PARTS = 4


@pytest.fixture(scope="module")
def engine(shared: Path) -> Engine:
    return Engine(load_rules([shared / "sigma" / "rules" / "windows"]))


@pytest.fixture(scope="module")
def logs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a sample of the EVTX files, and lines from all over the Windows JSON."""
    lines = tmp_path_factory.mktemp("logs") / "windows.jsonl"
    with open_xz(shared / "windows" / "otrf_d8.jsonl.xz") as source, lines.open("wb") as target:
        target.writelines(islice(source, 0, LINES * 12, 12))
    return [*sorted((shared / "evtx").rglob("*.evtx"))[::12], lines]


def events_of(log: Path) -> Iterator[Event]:
    reader = LogReader(log)
    for item in reader.records():
        if not isinstance(item, DeadLetter):
            yield reader.event(item)


def found_by_hunting(engine: Engine, events: list[Event]) -> list[Alert]:
    hunter = Hunter(engine)
    found: list[Alert] = []
    for event in events:
        raw = event.original.encode("utf-8", "surrogatepass")
        found += hunter.look(dict(event.fields), raw, lambda event=event: event)  # type: ignore[misc]
    return found + hunter.conclude()


def test_the_same_alerts_as_a_hunt(engine: Engine, logs: list[Path], tmp_path: Path) -> None:
    events = [event for log in logs for event in events_of(log)]
    hunted = {alert.id: alert for alert in found_by_hunting(engine, events)}
    assert len(hunted) > 100, "the sample says something"
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as store:
        size = -(-len(events) // PARTS)
        for start in range(0, len(events), size):
            store.append(events[start : start + size], [])
        for name in ("as they came", "from what was kept"):
            run = Detector(engine, store, name).run()
            assert set(run.alerts.ids) == hunted.keys()
        store.compact()
        for name in ("compacted", "compacted, from what was kept"):
            run = Detector(Engine(engine.rules), store, name).run()
            assert sorted(run.alerts.ids) == sorted(hunted)
            assert run.new == 0
        stored = {alert.id: alert for alert in run.alerts}
        assert {number: alert.why for number, alert in stored.items()} == {
            number: alert.why for number, alert in hunted.items()
        }

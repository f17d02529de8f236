"""The nine worlds: nothing missed and nothing doubled in any of them."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from engine.runs.gaps import GAP, gap_of
from engine.store.embedded import EmbeddedStore
from tests.lab.laboratory import MATCHING, START, Laboratory, World, late

WHOLE = os.environ.get("KULLA_LAB") == "1"  # whole days; otherwise an hour of one
DAYS = 1.0 if WHOLE else 1 / 24
WORLDS = [
    World(name="fresh"),
    World(name="late", arrives=late),
    World(name="late, told later", arrives=late, lateness=timedelta(minutes=15)),
    World(name="late, crashes", arrives=late, crashes=12),
    World(name="fresh, crashes", crashes=12),
    World(name="clocks wrong", stamp=lambda host: {3: 300.0, 4: 300.0, 5: -1800.0, 6: -1800.0}.get(host, 0.0)),
    World(name="searches lose a shard", shards=True, lost=lambda chance, now, shard: chance.random() < 0.01),
    World(
        name="one of four shards fails",
        shards=True,
        lost=lambda chance, now, shard: shard == 2 and now < START + timedelta(days=DAYS),
    ),
    World(name="a channel down for an hour", pager_down=(120, 180) if WHOLE else (15, 45)),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the waiting for the disk: power is not cut here, processes end."""
    connect = sqlite3.connect

    class Quick(sqlite3.Connection):
        def execute(self, sql: str, *words: object) -> sqlite3.Cursor:  # type: ignore[override]
            return super().execute("PRAGMA synchronous=OFF" if sql == "PRAGMA synchronous=FULL" else sql, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", lambda *words, **named: connect(*words, **named, factory=Quick))
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.timeout(4 * 3600 if WHOLE else 300)  # two minutes of one processor; busy machines share theirs
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_nothing_is_missed_and_nothing_doubled(world: World, tmp_path: Path) -> None:
    lab = Laboratory(world, tmp_path, days=DAYS)
    lab.live()
    expected, found = lab.expected(), lab.alerts()
    assert len(expected) == int(MATCHING * DAYS)
    assert (len(expected - set(found)), len(found) - len(set(found))) == (0, 0)
    assert set(found) == expected
    repeated = 0
    for receiver in lab.receivers.values():
        assert set(receiver.about.values()) == expected  # everybody was told of everything,
        assert len(receiver.keys) == len(expected)  # under one key each,
        repeated += sum(receiver.keys.values()) - len(expected)
    assert lab.crashed == world.crashes
    assert repeated == lab.crashed  # and repeated only where the process died right after it had told
    if world.pager_down != (0, 0):
        assert lab.refused


@pytest.mark.parametrize("world", WORLDS[6:8], ids=lambda world: world.name)
def test_lost_shards_are_gaps_until_they_are_back(world: World, tmp_path: Path) -> None:
    lab = Laboratory(world, tmp_path, days=DAYS)
    lab.live()
    with EmbeddedStore(tmp_path / "store", lab.clock) as store:
        gaps = [gap_of(record) for record in store.records(GAP)]
    unreadable = [gap for gap in gaps if gap.kind == "unreadable"]
    assert bool(unreadable) or world.name.startswith("searches")
    assert all(not gap.is_open for gap in gaps)
    assert all("did not answer" in gap.reason for gap in unreadable)

"""Events that come as columns, with events beside them: none twice, no field out of sight."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.batches import EventBatch
from engine.events import Event, Origin
from engine.store.columns import BUDGET
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_LOG = "ab" * 16


def _batch(offsets: list[int], command: str = "cmd", beside: tuple[Event, ...] = ()) -> EventBatch:
    rows = len(offsets)
    return EventBatch(
        path="/a.log",
        identity=_LOG,
        ids=pa.array([f"{offset:032}" for offset in offsets]),
        originals=pa.chunked_array([pa.array(["raw"] * rows)]),
        offsets=pa.array(offsets, pa.int64()),
        numbers=pa.array([offset + 1 for offset in offsets], pa.int64()),
        values={
            "event.dataset": pa.array(["a"] * rows).dictionary_encode(),
            "process.command_line": pa.array([command] * rows).dictionary_encode(),
        },
        lists={},
        events=beside,
    )


def _event(number: int, **fields: str) -> Event:
    named = {name.replace("_", "."): value for name, value in fields.items()}
    origin = Origin(path="/a.log", identity=_LOG, offset=number, number=number + 1)
    return Event(id=f"{number:032}", origin=origin, original="raw", fields={"event.dataset": "a", **named})


def test_a_field_that_has_a_column_is_seen_in_events_beside_it_as_well(tmp_path: Path) -> None:
    noise = [_event(100 + number, **{f"x_f{name}": "v" for name in range(BUDGET + 50)}) for number in range(3)]
    hidden = Event(
        id="f" * 32,
        origin=Origin(path="/a.log", identity=_LOG, offset=900, number=901),
        original="raw",
        fields={"event.dataset": "a", "process.command_line": "mimikatz"},
    )
    with EmbeddedStore(tmp_path, lambda: NOW) as store:
        store.append_batches([_batch([1, 2, 3], beside=(*noise, hidden))], [])
        seen: list[object] = []
        for block in store.blocks():
            column = block.read(["process.command_line"]).column("process.command_line")
            whole = [event.fields.get("process.command_line") for event in block.events(np.arange(block.rows))]
            assert column.cast(pa.string()).to_pylist() == whole
            seen += whole
    assert seen.count("mimikatz") == 1


def test_batches_whose_offsets_are_times_share_no_event(tmp_path: Path) -> None:
    first, again = [*range(200, 400), *range(50)], list(range(200, 400))
    with EmbeddedStore(tmp_path, lambda: NOW) as store:
        done = store.append_batches([_batch(first), _batch(again)], [])
        assert (done.stored, done.duplicates) == (250, 200)
        assert store.status().events == 250

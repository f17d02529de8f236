"""A copy of a store holds all that people and collectors left in it, and does not fall into small pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.events import Event
from engine.store.copying import copy
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Record


@pytest.fixture
def other(tmp_path: Path, now: datetime) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "other", lambda: now) as opened:
        yield opened


def _record(kind: str, key: str, body: str, *, due: datetime | None = None) -> Record:
    return Record(kind=kind, key=key, state="kept", body=body, due=due)


def test_records_are_copied_but_for_those_of_runs(store: EmbeddedStore, other: EmbeddedStore, now: datetime) -> None:
    kept = [_record("case", "1", "a note"), _record("indicator", "2", "{}", due=now), _record("unheard of", "3", "x")]
    store.save_records(
        [*kept, *(_record(kind, "1", "") for kind in ("lease", "run", "rules", "gap", "incidents", "slice"))]
    )
    assert copy(store, other, "one").records == 3
    assert other.record_kinds() == ["case", "indicator", "unheard of"]
    assert [other.record(item.kind, item.key) for item in kept] == [replace(item, version=1) for item in kept]


def test_a_second_copy_takes_over_what_changed(store: EmbeddedStore, other: EmbeddedStore) -> None:
    store.save_records([_record("case", "1", "a note"), _record("case", "2", "stays")])
    copy(store, other, "one")
    first = store.record("case", "1")
    assert first is not None
    store.save_records([replace(first, body="another")])
    copy(store, other, "one")
    found = {record.key: (record.body, record.version) for record in other.records("case")}
    assert found == {"1": ("another", 2), "2": ("stays", 1)}


def test_pseudonyms_of_two_keys_are_not_mixed(
    store: EmbeddedStore, other: EmbeddedStore, many: Callable[..., list[Event]]
) -> None:
    store.append(many(5), [])
    for each, mark in ((store, "ours"), (other, "theirs")):
        each.save_records([_record("privacy", "key", mark)])
    with pytest.raises(StoreError, match="different keys"):
        copy(store, other, "one")
    assert other.last_sequence() == 0


def test_many_small_sources_stay_together(
    store: EmbeddedStore, other: EmbeddedStore, many: Callable[..., list[Event]]
) -> None:
    for number in range(30):
        store.append(many(3, identity=f"{number:02}" * 16), [])
    store.compact()
    copied = copy(store, other, "one")
    assert (copied.events, copied.stored) == (90, 90)
    assert other.status().segments == store.status().segments

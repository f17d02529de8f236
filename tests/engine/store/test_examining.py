"""Examining a store: damage is told also where nobody looks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.runs.health import problems
from engine.store.embedded import EmbeddedStore
from tests.engine.store.conftest import NOW, MakeEvents


def _spoil(path: Path, table: str) -> None:
    """Write over the beginning of a table's own page."""
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)


def _kinds(store: EmbeddedStore) -> list[str]:
    return [each.kind for each in problems(store, NOW, overdue=timedelta(hours=1), expected={})]


def test_a_sound_store_is_told_so(store: EmbeddedStore, many: MakeEvents) -> None:
    store.append(many(3), [])
    store.examine()
    assert "damaged" not in _kinds(store)


@pytest.mark.parametrize("table", ["alerts", "dead_letters", "ledger"])
def test_damage_in_the_pages_of_one_table_is_told(table: str, store: EmbeddedStore, many: MakeEvents) -> None:
    store.append(many(3), [])
    store.close()
    _spoil(store.folder / "store.sqlite", table)
    with pytest.raises(StoreError, match="damaged") as told:
        store.examine()
    assert "backup" in (told.value.hint or "")
    assert _kinds(store)[0] == "damaged"


def test_a_lost_file_of_events_is_told(store: EmbeddedStore, many: MakeEvents) -> None:
    store.append(many(3), [])
    lost = next(store.folder.rglob("*.parquet"))
    lost.unlink()
    with pytest.raises(StoreError, match="1 files of stored events are lost") as told:
        store.examine()
    assert told.value.where == str(lost)

"""A store copied to a cluster and back is the same store; a copy that is done again stores nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from engine.errors import StoreError
from engine.events import Event
from engine.store.copying import copy
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import LedgerEntry, Store


def _events(store: Store) -> dict[str, Event]:
    found = (event for block in store.blocks() for event in block.events(np.arange(block.rows)))
    return {event.id: event for event in found}


def test_there_and_back(store, many: Callable[..., list[Event]], letter, now: datetime, tmp_path: Path) -> None:
    with (
        EmbeddedStore(tmp_path / "first", lambda: now) as first,
        EmbeddedStore(tmp_path / "second", lambda: now) as second,
    ):
        first.append(many(40), [letter(1)])
        first.append(many(30, identity="cd" * 16, dataset="other"), [letter(2)])
        first.append_ledger([LedgerEntry(sequence=number, body=f"{number}", digest=f"d{number}") for number in (1, 2)])
        first.remember_prefix("/var/log/a", 100, "ab" * 16)
        done = copy(first, store, "first")
        assert (done.events, done.stored, done.dead_letters, done.ledger) == (70, 70, 2, 2)
        again = copy(first, store, "first")
        assert (again.events, again.stored, again.dead_letters, again.ledger) == (0, 0, 0, 0)
        copy(store, second, "cluster")
        assert _events(second) == _events(store) == _events(first)
        assert list(second.ledger()) == list(first.ledger())
        assert second.dead_letters() == first.dead_letters()
        assert second.known_prefixes() == first.known_prefixes()
        second.append_ledger([LedgerEntry(sequence=3, body="other", digest="x")])
        first.append_ledger([LedgerEntry(sequence=3, body="3", digest="d3")])
        with pytest.raises(StoreError, match="ledger of its own"):
            copy(first, second, "first")

"""Whether kulla's health tells a store that cannot be written from a person who may not write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.errors import DeniedError, StoreError
from engine.runs.health import problems
from engine.store.elastic.failures import refused
from engine.store.embedded import EmbeddedStore

if TYPE_CHECKING:
    from engine.store.protocol import Record

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
_REASON = "action [indices:data/write/bulk[s]] is unauthorized for API key id [a] of user [b] on indices [kulla-state]"


class _Refusing(EmbeddedStore):
    """A store that answers each write with an error."""

    error: StoreError = DeniedError("no right to write")

    def save_records(self, records: Sequence[Record]) -> frozenset[str]:
        raise self.error

    def examine(self) -> None:
        raise DeniedError("no right to ask")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[_Refusing]:
    with _Refusing(tmp_path / "store", lambda: NOW) as opened:
        yield opened


def _told(store: EmbeddedStore) -> list[str]:
    return [each.kind for each in problems(store, NOW, overdue=timedelta(hours=1), expected={})]


def test_who_may_only_read_is_not_told_that_the_store_can_only_be_read(store: _Refusing) -> None:
    store.error = refused(403, {"error": {"type": "security_exception", "reason": _REASON}}, "https://x")
    assert _told(store) == ["never_ended"]


def test_a_store_that_cannot_be_written_is_a_problem(store: _Refusing) -> None:
    store.error = refused(
        403, {"error": {"type": "cluster_block_exception", "reason": "index.blocks.write"}}, "https://x"
    )
    assert "unwritable" in _told(store)

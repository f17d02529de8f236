"""A store in a temporary folder under a clock that stands, and events to put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.events import DeadLetter, Event, Origin, Value, event_id
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeEvents = Callable[..., list[Event]]


def _event(number: int, fields: Mapping[str, Value], identity: str) -> Event:
    original = f"line {number} of {identity}"
    offset = number * 100
    return Event(
        id=event_id(identity, offset, original.encode()),
        origin=Origin(path="/var/log/sample.log", identity=identity, offset=offset, number=number + 1),
        original=original,
        fields=fields,
    )


@pytest.fixture
def one() -> Callable[..., Event]:
    """Make one event with given fields."""

    def make(fields: Mapping[str, Value], number: int = 0, identity: str = "ab" * 16) -> Event:
        return _event(number, fields, identity)

    return make


@pytest.fixture
def many() -> MakeEvents:
    """Make a run of ordinary events, a second apart."""

    def make(count: int, start: int = 0, identity: str = "ab" * 16, dataset: str = "nginx.access") -> list[Event]:
        return [
            _event(
                number,
                {
                    "@timestamp": NOW - timedelta(hours=1) + timedelta(seconds=number),
                    "event.dataset": dataset,
                    "host.name": f"web{number % 3:02}",
                    "http.response.status_code": 200 + number % 5,
                    "event.category": ["web"],
                },
                identity,
            )
            for number in range(start, start + count)
        ]

    return make


@pytest.fixture
def letter() -> Callable[[int], DeadLetter]:
    """Make a dead letter."""

    def make(number: int) -> DeadLetter:
        raw = b"\xff\x00broken %d" % number
        origin = Origin(path="/var/log/sample.log", identity="ab" * 16, offset=number, number=number)
        return DeadLetter(
            id=event_id("ab" * 16, number, raw), origin=origin, source="nginx", reason="no time", raw=raw, size=len(raw)
        )

    return make


@pytest.fixture
def now() -> datetime:
    """Return the instant at which the clock stands."""
    return NOW


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """Open an empty store."""
    with EmbeddedStore(tmp_path / "store", lambda: NOW, patience=0.05) as opened:
        yield opened

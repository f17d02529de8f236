"""Events as documents: what goes in comes out, of the same types, whatever it is called."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Event, Origin
from engine.store.elastic.documents import Writer, event_of
from engine.store.values import plain
from tests.engine.store.test_events import _as_stored, _exactly, fields

INGESTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _event(found: dict[str, object]) -> Event:
    origin = Origin(path="/x", identity="cd" * 16, offset=7, number=8)
    return Event(id="0" * 32, origin=origin, original="raw", fields=found)  # type: ignore[arg-type]


def _back(event: Event, budget: int = 1000) -> Event:
    writer = Writer(budget=budget)
    return event_of(orjson.loads(writer.write(event, 1, INGESTED)))


@given(fields, st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_any_fields_come_back_equal_and_of_the_same_types(found, budget) -> None:
    back = _back(_event(found), budget)
    want = {plain(name): _exactly(_as_stored(value)) for name, value in found.items()}
    assert {plain(name): _exactly(_as_stored(value)) for name, value in back.fields.items()} == want


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event.ingested", INGESTED),
        ("event.ingested", "2026-03-01"),
        ("event.created", datetime(1, 1, 1, tzinfo=UTC)),
        ("event.created", "2026-03-01T00:00:00Z"),
        ("a..b", [1, "x"]),
        ("_source", "x"),
        ("", "nothing"),
        ("winlog.event_data.Big", 2**70),
        ("winlog.event_data.Moment", datetime(2026, 1, 1, 5, 6, 7, 8, tzinfo=UTC)),
        ("host.ip", ["10.0.0.1", datetime(2026, 1, 1, tzinfo=UTC)]),
        ("source.port", "0443"),
        ("x", float("inf")),
    ],
)
def test_awkward_fields_come_back(name, value) -> None:
    assert dict(_back(_event({name: value})).fields) == {name: value}

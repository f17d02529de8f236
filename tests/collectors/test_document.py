"""Events as nested documents: no name and no value gets lost, whatever a log calls its fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.document import Json, document, nested
from engine.events import Event, Origin

NAMES = st.text(alphabet="ab.", min_size=1, max_size=7)


def leaves(value: Json, prefix: str | None = None) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, name if prefix is None else f"{prefix}.{name}")
    else:
        yield str(prefix), value


def test_dotted_names_become_objects_and_instants_text() -> None:
    stamps = {"a.b": datetime(1601, 1, 1, tzinfo=UTC), "a.c": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)}
    assert nested(stamps) == {"a": {"b": "1601-01-01T00:00:00.000Z", "c": "9999-12-31T23:59:59.999999Z"}}


def test_a_name_that_is_both_value_and_parent_keeps_both() -> None:
    assert nested({"a": 1, "a.b": 2}) == {"a": 1, "a.b": 2}
    assert nested({"x.a": 1, "x.a.b": [2, 3]}) == {"x": {"a": 1, "a.b": [2, 3]}}


@settings(max_examples=100)
@given(st.dictionaries(NAMES, st.integers(), max_size=8))
def test_every_value_is_found_again_under_its_name(fields: dict[str, int]) -> None:
    assert dict(leaves(nested(fields))) == fields  # type: ignore[arg-type]
    json.dumps(nested(fields))  # type: ignore[arg-type]


def test_where_a_record_stood_is_told() -> None:
    origin = Origin(path="/logs/a.log", identity="ab", offset=7, number=2)
    told = document(Event(id="e" * 32, origin=origin, original="raw", fields={"event.kind": "event"}))
    assert told["event"] == {"id": "e" * 32, "kind": "event", "original": "raw"}
    assert told["log"] == {"file": {"path": "/logs/a.log", "line": 2}, "offset": 7}

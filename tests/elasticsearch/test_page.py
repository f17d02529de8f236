"""Pages as columns: the same columns as of the events themselves, whatever was logged; no node is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Event, Fields, Origin
from engine.sigma.columns import ColumnMatcher
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.sigma.row_matching import RowMatcher
from engine.store.columns import ENVELOPE, GIVEN, columns_of
from engine.store.elastic.documents import Writer
from engine.store.elastic.foreign import event_in
from engine.store.elastic.page import EventPage, PageBlock
from engine.store.scan import folded
from tests.elasticsearch.test_values import CASES, an_event
from tests.engine.store.test_events import fields as any_fields

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALBANIA = timezone(timedelta(hours=2))
ODD: Sequence[Fields] = (
    {"source.port": 443, "event.created": NOW},
    {"source.port": 2**63 + 5},
    {"source.port": 2**70},
    {"source.port": "0443"},
    {"event.created": datetime(1, 1, 1, tzinfo=ALBANIA)},
    {"event.created": datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=2)))},
    {"event.created": datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=ALBANIA), "event.start": NOW},
    {"event.created": "2026-03-01T12:00:00Z"},
    {"event.created": datetime(2026, 3, 1, 12)},  # noqa: DTZ001 - an instant without a zone is the case
    {"process.name": "\ud800"},
    {"host.ip": ["\udfff", "10.0.0.1"]},
    {"url.domain": "x" * 9, "url.domain[]": "y", "": "z"},
)


def _event(number: int, fields: Fields) -> Event:
    origin = Origin(path="/x", identity="cd" * 16, offset=number, number=number + 1)
    return Event(id=f"{number:032x}", origin=origin, original="raw", fields=fields)


def _own(events: Sequence[Event]) -> PageBlock:
    writer = Writer()
    documents = [orjson.loads(each) for each in writer.write_all(list(enumerate(events, 1)), NOW)]
    return PageBlock(documents, np.arange(1, len(events) + 1), len(events), NOW)


def _foreign(events: Sequence[Event]) -> PageBlock:
    return EventPage(events, np.arange(1, len(events) + 1), len(events), NOW)


def _columns(block: PageBlock, name: str) -> dict[str, list[object]]:
    table = block.read([name])
    return {each: table.column(each).to_pylist() for each in sorted(table.column_names)}


def _wanted(events: Sequence[Event], name: str) -> dict[str, list[object]]:
    table = folded(pa.table(columns_of([{k: v for k, v in event.fields.items() if k == name} for event in events])))
    return {each: table.column(each).to_pylist() for each in sorted(table.column_names)}


def _names(events: Sequence[Event]) -> list[str]:
    names = {name for event in events for name in event.fields}
    return sorted(name for name in names if name not in ENVELOPE and not name.startswith((GIVEN, "kulla.")))


@pytest.mark.parametrize("made", [_own, _foreign])
@pytest.mark.parametrize("fields", ODD, ids=lambda fields: next(iter(fields)))
def test_no_value_stops_the_reading_of_its_page(made, fields) -> None:
    events = [_event(0, fields), _event(1, ODD[0])]
    block = made(events)
    for name in _names(events):
        assert _columns(block, name) == _wanted(events, name)


@pytest.mark.parametrize("made", [_own, _foreign])
@given(rows=st.lists(any_fields, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_columns_are_those_of_the_events(made, rows) -> None:
    events = [_event(number, fields) for number, fields in enumerate(rows)]
    block = made(events)
    for name in _names(list(block.events(np.arange(block.rows)))):
        assert _columns(block, name) == _wanted(events, name)


def test_instants_of_ordinary_documents_are_read_together() -> None:
    rows = [{"@timestamp": NOW + timedelta(microseconds=number), "host.name": "a"} for number in range(5)]
    block = _own([_event(number, fields) for number, fields in enumerate(rows)])  # type: ignore[arg-type] # of fields
    block._some = None  # type: ignore[assignment, method-assign] # the way of one row after the other
    assert block.read(["@timestamp"]).column("@timestamp").to_pylist() == [each["@timestamp"] for each in rows]


def test_foreign_dates_that_are_none_are_values_like_others() -> None:
    hit = {"_index": "x", "_id": "1", "_source": {"event": {"start": "n/a"}, "@timestamp": "2026-03-01T12:00:00Z"}}
    block = _foreign([event_in(hit)])
    assert block.read(["event.start"]).column("event.start[]").to_pylist() == [["n/a"]]


OWN_NAMES = {  # fields that documents hold in another form than events, or under a name that is the store's own
    "an instant": ({"file.created|startswith": "2026-03-01T12"}, [{"file.created": NOW}, {"file.created": "n/a"}]),
    "a name of the store's": ({"event.ingested|contains": "2026"}, [{"event.ingested": NOW}, {"process.pid": 1}]),
    "a name of the file's": ({"log.file.path": "/x.evtx"}, [{"log.file.path": "/x.evtx"}, {"process.pid": 1}]),
    "a keyword": (["needle"], [{"message": "a NEEDLE"}, {"message": "none"}]),
}


@pytest.mark.parametrize("made", [_own, _foreign])
@pytest.mark.parametrize("name", [*CASES, *OWN_NAMES])
def test_rows_and_columns_match_alike(name: str, made, tmp_path: Path) -> None:
    selection, rows = {**CASES, **OWN_NAMES}[name]
    category = "network_connection" if "source.ip|cidr" in selection else "process_creation"
    rule = {
        "title": name,
        "id": "11111111-2222-4333-8444-555555555555",
        "level": "low",
        "logsource": {"product": "windows", "category": category},
        "detection": {"selection": selection, "condition": "selection"},
    }
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(rule))
    engine = Engine(load_rules([tmp_path / "rule.yml"]))
    events = [an_event(number, fields) for number, fields in enumerate(rows)]
    block = made(events)
    by_rows = [row for hits in RowMatcher(engine).match(block) for row in hits.rows.tolist()]
    by_columns = [row for hits in ColumnMatcher(engine).match(block) for row in hits.rows.tolist()]
    assert (
        sorted(by_rows)
        == sorted(by_columns)
        == [row for row, event in enumerate(events) if engine.match(event.fields, event.original)]
    )
    assert 0 < len(by_rows) < len(rows)

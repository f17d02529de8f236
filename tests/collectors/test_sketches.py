"""Sketches: whatever a sketch promises of a record, parsing it says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader
from collectors.source import Options, Record, Sketching
from collectors.sources.evtx import EvtxParser
from collectors.sources.windows_json import WindowsParser
from engine.errors import MalformedRecordError
from engine.events import Fields, texts
from engine.sketches import Sketch

SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": "pc1"}


def held(sketch: Sketch, fields: Fields) -> None:
    """Hold a sketch's promises against the fields of the whole parse."""
    shape, values = sketch
    assert not (shape.constant.keys() & shape.places.keys())
    for name in fields.keys() | shape.constant.keys() | shape.places.keys():
        if name in shape.untold:
            continue
        found = fields.get(name)
        if name in shape.constant:
            assert texts(found) == texts(shape.constant[name]), name
            continue
        assert name in shape.places, f"{name} is told nowhere"
        key = shape.places[name]
        value = values[key]
        if value is None or (value == "" and key in shape.hollow):
            assert found is None, name
        elif isinstance(value, str):
            assert found == (shape.render(value) if shape.render else value), name
        elif type(value) is int:
            assert texts(found) == (str(value),), name


def check(parser: WindowsParser | EvtxParser, raw: bytes) -> bool:
    """Tell whether a record has a sketch; hold it if so."""
    record = Record(offset=0, number=1, raw=raw)
    sketch = parser.sketch(record.raw)
    if sketch is None:
        return False
    held(sketch, parser.parse(record))
    return True


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["", "-", "0x8020000000000000", "SetValue", "INFO", "DA3B9A2F-1C2D-4E5F-8A9B-0C1D2E3F4A5B"]),
)  # fmt: skip
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["Name", "Image", "#text"]), SCALARS)
KEYS = st.sampled_from(
    ["EventID", "EventId", "Channel", "Hostname", "SourceName", "Image", "Process Id", "ProcessId", "ProcessID",
     "EventType", "Message", "message", "UtcTime", "TargetUserName", "SubjectUserName", "Keywords", "Level", "Severity",
     "EventData", "event_data", "event_id", "Payload", "StringInserts", "UserID", "Version", "@timestamp", "Data",
     "RecordNumber", "SourceModuleType", "AccountName", "EventTime", "ExecutionProcessID", "param1", "Threat Name"]
)  # fmt: skip
CHANNELS = st.sampled_from(
    ["Security", "System", "Microsoft-Windows-Sysmon/Operational", "MSExchange Management", "Application", "Odd"]
)
MESSAGES = st.sampled_from(
    [
        "",
        "Process Create:\r\nUtcTime: 1\r\nProcessId: 7\r\nEventType: SetValue\r\nImage: x",
        "Subject:\r\n\tAccount Name:\tada",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(KEYS, VALUES, max_size=9), st.none() | CHANNELS, st.sampled_from([1, 13, 4624, 4688, "x", 5156]),
    st.none() | MESSAGES,
)  # fmt: skip
def test_a_sketch_of_a_flat_event_keeps_its_promises(
    document: dict[str, Any], channel: str | None, code: int | str, message: str | None
) -> None:
    document = document | {"EventID": code}
    document |= {"Channel": channel} if channel is not None else {}
    document |= {"Message": message} if message is not None else {}
    check(WindowsParser(Options()), orjson.dumps(document))


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(KEYS, VALUES, max_size=6), CHANNELS, st.sampled_from([1, 13, 4688, {"#text": 3}, None, "x"]),
    st.dictionaries(st.sampled_from(["UserData", "RenderingInfo", "#attributes", "xmlns"]), VALUES, max_size=1),
)  # fmt: skip
def test_a_sketch_of_an_event_document_keeps_its_promises(
    data: dict[str, Any], channel: str, code: object, more: dict[str, Any]
) -> None:
    system = {"Provider": {"#attributes": {"Name": "P"}}, "EventID": code, "Channel": channel, "Computer": "pc1"}
    raw = orjson.dumps({"Event": {"System": system, "EventData": data, **more}})
    for parser in (EvtxParser(Options(host="h")), WindowsParser(Options())):
        try:
            check(parser, raw)
        except MalformedRecordError:
            pytest.fail("a record that parsing refuses had a sketch")


def test_common_forms_have_sketches() -> None:
    parser = WindowsParser(Options())
    old = {"event_id": 4624, "log_name": "Security", "computer_name": "pc1", "event_data": {"SubjectUserName": "ada"}}
    for document in (SYSMON | {"ProcessId": 4, "Image": "a.exe"}, old):
        assert check(parser, orjson.dumps(document))


def test_what_a_null_hides_is_parsed() -> None:
    """With its process id, this event has a sketch; without, the message is read for it."""
    parser = WindowsParser(Options())
    message = "Process Create:\r\nUtcTime: 1\r\nProcessId: 7\r\n"
    document = SYSMON | {"UtcTime": "2026-01-02 03:04:05.000", "Message": message}
    assert check(parser, orjson.dumps(document | {"ProcessId": "5"}))
    assert not check(parser, orjson.dumps(document | {"ProcessId": None}))


@pytest.mark.parametrize("value", [0, False, 0.0, 1, True, 1.0])
@pytest.mark.parametrize("key", ["Severity", "Version", "EventID", "OpcodeValue"])
def test_values_that_are_equal_in_python_are_told_alike(key: str, value: object) -> None:
    parser = WindowsParser(Options())
    for each in (value, 0, False, 0.0, 1, True, 1.0):
        assert check(parser, orjson.dumps(SYSMON | {"UtcTime": "x", "ProcessId": "1", key: each}))


def test_keys_in_another_order_are_the_same_shape() -> None:
    parser = WindowsParser(Options())
    one = SYSMON | {"ProcessId": "1", "Image": "a"}
    other = dict(reversed(one.items()))
    shapes = [parser.sketch(orjson.dumps(item)) for item in (one, other)]
    assert shapes[0] is not None
    assert shapes[1] is not None
    assert shapes[0][0] is shapes[1][0]


@pytest.mark.parametrize("option", [orjson.OPT_APPEND_NEWLINE, orjson.OPT_INDENT_2])
def test_refused_events_are_counted_and_not_yielded(tmp_path: Path, option: int) -> None:
    path = tmp_path / "a.jsonl"
    events = [orjson.dumps(SYSMON | {"ProcessId": n}, option=option) for n in range(5)]
    path.write_bytes(b"".join(events) + b"{broken\n")
    reader = LogReader(path)
    found = list(reader.records(lambda shape, values, raw: values["ProcessId"] == 3))
    assert [type(item).__name__ for item in found] == ["Parsed", "DeadLetter"]
    assert (reader.tally.records, reader.tally.events, reader.tally.dead) == (6, 5, 1)


def test_real_events_keep_their_sketches_promises(shared: Path) -> None:
    checked = 0
    for path in sorted((shared / "evtx").rglob("*.evtx"))[::12]:
        reader = LogReader(path)
        parser = reader.source.open(Options())
        assert isinstance(parser, Sketching)
        for record in reader.source.frame(reader._stream):
            sketch = parser.sketch(record.raw) if record.problem is None else None
            if sketch is not None:
                held(sketch, parser.parse(record))  # type: ignore[attr-defined] # every parser parses
                checked += 1
    assert checked > 300

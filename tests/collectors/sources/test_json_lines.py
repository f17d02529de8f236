"""Generic JSON: however it is laid out in the file, typed as ECS asks, and hostile documents."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.json_fields import MAX_FIELDS, REST, flatten, to_instant
from collectors.json_framing import json_objects
from collectors.source import Options, Record
from collectors.sources.json_lines import SOURCE
from engine.errors import MalformedRecordError
from engine.events import Fields
from tests.engine.sigma.rules import fires


def read(document: object) -> Fields:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    parser = SOURCE.open(Options())
    fields = parser.parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    return parser.complete(fields)


def cut(raw: bytes) -> list[object]:
    return [record.problem or json.loads(record.raw) for record in json_objects(io.BytesIO(raw))]


@pytest.mark.parametrize(
    ("raw", "objects"),
    [
        (b'{"a":1}\n{"a":2}\r\n\n{"a":3}', [{"a": 1}, {"a": 2}, {"a": 3}]),
        (b'\xef\xbb\xbf{"a":1}\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'[{"a":"}]"},\n {"b":{"c":[1]}}]', [{"a": "}]"}, {"b": {"c": [1]}}]),
        (b"[\n]", []),
        (b'{\n  "a": "x\\"{",\n  "b": {"c": 1}\n}\n{\n"z": 2\n}\n', [{"a": 'x"{', "b": {"c": 1}}, {"z": 2}]),
        (b'{"a":1}{"b":2}', [{"a": 1}, {"b": 2}]),
        (b'{"Records":[{"a":1},{"a":2}],"next":null}', [{"a": 1}, {"a": 2}]),
        (b'{"value": [ {"a":1} ] }\n{"value":[{"a":2}]}\n', [{"a": 1}, {"a": 2}]),
        (b'{"data":[1,2],"x":3}\n{"data":[{"y":1}]}', [{"data": [1, 2], "x": 3}, {"data": [{"y": 1}]}]),
        (b'[{"a":1}, nonsense, {"a":2}]', [{"a": 1}, "no JSON object", {"a": 2}]),
        (b'[{"a":1}, {"b":', [{"a": 1}, "the file ends in the middle of a JSON object"]),
    ],
)
def test_framing(raw: bytes, objects: list[object]) -> None:
    assert cut(raw) == objects


def test_offsets_are_where_the_objects_stand() -> None:
    raw = b' [ {"a":1} , {"b":2}]'
    records = list(json_objects(io.BytesIO(raw)))
    assert [raw[record.offset :][: len(record.raw)] for record in records] == [b'{"a":1}', b'{"b":2}']
    assert [record.number for record in records] == [1, 2]


def test_an_object_over_the_limit_is_read_past() -> None:
    raw = b'[{"a":"' + b"x" * 1_000_000 + b'"},{"b":1}]'
    first, second = json_objects(io.BytesIO(raw), limit=1000)
    assert "limit" in (first.problem or "")
    assert (first.size, len(first.raw)) == (1_000_008, 65536)
    assert second.raw == b'{"b":1}'


def test_escapes_across_the_borders_of_chunks() -> None:
    document = [{"k": '\\"{}[]' * 40_000}, {"k": 2}]
    for shift in range(4):
        assert cut(b" " * shift + json.dumps(document).encode()) == document


def test_an_ecs_document_keeps_its_names_and_gets_types() -> None:
    fields = read(
        {
            "@timestamp": "2026-01-02T03:04:05.678Z",
            "event": {"dataset": "x.y", "category": "process", "code": 4688, "created": "2026-01-02T03:04:06+01:00"},
            "source": {"ip": "192.0.2.7", "port": "443"},
            "user.id": 1000,
            "process.args": ["a", "b"],
            "http": {"response": {"status_code": 404.0}},
            "custom": {"number": 5, "flag": True, "list": [{"n": 1}, {"n": 2}]},
            "empty": {},
            "none": None,
            "blank": [],
        }
    )
    assert fields == {
        "@timestamp": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        "event.kind": "event",
        "event.dataset": "x.y",
        "event.module": "x",
        "event.category": ["process"],
        "event.type": (),
        "event.code": "4688",
        "event.created": datetime(2026, 1, 2, 2, 4, 6, tzinfo=UTC),
        "source.ip": "192.0.2.7",
        "source.port": 443,
        "user.id": "1000",
        "process.args": ["a", "b"],
        "process.command_line": "a b",
        "http.response.status_code": 404,
        "custom.number": 5,
        "custom.flag": True,
        "custom.list.n": [1, 2],
        "related.ip": ["192.0.2.7"],
    }


def test_values_that_are_not_of_their_type_are_kept_as_text() -> None:
    fields = read({"source": {"port": "none"}, "event": {"created": "yesterday"}, "a": 1})
    assert "source.port" not in fields
    assert json.loads(str(fields[REST])) == {"source.port": "none", "event.created": "yesterday"}


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-01-02T12:00:00Z",
        "2026-01-02 12:00:00",
        "2026-01-02T13:00:00+01:00",
        "2026/01/02 12:00:00",
        "2026-01-02T12:00:00.000000000Z",
        "2026-01-02 12:00:00,000",
        "2026-01-02 12:00:00 UTC",
        "02/Jan/2026:12:00:00 +0000",
        1767355200,
        1767355200.0,
        1767355200000,
        1767355200000000,
        1767355200000000000,
        "1767355200",
        "1767355200000",
    ],
)
def test_stamps(stamp: object) -> None:
    assert to_instant(stamp) == NOON


@pytest.mark.parametrize(
    "stamp", ["", "noon", "12:00", "2026-01-02", True, None, 5, -1, 1e300, "9" * 400, "2026-13-45T00:00:00"]
)
def test_no_stamps(stamp: object) -> None:
    assert to_instant(stamp) is None


@pytest.mark.parametrize("name", ["timestamp", "time", "ts", "eventTime", "date", "TimeGenerated", "created_at"])
def test_the_usual_names_of_stamps(name: str) -> None:
    fields = read({"a": 1, name: "2026-01-02T12:00:00Z"})
    assert fields["@timestamp"] == NOON
    assert name in fields


def test_a_date_and_a_time_apart() -> None:
    assert read({"date": "2026-01-02", "time": "12:00:00"})["@timestamp"] == NOON


def test_without_a_stamp_there_is_none() -> None:
    fields = read({"a": "b", "@timestamp": "never"})
    assert "@timestamp" not in fields
    assert fields["event.dataset"] == "json.generic"
    assert "never" in str(fields[REST])


def test_a_search_result_is_unwrapped() -> None:
    fields = read({"_index": "logs", "_id": "7", "_source": {"host": {"name": "web1"}}})
    assert (fields["host.name"], fields["_id"], fields["_index"]) == ("web1", "7", "logs")


def test_many_keys_are_capped_and_the_rest_is_kept() -> None:
    fields = read({f"k{number}": number for number in range(10_000)})
    assert len(fields) <= MAX_FIELDS + 10
    rest = json.loads(str(fields[REST]))
    assert all(fields.get(f"k{number}", rest.get(f"k{number}")) == number for number in range(10_000))


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (b'{"n": NaN}', "n", "nan"),
        (b'{"n": 123456789012345678901234567890}', "n", 123456789012345678901234567890.0),
        (b'{"n": 123456789012345678901234567890, "m": NaN}', "n", "123456789012345678901234567890"),
        (b'{"s": "\\ud800x"}', "s", "\\ud800x"),
        (b'{"a": 1, "a": 2}', "a", 2),
        (b'{"s": "\xff"}', "s", "\\xff"),
    ],
)
def test_odd_values(raw: bytes, name: str, value: object) -> None:
    fields = read(raw)
    assert fields[name] == value
    json.dumps(fields, default=str).encode()


def test_deep_nesting_is_text_or_a_dead_letter() -> None:
    document: object = 1
    for _ in range(100):
        document = {"a": document}
    fields = read(document)
    assert any("{" in str(value) for value in fields.values())
    with pytest.raises(MalformedRecordError):
        read(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


@pytest.mark.parametrize("raw", [b"[1]", b'"x"', b"1", b"{", b"text", b'{"a":' + b"9" * 5000 + b"}"])
def test_what_is_no_object_is_a_dead_letter(raw: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        SOURCE.open(Options()).parse(Record(offset=0, number=1, raw=raw))


@pytest.mark.parametrize(
    ("head", "low", "high"),
    [
        (b'{"a":1}\n', 15, 25),
        (b'  [ {"a": 1', 15, 25),
        (b'{\n "a": 1,', 15, 25),
        (b"{} text", 1, 25),
        (b"[error] {", 0, 0),
        (b"type=SYSCALL msg=audit(1.2:3): a={", 0, 0),
        (b"", 0, 0),
    ],
)
def test_recognition(head: bytes, low: int, high: int) -> None:
    assert low <= SOURCE.recognise(head, "x.json") <= high


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=60)
@given(
    st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=4), min_size=1, max_size=5), st.sampled_from([None, 1])
)
def test_arrays_and_lines_give_the_same_objects(documents: list[dict[str, object]], indent: int | None) -> None:
    lines = b"\n".join(json.dumps(document).encode() for document in documents)
    assert cut(lines) == documents
    assert cut(json.dumps(documents, indent=indent).encode()) == documents


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5) | st.binary(max_size=100))
def test_any_document_is_an_event_or_a_dead_letter(document: object) -> None:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    parser = SOURCE.open(Options())
    for record in SOURCE.frame(io.BytesIO(raw)):
        try:
            fields = parser.parse(record)
        except MalformedRecordError:
            continue
        if record.problem is None and fields is not None:
            json.dumps(parser.complete(fields), default=str).encode("utf-8")


def mac(category: str, kind: str, **more: object) -> dict[str, object]:
    """Return an event of an endpoint agent on macOS, in ECS."""
    return {
        "@timestamp": "2026-03-10T08:00:00Z",
        "event": {"kind": "event", "category": [category], "type": [kind], "dataset": f"endpoint.events.{category}"},
        "host": {"name": "mac04", "os": {"type": "macos", "name": "macOS"}},
        "process": {
            "executable": "/usr/bin/osascript",
            "command_line": "osascript -e 'display dialog \"password\"'",
            "parent": {"executable": "/Applications/Mail.app/Contents/MacOS/Mail", "command_line": "Mail"},
        },
        **more,
    }


_PROCESS = {"product": "macos", "category": "process_creation"}
_FILE = {"product": "macos", "category": "file_event"}
_PLIST = {"file": {"path": "/Library/LaunchDaemons/com.example.x.plist"}}


@pytest.mark.parametrize(
    ("document", "source", "selection", "expected"),
    [
        (mac("process", "start"), _PROCESS, {"Image|endswith": "/osascript", "CommandLine|contains": "password"}, True),
        (mac("process", "start"), _PROCESS, {"ParentImage|endswith": "/Mail", "ParentCommandLine": "Mail"}, True),
        (mac("process", "end"), _PROCESS, {"Image|endswith": "/osascript"}, False),
        (mac("process", "start"), {**_PROCESS, "product": "linux"}, {"Image|endswith": "/osascript"}, False),
        (mac("process", "start"), {**_PROCESS, "product": "windows"}, {"Image|endswith": "/osascript"}, False),
        (mac("process", "start"), {"category": "process_creation"}, {"Image|endswith": "/osascript"}, True),
        (mac("file", "creation", **_PLIST), _FILE, {"TargetFilename|startswith": "/Library/LaunchDaemons/"}, True),
        (mac("file", "deletion", **_PLIST), _FILE, {"TargetFilename|startswith": "/Library/LaunchDaemons/"}, False),
        (mac("process", "start"), _FILE, {"Image|endswith": "/osascript"}, False),
    ],
)
def test_rules_for_macos_see_an_agents_events(
    document: dict[str, object], source: dict[str, str], selection: dict[str, str], expected: bool
) -> None:
    assert fires({"s": selection, "condition": "s"}, read(document), source=source) is expected


def test_the_system_is_told_by_what_older_agents_say() -> None:
    older = mac("process", "start")
    for names, system in (({"family": "darwin"}, "macos"), ({"platform": "ubuntu"}, "linux"), ({"name": "x"}, None)):
        fields = read({**older, "host": {"name": "h", "os": names}})
        assert fields.get("host.os.type") == system


def test_a_network_sensors_event_is_not_the_shipping_hosts() -> None:
    flow = mac("network", "connection", destination={"ip": "203.0.113.9", "port": 4444})
    flow["event"] = {"category": ["network"], "type": ["connection"], "dataset": "suricata.eve"}
    wanted = {"s": {"DestinationPort": 4444}, "condition": "s"}
    assert not fires(wanted, read(flow), source={"product": "macos", "category": "network_connection"})


def test_a_value_without_a_name_is_kept_with_the_rest() -> None:
    fields, rest = flatten({"": "odd", "message": "x"})
    assert (fields, rest) == ({"message": "x"}, {"": "odd"})


def test_the_parent_process_of_older_beats_has_its_name_of_today() -> None:
    older = {"@timestamp": "2021-01-01T00:01:01.000Z", "process": {"name": "sh", "pid": 12, "ppid": 7}}
    assert read(older)["process.parent.pid"] == 7
    assert "process.parent.pid" not in read({"process": {"ppid": "x"}})

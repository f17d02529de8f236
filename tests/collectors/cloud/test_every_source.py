"""What every source of cloud and identity services keeps: it knows its records from all others, and loses none."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader, Parsed
from collectors.registry import recognise
from engine.events import DeadLetter, Event
from tests.collectors.cloud.samples import SAMPLES

RECORDS = [pytest.param(name, raw, id=f"{name}-{at}") for name, raws in SAMPLES.items() for at, raw in enumerate(raws)]
JSON_RECORDS = [(name, raw) for name, raws in SAMPLES.items() for raw in raws if raw.startswith(b"{")]


def read(name: str, data: bytes) -> tuple[list[Event], list[DeadLetter]]:
    reader = LogReader(Path("log"), source=name, stream=io.BytesIO(data))
    events: list[Event] = []
    dead: list[DeadLetter] = []
    for item in reader.records():
        if isinstance(item, Parsed):
            events.append(reader.event(item))
        else:
            dead.append(item)
    assert reader.tally.records == len(events) + len(dead)
    return events, dead


@pytest.mark.parametrize(("name", "raw"), RECORDS)
def test_a_record_is_recognised_and_read(name: str, raw: bytes) -> None:
    found = recognise(raw + b"\n", "x.log")
    assert found is not None
    assert found.name == name
    events, dead = read(name, raw + b"\n" + raw)
    assert (len(events), dead) == (2, [])
    assert events[0].fields["event.category"]
    assert "kulla" not in str(events[0].fields.get("error.message", ""))


@pytest.mark.parametrize(("name", "raw"), JSON_RECORDS)
def test_records_in_arrays_wrappers_and_shippers_are_the_same_record(name: str, raw: bytes) -> None:
    expected = read(name, raw)[0][0].fields
    shipped = json.dumps({"@version": "1", "message": raw.decode()}).encode()
    for data in (b"[" + raw + b",\n" + raw + b"]", b'{"Records":[' + raw + b"]}", shipped):
        found = recognise(data, "x.json")
        assert found is not None
        assert found.name == name
        events, dead = read(name, data)
        assert dead == []
        assert events[0].fields == expected


@pytest.mark.parametrize(("name", "raw"), JSON_RECORDS)
def test_a_record_longer_than_what_recognition_sees_is_recognised(name: str, raw: bytes) -> None:
    if name in {"github_audit", "keycloak"}:
        pytest.skip("records of this source are short")
    padded = raw[:-1] + b', "zz_padding": "' + b"x" * 200_000 + b'"}'
    found = recognise(padded[: 64 * 1024], "x.json")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(("name", "raw"), JSON_RECORDS)
def test_what_is_no_record_of_the_source_is_a_dead_letter(name: str, raw: bytes) -> None:
    events, dead = read(name, b'{"hello": "world"}\n' + raw + b"\n" + raw[: len(raw) // 2])
    assert len(events) == 1
    assert len(dead) == 2
    assert all(letter.reason for letter in dead)


def test_an_audit_record_of_intune_is_not_entras() -> None:
    record = {
        "time": "2025-03-04T05:06:07Z",
        "category": "AuditLogs",
        "operationName": "Patch",
        "resultType": "Success",
    }
    found = recognise(json.dumps(record | {"properties": {"ActivityDate": "x", "Actor": {}}}).encode(), "x.json")
    assert found is None or found.name != "entra"


def test_a_compressed_trail_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trail.json.gz"
    raw = SAMPLES["aws_cloudtrail"][0]
    path.write_bytes(gzip.compress(b'{"Records":[' + raw + b"," + raw + b"]}"))
    reader = LogReader(path)
    assert reader.source.name == "aws_cloudtrail"
    assert [type(item) for item in reader.records()] == [Parsed, Parsed]


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("203.0.113.9")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["", "a", "Name", "id", "type", "ü"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def changed(value: object, path: list[int], new: object) -> object:
    """Return the document with one part, which the path leads to, replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys: list[object] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = changed(value[key], path[1:], new)  # type: ignore[index]
    return copy


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    record=st.sampled_from(JSON_RECORDS),
    paths=st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=4), min_size=1, max_size=3),
    new=values,
)
def test_any_value_anywhere_is_an_event_or_a_dead_letter_with_a_reason(
    record: tuple[str, bytes], paths: list[list[int]], new: object
) -> None:
    name, raw = record
    document: object = json.loads(raw)
    for path in paths:
        document = changed(document, path, new)
    events, dead = read(name, json.dumps(document).encode() + b"\n")
    assert len(events) + len(dead) >= 1
    for event in events:
        assert "fault of kulla" not in str(event.fields.get("error.message", ""))
        json.dumps({key: str(value) for key, value in event.fields.items()}).encode("utf-8")
    assert not any("fault of kulla" in letter.reason for letter in dead)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    record=st.sampled_from([(name, raw) for name, raws in SAMPLES.items() for raw in raws]),
    place=st.integers(0, 2000),
    new=st.binary(max_size=6),
    cut=st.integers(0, 30),
)
def test_damaged_bytes_are_an_event_or_a_dead_letter(
    record: tuple[str, bytes], place: int, new: bytes, cut: int
) -> None:
    name, raw = record
    place %= len(raw)
    _, dead = read(name, raw[:place] + new + raw[place + cut :])
    assert not any("fault of kulla" in letter.reason for letter in dead)


def test_a_kind_that_is_no_text_is_no_fault() -> None:
    okta = {"uuid": "u", "published": "2025-03-04T05:06:07.123Z", "eventType": "user.session.start"}
    events, dead = read("okta", json.dumps({**okta, "target": [{"type": {"type": None}}]}).encode() + b"\n")
    assert (len(events), dead) == (1, [])

"""Cutting JSON and XML into events: lines, printed objects, arrays, elements; nothing is lost."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import MAX_RECORD
from collectors.windows import frames
from collectors.windows.frames import event_records

EVENTS = [{"EventID": 1, "Message": 'a "quoted" {brace} \\ and \n end'}, {"EventID": 2, "Data": {"x": ["}", "{"]}}]


def cut(text: str | bytes) -> list[tuple[bytes, str | None]]:
    data = text.encode() if isinstance(text, str) else text
    return [(record.raw, record.problem) for record in event_records(io.BytesIO(data))]


def decoded(text: str | bytes) -> list[object]:
    assert all(problem is None for _, problem in cut(text)), cut(text)
    return [json.loads(raw) for raw, _ in cut(text)]


def test_one_event_a_line() -> None:
    assert decoded("\n".join(json.dumps(event) for event in EVENTS) + "\n") == EVENTS


def test_printed_objects_one_after_another() -> None:
    assert decoded("\n".join(json.dumps(event, indent=2) for event in EVENTS)) == EVENTS


@pytest.mark.parametrize("indent", [None, 4])
def test_arrays(indent: int | None) -> None:
    assert decoded(json.dumps(EVENTS, indent=indent)) == EVENTS


def test_utf16_as_powershell_writes_it() -> None:
    assert decoded(json.dumps(EVENTS, indent=2).encode("utf-16")) == EVENTS


def test_a_cut_object_is_told_and_the_next_is_read() -> None:
    whole = json.dumps({"EventID": 3})
    found = cut('{\n  "EventID": 1,\n  "Message": "cut of\n' + whole + "\n{\n}\n")
    assert found[0][1] == "an event that is cut off; the next one starts after it"
    assert found[1] == (whole.encode(), None)


def test_an_object_without_end_is_told() -> None:
    assert cut('[{"EventID": 1}, {"EventID": 2')[-1][1] == "the text ends inside an event"


def test_a_cut_first_line_does_not_hide_the_lines_after_it() -> None:
    lines = ['{"EventID": 1, "Message": "cut', '{"EventID": 2}', '{"EventID": 3}']
    assert [raw for raw, _ in cut("\n".join(lines))] == [line.encode() for line in lines]


def test_an_oversized_object_is_told_and_the_next_is_read() -> None:
    big = '{"Message": "' + "x" * (MAX_RECORD + 10) + '"}'
    found = cut(f'[{big},{{"EventID": 2}}]')
    assert "the limit is" in str(found[0][1])
    assert len(found[0][0]) <= 64 * 1024
    assert found[1] == (b'{"EventID": 2}', None)


@pytest.mark.parametrize(
    "text",
    [
        "<Event><a/></Event>\n<Event x='1'><a/></Event>",
        "<?xml version='1.0'?>\n<Events>\n <Event>\n<a/></Event><Event x='1'/> <b/></Event>\n</Events>\n",
    ],
)
def test_xml_events(text: str) -> None:
    found = cut(text)
    assert len(found) == 2
    assert all(raw.startswith(b"<Event") and raw.endswith(b"</Event>") and problem is None for raw, problem in found)


def test_text_between_xml_events_and_a_cut_event_are_told() -> None:
    found = cut("<Event></Event> stray <Event></Event><Event><a>")
    assert [problem for _, problem in found] == [
        None,
        "text between Event elements",
        None,
        "the text ends inside an Event element",
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=6), st.text(max_size=12), max_size=3), min_size=1, max_size=5),
    st.sampled_from([None, 1, 4]),
    st.integers(3, 40),
)
def test_any_objects_come_back_whatever_the_piece_size(
    events: list[dict[str, str]], indent: int | None, size: int
) -> None:
    text = json.dumps(events, indent=indent, ensure_ascii=False).encode()
    before = frames._PIECE
    frames._PIECE = size  # type: ignore[misc] # small pieces, so that strings are cut everywhere
    try:
        assert decoded(text) == events
    finally:
        frames._PIECE = before  # type: ignore[misc] # as it was


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_lost(data: bytes) -> None:
    kept = b"".join(record.raw for record in event_records(io.BytesIO(b"{\n" + data)))
    for letter in set(data) - set(b" \t\r\n,[]\x00\xef\xbb\xbf"):
        assert kept.count(bytes([letter])) == (b"{\n" + data).count(bytes([letter]))

"""Lines: cut at line feeds whatever the bytes are, with a word for each that is too long."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.framing import decode, lines
from collectors.source import MAX_RECORD


def test_a_line_beyond_the_limit_is_told_with_its_size_and_the_next_one_is_read() -> None:
    records = list(lines(io.BytesIO(b"a\n" + b"x" * 50 + b"\nb\n"), limit=10))
    assert [(item.offset, item.number, item.size) for item in records] == [(0, 1, None), (2, 2, 51), (53, 3, None)]
    assert records[1].problem == "line of 51 bytes; the limit is 10"
    assert records[2].raw == b"b"


def test_an_unended_line_beyond_the_limit_is_told_too() -> None:
    (record,) = lines(io.BytesIO(b"x" * (MAX_RECORD + 1)))
    assert record.problem is not None
    assert record.size == MAX_RECORD + 1
    assert len(record.raw) == 64 * 1024


def test_a_line_of_just_the_limit_is_whole() -> None:
    (record,) = lines(io.BytesIO(b"x" * 10), limit=10)
    assert (record.raw, record.problem) == (b"x" * 10, None)


@settings(max_examples=100)
@given(
    st.lists(st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"").rstrip(b"\r")), max_size=12), st.booleans()
)
def test_offsets_point_at_the_bytes(parts: list[bytes], crlf: bool) -> None:
    parts = [part.removeprefix(b"\xef\xbb\xbf") for part in parts]
    data = (b"\r\n" if crlf else b"\n").join(parts)
    records = list(lines(io.BytesIO(data), limit=100))
    assert [item.raw for item in records] == [part for part in parts if part]
    for item in records:
        assert data[item.offset :].startswith(item.raw)
        assert data.count(b"\n", 0, item.offset) == item.number - 1


@settings(max_examples=100)
@given(st.binary())
def test_bytes_that_are_no_text_stay_visible(raw: bytes) -> None:
    assert len(decode(raw).encode()) >= len(raw)
    assert decode(b"a\xffb" + raw).startswith("a\\xffb")

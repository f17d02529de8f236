"""Octet-counted syslog: messages with and without line ends between them, wrong counts, and nothing left out."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.network.octets import syslog_records


def counted(*messages: bytes) -> bytes:
    return b"".join(b"%d %s" % (len(message), message) for message in messages)


def raws(data: bytes) -> list[bytes]:
    return [record.raw for record in syslog_records(io.BytesIO(data))]


def test_messages_without_line_ends_between_them() -> None:
    one, two = b"<34>1 2024-03-03T10:00:00Z h a - - - first", b"<34>1 2024-03-03T10:00:01Z h a - - - second"
    assert raws(counted(one, two)) == [one, two]
    assert raws(counted(one) + b"\n" + counted(two) + b"\n") == [one, two]


def test_a_message_with_a_line_end_inside() -> None:
    one, two = b"<34>first\nand more", b"<34>second"
    assert raws(counted(one, two)) == [one, two]


def test_offsets_are_those_of_the_messages() -> None:
    records = list(syslog_records(io.BytesIO(counted(b"<34>first", b"<34>second"))))
    assert [(record.offset, record.number) for record in records] == [(2, 1), (14, 2)]


def test_lines_without_counts_pass_as_they_are() -> None:
    assert raws(b"<34>first\n12 bottles\n\nlast") == [b"<34>first", b"12 bottles", b"last"]


def test_a_count_that_lies_loses_nothing() -> None:
    assert raws(b"9999 <34>first\n5 <34>x\n") == [b"9999 <34>first", b"<34>x"]
    assert raws(b"6 <34>first") == [b"<34>fi", b"rst"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([b"12 <34>a", b"\n", b"abc", b"3 <1>", b"<34>x y", b" ", b"70000 <3>"]), max_size=12))
def test_every_byte_but_counts_and_line_ends_comes_out(parts: list[bytes]) -> None:
    data = b"".join(parts)
    out = b"".join(raws(data))
    letters = bytes(byte for byte in data if byte in b"abcxy<>")
    assert bytes(byte for byte in out if byte in b"abcxy<>") == letters

"""Syslog in byte streams: whatever the pieces in which it comes, the messages are the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.transports.octets import Frame, Octets

MESSAGES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=40).map(
        lambda text: b"<13>" + text.encode()
    ),
    max_size=8,
)


def cut(data: bytes, step: int, limit: int = 1000) -> list[Frame]:
    octets = Octets(limit)
    found = [frame for at in range(0, len(data), step) for frame in octets.feed(data[at : at + step])]
    return [*found, *octets.end()]


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.lists(st.booleans(), min_size=8, max_size=8), st.integers(1, 50))
def test_counted_and_line_framing_may_be_mixed(messages: list[bytes], counted: list[bool], step: int) -> None:
    data = b"".join(
        b"%d %s" % (len(raw), raw) if count else raw + b"\n" for raw, count in zip(messages, counted, strict=False)
    )
    assert [frame.raw for frame in cut(data, step)] == messages


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 60))
def test_any_bytes_in_any_pieces_give_the_same_messages(data: bytes, step: int) -> None:
    assert cut(data, step) == cut(data, 1000)


def test_a_message_of_several_lines_is_whole_where_its_octets_are_counted() -> None:
    assert [frame.raw for frame in cut(b"16 <13>one\n  two\n\n\n<13>three\n", 3)] == [b"<13>one\n  two", b"<13>three"]


def test_too_long_messages_are_read_past_and_told() -> None:
    for data in (b"<13>" + b"a" * 3000 + b"\n<13>b\n", b"3004 <13>" + b"a" * 3000 + b"5 <13>b"):
        first, second = cut(data, 700)
        assert first.problem is not None
        assert "limit" in first.problem
        assert second.raw == b"<13>b"


def test_a_connection_that_ends_in_a_counted_message_says_so() -> None:
    (frame,) = cut(b"50 <13>half of it", 5)
    assert frame.problem is not None
    assert frame.raw.endswith(b"half of it")

"""Pieces hold the lines that `lines` cuts, whatever sizes the stream gives them in."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.columns import pieces
from collectors.framing import lines
from collectors.source import Record

LIMIT = 100_000
A_LINE = st.one_of(
    st.binary(max_size=300).map(lambda raw: raw.replace(b"\n", b"")),
    st.sampled_from([0, 1, 4000, 5000, 70_000, LIMIT, LIMIT + 1, 150_000]).map(lambda size: b"x" * size),
)
LOG = st.lists(st.tuples(A_LINE, st.sampled_from([b"\n", b"\r\n", b"\r\r\n"])), max_size=12).map(
    lambda parts: b"".join(line + end for line, end in parts)
)


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read1(self, size: int | None = -1, /) -> bytes:
        return self.read(min(size or 0, self._step))


def cut(stream: io.BytesIO) -> list[Record]:
    found: list[Record] = []
    for piece in pieces.Pieces(stream, limit=LIMIT):
        found += piece.odd
        found += [record for line in range(len(piece.starts)) if (record := piece.record(line)).raw]
    return found


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(pieces, "CAPACITY", 4096)
    patch.setattr(pieces, "ROOM", 4096 + 16)
    patch.setattr(pieces, "LINES", 7)
    yield
    patch.undo()


@settings(max_examples=60, deadline=None)
@given(LOG, st.booleans(), st.booleans(), st.sampled_from([1000, 4096, 100_000]))
def test_pieces_hold_the_same_lines(data: bytes, marked: bool, ended: bool, step: int) -> None:
    data = (b"\xef\xbb\xbf" if marked else b"") + (data if ended else data.rstrip(b"\r\n"))
    assert cut(Trickle(data, step)) == list(lines(io.BytesIO(data), limit=LIMIT))


def test_a_stream_that_fails_gives_its_whole_lines_first() -> None:
    class Failing(Trickle):
        def read1(self, size: int | None = -1, /) -> bytes:
            if chunk := super().read1(size):
                return chunk
            raise OSError(5, "Input/output error")

    left = iter(pieces.Pieces(Failing(b"one\ntwo\nthr", 3)))
    piece = next(left)
    assert [piece.raw(line) for line in range(len(piece.starts))] == [b"one", b"two"]
    with pytest.raises(OSError, match="Input/output"):
        next(left)


def test_what_comes_after_a_failure_within_a_long_line_is_not_given_out() -> None:
    class Failing(Trickle):
        failed = False

        def read1(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= 5000 and not self.failed:
                self.failed = True
                raise OSError(5, "Input/output error")
            return super().read1(size)

    left = iter(pieces.Pieces(Failing(b"one\n" + b"x" * 6000 + b"\nlater\n", 1000)))
    assert [next(left).raw(0)] == [b"one"]
    with pytest.raises(OSError, match="Input/output"):
        next(left)


def test_a_part_of_a_piece_has_only_the_bytes_of_its_lines() -> None:
    found = list(pieces.Pieces(io.BytesIO(b"".join(b"%d\r\n" % number for number in range(1000)))))
    assert max(len(piece.buffer) for piece in found) < 80
    assert sum(len(piece.starts) for piece in found) == 1000


def test_many_carriage_returns_are_cut_off_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    turned = pieces.Pieces._turned
    monkeypatch.setattr(pieces.Pieces, "_turned", lambda *each: passes.append(1) or turned(*each))
    data = b"a\n" * 500 + b"\r" * 1500 + b"\nb" + b"\r" * 900 + b"\n\r\r\nc\r\n"
    assert cut(io.BytesIO(data)) == list(lines(io.BytesIO(data), limit=LIMIT))
    assert len(passes) == 2

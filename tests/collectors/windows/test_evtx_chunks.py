"""EVTX chunks built by hand: what stands in them, what is missing, and that every loss is told."""

from __future__ import annotations

import io
import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.windows.evtx_chunks import CHUNK, FILE_HEADER, blank_file_header, file_header, read_chunk
from collectors.windows.evtx_frames import evtx_records


def record(number: int, content: bytes = b"\xff" * 20) -> bytes:
    size = 28 + len(content)
    return struct.pack("<4sIQQ", b"**\x00\x00", size, number, 0) + content + struct.pack("<I", size)


def chunk(first: int, count: int, *, drop: tuple[int, ...] = ()) -> bytes:
    """A chunk with records that decode to nothing; those in `drop` are overwritten with zeros."""
    body, places = b"", {}
    for number in range(first, first + count):
        places[number] = (len(body), len(record(number)))
        body += record(number)
    last = places[first + count - 1][0] + 512
    free = 512 + len(body)
    for number in drop:
        at, size = places[number]
        body = body[:at] + bytes(size) + body[at + size :]
    head = b"ElfChnk\x00" + struct.pack("<QQQQ", first, first + count - 1, first, first + count - 1)
    head += struct.pack("<IIII", 128, last, free, zlib.crc32(body)) + bytes(64)
    head += struct.pack("<I", 0)
    table = bytes(384)
    head += struct.pack("<I", zlib.crc32(table, zlib.crc32(head[:120])))
    return (head + table + body).ljust(CHUNK, b"\x00")


def header(chunks: int, next_record: int, *, dirty: bool = False) -> bytes:
    head = b"ElfFile\x00" + struct.pack("<QQQIHHHH", 0, chunks - 1, next_record, 128, 1, 3, 4096, chunks)
    head = head.ljust(120, b"\x00")
    return (head + struct.pack("<II", int(dirty), zlib.crc32(head))).ljust(FILE_HEADER, b"\x00")


def problems(data: bytes) -> list[str]:
    return [str(found.problem) for found in evtx_records(io.BytesIO(data))]


def test_the_header_made_for_single_chunks_is_a_valid_one() -> None:
    found = file_header(blank_file_header())
    assert found is not None
    assert (found.chunks, found.intact, found.dirty) == (1, True, False)


def test_records_are_found_where_they_stand() -> None:
    found = read_chunk(chunk(7, 3), live=False)
    assert [place.id for place in found.places] == [7, 8, 9]
    assert (found.first, found.last, found.gaps, found.header_intact, found.data_intact) == (7, 9, (), True, True)


def test_a_record_overwritten_in_the_middle_is_a_gap_and_the_rest_is_still_found() -> None:
    found = read_chunk(chunk(1, 5, drop=(3,)), live=False)
    assert [place.id for place in found.places] == [1, 2, 4, 5]
    assert len(found.gaps) == 1


def test_each_record_that_cannot_be_decoded_is_told_with_its_id_and_chunk() -> None:
    told = problems(header(1, 4) + chunk(1, 3))
    assert len(told) == 3
    assert all(f"record {number} in chunk 1 can't be decoded" in told[number - 1] for number in (1, 2, 3))


def test_each_missing_record_is_told() -> None:
    told = problems(header(1, 6) + chunk(1, 5, drop=(2, 3)))
    assert [line for line in told if "missing" in line] == [
        "record 2 is missing from chunk 1",
        "record 3 is missing from chunk 1",
    ]


def test_blank_chunks_at_the_end_are_free_space() -> None:
    with_space = header(1, 3) + chunk(1, 2) + bytes(2 * CHUNK)
    assert problems(with_space) == problems(header(1, 3) + chunk(1, 2))


def test_a_blank_chunk_between_used_ones_is_a_loss() -> None:
    told = problems(header(3, 21) + chunk(1, 2) + bytes(CHUNK) + chunk(11, 10))
    assert any("records 3 to 10 are missing before chunk 3 (1 blank chunks stand there)" in line for line in told)
    assert "the file names 3 chunks and has 2" in told[-1]


def test_a_file_cut_between_chunks_names_what_is_gone() -> None:
    told = problems(header(4, 41) + chunk(1, 10))
    assert told[-1] == "the file names 4 chunks and has 1; records 11 to 40 are missing"


def test_a_dirty_header_alone_is_no_loss_and_its_counts_are_not_believed() -> None:
    told = problems(header(1, 1, dirty=True) + chunk(1, 1) + chunk(2, 1))
    assert len(told) == 2
    assert all("can't be decoded" in line for line in told)


def test_a_file_that_ends_inside_its_header_is_told() -> None:
    assert problems(header(1, 2)[:1000]) == ["the file ends inside its header, after 1,000 of 4,096 bytes"]


def test_bytes_that_are_no_chunk_are_told_and_the_next_chunk_is_read() -> None:
    told = problems(header(2, 2) + b"\x01" * 5000 + chunk(1, 1))
    assert "5,000 bytes before chunk 1 are no EVTX chunk" in told
    assert any("record 1 in chunk 1" in line for line in told)


def test_a_chunk_without_a_file_header_is_read() -> None:
    told = problems(chunk(5, 2))
    assert told[0].startswith("the file header is missing")
    assert len([line for line in told if "can't be decoded" in line]) == 2


def test_a_claim_of_more_records_than_a_chunk_can_hold_is_not_believed() -> None:
    block = bytearray(chunk(1, 2))
    struct.pack_into("<Q", block, 32, 2**63)
    struct.pack_into("<I", block, 124, zlib.crc32(block[128:512], zlib.crc32(block[:120])))
    assert read_chunk(bytes(block), live=False).last is None
    assert len(problems(header(1, 3) + bytes(block))) < 10


def test_offsets_tell_records_apart() -> None:
    found = list(evtx_records(io.BytesIO(header(2, 9) + chunk(1, 4, drop=(2, 3)) + chunk(5, 4, drop=(6, 7, 8)))))
    assert len({(one.offset, one.raw) for one in found}) == len(found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 70_000), st.integers(0, 3))
def test_no_bytes_make_it_fail(junk: bytes, at: int, kind: int) -> None:
    data = header(2, 9) + chunk(1, 4) + chunk(5, 4)
    broken = (data[:at] + junk + data[at + len(junk) :], data[:at] + junk, junk + data, data[:at] + data[at + 9 :])[
        kind
    ]
    found = list(evtx_records(io.BytesIO(broken)))
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert found or not broken

"""The chunks of an EVTX file: their headers, the records that stand in them, and which of these are damaged.

Layout after Microsoft's [MS-EVEN6] and the format description of libevtx: a file header of 4 KiB (`ElfFile`), then
chunks of 64 KiB (`ElfChnk`), each with a header of 512 bytes and records that start with `**\\0\\0`, their size and id,
and end with their size again.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

FILE_HEADER: Final = 4096
CHUNK: Final = 65536
FIRST_RECORD: Final = 512
FILE_MAGIC: Final = b"ElfFile\x00"
CHUNK_MAGIC: Final = b"ElfChnk\x00"
RECORD_MAGIC: Final = b"**\x00\x00"
_SMALLEST: Final = 28  # bytes of a record without content: magic, size, id, time, size
MOST_RECORDS: Final = (CHUNK - FIRST_RECORD) // _SMALLEST

_ZEROS: Final = bytes(CHUNK)
_FILE_FIELDS: Final = struct.Struct("<8xQQQIHHHH")
_FLAGS_AND_CHECK: Final = struct.Struct("<II")
_CHUNK_FIELDS: Final = struct.Struct("<8xQQQQIIII")
_RECORD_FIELDS: Final = struct.Struct("<4sIQ")
_SIZE: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """What the file says of itself. `dirty`: it was copied while Windows wrote it, so its numbers may be behind."""

    chunks: int
    next_record: int
    dirty: bool
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One record in a chunk: its offset from the chunk's start, its size in bytes and its record id."""

    offset: int
    size: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of a chunk, in bytes from its start, where a record should stand and none can be read."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A chunk as it was found. `first` and `last` are the record ids its header claims, None where it is damaged."""

    first: int | None
    last: int | None
    places: tuple[Place, ...]
    gaps: tuple[Gap, ...]
    header_intact: bool
    data_intact: bool
    readable: bytes


def file_header(head: bytes) -> FileHeader | None:
    """Read the first 4 KiB of a file; None where they are no EVTX file header."""
    if len(head) < 128 or not head.startswith(FILE_MAGIC):
        return None
    _, _, next_record, _, _, _, _, chunks = _FILE_FIELDS.unpack_from(head)
    flags, check = _FLAGS_AND_CHECK.unpack_from(head, 120)
    intact = zlib.crc32(head[:120]) == check
    return FileHeader(chunks=chunks, next_record=next_record, dirty=bool(flags & 1), intact=intact)


def blank_file_header() -> bytes:
    """Return the header of a file with one chunk: what stands before a chunk that is decoded alone."""
    head = FILE_MAGIC + struct.pack("<QQQIHHHH", 0, 0, 1, 128, 1, 3, FILE_HEADER, 1) + bytes(76)
    head = head.ljust(120, b"\x00")[:120] + _FLAGS_AND_CHECK.pack(0, zlib.crc32(head.ljust(120, b"\x00")[:120]))
    return head.ljust(FILE_HEADER, b"\x00")


def read_chunk(block: bytes, *, live: bool) -> Chunk:
    """Find the records of a chunk that starts with `ElfChnk`; `block` may be cut short.

    In a `live` file (dirty header) the header may be behind the records: those that follow on are taken too. Records
    beyond the header's free space offset in a closed file are left-overs of an earlier use of the buffer.
    """
    _, _, first, last, _, _, free, check = _CHUNK_FIELDS.unpack_from(block) if len(block) >= 128 else (0,) * 8
    intact = len(block) >= FIRST_RECORD and _header_check(block)
    whole = intact and FIRST_RECORD <= free <= CHUNK
    end = free if whole else CHUNK
    places, gaps = _walk(block, end)
    if live and whole and not gaps and (not places or places[-1].id == last):
        more = _follow(block, end, last)
        places += more
        last = more[-1].id if more else last
        end = more[-1].offset + more[-1].size if more else end
    claimed = intact and first <= last and last - first < MOST_RECORDS
    return Chunk(
        first=first if claimed else None,
        last=last if claimed else None,
        places=tuple(places),
        gaps=tuple(gaps),
        header_intact=intact,
        data_intact=whole and zlib.crc32(block[FIRST_RECORD:free]) == check,
        readable=_repaired(block, places, gaps, end),
    )


def is_used(block: bytes) -> bool:
    """Tell whether a block holds anything but zeros: Windows makes files with chunks in reserve."""
    return block != (_ZEROS if len(block) == CHUNK else bytes(len(block)))


def _header_check(block: bytes) -> bool:
    stated: int = _SIZE.unpack_from(block, 124)[0]
    return zlib.crc32(block[128:FIRST_RECORD], zlib.crc32(block[:120])) == stated


def _place(block: bytes, offset: int) -> Place | None:
    if offset + _SMALLEST > len(block):
        return None
    magic, size, record_id = _RECORD_FIELDS.unpack_from(block, offset)
    if magic != RECORD_MAGIC or size < _SMALLEST or offset + size > len(block):
        return None
    if _SIZE.unpack_from(block, offset + size - 4)[0] != size:
        return None
    return Place(offset=offset, size=size, id=record_id)


def _walk(block: bytes, end: int) -> tuple[list[Place], list[Gap]]:
    """Step from record to record; after a damaged one, go on at the next place that looks whole.

    Where the header does not say where the records end (`end` is the chunk's), zeros to the end are free space.
    """
    places: list[Place] = []
    gaps: list[Gap] = []
    at = FIRST_RECORD
    while at < end:
        place = _place(block, at)
        if place is not None:
            places.append(place)
            at += place.size
            continue
        if end == CHUNK and len(block) == CHUNK and not is_used(block[at:]):
            break
        following = _next_whole(block, at + 1, end)
        gaps.append(Gap(offset=at, size=following - at))
        at = following
    return places, gaps


def _next_whole(block: bytes, start: int, end: int) -> int:
    at = block.find(RECORD_MAGIC, start, end)
    while at != -1:
        if _place(block, at) is not None:
            return at
        at = block.find(RECORD_MAGIC, at + 1, end)
    return end


def _follow(block: bytes, at: int, last: int) -> list[Place]:
    places: list[Place] = []
    while (place := _place(block, at)) is not None and place.id == last + 1:
        places.append(place)
        at, last = at + place.size, place.id
    return places


def _repaired(block: bytes, places: list[Place], gaps: list[Gap], end: int) -> bytes:
    """Return a whole chunk in which a decoder can step over the gaps: each becomes one record that decodes to none."""
    chunk = bytearray(block.ljust(CHUNK, b"\x00"))
    for gap in gaps:
        if gap.size >= _SMALLEST and gap.offset + gap.size <= CHUNK:
            _RECORD_FIELDS.pack_into(chunk, gap.offset, RECORD_MAGIC, gap.size, 0)
            _SIZE.pack_into(chunk, gap.offset + gap.size - 4, gap.size)
    last = places[-1] if places else None
    chunk[:8] = CHUNK_MAGIC
    first_id, last_id = (places[0].id, places[-1].id) if places else (0, 0)
    struct.pack_into("<QQQQ", chunk, 8, first_id, last_id, first_id, last_id)
    free = max(end if end != CHUNK else 0, last.offset + last.size if last else FIRST_RECORD)
    struct.pack_into("<III", chunk, 40, 128, last.offset if last else 0, min(free, CHUNK))
    return bytes(chunk)

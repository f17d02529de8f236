"""Cutting an EVTX file into records, with a word for every record that is missing or can't be read.

The `evtx` package decodes; but for some damage it returns fewer records without a word. So each chunk is decoded
alone, in a file of its own, and what comes back is compared with the records that stand in the chunk and with those
its header claims. That also bounds the memory to a chunk, whatever the stream.
"""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from evtx import PyEvtxParser

from collectors.source import Record
from collectors.windows.evtx_chunks import (
    CHUNK,
    CHUNK_MAGIC,
    FILE_HEADER,
    FIRST_RECORD,
    MOST_RECORDS,
    Chunk,
    FileHeader,
    Gap,
    blank_file_header,
    file_header,
    is_used,
    read_chunk,
)

_HEADER: Final = blank_file_header()
_KEPT: Final = CHUNK  # bytes of an unreadable stretch that its dead letter keeps


@dataclass(slots=True, kw_only=True)
class _Progress:
    """Where the reader is: the chunk's number from 1, its offset in the file, and the ids and damage seen so far."""

    header: FileHeader | None
    number: int = 0
    chunk: int = 0
    offset: int = FILE_HEADER
    used: int = 0
    blank: int = 0
    last_id: int | None = None
    highest: int = 0
    damaged: bool = False
    live: bool = field(default=True)

    def problem(self, at: int, raw: bytes, why: str, *, size: int | None = None) -> Record:
        self.number += 1
        self.damaged = True
        size = size if size is not None else len(raw)
        return Record(offset=at, number=self.number, raw=raw[:_KEPT], problem=why, size=size)


def evtx_records(stream: BinaryIO) -> Iterator[Record]:
    """Yield each record of an EVTX file as compact JSON, at its own offset in the file, and one for each that is lost.

    A dirty header is no loss: Windows sets it while it writes, and the records that its header does not know yet are
    taken too. Blank chunks at the end are free space.
    """
    head = _exactly(stream, FILE_HEADER)
    header = file_header(head)
    now = _Progress(header=header, live=header is None or not header.intact or header.dirty)
    block = b""
    if head.startswith(CHUNK_MAGIC):
        yield now.problem(0, b"", "the file header is missing; its chunks are read nonetheless")
        now.damaged, now.offset, block = False, 0, head
    elif len(head) < FILE_HEADER:
        yield now.problem(0, head, f"the file ends inside its header, after {len(head):,} of {FILE_HEADER:,} bytes")
        return
    elif header is None or not header.intact:
        yield now.problem(0, head, "the file header is damaged; its chunks are read nonetheless")
        now.damaged = False
    block += _exactly(stream, CHUNK - len(block))
    while block:
        rest = b""
        if is_used(block):
            rest = yield from _used_block(block, now)
        else:
            now.blank += 1
            now.chunk += 1
        now.offset += len(block) - len(rest)
        block = rest + _exactly(stream, CHUNK - len(rest))
    yield from _at_end(now)


def _used_block(block: bytes, now: _Progress) -> Generator[Record, None, bytes]:
    """Yield the records of a block, and return what belongs to the next one (where bytes of the file were lost)."""
    now.chunk += 1
    if not block.startswith(CHUNK_MAGIC):
        cut = block.find(CHUNK_MAGIC)
        if cut == -1 and not read_chunk(block, live=False).places:
            yield now.problem(
                now.offset, block, f"chunk {now.chunk} is no EVTX chunk: its {len(block):,} bytes are lost"
            )
            return b""
        if cut > 0:
            yield now.problem(now.offset, block[:cut], f"{cut:,} bytes before chunk {now.chunk} are no EVTX chunk")
            now.chunk -= 1
            return block[cut:]
    chunk = read_chunk(block, live=now.live)
    rest = b""
    if chunk.gaps:
        cut = block.find(CHUNK_MAGIC, FIRST_RECORD)
        if cut != -1:
            block, rest = block[:cut], block[cut:]
            chunk = read_chunk(block, live=now.live)
    yield from _lost_before(chunk, now)
    yield from _decoded(block, chunk, now)
    now.used += 1
    now.blank = 0
    return rest


def _lost_before(chunk: Chunk, now: _Progress) -> Iterator[Record]:
    first = chunk.first if chunk.first is not None else chunk.places[0].id if chunk.places else None
    if first is not None and now.last_id is not None and first > now.last_id + 1:
        why = f"records {now.last_id + 1} to {first - 1} are missing before chunk {now.chunk}"
        if now.blank:
            why += f" ({now.blank} blank chunks stand there)"
        yield now.problem(now.offset, b"", why, size=now.blank * CHUNK)
    last = chunk.last if chunk.last is not None else chunk.places[-1].id if chunk.places else None
    now.last_id = last
    now.highest = max(now.highest, last or 0)


def _decoded(block: bytes, chunk: Chunk, now: _Progress) -> Iterator[Record]:
    """Yield a chunk's records as they stand, those that did not decode with the reason, and what is missing."""
    before = now.damaged
    now.damaged = False
    decoded, complaints = _decode(chunk.readable)
    for place in chunk.places:
        text = decoded[place.id].popleft() if decoded.get(place.id) else None
        at = now.offset + place.offset
        if text is not None:
            now.number += 1
            yield Record(offset=at, number=now.number, raw=text.encode("utf-8", "surrogatepass"))
        else:
            why = complaints.get(place.id) or (complaints.get(-1) if not decoded else None) or "its content is damaged"
            raw = block[place.offset : place.offset + place.size]
            yield now.problem(at, raw, f"record {place.id} in chunk {now.chunk} can't be decoded: {why}")
    yield from _missing(block, chunk, now)
    yield from _damaged_chunk(block, chunk, now)
    now.damaged = now.damaged or before


def _missing(block: bytes, chunk: Chunk, now: _Progress) -> Iterator[Record]:
    """Yield one record for each id that the chunk's header claims and that does not stand in it, and for odd gaps."""
    ids = {place.id for place in chunk.places}
    lost: list[int] = []
    if chunk.first is not None and chunk.last is not None:
        lost = [number for number in range(chunk.first, chunk.last + 1) if number not in ids]
    told: set[Gap] = set()
    for count, number in enumerate(lost):
        gap = _gap_of(number, chunk)
        at = now.offset + (gap.offset if gap else 0) + count
        raw = block[gap.offset : gap.offset + gap.size] if gap and gap not in told else b""
        told |= {gap} if gap else set()
        yield now.problem(at, raw, f"record {number} is missing from chunk {now.chunk}", size=len(raw))
    for gap in chunk.gaps:
        if gap not in told:
            raw = block[gap.offset : gap.offset + gap.size]
            why = f"{gap.size:,} bytes in chunk {now.chunk}, from byte {gap.offset}, hold no readable record"
            yield now.problem(now.offset + gap.offset, raw, why, size=gap.size)


def _gap_of(number: int, chunk: Chunk) -> Gap | None:
    before = max((place for place in chunk.places if place.id < number), key=lambda place: place.id, default=None)
    start = before.offset + before.size if before else 0
    return next((gap for gap in chunk.gaps if gap.offset >= start), chunk.gaps[-1] if chunk.gaps else None)


def _damaged_chunk(block: bytes, chunk: Chunk, now: _Progress) -> Iterator[Record]:
    """Yield one record for damage that names no record: a cut, a damaged header, a checksum that does not hold."""
    if now.damaged:
        return
    what = f"chunk {now.chunk}"
    if len(block) < CHUNK:
        why = f"the file ends inside {what}, after {len(block):,} of {CHUNK:,} bytes"
    elif not chunk.header_intact:
        why = f"the header of {what} is damaged; of its records, {len(chunk.places)} were found"
    elif not now.live and not chunk.data_intact:
        why = f"the checksum of {what} does not hold: its records were changed after they were written"
    else:
        return
    yield now.problem(now.offset + 8, block[:FIRST_RECORD], why, size=len(block))


def _decode(chunk: bytes) -> tuple[dict[int, deque[str]], dict[int, str]]:
    """Decode one chunk: the JSON texts by record id, and the package's complaints by record id (-1 for the chunk)."""
    decoded: dict[int, deque[str]] = defaultdict(deque)
    complaints: dict[int, str] = {}
    try:
        found = PyEvtxParser(io.BytesIO(_HEADER + chunk), 1, indent=False).records_json()
        for _ in range(2 * MOST_RECORDS):
            try:
                item = next(found, None)
            except RuntimeError as error:
                record, why = _complaint(error)
                complaints[record] = why
                continue
            if item is None:
                break
            decoded[int(item["event_record_id"])].append(item["data"])
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the package's native panics are no subclass of Exception
        complaints[-1] = f"the decoder gave up ({type(error).__name__})"
    return decoded, complaints


def _complaint(error: RuntimeError) -> tuple[int, str]:
    """Read "Failed to parse record number 12: reason" into its parts."""
    words = " ".join(str(error).split())
    before, _, after = words.partition(": ")
    number = before.rpartition(" ")[2]
    return (int(number), after[:200]) if number.isdecimal() and len(number) < 20 else (-1, words[:200])


def _at_end(now: _Progress) -> Iterator[Record]:
    header = now.header
    if header is None or not header.intact or header.dirty:
        return
    expected = header.next_record - 1
    if now.used < header.chunks:
        why = f"the file names {header.chunks} chunks and has {now.used}"
        if now.highest < expected:
            why += f"; records {now.highest + 1} to {expected} are missing"
        yield now.problem(now.offset, b"", why)
    elif now.highest < expected and not now.damaged:
        why = f"the file names records up to {expected}; those after {now.highest} are missing"
        yield now.problem(now.offset, b"", why)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts) if len(parts) != 1 else parts[0]

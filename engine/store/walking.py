"""Walking through segments: their row groups in order, those of small files as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from engine.errors import StoreError, UnreadableError
from engine.store.blocks import Opened, StoredBlock
from engine.store.catalogue import Segment
from engine.store.joined import JoinedBlock
from engine.store.protocol import Missing
from engine.store.scan import Wanted
from engine.store.segments import return_memory

_SMALL = 4096  # events; a segment with more is looked at alone
_ROWS = 8_192  # events that are looked at as one block
_BYTES = 24 * 1024 * 1024  # and what their columns may take
_FILES = 100  # that are open at a time
Blocks: TypeAlias = "Iterator[StoredBlock | JoinedBlock]"


def blocks(
    folder: Path, segments: Sequence[Segment], wanted: Wanted, missing: Callable[[Missing], None] | None = None
) -> Blocks:
    """Yield the blocks of these segments that hold wanted rows, in order of the segments.

    `segments` come by their first sequence. What was kept for a segment's blocks is saved when its last was used. A
    segment that cannot be opened is told to `missing` where that is given (see `Store.blocks`).
    """
    return_memory()
    last = wanted.until if wanted.until is not None else max((each.last_sequence for each in segments), default=0)
    pile: list[StoredBlock] = []  # of small segments, not looked at yet
    try:
        for place, segment in enumerate(segments):
            following = segments[place + 1].first_sequence - 1 if place + 1 < len(segments) else last
            opened = Opened(folder, segment)
            if segment.compacted or segment.events > _SMALL:
                yield from _joined(pile)
                yield from _alone(opened, wanted, min(following, last), missing)
                continue
            block = _only(opened, wanted, min(following, last), missing)
            if block is not None:
                if not _has_room(pile, block):
                    yield from _joined(pile)
                pile.append(block)
        yield from _joined(pile)
    except StoreError:
        yield from _joined(pile)  # what comes before the damage is not lost by it
        raise
    finally:
        for block in pile:
            block.opened.close()


def _has_room(pile: Sequence[StoredBlock], block: StoredBlock) -> bool:
    together = [*pile, block]
    return (
        len(together) <= _FILES
        and sum(each.rows for each in together) <= _ROWS
        and sum(each.weight for each in together) <= _BYTES
    )


def _joined(pile: list[StoredBlock]) -> Blocks:
    """Yield these blocks as one, then close their files and empty the pile."""
    parts = list(pile)
    pile.clear()
    try:
        if len(parts) == 1:
            yield parts[0]
        elif parts:
            yield JoinedBlock(parts)
    finally:
        for part in parts:
            part.opened.close(keep=len(parts) == 1)


def _alone(opened: Opened, wanted: Wanted, following: int, missing: Callable[[Missing], None] | None) -> Blocks:
    try:
        yield from _blocks(opened, wanted, following, check=missing is not None)
    except UnreadableError as error:
        _tell(opened.segment, error, missing)
    finally:
        opened.close()


def _only(
    opened: Opened, wanted: Wanted, following: int, missing: Callable[[Missing], None] | None
) -> StoredBlock | None:
    """Return the block of a segment with one row group; where nothing in it is wanted, close the file."""
    block = None
    try:
        found = next(_blocks(opened, wanted, following, check=missing is not None), None)
        if found is not None:
            _ = found.weight  # which opens the file, and is kept
        block = found
    except UnreadableError as error:
        _tell(opened.segment, error, missing)
    finally:
        if block is None:
            opened.close()
    return block


def _tell(segment: Segment, error: UnreadableError, missing: Callable[[Missing], None] | None) -> None:
    """Say to `missing` that a segment cannot be read; raise the error where nobody is to be told."""
    if missing is None:
        raise error
    missing(Missing(first_sequence=segment.first_sequence, last_sequence=segment.last_sequence, reason=str(error)))


def _blocks(opened: Opened, wanted: Wanted, following: int, *, check: bool) -> Iterator[StoredBlock]:
    """Yield the blocks of a segment; with `check`, only after its file was seen to be there in full size."""
    if check:
        opened.check()
    segment, first = opened.segment, opened.segment.first_sequence
    for group, (rows, *_) in enumerate(opened.shape):
        bounds = (segment.first_sequence, segment.last_sequence) if segment.compacted else (first, first + rows - 1)
        own = segment.first_sequence - 1 if segment.compacted else bounds[1]
        is_last = group + 1 == len(opened.shape)
        block = StoredBlock(opened, group, bounds=bounds, settled=following if is_last else min(own, following))
        first += rows
        if block.select(wanted):
            yield block

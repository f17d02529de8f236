"""One followed file, read as it grows; and one file that is read as a whole, from where its checkpoint stands."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self, cast

from collectors.compression import damage, unpacked
from collectors.files import PREFIX, alias_of, digest, up_to
from collectors.registry import HEAD
from collectors.source import Columnar, Options, Record, Source
from collectors.transports.decoding import Decoder
from collectors.transports.marks import TAIL, Mark
from collectors.transports.pile import Pile
from collectors.transports.section import Section
from engine.events import DeadLetter, Event

if TYPE_CHECKING:
    from collectors.columns.treatment import Untreated
    from collectors.transports.follow import Patience

_UNSEEN = (-1, -1)
_WORTH = 64 * 1024  # bytes that are worth reading by columns
_BACKLOG = 8 * 1024 * 1024  # bytes that are read by columns before it is another file's turn
_AT_ONCE = 16  # batches of one file before it is another's turn
_HOUR = 3600.0  # after so many seconds a decoder learns anew what time it is
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00")
_WRAPPED = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[|\{\s*\"[A-Za-z]{1,20}\"\s*:\s*\[\s*(?:[{\]]|\Z))")


def is_packed(head: bytes) -> bool:
    """Tell whether bytes begin a compressed file that kulla unpacks."""
    return head.startswith(_PACKED)


def as_whole(head: bytes) -> bool:
    """Tell whether a file can only be read from its start: a JSON array or wrapper, UTF-16, EVTX."""
    return b"\x00" in head[:256] or _WRAPPED.match(head) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one log, and the checkpoint that holds once they are stored. `records` counts them.

    `columns` are further events. `alias` is a name for the log's content that has to be remembered with its identity,
    where it is new.
    """

    events: list[Event]
    letters: list[DeadLetter]
    mark: Mark
    alias: str | None = None
    columns: Sequence[Untreated] = ()

    @property
    def records(self) -> int:
        """Return how many records the batch has."""
        return len(self.events) + len(self.letters) + sum(len(each.batch) for each in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a log's records are read. `by_columns` says whether events may be given as columns."""

    source: Source
    options: Callable[[], Options]
    by_columns: bool = False

    def decoder(self, mark: Mark) -> Decoder:
        """Return a decoder that goes on where the mark stands."""
        return Decoder(self.source, self.options(), identity=mark.identity, path=mark.path, preamble=mark.headers)


def _batch(pile: Pile, mark: Mark, alias: str | None = None) -> Batch:
    """Return what was piled up as a batch, and begin anew."""
    made = Batch(events=pile.events, letters=pile.letters, mark=mark, alias=alias)
    pile.events, pile.letters, pile.headers, pile.size = [], [], 0, 0
    return made


class Tracked:
    """A plain file that is followed. `mark` says what was stored of it, `changed` when it last grew.

    `present` says whether one of the followed names leads to it; `cut` that its content was replaced.
    """

    def __init__(self, number: int, mark: Mark, reading: Reading, *, before: bytes, now: float) -> None:
        self.mark = mark
        self.changed = now
        self.present = True
        self.cut = False
        self._number = number
        self._reading = reading
        self._decoder, self._decoder_of = reading.decoder(mark), now
        self._before = before  # the bytes that stand before the mark
        self._held = b""  # read after the mark, and not given yet
        self._seen = _UNSEEN
        self._given_up_to = -1  # the size up to which even what was held has been given

    @property
    def path(self) -> str:
        """The name under which the file stands."""
        return self.mark.path

    @path.setter
    def path(self, name: str) -> None:
        if name != self.mark.path:
            self.mark = replace(self.mark, path=name)
            self._decoder.rename(name)

    @property
    def held(self) -> bytes:
        """What was read after the mark, and not given yet."""
        return self._held

    def holds(self, offset: int, data: bytes) -> bool:
        """Tell whether these bytes stand at that offset."""
        return os.pread(self._number, len(data), offset) == data

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._number)

    def read(self, now: float, patience: Patience) -> Iterator[Batch]:
        """Yield what is new, up to where a record may still go on."""
        found = os.fstat(self._number)
        seen = (found.st_size, found.st_mtime_ns)
        if seen != self._seen:
            self._seen, self.changed = seen, now
            self.cut = not self._is_whole(found.st_size)
        elif self._given_up_to == found.st_size or now - self.changed < patience.hold:
            return
        if self.cut or found.st_size == self.mark.offset:
            return
        if now - self._decoder_of >= _HOUR:
            self._decoder, self._decoder_of = self._reading.decoder(self.mark), now
        if found.st_size - self.mark.offset >= _WORTH:
            yield from self._backlog(found.st_size)
            if self.cut or self._seen == _UNSEEN:
                return
        quiet = now - self.changed
        over = (not self.present and quiet >= patience.linger) or quiet >= patience.stale
        yield from self._pass(found.st_size, give=quiet >= patience.hold, over=over)
        if quiet >= patience.hold and (over or self.mark.offset == found.st_size):
            self._given_up_to = found.st_size

    def is_over(self, now: float, patience: Patience) -> bool:
        """Tell whether a file without a followed name has been quiet for so long that it can be let go."""
        gone = os.fstat(self._number).st_nlink == 0
        quiet = now - self.changed
        return quiet >= (patience.linger + patience.hold if gone else patience.keep)

    def _is_whole(self, size: int) -> bool:
        """Tell whether the file still holds what was read of it."""
        if size < self.mark.offset + len(self._held):
            return False
        start = self.mark.offset - len(self._before)
        known = self._before + self._held
        if os.pread(self._number, len(known), start) != known:
            return False
        head = os.pread(self._number, PREFIX, 0)
        if self.mark.full:
            return digest(head) == self.mark.full
        return self.mark.offset == 0 or digest(head[: self.mark.prefix]) == self.mark.identity or start == 0

    def _pass(self, end: int, *, give: bool, over: bool) -> Iterator[Batch]:
        section = Section(self._number, start=self.mark.offset, end=end, before=self._before)
        base = self.mark
        pile = Pile()
        stream = cast("BinaryIO", io.BufferedReader(section, buffer_size=1 << 16))
        last: Record | None = None
        batches, broken_off = 0, False
        for found in self._reading.source.frame(stream):
            record = moved(found, base)
            if last is not None:
                pile.add(self._decoder.read(last), last)
                if pile.full:
                    batches += 1
                    yield self._moved(pile, section, record.offset, record.number - 1)
            last = record
            if batches >= _AT_ONCE:
                self._seen, broken_off = _UNSEEN, True  # the other files have waited long enough
                break
        self.cut = section.broken
        whole = not section.broken and not broken_off
        yield from self._end(pile, section, last, give=whole and give, over=over)
        self._held = section.since(self.mark.offset)

    def _backlog(self, end: int) -> Iterator[Batch]:
        """Read whole lines by columns, where the source can; what is left is worth another look, or is little."""
        source = self._reading.source
        stop = self._stop(end) if self._reading.by_columns and isinstance(source, Columnar) else 0
        if stop <= self.mark.offset or not isinstance(source, Columnar):
            return
        from collectors.transports.backlog import read_backlog  # noqa: PLC0415 - Arrow is heavy, and only columns need it

        section = Section(self._number, start=self.mark.offset, end=stop, before=self._before)
        parser = source.columns(self._reading.options())
        try:
            found = read_backlog(section, parser, (self._decoder, self._reading.decoder(self.mark)), self.mark)
        except OSError:
            self._decoder = self._reading.decoder(self.mark)  # it has seen what will be read again
            raise
        self.cut = section.broken
        if self.cut:
            self._held = section.since(self.mark.offset)
            self._decoder = self._reading.decoder(self.mark)
            return
        pile = Pile(letters=list(found.letters))
        yield replace(self._moved(pile, section, stop, found.number), columns=found.columns)
        self._held = b""
        if end - stop >= _WORTH:
            self._seen = _UNSEEN  # the other files have waited long enough

    def _stop(self, end: int) -> int:
        """Return where the lines end that are read by columns at a time; the file's last one is not among them."""
        last = min(end, self.mark.offset + _BACKLOG)
        start = max(self.mark.offset, last - _WORTH)
        place = os.pread(self._number, last - start, start).rfind(b"\n", 0, -1)
        return self.mark.offset if place < 0 else start + place + 1

    def _end(self, pile: Pile, section: Section, last: Record | None, *, give: bool, over: bool) -> Iterator[Batch]:
        """Yield what is left at the end of a pass; the last record is held back unless it is to be given."""
        read_to = section.position
        ended = not section.broken and section.tail(read_to).endswith(b"\n")
        if last is not None and give and (ended or over):
            pile.add(self._decoder.read(last), last)
            yield self._moved(pile, section, read_to, last.number + last.raw.count(b"\n"))
        elif last is not None and last.offset > self.mark.offset:
            yield self._moved(pile, section, last.offset, last.number - 1)
        elif last is None and ended and read_to > self.mark.offset:
            yield self._moved(pile, section, read_to, self.mark.number)

    def _moved(self, pile: Pile, section: Section, offset: int, number: int) -> Batch:
        """Return the pile as a batch whose checkpoint stands at `offset`."""
        self._before = section.tail(offset)
        section.forget(offset)
        full, alias = self.mark.full, None
        if not full:
            head = os.pread(self._number, PREFIX, 0)
            if len(head) == PREFIX and offset >= PREFIX:
                full, alias = digest(head), alias_of(head) if self.mark.prefix < PREFIX else None
        self.mark = replace(
            self.mark,
            offset=offset,
            number=number,
            tail=digest(self._before),
            full=full,
            headers=tuple(self._decoder.headers),
        )
        return _batch(pile, self.mark, alias)

    def rest(self) -> Iterator[Batch]:
        """Yield what was read of the file's former content and held back."""
        if not self._held:
            return
        pile = Pile()
        base = self.mark
        for found in self._reading.source.frame(io.BytesIO(self._held)):
            record = moved(found, base)
            pile.add(self._decoder.read(record), record)
        tail = (self._before + self._held)[-TAIL:]
        self.mark = replace(base, offset=base.offset + len(self._held), tail=digest(tail))
        self._held = b""
        yield _batch(pile, self.mark)


class Place(Protocol):
    """Where a checkpoint stands."""

    @property
    def offset(self) -> int:
        """The offset in bytes."""
        ...

    @property
    def number(self) -> int:
        """How many records stand before it."""
        ...


def moved(record: Record, base: Place) -> Record:
    """Return a record of the stream that begins where a checkpoint stands as one of the whole stream."""
    offset, number = base.offset + record.offset, base.number + record.number
    return Record(offset=offset, number=number, raw=record.raw, problem=record.problem, size=record.size)


class Whole:
    """A file that does not change, read from its start; compressed or not."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._streams: list[BinaryIO] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams:
            stream.close()

    def _stream(self) -> BinaryIO:
        plain = os.fdopen(os.dup(self._number), "rb")
        plain.seek(0)
        head = plain.read(16)
        plain.seek(0)
        stream = unpacked(plain, head)
        self._streams.append(stream)
        return stream

    def head(self) -> bytes:
        """Return the first bytes of the plain content."""
        return up_to(self._stream(), HEAD)

    def tail_at(self, offset: int) -> bytes | None:
        """Return the bytes before an offset of the plain content, None where it is shorter."""
        _, tail = skipped(self._stream(), offset)
        return tail

    def read(self, mark: Mark, reading: Reading, found: os.stat_result, alias: str | None) -> Iterator[Batch]:
        """Yield what follows the mark; the last batch's mark says that the file was read to its end.

        The mark moves at the end alone: until then the file is there to be read again.
        """
        head = self.head()
        base = replace(mark, offset=0, number=0) if as_whole(head) else mark
        stream = self._stream()
        skipped(stream, base.offset)
        decoder = reading.decoder(base)
        counted = _Counted(stream)
        framed = stream if as_whole(head) else cast("BinaryIO", io.BufferedReader(counted, buffer_size=1 << 20))
        pile, number = Pile(), base.number
        for each in reading.source.frame(framed):
            record = moved(each, base)
            if pile.full:
                yield _batch(pile, mark)
            pile.add(decoder.read(record), record)
            number = record.number
        end = 0 if as_whole(head) else base.offset + counted.count
        if why := damage(stream):
            broken = Record(offset=end, number=number + 1, raw=b"", problem=why)
            pile.add(decoder.read(broken), broken)
        mark = replace(
            base,
            size=found.st_size,
            modified=found.st_mtime_ns,
            full=digest(head[:PREFIX]) if len(head) >= PREFIX else "",
            offset=end,
            number=number,
            tail=digest(self.tail_at(end) or b""),
            headers=tuple(decoder.headers),
        )
        yield _batch(pile, mark, alias if mark.prefix < PREFIX else None)


class _Counted(io.RawIOBase):
    """A stream that counts what is read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        view = memoryview(buffer)
        part = self._stream.read(len(view))
        view[: len(part)] = part
        self.count += len(part)
        return len(part)


def skipped(stream: BinaryIO, offset: int) -> tuple[int, bytes | None]:
    """Read past `offset` bytes; return how many there were, and the last 1024 of them, None where it ends before."""
    tail, left = b"", offset
    while left > 0 and (part := stream.read(min(left, 1 << 20))):
        tail = (tail + part)[-TAIL:]
        left -= len(part)
    return offset - left, tail if left == 0 else None

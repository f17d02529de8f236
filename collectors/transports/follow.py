"""Following log files through rotations: each record once, whatever renames, truncates or compresses the files.

A `Follower` yields batches; a batch carries the checkpoint that is true once it is stored. Who stores both in one
transaction loses and doubles nothing, whenever the process is killed: an event's id is made of the log's content and
the record's offset, so that a record read twice is the same event.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from collectors.compression import MAGIC
from collectors.files import PREFIX, alias_of, identity_of
from collectors.registry import HEAD
from collectors.source import Options, Source
from collectors.transports.marks import TAIL, Likeness, Mark, best, likeness
from collectors.transports.rotation import Watched, is_rotation, related
from collectors.transports.tracked import Batch, Reading, Tracked, Whole, as_whole, is_packed
from engine.errors import InputError

Choose = Callable[[bytes, str, str], Source]  # of first bytes, file name, and the source that it had before or ""
Known = tuple[str, int, str]
_ENOUGH = 4096  # bytes by which a source is recognised, whatever its former rotations were


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: `hold` for the end of a record of several lines; `settle` until a file that is written as a whole, or a
    copy in the making, is read; `linger` until the end of a file that is gone is taken as its end; `stale` until a last
    line without an end is taken as it is; `keep` until a file whose name is gone is let go."""

    hold: float = 1.0
    settle: float = 2.0
    linger: float = 3.0
    stale: float = 60.0
    keep: float = 300.0


class Follower:
    """Follows files; call `step` again and again. `now` is a clock in seconds that never goes back.

    `marks` are the checkpoints of earlier runs, `known` the identities under which logs were collected before (see
    `collectors.files.identity_of`). `choose` names the source of a log by its first bytes, or raises `InputError`,
    `options` what it does not say itself. Problems with single files go to `told`, each once. `by_columns` says whether
    events may be given as columns.
    """

    def __init__(
        self,
        watched: Watched,
        *,
        marks: Iterable[Mark],
        known: Sequence[Known],
        choose: Choose,
        options: Callable[[Path], Options],
        now: Callable[[], float],
        told: Callable[[InputError], None],
        patience: Patience | None = None,
        by_columns: bool = False,
    ) -> None:
        self._watched = watched
        self._free = {mark.key: mark for mark in marks}  # checkpoints that no open file continues
        self._known = list(known)
        self._choose = choose
        self._options = options
        self._now = now
        self._told = told
        self._patience = patience or Patience()
        self._by_columns = by_columns
        self._open: dict[tuple[int, int], Tracked] = {}
        self._left: list[Tracked] = []  # what was read of contents that are gone, and not yet given
        self._waiting: dict[tuple[int, int], tuple[int, int, float]] = {}
        self._refused: dict[tuple[int, int], tuple[int, int]] = {}
        self._complaints: set[tuple[str, str]] = set()

    def step(self) -> Iterator[Batch]:
        """Look at every file once and yield what is new. A batch counts as stored when the next one is asked for."""
        yield from self._look()
        followed = self._followed()
        for tracked in followed:
            yield from self._advance(tracked)
        if any(tracked.cut for tracked in followed):  # what took their place may be replaced before the next look
            yield from self._look()
            for tracked in self._followed():
                if tracked not in followed:
                    yield from self._advance(tracked)
        for tracked in [each for each in self._left if self._now() - each.changed >= self._patience.linger]:
            self._left.remove(tracked)
            if not self._is_elsewhere(tracked):
                yield from self._last_words(tracked)

    def close(self) -> None:
        """Let go of all files."""
        for tracked in self._open.values():
            tracked.close()
        self._open.clear()

    def _followed(self) -> list[Tracked]:
        return sorted(self._open.values(), key=lambda each: (each.changed, each.path))

    # finding files
    def _look(self) -> Iterator[Batch]:
        present: set[tuple[int, int]] = set()
        done = {(mark.device, mark.inode, mark.size, mark.modified) for mark in self._free.values()}
        for path, since in self._watched.files():
            try:
                found = path.stat()
            except OSError:
                continue
            place = (found.st_dev, found.st_ino)
            if not stat.S_ISREG(found.st_mode):
                continue
            present.add(place)
            tracked = self._open.get(place)
            if tracked is not None:
                tracked.path = str(path)
            elif found.st_size and (*place, *_state(found)) not in done and self._refused.get(place) != _state(found):
                yield from self._adopt(path, place, since)
        for place, tracked in self._open.items():
            tracked.present = place in present
        for told in self._watched.failures:
            self._complain(told)

    def _adopt(self, path: Path, place: tuple[int, int], since: float) -> Iterator[Batch]:
        try:
            number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._complain(InputError(f"cannot read it ({error.strerror})", where=str(path), hint=_RIGHTS))
            return
        taken = False
        try:
            found = os.fstat(number)
            if (found.st_dev, found.st_ino) == place:  # else it was rotated this very moment: the next look finds it
                head = os.pread(number, HEAD, 0)
                if is_packed(head[:MAGIC]) or as_whole(head):
                    yield from self._whole(path, number, found, since)
                elif head:
                    taken = self._take(path, number, found, head, since)
        except InputError as error:
            self._refuse(place, found, error)
        finally:
            if not taken:
                os.close(number)

    def _settled(self, place: tuple[int, int], found: os.stat_result) -> bool:
        """Tell whether a file has stayed as it is for a while; remember when it was first seen so."""
        size, modified, at = self._waiting.get(place, (-1, -1, 0.0))
        if (size, modified) != _state(found):
            self._waiting[place] = (*_state(found), self._now())
            return False
        return self._now() - at >= self._patience.settle

    def _take(self, path: Path, number: int, found: os.stat_result, head: bytes, since: float) -> bool:
        """Begin to follow a plain file; return whether its descriptor is in use now."""
        place = (found.st_dev, found.st_ino)

        def tail_at(offset: int) -> bytes | None:
            start = max(0, offset - TAIL)
            tail = os.pread(number, offset - start, start)
            return tail if len(tail) == offset - start else None

        mark, like = self._match(path, place, head, tail_at)
        busy = mark is not None and mark.key not in self._free
        if busy and like is Likeness.BEGINS and not self._settled(place, found):
            return False  # a copy in the making
        if mark is None and found.st_mtime < since:
            self._refused[place] = _state(found)
            return False
        early = b"\n" not in head or (mark is None and len(head) < PREFIX and self._is_copy(str(path)))
        if early and not self._settled(place, found):
            return False  # too early to tell what it is, or of what it becomes a copy
        self._waiting.pop(place, None)
        begun = self._begin(path, place, head, mark, like, busy=busy)
        source = self._choose(head, path.name, self._source_of(begun, head))
        options = lambda: self._options(Path(begun.path))  # noqa: E731
        reading = Reading(source=source, options=options, by_columns=self._by_columns)
        before = tail_at(begun.offset) or b""
        self._free.pop(begun.key, None)
        self._left = [each for each in self._left if each.mark.key != begun.key]
        tracked = Tracked(number, replace(begun, source=source.name), reading, before=before, now=self._now())
        self._open[place] = tracked
        return True

    def _is_copy(self, path: str) -> bool:
        """Tell whether a name is one that rotation gives to a log that is known under another."""
        every = [*self._free.values(), *(each.mark for each in (*self._open.values(), *self._left))]
        return any(each.path != path and is_rotation(path, each.path) for each in every)

    def _match(
        self, path: Path, place: tuple[int, int], head: bytes, tail_at: Callable[[int], bytes | None]
    ) -> tuple[Mark | None, Likeness]:
        """Return the checkpoint that fits the file best, and how well: free ones first."""
        begins: Mark | None = None
        used = [tracked.mark for tracked in self._open.values()]
        for mark in (*best(self._free.values(), *place), *best(used, *place)):
            akin = (mark.device, mark.inode) == place or related(str(path), mark.path)
            like = likeness(mark, head, tail_at, related=akin)
            if like is Likeness.SAME:
                return mark, like
            if like is Likeness.BEGINS and begins is None:
                begins = mark
        return begins, Likeness.BEGINS if begins else Likeness.OTHER

    def _begin(
        self, path: Path, place: tuple[int, int], head: bytes, mark: Mark | None, like: Likeness, *, busy: bool
    ) -> Mark:
        device, inode = place
        moved = {"path": str(path), "device": device, "inode": inode, "size": -1, "modified": -1}
        if mark is not None and like is Likeness.SAME and (mark.full or not busy):
            key = self._new_key(mark.identity, place) if busy else mark.key
            return replace(mark, **moved, key=key)  # type: ignore[arg-type] # replace takes each field's own type
        if mark is not None:
            identity, prefix = mark.identity, mark.prefix
        else:
            identity, prefix = identity_of(head, str(path), self._known)
        self._known.append((str(path), prefix, identity))
        key = self._new_key(identity, place)
        return Mark(key=key, path=str(path), identity=identity, prefix=prefix, device=device, inode=inode)

    def _source_of(self, mark: Mark, head: bytes) -> str:
        """Return the source that the log had before; that of its former rotations while it is too short to tell."""
        if mark.source or len(head) >= _ENOUGH:
            return mark.source
        every = [*self._free.values(), *(each.mark for each in (*self._open.values(), *self._left))]
        return next((each.source for each in every if related(each.path, mark.path) and each.source), "")

    def _new_key(self, identity: str, place: tuple[int, int]) -> str:
        taken = {*self._free, *(each.mark.key for each in (*self._open.values(), *self._left))}
        for count in range(len(taken) + 1):
            key = blake2b(f"{identity}/{place[0]}/{place[1]}/{count}".encode(), digest_size=12).hexdigest()
            if key not in taken:
                return key
        raise AssertionError("one more key than are taken is free")

    # reading
    def _advance(self, tracked: Tracked) -> Iterator[Batch]:
        try:
            yield from tracked.read(self._now(), self._patience)
        except OSError as error:
            self._complain(InputError(f"cannot read it ({error.strerror})", where=tracked.path, hint=_RIGHTS))
            return
        place = (tracked.mark.device, tracked.mark.inode)
        if tracked.cut:
            tracked.close()
            self._open.pop(place)
            self._let_go(tracked)
            tracked.changed = self._now()
            self._left.append(tracked)
        elif not tracked.present and tracked.is_over(self._now(), self._patience):
            tracked.close()
            self._open.pop(place)
            self._let_go(tracked)

    def _let_go(self, tracked: Tracked) -> None:
        self._free[tracked.mark.key] = tracked.mark

    def _is_elsewhere(self, left: Tracked) -> bool:
        """Tell whether another file, a copy, has what was held back when this content was replaced."""
        mark, held = left.mark, left.held
        if any(each.mark.identity == mark.identity and each.holds(mark.offset, held) for each in self._open.values()):
            return True
        others = (each for each in self._free.values() if each.key != mark.key and each.identity == mark.identity)
        return any(each.offset >= mark.offset + len(held) for each in others)

    def _last_words(self, tracked: Tracked) -> Iterator[Batch]:
        """Give what was read of a content that no file has any more."""
        for batch in tracked.rest():
            yield batch
            self._free[tracked.mark.key] = tracked.mark

    def _whole(self, path: Path, number: int, found: os.stat_result, since: float) -> Iterator[Batch]:
        """Read a file that is not written line by line (compressed, a JSON array, UTF-16), once it stays as it is."""
        place = (found.st_dev, found.st_ino)
        if not self._settled(place, found):
            return
        with Whole(number) as whole:
            head = whole.head()
            used = [tracked.mark for tracked in self._open.values()]
            mark, like = self._match(path, place, head, whole.tail_at)
            if mark is None and found.st_mtime < since:
                self._refused[place] = _state(found)
                return
            if not head:
                raise InputError("nothing of it can be read", where=str(path), hint="copy it again from its origin")
            begun = self._begin(path, place, head, mark, like, busy=mark in used)
            source = self._choose(head, path.name, self._source_of(begun, head))
            self._waiting.pop(place, None)
            reading = Reading(source=source, options=lambda: self._options(path))
            self._free.pop(begun.key, None)
            self._left = [each for each in self._left if each.mark.key != begun.key]
            for batch in whole.read(replace(begun, source=source.name), reading, found, alias_of(head)):
                yield batch
                self._free[begun.key] = batch.mark

    # telling
    def _refuse(self, place: tuple[int, int], found: os.stat_result, error: InputError) -> None:
        if found.st_size >= PREFIX:  # a short one may become something yet
            self._complain(error)
        self._refused[place] = _state(found)

    def _complain(self, error: InputError) -> None:
        complaint = (error.where or "", error.message)
        if complaint not in self._complaints:
            self._complaints.add(complaint)
            self._told(error)


_RIGHTS = "check its owner and mode, or run kulla as a user who may read it"


def _state(found: os.stat_result) -> tuple[int, int]:
    """Return what changes with a file's content: its size, and when it was last written."""
    return found.st_size, found.st_mtime_ns

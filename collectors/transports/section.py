"""The bytes of a growing file between two offsets, each read checked against what stood before it.

A file that is truncated and written again while it is read must not give bytes of both contents. Every read begins with
the bytes that were read last; where they are no longer there, the section ends and `broken` says so.
"""

from __future__ import annotations

import io
import os

from collectors.transports.marks import TAIL


class Section(io.RawIOBase):
    """A stream of the file's bytes from `start` to `end`; `before` are up to 1024 bytes that stand before `start`."""

    def __init__(self, number: int, *, start: int, end: int, before: bytes) -> None:
        self.broken = False
        self.position = start
        self._file = number
        self._end = end
        self._kept = bytearray(before)  # from `_kept_from` to `position`
        self._kept_from = start - len(before)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        """Read what is there, up to the section's end; nothing where the file's content was replaced."""
        view = memoryview(buffer)
        size = min(len(view), self._end - self.position)
        if size <= 0 or self.broken:
            return 0
        overlap = min(TAIL, len(self._kept))
        found = os.pread(self._file, overlap + size, self.position - overlap)
        known = bytes(self._kept[len(self._kept) - overlap :])
        if found[:overlap] != known or len(found) == overlap:
            self.broken = True
            return 0
        part = found[overlap:]
        view[: len(part)] = part
        self._kept += part
        self.position += len(part)
        return len(part)

    def tail(self, offset: int) -> bytes:
        """Return up to 1024 bytes that stand before an offset that was not forgotten."""
        at = offset - self._kept_from
        return bytes(self._kept[max(0, at - TAIL) : at])

    def since(self, offset: int) -> bytes:
        """Return everything that was read from an offset on."""
        return bytes(self._kept[offset - self._kept_from :])

    def forget(self, offset: int) -> None:
        """Let go of what stands more than 1024 bytes before an offset."""
        gone = max(0, offset - self._kept_from - TAIL)
        del self._kept[:gone]
        self._kept_from += gone

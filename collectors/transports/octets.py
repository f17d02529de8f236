"""Syslog messages in a byte stream: counted octets or lines (RFC 6587, RFC 5425), told apart message by message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LIMIT = 1024 * 1024  # bytes of one message
_KEPT = 64 * 1024  # of one that is too long
_COUNT = re.compile(rb"([1-9][0-9]{0,8}) (?=<)")
_MAYBE = re.compile(rb"[1-9][0-9]{0,8} ?\Z")  # a count whose end is still to come
_ENDS = b"\r\n\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message, with the offset where it begins; `problem` where it was too long or cut off, `size` its length."""

    offset: int
    raw: bytes
    size: int
    problem: str | None = None


class Octets:
    """Cuts one connection's bytes into messages, in bounded memory."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held = b""
        self._offset = 0  # of what is held
        self._long: tuple[int, bytes, int] | None = None  # offset, beginning and size of a line that is too long
        self._skip = 0  # bytes of a counted message that is too long

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the messages that are complete with this data."""
        self._held += data
        start = 0
        while True:
            step, frame = self._next(start)
            if frame is not None and (frame.raw or frame.problem):
                yield frame
            if not step:
                break
            start += step
        self._held = self._held[start:]
        self._offset += start

    def end(self) -> Iterator[Frame]:
        """Yield what is left where the connection ends: a last line without its end, or part of a counted message."""
        raw = self._held.rstrip(_ENDS)
        counted = _COUNT.match(self._held)
        if self._long is not None:
            yield self._too_long(*self._long)
        elif raw:
            problem = "the connection ended in the middle of this message" if counted else None
            yield Frame(offset=self._offset, raw=raw[:_KEPT] if problem else raw, size=len(raw), problem=problem)
        self._held, self._long = b"", None

    def _next(self, start: int) -> tuple[int, Frame | None]:
        """Return how many bytes are done with from `start` on (0: more are needed), and their message."""
        left = len(self._held) - start
        if not left:
            return 0, None
        if self._skip:
            step = min(self._skip, left)
            self._skip -= step
            return step, None
        if self._long is None:
            if match := _COUNT.match(self._held, start):
                return self._counted(match, start)
            if left < 12 and _MAYBE.match(self._held[start:]):
                return 0, None
        return self._line(start)

    def _counted(self, match: re.Match[bytes], start: int) -> tuple[int, Frame | None]:
        size, at = int(match[1]), match.end()
        offset = self._offset + start
        if size > self._limit:
            kept = self._held[at : at + min(size, _KEPT)]
            if len(kept) < min(size, _KEPT):
                return 0, None
            self._skip = size
            return at - start, self._too_long(offset, kept, size)
        if len(self._held) < at + size:
            return 0, None
        raw = self._held[at : at + size].rstrip(_ENDS)
        return at + size - start, Frame(offset=offset, raw=raw, size=size)

    def _line(self, start: int) -> tuple[int, Frame | None]:
        end = self._held.find(b"\n", start)
        offset = self._offset + start
        if end < 0:
            left = len(self._held) - start
            if left <= self._limit and self._long is None:
                return 0, None
            first, kept, size = self._long or (offset, self._held[start : start + _KEPT], 0)
            self._long = (first, kept, size + left)
            return left, None
        if self._long is not None:
            first, kept, size = self._long
            self._long = None
            return end + 1 - start, self._too_long(first, kept, size + end - start)
        raw = self._held[start:end].strip(_ENDS)
        if len(raw) > self._limit:
            return end + 1 - start, self._too_long(offset, raw[:_KEPT], len(raw))
        return end + 1 - start, Frame(offset=offset, raw=raw, size=len(raw))

    def _too_long(self, offset: int, kept: bytes, size: int) -> Frame:
        problem = f"message of {size:,} bytes; the limit is {self._limit:,}"
        return Frame(offset=offset, raw=kept, size=size, problem=problem)

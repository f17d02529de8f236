"""Logs in UTF-16, read as UTF-8: by their byte order mark, or by every other byte of their beginning being zero."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

from collectors.files import rewound

_HEAD = 512
_CHUNK = 64 * 1024
_LEAST = 16  # bytes; less say nothing of an encoding without a mark


def as_utf8(stream: BinaryIO) -> BinaryIO:
    """Return the stream itself, or one of its text in UTF-8 where it is UTF-16. Offsets are then those of UTF-8."""
    head = stream.read(_HEAD)
    stream = rewound(stream, head)
    encoding = encoding_of(head)
    if encoding is None:
        return stream
    return cast("BinaryIO", io.BufferedReader(_Transcoded(stream, encoding), buffer_size=1 << 17))


def encoding_of(head: bytes) -> str | None:
    """Return the name of the UTF-16 that the bytes are in, None where they are in another encoding."""
    if head[:2] == b"\xff\xfe":
        return "utf-16-le"
    if head[:2] == b"\xfe\xff":
        return "utf-16-be"
    if len(head) < _LEAST:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.9 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.9 * half and odd < 0.1 * half else None


class _Transcoded(io.RawIOBase):
    """The text of a UTF-16 stream as UTF-8; what is not UTF-16 becomes U+FFFD, the mark is left out."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._ended = False
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        while not self._ready and not self._ended:
            chunk = self._stream.read(_CHUNK)
            self._ended = not chunk
            text = self._decoder.decode(chunk, final=self._ended)
            if self._first and text:
                text, self._first = text.removeprefix("\ufeff"), False
            self._ready = text.encode("utf-8", "surrogatepass")
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

"""Compressed logs (gzip, zstd, xz) as plain streams: in bounded memory, with all that can be read before any damage.

Several members or frames one after the other are one stream (RFC 1952, RFC 8878, the xz file format). Where a file is
cut short or damaged, the stream ends there like any other and `damage` says why.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO, Protocol, cast

import zstandard

_STEP = 2048  # compressed bytes taken at a time: not even a zstd bomb makes more than 64 MiB of so few
_BUFFER = 1 << 20
_MOST_MEMORY = 256 * 1024 * 1024  # bytes that an xz file may ask for; the largest preset needs 65 MiB
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, MemoryError)


class _Codec(Protocol):
    """One member or frame being unpacked."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_CODECS: Mapping[bytes, tuple[str, Callable[[], object]]] = {
    b"\x1f\x8b": ("gzip", lambda: zlib.decompressobj(wbits=31)),
    b"\x28\xb5\x2f\xfd": ("zstd", lambda: zstandard.ZstdDecompressor().decompressobj()),
    b"\xfd7zXZ\x00": ("xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)),
}
_ARCHIVES: Mapping[bytes, tuple[str, str]] = {
    b"PK\x03\x04": ("zip", "unzip"),
    b"PK\x05\x06": ("zip", "unzip"),
    b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"),
    b"Rar!\x1a\x07": ("rar", "unrar x"),
    b"BZh": ("bzip2", "bunzip2 -k"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -d"),
    b"MSCF": ("cabinet", "cabextract"),
}
MAGIC = max(len(magic) for magic in (*_CODECS, *_ARCHIVES))  # bytes that tell


def archive_of(head: bytes) -> tuple[str, str] | None:
    """Return the name of a kind of archive that kulla does not read, and the command that unpacks it."""
    if head[257:262] == b"ustar":
        return "tar", "tar xf"
    return next((told for magic, told in _ARCHIVES.items() if head.startswith(magic)), None)


def unpacked(stream: BinaryIO, head: bytes) -> BinaryIO:
    """Return the stream's plain bytes, whatever compression `head` (its first bytes, still to be read) names."""
    for magic, (kind, codec) in _CODECS.items():
        if head.startswith(magic):
            raw = _Unpacking(stream, kind, cast("Callable[[], _Codec]", codec))
            return cast("BinaryIO", io.BufferedReader(raw, buffer_size=_BUFFER))
    return stream


def damage(stream: BinaryIO) -> str | None:
    """Return why a stream that `unpacked` made has ended too early, None where it has not (yet)."""
    raw = getattr(stream, "raw", None)
    return raw.damage if isinstance(raw, _Unpacking) else None


class _Unpacking(io.RawIOBase):
    """The plain bytes of a compressed stream."""

    def __init__(self, packed: BinaryIO, kind: str, codec: Callable[[], _Codec]) -> None:
        self.damage: str | None = None
        self._packed = packed
        self._kind = kind
        self._new_codec = codec
        self._codec: _Codec | None = codec()
        self._rest = b""
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        while not self._ready and not self._ended:
            try:
                self._ready = memoryview(self._step())
            except _BROKEN as error:
                self._ended = True
                self.damage = f"the {self._kind} file is cut short or damaged ({error or 'not enough memory'})"
        view = memoryview(buffer)
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _step(self) -> bytes:
        data = self._rest or self._packed.read(_STEP)
        self._rest = b""
        if self._codec is None:  # between two members: zeros are padding, anything else begins a member
            if not data:
                self._ended = True
            data = data.lstrip(b"\x00")
            if not data:
                return b""
            self._codec = self._new_codec()
        if not data:
            raise EOFError("it ends in the middle")
        plain = self._codec.decompress(data)
        if self._codec.eof:
            self._rest, self._codec = self._codec.unused_data, None
        return plain

    def close(self) -> None:
        self._packed.close()
        super().close()

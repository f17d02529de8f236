"""Log files on disk: found in folders, opened whatever their compression, known by their content.

A source's identity is a hash of the first bytes of its uncompressed content, so a log that was renamed, copied or
compressed is still the same log. Files shorter than `PREFIX` bytes are known by path and the bytes they had, so that
they keep their identity when they grow.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from engine.errors import InputError

PREFIX = 1024  # bytes that make a source's identity
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\x00", "xz"))
_IGNORED_SUFFIXES = frozenset({".md", ".py", ".yml", ".yaml", ".png", ".html", ".pdf", ".sha256", ".parquet"})


def log_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that the paths name: files as they are, folders recursively in sorted order.

    In folders, hidden files and files that are plainly no logs (documentation, code) are passed over. Raise
    `InputError` where a path does not exist.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        elif path.exists():
            yield path
        else:
            raise InputError("no such file or folder", where=str(path), hint="check the path; `kulla hunt -h`")


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in entry.relative_to(folder).parts)
        if not hidden and entry.suffix.lower() not in _IGNORED_SUFFIXES and entry.is_file():
            yield entry


_SITE = re.compile(r"(?:W3|FTP|SMTP|NNTP)SVC\d+", re.IGNORECASE)
_NO_HOSTS = frozenset({"logfiles", "logs", "log", "iis", "inetpub", "w3svc", "wwwroot", "c", ""})


def host_of(path: Path) -> str | None:
    """Return the machine that a path of gathered logs names: the folder above IIS's own `W3SVC1`, where it is one."""
    parts = path.parts
    for folder, site in pairwise(parts):
        if _SITE.fullmatch(site) and folder.lower().rstrip(":\\/") not in _NO_HOSTS:
            return folder
    return None


def open_log(path: Path) -> BinaryIO:
    """Open a log for reading its uncompressed bytes; gzip, zstd and xz are told by their first bytes.

    Raise `InputError` where the file can't be opened.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise InputError(
            f"cannot read it ({error.strerror})", where=str(path), hint="check its owner and mode"
        ) from error
    try:
        magic = raw.read(6)
        raw.seek(0)
    except OSError as error:
        raw.close()
        raise InputError(f"cannot read it ({error.strerror})", where=str(path)) from error
    kind = next((name for prefix, name in _MAGIC if magic.startswith(prefix)), None)
    if kind == "gzip":
        return cast("BinaryIO", gzip.open(raw))
    if kind == "xz":
        return cast("BinaryIO", lzma.open(raw))
    if kind == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=True)
        return io.BufferedReader(cast("io.RawIOBase", reader), buffer_size=1 << 20)
    return raw


def rewound(stream: BinaryIO, head: bytes) -> BinaryIO:
    """Return a stream that starts again with `head`, which was read from it; seekable wherever `stream` is."""
    if stream.seekable():
        stream.seek(0)
        return stream
    return cast("BinaryIO", io.BufferedReader(_Rewound(head, stream), buffer_size=1 << 20))


class _Rewound(io.RawIOBase):
    """Bytes already read, followed by the rest of the stream they came from."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # Buffer has no name before 3.12
        view = memoryview(buffer)
        part = self._head[: len(view)] if self._head else self._rest.read(len(view))
        self._head = self._head[len(part) :] if self._head else self._head
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._rest.close()
        super().close()


def identity_of(head: bytes, path: str, known: Sequence[tuple[str, int, str]] = ()) -> tuple[str, int]:
    """Return the identity of a source that starts with `head`, and the length of the prefix that made it.

    `known` holds (path, prefix length, identity) of sources seen before: a short file that has grown keeps the
    identity it was first collected under.
    """
    for known_path, length, identity in known:
        if length < PREFIX and known_path == path and length <= len(head) and _digest(head[:length]) == identity:
            return identity, length
    prefix = head[:PREFIX]
    return _digest(prefix), len(prefix)


def _digest(prefix: bytes) -> str:
    return blake2b(prefix, digest_size=16).hexdigest()

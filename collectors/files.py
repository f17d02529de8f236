"""Log files on disk: found in folders, opened whatever their compression, known by their content.

A source's identity is a hash of the first bytes of its uncompressed content, so a log that was renamed, copied or
compressed is still the same log. Files shorter than `PREFIX` bytes are known by path and the bytes they had, so that
they keep their identity when they grow, under the name they had or a rotated one (`access.log.1`).
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import re
import select
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

from collectors.compression import MAGIC, unpacked
from engine.errors import InputError

PREFIX = 1024  # bytes that make a source's identity
PIPE_PATIENCE = 5.0  # seconds that a named pipe is given to find a writer
_IGNORED_SUFFIXES = frozenset({".md", ".py", ".yml", ".yaml", ".png", ".html", ".pdf", ".sha256", ".parquet"})

Failed = Callable[[InputError], None]
Passed = Callable[[Path, str], None]


def _raise(error: InputError) -> None:
    raise error


def _no_word(path: Path, why: str) -> None:
    """Say nothing."""


def log_files(paths: Iterable[Path], *, failed: Failed = _raise, passed: Passed = _no_word) -> Iterator[Path]:
    """Yield the files that the paths name: files as they are, folders recursively in sorted order.

    In folders, hidden files, files that are plainly no logs (documentation, code), empty files, links that lead
    nowhere, pipes, sockets and devices are passed over; `passed` is told of each with the reason. Links to folders are
    not followed, links to files are. A path that does not exist and a folder that can't be read go to `failed`, which
    raises them where it is not given.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            failed(_missing(path, error))
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, failed, passed)
        else:
            yield path


def _missing(path: Path, error: OSError | ValueError) -> InputError:
    if isinstance(error, PermissionError):
        return InputError("cannot look into its folder (Permission denied)", where=str(path), hint=_RIGHTS)
    if path.is_symlink():
        return InputError("this link leads nowhere", where=str(path), hint=f"ls -l {path.parent}")
    return InputError("no such file or folder", where=str(path), hint="check the path")


_RIGHTS = "check its owner and mode, or run kulla as a user who may read it"


def _walk(folder: Path, failed: Failed, passed: Passed) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        failed(InputError(f"cannot read this folder ({error.strerror})", where=str(error.filename), hint=_RIGHTS))

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names]
    for path in sorted(found):
        if why := _unwanted(path):
            passed(path, why)
        else:
            yield path


def _unwanted(path: Path) -> str | None:
    """Return why a file in a folder is passed over, None where it is to be read."""
    if path.name.startswith("."):
        return "hidden files"
    if path.suffix.lower() in _IGNORED_SUFFIXES:
        return "files that are no logs by their names"
    try:
        found = path.stat()
    except OSError as error:
        gone = error.errno in {errno.ENOENT, errno.ELOOP}
        return "links that lead nowhere" if gone else None  # any other failure is told when it is opened
    if not stat.S_ISREG(found.st_mode):
        return "pipes, sockets and devices"
    return None if found.st_size else "empty files"


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

    A pipe that is named (`<(zcat a.gz)`) is read; one that nobody writes into, a device and a socket are refused.
    Raise `InputError` where the file can't be opened.
    """
    try:
        return readable(_opened(path))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot read it ({reason})", where=str(path), hint=_RIGHTS) from error


def readable(stream: BinaryIO) -> BinaryIO:
    """Return the uncompressed bytes of a stream that stands at its beginning."""
    head = up_to(stream, MAGIC)
    stream = rewound(stream, head)
    return unpacked(stream, head)


def _opened(path: Path) -> BinaryIO:
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(number).st_mode
        first = _first_of_pipe(number, path) if stat.S_ISFIFO(mode) else b""
        _check_kind(mode, path)
        fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        stream = os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise
    return rewound(stream, first) if first else stream


def _check_kind(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device"
        raise InputError(f"this is {what}, not a log file", where=str(path), hint="name a file; - is stdin")


def _first_of_pipe(number: int, path: Path) -> bytes:
    """Wait until somebody writes; return what had to be read to know that. Raise `InputError` where nobody does."""
    if select.select([number], [], [], PIPE_PATIENCE)[0]:
        return b""
    try:
        first = os.read(number, 1)
    except BlockingIOError:  # somebody holds the other end, and has not written yet
        return b""
    if not first:
        raise InputError("nothing writes into this pipe", where=str(path), hint="start what writes into it")
    return first


def up_to(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or as many as there are (a pipe gives them in pieces)."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


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
    identity it was first collected under. `alias_of` makes that last once it has grown and is renamed or compressed.
    """
    alias = alias_of(head)
    for known_path, length, identity in known:
        if known_path == alias:
            return identity, length
        short = length < PREFIX and length <= len(head) and _is_rotation(path, known_path)
        if short and digest(head[:length]) == identity:
            return identity, length
    prefix = head[:PREFIX]
    return digest(prefix), len(prefix)


def alias_of(head: bytes) -> str | None:
    """Return a name for a source by its first `PREFIX` bytes, None where it is shorter.

    A short file that has grown is collected under an identity that its content alone no longer tells; remembering
    this name with that identity does.
    """
    return f"content:{digest(head[:PREFIX])}" if len(head) >= PREFIX else None


def _is_rotation(path: str, known: str) -> bool:
    return path == known or (path.startswith(known) and path[len(known)] in ".-_")


def digest(prefix: bytes) -> str:
    """Return the hash of a source's first bytes: 32 hex digits of BLAKE2b."""
    return blake2b(prefix, digest_size=16).hexdigest()

"""Hashing a file that is taken as evidence: the whole of it, as it is now, without holding it in memory."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from engine.errors import InputError

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A file's SHA-256 (hexadecimal) and its size in bytes."""

    sha256: str
    size: int


def fingerprint(path: Path) -> Fingerprint:
    """Return a file's fingerprint; raise `InputError` where it is no file, or changes while it is read."""
    if not path.is_file():
        raise InputError("this is no file", where=str(path), hint="pack a folder first: tar -cf evidence.tar FOLDER")
    try:
        digest, size = sha256(), 0
        before = path.stat()
        with path.open("rb") as stream:
            while part := stream.read(_AT_ONCE):
                digest.update(part)
                size += len(part)
        after = path.stat()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if size != after.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise InputError("it changed while it was read", where=str(path), hint="take a copy, and add the copy")
    return Fingerprint(sha256=digest.hexdigest(), size=size)

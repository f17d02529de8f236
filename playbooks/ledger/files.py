"""Small files that must be whole and private: replaced by temporary file, fsync and rename, for their owner alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.durable import open_private, write_private
from engine.errors import LedgerError


def read_small(path: Path, largest: int) -> bytes | None:
    """Return a file's bytes, None where there is no file; raise `LedgerError` where it cannot be read."""
    try:
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"cannot be read: {error.strerror}", where=str(path), hint="check its owner") from None
    if len(content) > largest:
        raise LedgerError(f"larger than {largest:,} bytes", where=str(path), hint="this is no file of kulla's ledger")
    return content


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file durably; raise `LedgerError` where that fails (the file is then what it was)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, content)
    except OSError as error:
        raise LedgerError(f"cannot be written: {error.strerror}", where=str(path), hint="check its folder") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file against other processes of this machine; raise `LedgerError` where it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open_private(path)
    except OSError as error:
        raise LedgerError(f"cannot be locked: {error.strerror}", where=str(path), hint="check its folder") from None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
    finally:
        stream.close()

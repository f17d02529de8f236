"""Files that are whole, private and there after a power cut: written beside, synced, renamed, the folder synced."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone: whole and durable, or not at all; raise `OSError` where that fails.

    The folder has to be there. Of processes that write at once, the last one's content stays. What lies beside is
    never written to: somebody else may have put a link there.
    """
    beside = path.with_name(f"{path.name}.{token_hex(8)}.new")
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def open_private(path: Path) -> BinaryIO:
    """Open a file for reading and writing by its owner alone, made where it is not there; raise `OSError`."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; raise `OSError` where the disk fails."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network file systems cannot, and need not
            raise
    finally:
        os.close(number)

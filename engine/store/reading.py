"""Opening a store's SQLite file where nothing can be written: a full disk, one mounted for reading, another's folder.

In WAL mode even a reader needs memory that it shares with writers, which SQLite keeps in a file beside the database:
https://www.sqlite.org/wal.html#read_only_databases
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

_PRIMARY = 0xFF  # SQLite's extended error codes carry the primary one in their low byte
_UNWRITABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary code of an error, 0 where it has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY


def is_unwritable(error: sqlite3.Error) -> bool:
    """Tell whether what failed may still be read: there is no right or no space to write, or to share memory."""
    return code_of(error) in _UNWRITABLE


def reading(path: Path, patience: float) -> sqlite3.Connection:
    """Return a connection that only reads; raise `sqlite3.Error` or `OSError` where that is not possible either."""
    log = path.with_name(f"{path.name}-wal")
    try:
        return _checked(f"{path.absolute().as_uri()}?mode=ro", patience)  # others are at it, and share their memory
    except sqlite3.Error as error:
        if not is_unwritable(error):  # another process has locked it
            raise
        if log.exists() and log.stat().st_size:
            return _copied(path, log, patience)
    return _checked(f"{path.absolute().as_uri()}?mode=ro&immutable=1", patience)


def _copied(path: Path, log: Path, patience: float) -> sqlite3.Connection:
    """Read a copy into memory: the last commits stand in the log, which SQLite reads only where it may write."""
    with TemporaryDirectory(prefix="kulla-") as folder:
        copy = Path(folder) / path.name
        for each in (path, log):
            shutil.copyfile(each, copy.with_name(each.name))
        with closing(sqlite3.connect(copy, timeout=patience)) as source:
            source.execute("PRAGMA journal_mode=DELETE")
            found = sqlite3.connect(":memory:", isolation_level=None)
            try:
                source.backup(found)
                found.execute("PRAGMA query_only=ON")
            except sqlite3.Error:
                found.close()
                raise
    return found


def _checked(uri: str, patience: float) -> sqlite3.Connection:
    """Return a connection that has read something."""
    connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection

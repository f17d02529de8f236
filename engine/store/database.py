"""The store's SQLite file: opened safely, migrated, and every failure told in words.

WAL mode lets readers go on while one writer writes; `synchronous=FULL` makes a commit survive a power cut. Writers
take the one write lock at the start of their transaction and wait for each other up to `patience` seconds.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.errors import NotFoundError, StoreError
from engine.store.reading import code_of, is_unwritable, reading
from engine.store.schema import MIGRATIONS
from engine.store.segments import make_folder, segment_files
from engine.store.values import plain

DATABASE = "store.sqlite"
PATIENCE = 60.0  # seconds that a writer waits for another
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_PREFIX = 4
_CANDIDATES = 5  # how many ids an ambiguous prefix names
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}
_CAUTIONS = ("foreign_keys=ON", "trusted_schema=OFF")


def to_micros(moment: datetime) -> int:
    """Return the instant as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the instant that lies so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class Database:
    """One connection to the store's SQLite file; made where it does not exist, for its owner only."""

    def __init__(self, path: Path, *, patience: float) -> None:
        self.path = path
        self._patience = patience
        with self.guarded():
            try:
                self._open()
            except (OSError, sqlite3.Error) as error:
                if not (_is_readable(error) and path.exists()):
                    self._need_no_events()
                    raise
                self._open_for_reading(error)

    def _open(self) -> None:
        make_folder(self.path.parent)
        with _alone(self.path.with_suffix(".lock")):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            with self._kept():
                for pragma in ("journal_mode=WAL", "synchronous=FULL", *_CAUTIONS):
                    self._connection.execute(f"PRAGMA {pragma}")
                self._migrate()

    def _open_for_reading(self, error: OSError | sqlite3.Error) -> None:
        """Open what cannot be written: on a full or failing disk, a responder still has to see what stands there."""
        try:
            self._connection = reading(self.path, self._patience)
        except OSError:  # no space for a copy either
            raise error from None
        with self._kept():
            for pragma in _CAUTIONS:
                self._connection.execute(f"PRAGMA {pragma}")
            version = self._known_version()
            if not version:  # there is nothing to read yet
                self._need_no_events()
                raise error
            if version < len(MIGRATIONS):
                raise StoreError(
                    "the store was written by an older kulla, and cannot be written to bring it up to date",
                    where=str(self.path),
                    hint="make its folder writable, with some space, or use the older kulla",
                )

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Keep the connection if the block ends well, and close it otherwise."""
        try:
            yield
        except BaseException:
            self._connection.close()
            raise

    def _known_version(self) -> int:
        version = self._version()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"the store was written by a newer kulla (schema {version}, this one knows {len(MIGRATIONS)})",
                where=str(self.path),
                hint="use the newer kulla, or name another store folder",
            )
        return version

    def _need_no_events(self) -> None:
        """Raise `StoreError` where events stand here already: a new database would take their files for leftovers."""
        if next(segment_files(self.path.parent), None) is not None:
            raise StoreError(
                "the store's database is lost (there is none, or it is empty), while the events that it knew are here",
                where=str(self.path),
                hint="restore the store's folder from a backup; to begin anew, move this folder away first",
            )

    def _migrate(self) -> None:
        known = self._known_version()
        if not known:
            self._need_no_events()
        for number in range(known, len(MIGRATIONS)):
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {MIGRATIONS[number]}; PRAGMA user_version={number + 1}; COMMIT;"
            )

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        with self.guarded():
            return self._connection.execute(sql, parameters).fetchall()

    def named_rows(self, sql: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Return all rows of a query with named parameters, each by column name."""
        with self.guarded():
            cursor = self._connection.execute(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def number(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Return the one number that a query answers, 0 where it answers none."""
        with self.guarded():
            row = self._connection.execute(sql, parameters).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock for a block that is committed whole, or not at all."""
        with self.guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def full_id(self, table: str, prefix: str) -> str:
        """Return the one id in `table` that starts with `prefix` (at least four characters, or the whole id).

        Raise `NotFoundError` where none or several do. `table` is one of the store's own words, never input.
        """
        what = table.removesuffix("s")
        hint = f"`kulla {table} list` shows what there is"
        if self.rows(f"SELECT 1 FROM {table} WHERE id = ?", [plain(prefix)]):  # noqa: S608 - the store's own word
            return prefix
        if len(prefix) < _SHORTEST_PREFIX:
            raise NotFoundError(f"`{prefix}` is too short for an id of an {what}", hint="give four characters or more")
        found = self.rows(
            f"SELECT id FROM {table} WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT {_CANDIDATES + 1}",  # noqa: S608
            [len(prefix), plain(prefix)],
        )
        ids = [str(row[0]) for row in found]
        if not ids:
            raise NotFoundError(f"no {what} has an id that starts with `{prefix}`", hint=hint)
        if len(ids) > 1:
            named = ", ".join(ids[:_CANDIDATES]) + (", …" if len(ids) > _CANDIDATES else "")
            raise NotFoundError(f"several {table} have ids that start with `{prefix}`", hint=f"one of {named}")
        return ids[0]

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what the system, SQLite and Arrow raise into a `StoreError` that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._told(error) from error
        except (OSError, pa.ArrowException) as error:
            raise self._system_told(error) from error

    def examine(self) -> None:
        """Read every page; raise `StoreError` where one is damaged."""
        found = self.rows("PRAGMA quick_check(1)")[0][0]
        if found != "ok":
            raise self._damaged(" ".join(str(found).split()))

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"the store's database is damaged ({why})",
            where=str(self.path),
            hint="check the disk, then restore the store's folder from a backup",
        )

    def _told(self, error: sqlite3.Error) -> StoreError:
        code = code_of(error)
        if code == sqlite3.SQLITE_FULL:
            return self._no_space()
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return StoreError(
                f"another process has been writing to the store for more than {self._patience:g} seconds",
                where=str(self.path),
                hint="wait until it has ended, then run the same command again",
            )
        if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
            return self._no_right(str(error))
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return self._damaged(str(error))
        return StoreError(
            f"the store's database refused ({error})", where=str(self.path), hint="check the disk and its mount"
        )

    def _system_told(self, error: OSError | pa.ArrowException) -> StoreError:
        number = getattr(error, "errno", None)
        if number in _NO_SPACE:
            return self._no_space()
        if number in _NO_RIGHT:
            return self._no_right(os.strerror(number))
        return StoreError(
            f"the store failed ({error})", where=str(self.path.parent), hint="check the disk and its mount"
        )

    def _no_space(self) -> StoreError:
        return StoreError(
            "no space left for the store; nothing of this step was stored",
            where=str(self.path.parent),
            hint="free some space there, then run the same command again",
        )

    def _no_right(self, reason: str) -> StoreError:
        return StoreError(
            f"cannot write the store ({reason})",
            where=str(self.path.parent),
            hint="check its owner, mode, mount and free space, or name another with KULLA_HOME",
        )

    def shred(self) -> None:
        """Write the whole file anew, so that nothing of what was deleted is left in its pages or in its log (WAL).

        Raise `StoreError` where another process still reads what was there before.
        """
        with self.guarded():
            self._connection.execute("VACUUM")
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreError(
                "another process is reading the store: what was removed still stands in its log (WAL)",
                where=f"{self.path}-wal",
                hint="run the same command again when `kulla detect --watch` and the like are stopped",
            )

    def close(self) -> None:
        """Close the connection; committed work is durable already."""
        self._connection.close()


def _is_readable(error: OSError | sqlite3.Error) -> bool:
    """Tell whether what failed may still be read."""
    return error.errno in _NO_SPACE | _NO_RIGHT if isinstance(error, OSError) else is_unwritable(error)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep two processes from making or migrating the database at the same time."""
    number = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)

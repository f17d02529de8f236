"""The vault: which value a pseudonym stands for, sealed to two persons (`collectors.privacy.custodians`).

One SQLite file outside the store. An entry is known by its pseudonym and by the day on which it was seen last; what it
holds cannot be read by who has the file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from collectors.privacy.custodians import Custodians
from engine.errors import StoreError

_PATIENCE: Final = 60.0  # seconds that a writer waits for another
_REMEMBERED: Final = 500_000  # pseudonyms of this day
_AT_ONCE: Final = 500
_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS sealed (pseudonym TEXT PRIMARY KEY, sealed BLOB NOT NULL, seen INTEGER)"


class Vault:
    """One vault file. `today` tells the day in UTC; without `custodians` it can forget, and take nothing in."""

    def __init__(self, path: Path, today: Callable[[], date], custodians: Custodians | None = None) -> None:
        self.path = path
        self._today = today
        self._custodians = custodians
        self._day = 0
        self._known: set[str] = set()

    def remember(self, found: Mapping[str, str]) -> None:
        """Keep values by their pseudonyms, durably; those that are known get today's date."""
        day = self._today().toordinal()
        if day != self._day or len(self._known) > _REMEMBERED:
            self._day, self._known = day, set()
        new = {pseudonym: value for pseudonym, value in found.items() if pseudonym not in self._known}
        if not new or self._custodians is None:
            return
        seal = self._custodians.sealed
        with self._open() as vault:
            there = _there(vault, new)
            vault.execute("BEGIN IMMEDIATE")
            vault.executemany("UPDATE sealed SET seen = ? WHERE pseudonym = ?", [(day, each) for each in sorted(there)])
            rows = [(each, seal(value, each), day) for each, value in new.items() if each not in there]
            vault.executemany("INSERT INTO sealed VALUES (?,?,?) ON CONFLICT DO NOTHING", rows)
            vault.execute("COMMIT")
        self._known.update(new)

    def sealed(self, pseudonym: str) -> bytes | None:
        """Return what is sealed under a pseudonym, None where there is nothing."""
        if not self.path.exists():
            return None
        with self._open() as vault:
            row = vault.execute("SELECT sealed FROM sealed WHERE pseudonym = ?", (pseudonym,)).fetchone()
        return bytes(row[0]) if row else None

    def count(self) -> int:
        """Return how many entries there are."""
        if not self.path.exists():
            return 0
        with self._open() as vault:
            return int(vault.execute("SELECT count(*) FROM sealed").fetchone()[0])

    def forget(self, pseudonyms: Collection[str]) -> int:
        """Remove entries for good, their bytes too; return how many there were."""
        return self._removed("DELETE FROM sealed WHERE pseudonym = ?", [(each,) for each in sorted(pseudonyms)])

    def forget_before(self, day: date, *, dry_run: bool = False) -> int:
        """Remove entries that were last seen before a day; return how many (`dry_run`: how many there would be)."""
        if dry_run:
            if not self.path.exists():
                return 0
            with self._open() as vault:
                counted = vault.execute("SELECT count(*) FROM sealed WHERE seen < ?", (day.toordinal(),))
                return int(counted.fetchone()[0])
        return self._removed("DELETE FROM sealed WHERE seen < ?", [(day.toordinal(),)])

    def _removed(self, sql: str, rows: Collection[tuple[object, ...]]) -> int:
        if not self.path.exists():
            return 0
        with self._open() as vault:
            vault.execute("BEGIN IMMEDIATE")
            count = vault.executemany(sql, rows).rowcount
            vault.execute("COMMIT")
            if count:
                vault.execute("VACUUM")
        self._known.clear()
        return max(0, count)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)) as vault:
                for pragma in ("synchronous=FULL", "secure_delete=ON", "trusted_schema=OFF"):
                    vault.execute(f"PRAGMA {pragma}")
                vault.execute(_SCHEMA)
                yield vault
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the vault of pseudonyms cannot be used ({error})",
                where=str(self.path),
                hint="check the disk and the folder's rights; nothing of this batch was stored",
            ) from error


def _there(vault: sqlite3.Connection, pseudonyms: Collection[str]) -> set[str]:
    found: set[str] = set()
    wanted = sorted(pseudonyms)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        marks = ",".join("?" * len(part))
        sql = f"SELECT pseudonym FROM sealed WHERE pseudonym IN ({marks})"  # noqa: S608 - only question marks
        found.update(str(row[0]) for row in vault.execute(sql, part))
    return found

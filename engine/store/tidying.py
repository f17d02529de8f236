"""Joining small files in a process of its own: `python -m engine.store.tidying FOLDER NOW` prints how many it joined.

Joining takes memory of its own, which a long-lived process would not give back, and a run has taken its share already.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Thread

from engine.errors import KullaError, StoreError
from engine.store.catalogue import Catalogue
from engine.store.compaction import compact
from engine.store.database import DATABASE, PATIENCE, Database

_LOCK = "tidy.lock"
_TIMEOUT = 600  # seconds
_APART = 30  # seconds from one process to the next
_HINT = "nothing is lost; kulla store compact joins them"


def tidy(folder: Path, now: datetime) -> int:
    """Join a part of what is small (see `compaction.compact`); return how many files; raise `StoreError`."""
    words = [sys.executable, "-P", "-m", "engine.store.tidying", str(folder.absolute()), now.isoformat()]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"small files could not be joined ({error})", where=str(folder), hint=_HINT) from error
    if done.returncode:
        why = done.stderr.strip().rpartition("\n")[2] or f"the process ended with {done.returncode}"
        raise StoreError(f"small files could not be joined ({why})", where=str(folder), hint=_HINT)
    return int(done.stdout)


def tidy_meanwhile(folder: Path, now: datetime) -> int:
    """Do so beside whatever goes on, now and then; return 0. What goes wrong is told by who waits for it."""
    with suppress(OSError):
        if 0 <= now.timestamp() - (folder / _LOCK).stat().st_mtime < _APART:
            return 0

    def work() -> None:
        with suppress(StoreError):
            tidy(folder, now)

    Thread(target=work, daemon=True).start()
    return 0


def main(folder: str, now: str) -> str:
    """Join, unless another process is at it; return what to print."""
    place = Path(folder)
    number = os.open(place / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(number, "wb") as lock, closing(Database(place / DATABASE, patience=PATIENCE)) as database:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "0"
        os.utime(number)
        return str(compact(place, database, Catalogue(database), datetime.fromisoformat(now), due=True))


if __name__ == "__main__":
    try:
        sys.stdout.write(main(*sys.argv[1:]))
    except KullaError as error:
        sys.exit(str(error))

"""What killed writers leave behind, told from what only an older database does not know.

After each commit the newest segment's id is noted beside the segments. A database that was restored without them from a
backup knows less than the note says: what it does not know then are events, not leftovers.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from engine.durable import open_private
from engine.errors import StoreError
from engine.store.catalogue import Catalogue
from engine.store.segments import EVENTS, remove_abandoned, segment_files

STAGED: Final = "staged"
_NOTE: Final = "newest"  # in the folder of segments; lost or damaged, it only tells less
_DIGITS: Final = 19  # of the greatest number of SQLite


def note(folder: Path, catalogue: Catalogue) -> None:
    """Note the newest segment's id, after a commit. No answer to a full disk: the commit stands without it."""
    with contextlib.suppress(OSError), open_private(folder / EVENTS / _NOTE) as stream:
        stream.write(b"%d\n" % catalogue.newest())
        stream.truncate()


def sweep(folder: Path, catalogue: Catalogue) -> None:
    """Remove what killed writers left behind; under the write lock, once in a process and after a failure.

    Raise `StoreError`, and remove nothing, where the database is older than the segments.
    """
    entered = catalogue.paths()
    unknown = sorted(path for path in segment_files(folder) if path.relative_to(folder).as_posix() not in entered)
    if unknown and _noted(folder) > catalogue.newest():
        raise StoreError(
            f"the store's database is older than the events beside it and does not know {len(unknown):,} files",
            where=str(unknown[0]),
            hint="restore the store's whole folder from one backup; to go on without these files, move them away first",
        )
    remove_abandoned(folder / STAGED)
    for path in unknown:
        path.unlink(missing_ok=True)


def _noted(folder: Path) -> int:
    try:
        text = (folder / EVENTS / _NOTE).read_text("ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0

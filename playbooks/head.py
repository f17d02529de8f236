"""The ledger's head, kept outside of the store: how far the ledger reached, so that a cut-off end is noticed.

The file holds JSON: `{"sequence": 12, "digest": "…", "pending": {"sequence": 13, "digest": "…"}}`. `pending` is written
before a record goes into the store and dropped after, so that a process killed in between explains itself.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LedgerError

_LARGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The last record of a ledger: its sequence and digest."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head file says: the last record known to be stored, and one that was about to be."""

    tip: Tip
    pending: Tip | None = None

    def explains(self, tip: Tip) -> bool:
        """Tell whether a ledger that ends in `tip` is what this head expects."""
        return tip in (self.tip, self.pending)


class HeadFile:
    """The head file at `path`. Written by temporary file, fsync and rename, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """Return the head, None where there is no file; raise `LedgerError` where it cannot be read."""
        try:
            with self.path.open("rb") as stream:
                raw = stream.read(_LARGEST)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error(f"the ledger's head cannot be read: {error.strerror}") from None
        try:
            document = json.loads(raw)
            pending = document["pending"]
            return Head(tip=_tip(document), pending=None if pending is None else _tip(pending))
        except (ValueError, KeyError, TypeError):
            raise self._error("the ledger's head file is damaged") from None

    def write(self, head: Head) -> None:
        """Replace the head durably; raise `LedgerError` where it cannot be written."""
        pending = None if head.pending is None else {"sequence": head.pending.sequence, "digest": head.pending.digest}
        document = {"sequence": head.tip.sequence, "digest": head.tip.digest, "pending": pending}
        temporary = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, "wb", opener=_owner_only) as stream:
                stream.write(json.dumps(document, sort_keys=True).encode())
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._error(f"the ledger's head cannot be written: {error.strerror}") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the ledger against other writers of this machine for the length of one append."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            stream = open(lock, "ab", opener=_owner_only)  # noqa: SIM115 - closed below, which frees the lock
        except OSError as error:
            raise self._error(f"the ledger cannot be locked: {error.strerror}") from None
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
        finally:
            stream.close()

    def _error(self, message: str) -> LedgerError:
        return LedgerError(message, where=str(self.path), hint="kulla ledger verify")


def _tip(document: dict[str, object]) -> Tip:
    sequence, digest = document["sequence"], document["digest"]
    if not isinstance(sequence, int) or not isinstance(digest, str):
        raise TypeError
    return Tip(sequence=sequence, digest=digest)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

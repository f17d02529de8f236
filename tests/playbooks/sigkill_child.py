"""One process of a run on a real store; it kills itself (SIGKILL) at a given moment. Started by tests and benches.

Usage: `python -m tests.playbooks.sigkill_child FOLDER AFTER`: prints `finished` where the run came to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.store.embedded import EmbeddedStore
from engine.store.protocol import LedgerEntry
from playbooks.execution import Ran
from tests.playbooks.drills import DRILL, KillableStore, Plant, Reaper, Room
from tests.playbooks.samples import Clock


class Suicide(Reaper):
    """Dies for real, without a word."""

    def moment(self) -> None:
        self.after -= 1
        if self.after < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class OnDisk(KillableStore):
    """The embedded store, killed around its transactions."""

    def __init__(self, store: EmbeddedStore, reaper: Reaper) -> None:
        super().__init__(reaper=reaper)
        self._store = store

    def append_ledger(self, entries: Sequence[LedgerEntry]) -> None:
        self.reaper.moment()
        self._store.append_ledger(entries)
        self.reaper.moment()

    def ledger(self) -> Iterator[LedgerEntry]:
        return self._store.ledger()


class PlantOnDisk(Plant):
    """What was done, as lines of a file."""

    def __init__(self, path: Path, reaper: Reaper) -> None:
        super().__init__(reaper)
        self._path = path
        self.done = read_done(path)

    def run(self, arguments: Sequence[str]) -> Ran:
        self.reaper.moment()
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write("\t".join(arguments) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.reaper.moment()
        return Ran(exit_code=0, output=b"ok")


def read_done(path: Path) -> Counter[tuple[str, ...]]:
    """Return how often each command was done."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Counter(tuple(line.split("\t")) for line in lines)


def main(folder: Path, after: int) -> None:
    """Follow the run until the end, or death."""
    reaper = Suicide(after=after)
    with EmbeddedStore(folder / "store", Clock()) as store:
        on_disk = OnDisk(store, reaper)
        room = Room(folder, pytest.MonkeyPatch(), store=on_disk, plant=PlantOnDisk(folder / "plant", reaper))
        for _ in room.follow(DRILL):
            pass
    print("finished", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""A world for followers: files that a program writes and rotates, a store, and a clock that moves only when told."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli.following import Following
from cli.reading import Reading
from cli.session import Session
from collectors.columns.treatment import Treatment
from collectors.transports.follow import Follower
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


def line(number: int) -> bytes:
    """Return a line of an nginx access log, each its own."""
    agent = f"agent/{number}"
    stamp = f"11/Mar/2026:{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000"
    return f'192.0.2.{number % 250} - - [{stamp}] "GET /{number} HTTP/1.1" 200 17 "-" "{agent}"\n'.encode()


@dataclass(kw_only=True)
class World:
    """A folder with `access.log`, and a kulla that follows it; `stop` and `start` make it another process."""

    root: Path
    named: list[Path] = field(default_factory=list)
    source: str = "auto"
    treatment: Treatment | None = None  # without it, nothing is read by columns
    clock: float = 0.0
    opened: Callable[[Path], EmbeddedStore] = lambda folder: EmbeddedStore(folder, lambda: NOW)
    store: EmbeddedStore | None = None
    running: Following | None = None
    follower: Follower | None = None

    @property
    def log(self) -> Path:
        return self.root / "logs" / "access.log"

    def start(self) -> None:
        self.log.parent.mkdir(exist_ok=True)
        session = Session(
            environ={}, cwd=self.root, stdin=io.TextIOWrapper(io.BytesIO()), stdout=io.StringIO(), stderr=io.StringIO()
        )
        self.store = self.opened(self.root / "store")
        self.store.__enter__()
        how = Reading(source=self.source, zone="UTC", host=None, treatment=self.treatment)
        self.running = Following(
            session=session, store=self.store, how=how, now=lambda: self.clock, sleep=lambda _: None
        )
        self.follower = self.running.follower(self.named or [self.log])

    def stop(self) -> None:
        if self.follower is not None and self.store is not None:
            self.follower.close()
            self.store.close()
        self.follower = self.store = self.running = None

    def look(self, *, after: float = 0.5) -> None:
        """Let time pass, and kulla look at the files once."""
        assert self.follower is not None
        assert self.running is not None
        self.clock += after
        for batch in self.follower.step():
            self.running.commit(batch)

    def settle(self) -> None:
        """Look until everything that can be read has been."""
        for _ in range(12):
            self.look(after=1.0)

    def killed(self, *, batches: int, before_commit: bool) -> None:
        """Look, and be killed after so many batches, before or after the last of them was stored."""
        assert self.follower is not None
        assert self.running is not None
        self.clock += 5.0
        for count, batch in enumerate(self.follower.step(), start=1):
            if count < batches or not before_commit:
                self.running.commit(batch)
            if count == batches:
                break
        self.stop()

    def originals(self) -> list[str]:
        """Return the text of every stored event, in order."""
        assert self.store is not None
        slices = self.store.scan(columns=["event.original"])
        return [text for part in slices for text in part.table.column("event.original").to_pylist()]

    def numbers(self) -> list[int]:
        """Return the numbers of the stored lines."""
        return [int(text.split("GET /")[1].split(" ")[0]) for text in self.originals()]


def append(path: Path, *numbers: int, make: Callable[[int], bytes] = line) -> None:
    """Write lines at the end of a file."""
    with path.open("ab") as stream:
        stream.write(b"".join(make(number) for number in numbers))

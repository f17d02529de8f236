"""A kulla that listens on loopback in this process, and the clients that talk to it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.listening import Listening, Secrets, listeners
from cli.reading import Reading
from cli.session import Session
from collectors.columns.treatment import Treatment
from collectors.transports.inbox import Inbox
from engine.errors import StoreError
from engine.events import DeadLetter, Event
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Appended, Record
from tests.collectors.transports.following import NOW


class Stalling(EmbeddedStore):
    """A store that refuses for as long as `stalled` is set."""

    stalled = threading.Event()

    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        if self.stalled.is_set():
            raise StoreError("the disk is full", hint="free some space")
        return super().append(events, dead, records=records)


@dataclass(kw_only=True)
class Listener:
    """A run of kulla; `ports` of its addresses, in their order."""

    listening: Listening
    ports: list[int] = field(default_factory=list)

    def wait(self, records: int) -> None:
        """Wait until so many records are accounted for."""
        until = time.monotonic() + 30
        while self.listening.account.records < records:
            assert time.monotonic() < until, f"{self.listening.account.records} of {records} came"
            time.sleep(0.01)


def _stalling(folder: Path) -> EmbeddedStore:
    return Stalling(folder, lambda: NOW)


@contextmanager
def listening(
    root: Path,
    *words: str,
    most: int = 1 << 25,
    files: Secrets | None = None,
    source: str = "auto",
    treatment: Treatment | None = None,
    opened: Callable[[Path], EmbeddedStore] = _stalling,
) -> Iterator[Listener]:
    """Listen at addresses until the block ends; everything that was received is stored then."""
    session = Session(
        environ={}, cwd=root, stdin=io.TextIOWrapper(io.BytesIO()), stdout=io.StringIO(), stderr=io.StringIO()
    )
    inbox = Inbox(most)
    found = listeners(words, inbox, files or Secrets())
    run = Listening(
        session=session,
        store=opened(root / "store"),
        how=Reading(source=source, zone="UTC", host=None, treatment=treatment),
        inbox=inbox,
    )

    def work() -> None:
        with run.store:
            run.run(found)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while len(found.bound) < len(words):
        assert time.monotonic() < until
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield Listener(listening=run, ports=[address.port for address in found.bound])
    finally:
        Stalling.stalled.clear()
        run.stop.set()
        thread.join(30)
        assert not thread.is_alive()


def stored(root: Path, column: str = "event.original") -> list[str]:
    """Return one column of all stored events."""
    with EmbeddedStore(root / "store", lambda: NOW) as store:
        return [text for part in store.scan(columns=[column]) for text in part.table.column(column).to_pylist()]

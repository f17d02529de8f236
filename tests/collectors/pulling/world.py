"""A kulla that pulls: a store, a clock that moves only when told, and what was said."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli.collecting import Account
from cli.pulling import Pulling
from cli.reading import Reading
from cli.session import Session
from collectors.columns.treatment import Treatment
from collectors.pulling.seam import Puller
from engine.events import Event
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class World:
    """What a run of pulling needs, again for each run; `slept` are the pauses it made."""

    root: Path
    source: str = "auto"
    stays: bool = False
    treatment: Treatment | None = None  # without it, nothing is read by columns
    kept: Callable[[Sequence[Event]], Sequence[Event]] = list
    now: datetime = NOW
    clock: Callable[[], float] = lambda: 0.0
    opened: Callable[[Path], EmbeddedStore] = lambda folder: EmbeddedStore(folder, lambda: NOW)
    slept: list[float] = field(default_factory=list)
    issues: list[str] = field(default_factory=list)

    def run(self, make: Callable[[Pulling], Mapping[str, Puller]]) -> Account:
        """Pull once, and return the account of the one place."""
        session = Session(
            environ={},
            cwd=self.root,
            stdin=io.TextIOWrapper(io.BytesIO()),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            now=lambda: self.now,
        )
        how = Reading(source=self.source, zone="UTC", host=None, kept=self.kept, treatment=self.treatment)
        with self.opened(self.root / "store") as store:
            pulling = Pulling(
                session=session, store=store, how=how, stays=self.stays, now=self.clock, sleep=self.slept.append
            )
            try:
                pulling.run(make(pulling))
            finally:
                self.issues = [str(issue) for issue in session.issues]
        (account,) = pulling.accounts.values()
        assert account.balanced
        return account

    def stored(self) -> list[str]:
        """Return the originals of all stored events, in order of their text; each id is there once."""
        with EmbeddedStore(self.root / "store", lambda: NOW) as store:
            rows = [
                row for part in store.scan() for row in part.table.select(["event.id", "event.original"]).to_pylist()
            ]
        assert len({row["event.id"] for row in rows}) == len(rows)
        return sorted(row["event.original"] for row in rows)

    def letters(self) -> int:
        """Return how many dead letters are stored."""
        with EmbeddedStore(self.root / "store", lambda: NOW) as store:
            return len(store.dead_letters())

"""Records that are given on together, as many as a checkpoint is worth."""

from __future__ import annotations

from dataclasses import dataclass, field

from collectors.source import Record
from engine.events import DeadLetter, Event

MOST_EVENTS = 5_000
MOST_BYTES = 8 * 1024 * 1024  # of raw text


@dataclass(slots=True, kw_only=True)
class Pile:
    """Records between two checkpoints, and how many lines among them were headers."""

    events: list[Event] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    headers: int = 0
    size: int = 0

    def add(self, item: Event | DeadLetter | None, record: Record) -> None:
        """Add what was read of a record: None is a header."""
        if isinstance(item, Event):
            self.events.append(item)
        elif item is not None:
            self.letters.append(item)
        else:
            self.headers += 1
        self.size += len(record.raw) + 64

    @property
    def full(self) -> bool:
        """Tell whether it is enough for a checkpoint."""
        return len(self.events) + len(self.letters) >= MOST_EVENTS or self.size >= MOST_BYTES

"""Who is connected: so many connections in all and so many of one sender, so that nobody keeps the others out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST_CLIENTS, MOST_OF_ONE = 1024, 128  # connections at a time, of all senders and of one


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a listener has seen."""

    messages: int = 0
    connections: int = 0
    refused: int = 0
    dropped: int = 0


@dataclass(slots=True, kw_only=True)
class Senders:
    """The open connections of one listener, by the sender's address."""

    _open: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def admitted(self, writer: asyncio.StreamWriter, tally: Tally) -> Iterator[str | None]:
        """Give the sender of a connection, None where there are too many; close it in the end, and count it."""
        sender = str((writer.get_extra_info("peername") or ("unknown",))[0])
        admitted = self._open.total() < MOST_CLIENTS and self._open[sender] < MOST_OF_ONE
        try:
            if admitted:
                self._open[sender] += 1
                tally.connections += 1
                yield sender
            else:
                tally.refused += 1
                yield None
        finally:
            writer.close()
            if admitted:
                self._open[sender] -= 1
            if not self._open[sender]:
                del self._open[sender]

"""What listeners have received and nobody has stored yet: bounded in bytes, between the network and the store.

Where it is full, listeners stop reading: senders over TCP and TLS wait, HTTP clients are told to come back, and the
kernel counts the datagrams it drops.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

MOST_BYTES = 32 * 1024 * 1024
_OVERHEAD = 256  # bytes that a message costs beside its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One record from the network. `sender` is its address, `listener` the name of what received it.

    `identity` is the stream it belongs to (32 hex digits), `offset` its place in there; `key` is what its id is made of
    where that is not its text. `problem` says why it could not be received whole.
    """

    sender: str
    listener: str
    identity: str
    offset: int
    raw: bytes
    key: bytes | None = None
    problem: str | None = None
    size: int = 0

    @property
    def name(self) -> str:
        """The name of the stream in events: who received it from whom."""
        return f"{self.listener} from {self.sender}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Messages that came together. `stored` is done once they are stored, as the positions of those known before."""

    messages: tuple[Message, ...]
    stored: Future[None]
    size: int


class Inbox:
    """The parcels that wait; used by the thread of the listeners and the one that stores."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held = 0
        self._parcels: deque[Parcel] = deque()
        self._changed = threading.Condition()

    def offer(self, messages: tuple[Message, ...]) -> Future[None] | None:
        """Take messages in; return None, and take nothing, where there is no room."""
        size = sum(len(message.raw) + _OVERHEAD for message in messages)
        with self._changed:
            if self._held and self._held + size > self._most:
                return None
            stored: Future[None] = Future()
            self._parcels.append(Parcel(messages=messages, stored=stored, size=size))
            self._held += size
            self._changed.notify()
            return stored

    def take(self, seconds: float, most: int) -> list[Parcel]:
        """Return the oldest parcels, up to `most` messages and at least one; none where none comes in that time."""
        with self._changed:
            if not self._parcels:
                self._changed.wait(seconds)
            taken: list[Parcel] = []
            count = 0
            while self._parcels and (not taken or count + len(self._parcels[0].messages) <= most):
                parcel = self._parcels.popleft()
                taken.append(parcel)
                count += len(parcel.messages)
            return taken

    def done(self, parcels: list[Parcel]) -> None:
        """Make room again for parcels that are stored, and tell those who wait for them."""
        with self._changed:
            self._held -= sum(parcel.size for parcel in parcels)
        for parcel in parcels:
            parcel.stored.set_result(None)

    @property
    def empty(self) -> bool:
        """Tell whether everything that came was stored."""
        with self._changed:
            return not self._held

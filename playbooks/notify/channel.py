"""What a channel is: one file in `channels/` with `KIND`, `SECRETS` and `open_channel`, found by its presence.

    KIND = "teams"
    def open_channel(table: Table, house: House) -> Channel: ...

`open_channel` reads its own settings from the table (and leaves no key unread); `House` gives it what every channel
may use. `Channel.send` returns when the receiver has the message, or raises `DeliveryError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from engine.errors import KullaError
from engine.tables import Table
from playbooks.notify import channels
from playbooks.notify.destinations import Guard
from playbooks.notify.message import Message


class DeliveryError(KullaError):
    """A message was not taken. `again` tells whether it may be tried again, `after` how many seconds to wait."""

    def __init__(self, message: str, *, again: bool = True, after: float = 0.0, where: str | None = None) -> None:
        super().__init__(message, where=where, hint="kulla notify test CHANNEL")
        self.again = again
        self.after = after


class Channel(Protocol):
    """Somewhere that messages can be sent to."""

    def send(self, message: Message) -> None:
        """Deliver a message, under its key; raise `DeliveryError` where it was not taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What channels share: which destinations are allowed, how secrets are read, and how long to wait (seconds)."""

    guard: Guard
    secret: Callable[[str], str]
    timeout: float = 15.0


class Kind(Protocol):
    """A module of `channels/`."""

    KIND: str

    def open_channel(self, table: Table, house: House) -> Channel:
        """Return the channel that a table of settings describes."""
        ...


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind of channel by its name."""
    found: dict[str, Kind] = {}
    for module in sorted(iter_modules(channels.__path__), key=lambda item: item.name):
        kind = cast("Kind", import_module(f"{channels.__name__}.{module.name}"))
        found[kind.KIND] = kind
    return found

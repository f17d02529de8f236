"""What every kind of pulling has in common: list, fetch, decode, store, remember.

A `Puller` looks at one place and yields what is new there; each `Pulled` carries the checkpoint that is true once its
records are stored. Who stores both in one transaction loses and doubles nothing, whenever the process is killed: what
is fetched twice has the same ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from collectors.source import Options, Source
from engine.errors import InputError
from engine.events import DeadLetter, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collectors.columns.treatment import Untreated


class UnreachableError(InputError):
    """The other side does not answer, or asks to be left alone for a while: later it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far one stream (an object, a partition, a server) was read: `body` is JSON of the kind's own."""

    key: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name under which the beginning of a log is remembered (see `collectors.files.identity_of`)."""

    path: str
    length: int
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """Records of one stream, and the checkpoints that hold once they are stored.

    `columns` are further events of it, where they were read so. `headers` counts lines that are no records, `size` the
    bytes of them all. `names` have to be remembered with them.
    """

    source: str
    events: Sequence[Event]
    letters: Sequence[DeadLetter]
    checkpoints: tuple[Checkpoint, ...]
    columns: Sequence[Untreated] = ()
    headers: int = 0
    size: int = 0
    names: tuple[Name, ...] = ()

    @property
    def records(self) -> int:
        """Return how many records there are."""
        return len(self.events) + len(self.letters) + sum(len(each.batch) for each in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What pulling needs from whoever runs it.

    `recall` returns the bodies of the checkpoints that are stored under some keys; `choose(head, name, before)` a log's
    source, `before` being what it was taken for; `options` what a log of that time does not say itself. `told` hears
    of what stops nothing but cost something; `now` and `sleep` are a steady clock's seconds and how to let them pass.
    `by_columns` says whether events may be given as columns.
    """

    recall: Callable[[Collection[str]], Mapping[str, str]]
    choose: Callable[[bytes, str, str], Source]
    options: Callable[[datetime | None], Options]
    told: Callable[[InputError], None]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    known: Collection[tuple[str, int, str]] = field(default=())
    by_columns: bool = False


class Puller(Protocol):
    """Pulls from one place. `kind` names its checkpoints in the store, `pause` the seconds between two looks.

    `passed` counts, by the reason, what the last look left alone.
    """

    kind: str
    pause: float
    passed: Counter[str]

    def pull(self) -> Iterator[Pulled]:
        """Yield what is new, until there is nothing more at the moment.

        Raise `UnreachableError` where the other side does not answer, `ConfigurationError` where it refuses.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...

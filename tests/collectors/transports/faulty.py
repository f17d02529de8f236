"""Stores that fail: they refuse, take half of a batch, take all of it and lose the answer, or find the disk full."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np

from engine.batches import EventBatch
from engine.errors import StoreError
from engine.events import DeadLetter, Event
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Appended, Record
from tests.collectors.transports.following import NOW


class Fault(Enum):
    """What becomes of one attempt to store a batch."""

    NONE = auto()
    REFUSED = auto()
    HALF = auto()  # the first half is stored, without the checkpoint, as of a bulk request that broke off
    UNHEARD = auto()  # everything is stored, and the answer is lost


class Faulty(EmbeddedStore):
    """A store that meets a fault at each attempt, as `chosen` says."""

    chosen: Callable[[], Fault] = staticmethod(lambda: Fault.NONE)

    def append(
        self, events: Sequence[Event], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store a batch, or some of it, or nothing."""
        fault = self.chosen()
        if fault is Fault.NONE:
            return super().append(events, dead, records=records)
        if fault is Fault.HALF:
            super().append(events[: len(events) // 2], dead[: len(dead) // 2])
        if fault is Fault.UNHEARD:
            super().append(events, dead, records=records)
        raise StoreError(f"the store failed ({fault.name.lower()})", hint="try again")

    def append_batches(
        self, batches: Sequence[EventBatch], dead: Sequence[DeadLetter], *, records: Sequence[Record] = ()
    ) -> Appended:
        """Store batches of columns, or some of them, or nothing."""
        fault = self.chosen()
        if fault is Fault.NONE:
            return super().append_batches(batches, dead, records=records)
        if fault is Fault.HALF:
            half = [batch.kept(np.arange(batch.rows) % 2 == 0, batch.events[::2]) for batch in batches]
            super().append_batches(half, dead[: len(dead) // 2])
        if fault is Fault.UNHEARD:
            super().append_batches(batches, dead, records=records)
        raise StoreError(f"the store failed ({fault.name.lower()})", hint="try again")


def failing(fault: Fault, rng: random.Random, *, share: float = 0.4) -> Callable[[Path], Faulty]:
    """Return what opens a store at which each attempt meets the fault with a probability of `share`."""

    def opened(folder: Path) -> Faulty:
        store = Faulty(folder, lambda: NOW)
        store.chosen = lambda: fault if rng.random() < share else Fault.NONE
        return store

    return opened


@contextmanager
def full_disk(rng: random.Random, *, share: float = 0.15) -> Iterator[None]:
    """Let each sync of a file or a folder find the disk full with a probability of `share`."""
    real = os.fsync

    def sync(number: int) -> None:
        if rng.random() < share:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(number)

    with patch("os.fsync", sync):
        yield


class Patient(EmbeddedStore):
    """A store that is opened as often as it takes: where that finds the disk full, kulla ends, and is run again."""

    def __enter__(self) -> Self:
        while True:
            with suppress(StoreError):
                return super().__enter__()


def opened_at_last(folder: Path) -> EmbeddedStore:
    """Return a patient store."""
    return Patient(folder, lambda: NOW)


def killed_at(sync: int) -> str:
    """Return Python that has its process killed, as by SIGKILL, at its so many-th sync of a file or a folder."""
    return f"""
import os, signal
_left, _sync = [{sync}], os.fsync
def _dying(number):
    _left[0] -= 1
    if _left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    _sync(number)
os.fsync = _dying
"""

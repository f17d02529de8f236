"""A lease in the store: who may run just now, so that two instances never overlap.

A lease ends by itself when its holder stops renewing it, and at once where the holder was a process of this machine
that is gone. It is a matter of order, not of correctness: should two runs overlap all the same (a machine that slept, a
clock that jumped), their alerts have the same ids and their messages the same keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.errors import KullaError
from engine.events import instant
from engine.store.protocol import Record, Store

LEASE = "lease"
LASTS = timedelta(minutes=5)


class LeaseLostError(KullaError):
    """Another instance has taken the lease: this one was away for too long and has to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: its machine, the machine's boot, its number, and when it started (in the kernel's ticks)."""

    host: str
    boot: str
    process: int
    started: str

    def text(self) -> str:
        """Return the holder as text that `of` reads back."""
        return json.dumps(_parts(self), sort_keys=True)

    @classmethod
    def of(cls, text: str) -> Holder:
        """Return the holder that `text` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


class Lease:
    """The right to run under a name. `gone` tells that a holder is surely no longer there."""

    def __init__(
        self,
        store: Store,
        name: str,
        holder: Holder,
        *,
        now: Callable[[], datetime],
        gone: Callable[[Holder], bool] = lambda _: False,
        lasts: timedelta = LASTS,
    ) -> None:
        self._store = store
        self._name = name
        self._holder = holder
        self._now = now
        self._gone = gone
        self._lasts = lasts
        self._mine: Record | None = None
        self._since: datetime | None = None

    def take(self) -> Holder | None:
        """Take the lease; return None where it is ours now, else who has it."""
        found = self._store.record(LEASE, self._name)
        if found is not None and found.state == "held":
            holder, since = _read(found)
            if holder != self._holder and self._stands(found, holder, since):
                return holder
        if self._write(found, "held"):
            return None
        taken = self._store.record(LEASE, self._name)
        return _read(taken)[0] if taken is not None else self._holder

    def holder(self) -> Holder | None:
        """Return who has the lease at this moment, None where it is free; nothing is changed."""
        found = self._store.record(LEASE, self._name)
        if found is None or found.state != "held":
            return None
        holder, since = _read(found)
        return holder if self._stands(found, holder, since) else None

    def _stands(self, record: Record, holder: Holder, since: datetime) -> bool:
        now = self._now()
        # a lease of the future was written by a clock that has since been put right
        return record.due is not None and since - self._lasts <= now < record.due and not self._gone(holder)

    def keep(self) -> None:
        """Renew the lease where a third of it is over; raise `LeaseLostError` where somebody else has it."""
        if self._mine is None or self._since is None:
            raise LeaseLostError("the lease is not held", where=self._name)
        age = self._now() - self._since
        if timedelta() <= age < self._lasts / 3:
            return
        if not self._write(self._mine, "held"):
            self._mine = None
            raise LeaseLostError(
                "another instance has taken over: this one was away for longer than its lease",
                where=self._name,
                hint="nothing is lost; the other instance goes on",
            )

    def give_back(self) -> None:
        """Let others run."""
        if self._mine is not None:
            self._write(self._mine, "free")
            self._mine = None

    def _write(self, found: Record | None, state: str) -> bool:
        now = self._now()
        body = json.dumps({"holder": _parts(self._holder), "since": instant(now)})
        record = Record(kind=LEASE, key=self._name, state=state, body=body, due=now + self._lasts)
        record = replace(record, version=found.version if found else 0)
        if self._store.save_records([record]):
            return False
        self._mine, self._since = replace(record, version=record.version + 1), now
        return True


def _parts(holder: Holder) -> dict[str, object]:
    return {"host": holder.host, "boot": holder.boot, "process": holder.process, "started": holder.started}


def _read(record: Record) -> tuple[Holder, datetime]:
    found = json.loads(record.body)
    return Holder(**found["holder"]), datetime.fromisoformat(found["since"])

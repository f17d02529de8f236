"""A day of a security operation under a virtual clock: events that come late, crashes, lost shards, dead channels.

Two matching events a minute for 24 hours, among others that do not match; a run and a delivery every minute, and seven
hours more for what comes late. What is compared: the alerts of one undisturbed run over the same events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from engine.detecting import Detector
from engine.events import Event, Origin, Value, event_id
from engine.runs.leases import Holder, Lease
from engine.runs.running import Runner, Setting
from engine.sigma.engine import Engine
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Block, Missing
from playbooks.notify.channel import Channel, DeliveryError
from playbooks.notify.delivery import Notifier
from playbooks.notify.message import Message
from playbooks.notify.planning import Planner
from playbooks.notify.settings import read_settings
from tests.engine.sigma.test_correlation import ACME, COUNT, rules

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY, DRAIN = 24 * 60, 7 * 60  # minutes
MATCHING = 2 * DAY
RULES = rules({**COUNT, "generate": True, "condition": {"gte": 1000}}, one={"a": 1})
SETTINGS = {
    "channels": {"chat": {"kind": "command", "rate": 100000}, "pager": {"kind": "command", "rate": 100000}},
    "routes": [{"channels": ["chat", "pager"], "about": ["alerts"]}],
}


class Crash(BaseException):
    """The process ends here, as by SIGKILL: nothing after it happens."""


@dataclass(kw_only=True)
class World:
    """What goes wrong. `arrives` gives the delay of each event in seconds, `stamp` the error of its clock."""

    name: str
    arrives: Callable[[Random], float] = lambda chance: chance.uniform(1, 5)
    stamp: Callable[[int], float] = lambda host: 0.0
    lateness: timedelta = timedelta()
    crashes: int = 0
    lost: Callable[[Random, datetime, int], bool] = lambda chance, now, shard: False
    shards: bool = False
    pager_down: tuple[int, int] = (0, 0)  # minutes


def late(chance: Random) -> float:
    """90 % within 5 seconds, 5 % within a minute, 4 % within 15 minutes, 1 % within 6 hours."""
    share = chance.random()
    limits = ((0.90, 1, 5), (0.95, 5, 60), (0.99, 60, 900), (1.01, 900, 6 * 3600))
    return next(chance.uniform(low, high) for below, low, high in limits if share < below)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Receiver:
    """A receiver that knows keys; it may be down, and the sender may die right after it was told."""

    lab: Laboratory
    name: str
    keys: Counter[str] = field(default_factory=Counter)
    about: dict[str, str] = field(default_factory=dict)

    def send(self, message: Message) -> None:
        if self.name == "pager" and self.lab.pager_is_down():
            raise DeliveryError("connection refused")
        self.keys[message.key] += 1
        self.about[message.key] = message.subject
        if self.lab.crash_is_due():
            raise Crash


class ShardedStore(EmbeddedStore):
    """Reports the parts of failing shards as missing, as the Elasticsearch store has to; each segment is a shard's."""

    lab: Laboratory

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[Block]:  # type: ignore[override]
        found = super().blocks(after=after, until=until, since=since, before=before, missing=missing)
        for block in (part for whole in found for part in whole.apart() or (whole,)):
            shard = int(next(iter(block.events(_first()))).fields["n"])  # type: ignore[arg-type]
            if self.lab.is_lost(shard):
                assert missing is not None
                missing(
                    Missing(
                        first_sequence=block.first_sequence,
                        last_sequence=block.last_sequence,
                        reason=f"shard {shard} did not answer (circuit_breaking_exception)",
                    )
                )
            else:
                yield block


def _first() -> object:
    import numpy as np

    return np.array([0], dtype=np.int64)


class Laboratory:
    """One world, lived through."""

    def __init__(self, world: World, folder: Path, *, days: float = 1.0, seed: int = 7) -> None:
        self.world = world
        self.folder = folder
        self.clock = Clock()
        self.chance = Random(seed)
        self.minutes = int(DAY * days)
        self.receivers = {name: Receiver(self, name) for name in ("chat", "pager")}
        self.crashed = 0
        self.refused = 0
        self._crash_at = sorted(self.chance.sample(range(self.minutes // 10, self.minutes), world.crashes))
        self._settings = read_settings(SETTINGS, "lab")
        self._engine = Engine(RULES)
        self.events = self._made()

    def _made(self) -> list[tuple[float, Event]]:
        """Return the events with the second at which each arrives, in this order."""
        made = []
        for number in range(self.minutes * 3):  # two that match and one that does not, each minute
            seconds, host = number * 20.0, number % 100
            fields: dict[str, Value] = {
                **ACME,
                "@timestamp": START + timedelta(seconds=seconds + self.world.stamp(host)),
                "host.name": f"host{host}",
                "u": f"user{number % 7}",
                "n": str(number % 4),
                "b" if number % 3 == 2 else "a": "1",
            }
            raw = str(number).encode()
            origin = Origin(path="lab", identity="lab", offset=number, number=number)
            item = Event(id=event_id("lab", number, raw), origin=origin, original=str(number), fields=fields)
            made.append((seconds + self.world.arrives(self.chance), item))
        return sorted(made, key=lambda pair: pair[0])

    def pager_is_down(self) -> bool:
        low, high = self.world.pager_down
        down = low <= (self.clock.at - START).total_seconds() / 60 < high
        self.refused += down
        return down

    def crash_is_due(self) -> bool:
        minute = (self.clock.at - START).total_seconds() / 60
        if self._crash_at and minute >= self._crash_at[0]:
            self._crash_at.pop(0)
            self.crashed += 1
            return True
        return False

    def is_lost(self, shard: int) -> bool:
        return self.world.lost(self.chance, self.clock.at, shard)

    def _open(self) -> EmbeddedStore:
        if not self.world.shards:
            return EmbeddedStore(self.folder / "store", self.clock)
        store = ShardedStore(self.folder / "store", self.clock)
        store.lab = self
        return store

    def live(self) -> None:
        """Live through the day and what comes late."""
        waiting = list(reversed(self.events))
        store, down_until = self._open(), -1
        for minute in range(self.minutes + DRAIN):
            self.clock.at = START + timedelta(minutes=minute + 1)
            arrived = []
            while waiting and waiting[-1][0] < (minute + 1) * 60:
                arrived.append(waiting.pop()[1])
            self._store(store, arrived)
            if minute < down_until:
                continue
            if minute > self.minutes and minute % 30 and not arrived:
                continue  # the drain may be slower
            try:
                self._work(store)
            except Crash:
                store.close()
                store, down_until = self._open(), minute + 5  # five minutes until somebody starts it again
        assert not waiting
        store.close()

    def _store(self, store: EmbeddedStore, arrived: list[Event]) -> None:
        if not self.world.shards:
            if arrived:
                store.append(arrived, [])
            return
        for shard in "0123":
            part = [item for item in arrived if item.fields["n"] == shard]
            if part:
                store.append(part, [])

    def _work(self, store: EmbeddedStore) -> None:
        holder = Holder(host="lab", boot="b", process=self.crashed + 1, started="1")
        lease = Lease(store, "detection", holder, now=self.clock, gone=lambda other: other != holder)
        assert lease.take() is None
        setting = Setting(
            now=self.clock,
            lateness=self.world.lateness,
            every=timedelta(minutes=1),
            incidents_rest=timedelta(hours=1),  # alerts are what is counted here
        )
        planner = Planner(self._settings, store, self.clock)
        Runner(store, self._engine, "lab", setting, lease=lease, messenger=planner).run()
        lease.give_back()
        opened: dict[str, Channel] = dict(self.receivers)
        Notifier(self._settings, store, opened, self.clock).deliver()

    def expected(self) -> set[str]:
        """Return the ids of the alerts of one undisturbed run over the same events."""
        with EmbeddedStore(self.folder / "whole", self.clock) as store:
            store.append([item for _, item in self.events], [])
            Detector(self._engine, store, "whole").run()
            return {alert.id for alert in store.alerts()}

    def alerts(self) -> list[str]:
        with EmbeddedStore(self.folder / "store", self.clock) as store:
            return [alert.id for alert in store.alerts()]

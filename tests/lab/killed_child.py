"""A process that collects, runs, notifies and writes to the ledger until it is killed.

`python -m tests.lab.killed_child FOLDER SEED EVENTS [LIMIT]`. The receiver is a file that each delivery adds its key
to; another file has a line for each entry of the ledger that was acknowledged. No file may grow above LIMIT bytes:
that is what a full disk looks like. A store that cannot go on ends it with 3.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from engine.errors import KullaError
from engine.events import Event, Origin, event_id
from engine.runs.leases import Lease
from engine.runs.processes import is_gone, this_process
from engine.runs.running import Runner, Setting
from engine.sigma.engine import Engine
from engine.store.embedded import EmbeddedStore
from playbooks.ledger import ConcurrentWriteError, Ledger
from playbooks.notify.delivery import Notifier
from playbooks.notify.message import Message
from playbooks.notify.planning import Planner
from playbooks.notify.settings import read_settings
from tests.engine.sigma.test_correlation import ACME, COUNT, START, rules

RULES = rules({**COUNT, "generate": True, "condition": {"gte": 5}}, one={"a": 1})
SETTINGS = {
    "channels": {"file": {"kind": "command", "rate": 100000}},
    "routes": [{"channels": ["file"], "about": ["alerts"]}],
}
BATCH = 5


def made(number: int) -> Event:
    """Return the event of this number; two of three match."""
    fields = {**ACME, "@timestamp": START + timedelta(seconds=number), "u": f"user{number % 3}"}
    fields["b" if number % 3 == 2 else "a"] = "1"
    origin = Origin(path="kill", identity="kill", offset=number, number=number)
    return Event(id=event_id("kill", number, b"x"), origin=origin, original=str(number), fields=fields)


@dataclass
class Deliveries:
    """Adds the key of each delivery to a file."""

    path: Path

    def send(self, message: Message) -> None:
        add_line(self.path, f"{message.key} {message.subject}")


def add_line(path: Path, line: str) -> None:
    """Add a line to a file, whole or not at all."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(number, f"{line}\n".encode())
    os.close(number)


def clock(chance: Random) -> Callable[[], datetime]:
    """Return a clock that is a day ahead in one process, a day behind in the next, and right in others."""
    shift = timedelta(days=chance.choice([-1, 0, 0, 1]))
    return lambda: datetime.now(UTC) + shift


def work(folder: Path, chance: Random, events: int) -> None:
    """Collect what is not stored yet, with a run, a delivery and an entry in the ledger after each batch."""
    now = clock(chance)
    settings = read_settings(SETTINGS, "lab")
    engine = Engine(RULES)
    setting = Setting(now=now, incidents_rest=timedelta(seconds=2))
    with EmbeddedStore(folder / "store", now) as store:
        ledger = Ledger(store, folder / "head.json", now)
        first = max(0, store.last_sequence() - 2 * BATCH)
        for start in range(first, events + BATCH, BATCH):  # the newest batches again: a collector that was killed
            store.append([made(number) for number in range(start, min(start + BATCH, events))], [])
            lease = Lease(store, "detection", this_process(), now=now, gone=is_gone)
            if lease.take() is None:
                planner = Planner(settings, store, now)
                Runner(store, engine, "kill", setting, lease=lease, messenger=planner).run()
                lease.give_back()
            receivers = {"file": Deliveries(folder / "deliveries")}
            Notifier(settings, store, receivers, now, me=this_process(), gone=is_gone).deliver()
            note(ledger, start, folder / "acknowledged")


def note(ledger: Ledger, start: int, acknowledged: Path) -> None:
    """Write an entry about a batch; where another process writes at the same time, again."""
    while True:
        try:
            entry = ledger.append(actor="kulla", kind="note", subject=f"batch/{start}", details={"first": start})
        except ConcurrentWriteError:
            continue
        add_line(acknowledged, f"{entry.sequence} {entry.subject}")
        return


def main(folder: str, seed: str, events: str, limit: str = "") -> int:
    """Work; return the process's answer."""
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails instead
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        work(Path(folder), Random(int(seed)), int(events))
    except KullaError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

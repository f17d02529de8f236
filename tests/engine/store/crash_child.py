"""Run by a test: collects into a store in children that are killed, and reports what the store holds afterwards.

Usage: crash_child.py FOLDER SEED. This process touches neither Arrow's threads nor the database before its forks.
Half of the children kill themselves at a chosen step (before an SQL statement, a sync or a rename), the others are
killed from outside after a chosen time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.events import DeadLetter, Event, Origin, event_id
from engine.store.embedded import EmbeddedStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCHES, SIZE, KILLS = 40, 30, 30
IDENTITY = "ab" * 16


def batch(number: int) -> tuple[list[Event], list[DeadLetter]]:
    events = []
    for n in range(number * SIZE, (number + 1) * SIZE):
        raw = f"line {n}"
        origin = Origin(path="/var/log/a.log", identity=IDENTITY, offset=n * 10, number=n + 1)
        fields = {"@timestamp": NOW + timedelta(seconds=n), "event.dataset": f"set{n % 2}", "host.name": f"h{n % 7}"}
        events.append(Event(id=event_id(IDENTITY, n * 10, raw.encode()), origin=origin, original=raw, fields=fields))
    origin = Origin(path="/var/log/a.log", identity=IDENTITY, offset=number, number=number)
    dead = DeadLetter(id=f"dead{number}", origin=origin, source="s", reason="r", raw=b"x", size=1)
    return events, [dead]


def collect(folder: Path, acknowledged: Path, die_at: int | None) -> None:
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    fsync, rename = os.fsync, Path.rename
    os.fsync = lambda number: (step(), fsync(number), step())
    Path.rename = lambda path, target: (step(), rename(path, target), step())
    with EmbeddedStore(folder, lambda: NOW) as store, acknowledged.open("a") as log:
        store._open()._connection.set_trace_callback(step)
        for number in range(BATCHES):
            store.append(*batch(number))
            log.write(f"{number}\n")
            log.flush()
            if number % 4 == 3:
                store.compact()


def in_child(work) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def missing(folder: Path, acknowledged: Path, report: Path) -> None:
    wanted = {event.id for number in {int(n) for n in acknowledged.read_text().split()} for event in batch(number)[0]}
    with EmbeddedStore(folder, lambda: NOW) as store:
        found = [number for part in store.scan(columns=["event.id"]) for number in part.table["event.id"].to_pylist()]
        dead = store.dead_letters()
        doubled = len(found) - len(set(found)) + len(dead) - len({each.id for each in dead})
        entered = {segment.path for segment in store._catalogue.segments()}
    report.write_text(json.dumps({"lost": len(wanted - set(found)), "doubled": doubled, "found": len(found),
                                  "dead": len(dead), "entered": sorted(entered)}))  # fmt: skip


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    acknowledged, report = folder / "acknowledged", folder / "report"
    acknowledged.touch()
    chance = random.Random(seed)
    killed, reports = 0, []
    for turn in range(KILLS + 1):
        last = turn == KILLS
        die_at = chance.randrange(1, 300) if turn % 2 and not last else None
        child = in_child(lambda at=die_at: collect(folder / "store", acknowledged, at))
        if not last and die_at is None:
            time.sleep(chance.uniform(0.0, 0.12))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        assert os.WIFSIGNALED(status) or status == 0, status
        assert os.waitpid(in_child(lambda: missing(folder / "store", acknowledged, report)), 0)[1] == 0
        reports.append(json.loads(report.read_text()))
    files = sorted(path.relative_to(folder / "store").as_posix() for path in folder.rglob("*.parquet"))
    staged = len(list(folder.rglob("*.part")))
    print(json.dumps({"killed": killed, "reports": reports, "files": files, "staged": staged}))


if __name__ == "__main__":
    main()

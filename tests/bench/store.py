"""How fast the embedded store appends and reads: `python tests/bench/store.py [EVENTS]` prints one line a figure.

The events are made here: 40 fields like those of a Windows event, 2.5 kB of original text. Rates are per CPU second of
this process, threads included. Making the events is not counted.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.events import Event, Fields, Origin, event_id
from engine.store.embedded import EmbeddedStore

START = datetime(2026, 3, 1, tzinfo=UTC)
IDENTITY = "ab" * 16
COLUMNS = (
    *("@timestamp", "event.code", "host.name", "user.name", "winlog.channel"),
    *("process.executable", "process.command_line", "winlog.event_data.F1", "winlog.event_data.F5", "event.dataset"),
)
CHANCE = random.Random(1)
COMMANDS = [f"C:\\Windows\\System32\\tool{n}.exe -k {n * 37}" for n in range(3000)]


def fields(number: int) -> Fields:
    """Make the fields of one event, of one of twelve shapes."""
    found: Fields = {
        "@timestamp": START + timedelta(milliseconds=17 * number),
        "event.dataset": "windows.sysmon",
        "event.code": str(number % 12),
        "event.category": ["process"],
        "event.type": ["start"],
        "host.name": f"ws{CHANCE.randrange(200):03}.gov.example",
        "user.name": f"user{CHANCE.randrange(500)}",
        "process.pid": CHANCE.randrange(65536),
        "process.command_line": CHANCE.choice(COMMANDS),
        "process.executable": CHANCE.choice(COMMANDS),
        "winlog.channel": "Microsoft-Windows-Sysmon/Operational",
        "winlog.record_id": str(number),
    }
    for n in range(28):
        found[f"winlog.event_data.F{number % 12 + n}"] = f"value {CHANCE.randrange(40 if n < 22 else 100_000)}"
    return found


def event(number: int) -> Event:
    """Make one event."""
    what = fields(number)
    original = (" ".join(f'"{name}": "{value}",' for name, value in what.items()) * 2)[:2500].ljust(2500)
    origin = Origin(path="/var/log/security.json", identity=IDENTITY, offset=number * 2500, number=number + 1)
    return Event(id=event_id(IDENTITY, number * 2500, original.encode()), origin=origin, original=original, fields=what)


def rate(what: str, count: int, work: Callable[[], object]) -> None:
    """Print how many of `count` things the work does in a CPU second and in a second."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{what:<44} {count / cpu:>12,.0f} per CPU second {count / wall:>12,.0f} per second")


def main() -> None:
    """Append, read, and append again what is there already."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, EmbeddedStore(Path(folder), lambda: START) as store:
        done = 0
        for size in (1_000, 10_000, 50_000):
            batch = [event(number) for number in range(done, done + size)]
            rate(f"append, batches of {size:,}", size, lambda batch=batch: store.append(batch, []))
            done += size
        rate("append, all duplicates, batches of 50,000", 50_000, lambda: store.append(batch, []))
        while done < total:
            store.append([event(number) for number in range(done, done + 10_000)], [])
            done += 10_000

        def scan() -> None:
            for _ in range(5):
                assert sum(part.table.num_rows for part in store.scan(columns=COLUMNS)) == done

        rate("scan of 10 columns, rows", 5 * done, scan)
        rate(
            "events by id, 10 ids: events looked through", done, lambda: store.events_by_id([e.id for e in batch[:10]])
        )
        sql = 'SELECT "host.name", count(*) FROM events GROUP BY 1'
        rate("SQL, count by host, rows", done, lambda: store.query(sql))
        print(f"{'bytes per event on disk':<44} {store.status().size_bytes / done:>12,.0f}")
    print(f"{'peak memory, MiB':<44} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:>12,}")


if __name__ == "__main__":
    main()

"""Detection over the embedded store by columns: `python tests/bench/columns.py [--parts N] [--keep DIR]`.

Builds a store of the Windows sample eight times over, under other hosts and years, compacts it, and runs every Windows
rule over it in a process of its own: the first time, and again under another name, when tables of tested values are
there. CPU is that of the process, start and rules (from the cache) included; "run" leaves those out. A run keeps the
ids of its alerts; what it costs to read those from the store afterwards stands apart. The answers are checked: the
(rule, record) pairs of the first two parts are those that matching their files row by row gives (they need not be
alike: some rules look at host names and stamps), and the others have as many as the second.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from lzma import open as open_xz
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
YEAR = re.compile(rb"(?<![0-9])(20[12][0-9])-(?=[0-9][0-9]-[0-9][0-9])")
HOST = re.compile(rb'"Hostname":"([^"]+)"')
BATCH = 20_000


def other(line: bytes, part: int) -> bytes:
    """Return the record as another host would have written it, a number of leap years earlier."""
    line = YEAR.sub(lambda found: b"%d-" % (int(found[1]) - 4 * part), line)
    return HOST.sub(lambda found: b'"Hostname":"p%d-%s"' % (part, found[1]), line)


def build(sample: Path, folder: Path, parts: int) -> None:
    """Collect the sample so many times into a store, and say how fast appending was."""
    from collectors.reader import LogReader
    from engine.events import DeadLetter
    from engine.store.embedded import EmbeddedStore

    with EmbeddedStore(folder / "store", lambda: datetime.now(UTC)) as store:
        spent, total = 0.0, 0
        for part in range(parts):
            path = folder / f"part{part}.jsonl"
            with open_xz(sample) as source, path.open("wb") as target:
                target.writelines(other(line, part) if part else line for line in source)
            reader = LogReader(path)
            for batch in batches(reader.event(item) for item in reader.records() if not isinstance(item, DeadLetter)):
                before = time.process_time()
                store.append(batch, [])
                spent += time.process_time() - before
                total += len(batch)
            if part > 1:
                path.unlink()
        print(f"append, batches of {BATCH:,}: {total / spent:,.0f} events per CPU second")
        before = time.process_time()
        joined, status = store.compact(), store.status()
        spent = time.process_time() - before
        print(
            f"compact: {joined} files joined, {status.segments} left, {total / spent:,.0f} events per CPU second, "
            f"{status.size_bytes / total:.0f} bytes an event"
        )
    print(f"peak memory of collecting and compacting: {peak():.0f} MiB", flush=True)


def batches(events: Iterator[object]) -> Iterator[list]:
    """Cut a stream into batches."""
    batch: list[object] = []
    for event in events:
        batch.append(event)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def rules(options: argparse.Namespace):
    """Load the Windows rules."""
    from engine.sigma.loader import load_rules

    loaded = load_rules([options.shared / "sigma"], cache_folder=options.keep / "cache")
    loaded.rules = [rule for rule in loaded.rules if rule.logsource.product == "windows"]
    gc.set_threshold(50_000, 20, 50)  # as the command line does
    return loaded


def detect(options: argparse.Namespace) -> None:
    """Run the rules over the store under a new name (a child process); print figures as JSON."""
    from engine.detecting import Detector
    from engine.sigma.engine import Engine
    from engine.store.embedded import EmbeddedStore

    loaded = rules(options)
    base, began, wall = peak(), time.process_time(), time.perf_counter()
    with EmbeddedStore(options.keep / "store", lambda: datetime.now(UTC)) as store:
        run = Detector(Engine(loaded), store, options.detect).run()
        done, wall, memory = time.process_time(), time.perf_counter() - wall, peak()
        pairs = [(alert.rule.id, alert.events[0].source.rpartition("/part")[2]) for alert in run.alerts]
        told = time.process_time() - done
    figures = {"events": run.events, "cpu": done, "run": done - began, "wall": wall, "told": told}
    print(json.dumps({**figures, "memory": memory, "base": base, "new": run.new, "pairs": pairs}))


def by_rows(options: argparse.Namespace, part: int) -> Counter[tuple[str, str]]:
    """Match a part row by row, as `kulla hunt` does."""
    from collectors.reader import LogReader
    from engine.events import DeadLetter
    from engine.sigma.engine import Engine

    engine, reader = Engine(rules(options)), LogReader(options.keep / f"part{part}.jsonl")
    found: Counter[tuple[str, str]] = Counter()
    for item in reader.records():
        if not isinstance(item, DeadLetter):
            event = reader.event(item)
            place = f"{part}.jsonl:{event.origin.number}"
            found.update((match.rule.info.id, place) for match in engine.match(event.fields, event.original))
    return found


def peak() -> float:
    """Return the peak memory of this process in MiB (what the system calls its usage starts from its parent's)."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(told[1]) / 1024 if told else 0.0


def compare(options: argparse.Namespace) -> None:
    """Run the children, print a row each, and check the answers."""
    expected = by_rows(options, 0) + by_rows(options, 1)
    titles = (
        "| run | tables kept before | events | CPU s | run s | wall s | events per CPU s | (run) | peak MiB | hits |"
    )
    print(f"{titles} reading the alerts, s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in ("first", "second", "third"):
        kept = sum(path.stat().st_size for path in (options.keep / "store").rglob("*.tested"))
        words = [
            sys.executable,
            __file__,
            "--detect",
            name,
            "--keep",
            str(options.keep),
            "--shared",
            str(options.shared),
        ]
        child = subprocess.run(words, capture_output=True, text=True, check=True)
        got = json.loads(child.stdout)
        print(
            f"| {name} | {kept / got['events']:.1f} B an event | {got['events']:,} | {got['cpu']:.2f} "
            f"| {got['run']:.2f} | {got['wall']:.2f} | {got['events'] / got['cpu']:,.0f} "
            f"| {got['events'] / got['run']:,.0f} "
            f"| {got['base']:.0f} to {got['memory']:.0f} | {len(got['pairs']):,} ({got['new']:,} new) "
            f"| {got['told']:.2f} |",
            flush=True,
        )
        counted = Counter(place.partition(".")[0] for _, place in got["pairs"])
        first = Counter((rule, place) for rule, place in got["pairs"] if place.startswith(("0.", "1.")))
        alike = len({count for part, count in counted.items() if part != "0"}) == 1
        print(f"parts 0 and 1 as row by row: {first == expected}; pairs of each part: {dict(sorted(counted.items()))}")
        if first != expected or not alike:
            sys.exit("the answers differ")


def main() -> None:
    """Build, compact, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--keep", type=Path, help="build the store here, or use the one that is here")
    parser.add_argument("--detect", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.detect:
        detect(options)
        return
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        options.keep = options.keep or Path(temporary)
        if not (options.keep / "store").exists():
            build(options.shared / "windows" / "otrf_d8.jsonl.xz", options.keep, options.parts)
        compare(options)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

"""Scheduled runs: `python tests/bench/scheduled.py run` and `python tests/bench/scheduled.py watch [SECONDS]`.

`run`: CPU seconds and peak memory of one `kulla detect` with every SigmaHQ rule and kulla's own over 100,000 events
that came in since the last run, in 30 batches (five minutes of ten seconds each); start, rules from the cache,
incidents and the record of the run included, and what it takes beside it to join their files. `watch`: the time from an
event to its alert being told by `kulla detect --watch 500ms`, while another process stores 2,000 events a second in
batches of half a second.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from lzma import open as open_xz
from pathlib import Path
from threading import Thread
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
SHARED = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
EVENTS, BATCHES = 100_000, 30
A_SECOND, EACH = 2000, 0.5  # events a second, seconds from batch to batch


def sample(folder: Path, count: int) -> Path:
    """Write so many records of the Windows sample, again from its beginning where it ends."""
    path = folder / "sample.jsonl"
    written = 0
    with path.open("wb") as target:
        while written < count:
            with open_xz(SHARED / "windows" / "otrf_d8.jsonl.xz") as source:
                for line in source:
                    target.write(line)
                    written += 1
                    if written == count:
                        break
    return path


def events_of(path: Path) -> list:
    """Read the sample as events."""
    from collectors.reader import LogReader
    from engine.events import DeadLetter

    reader = LogReader(path)
    return [reader.event(item) for item in reader.records() if not isinstance(item, DeadLetter)]


def fill(folder: Path, count: int, batches: int) -> None:
    """Store the sample in batches (a child process: its memory is not to be counted)."""
    from engine.store.embedded import EmbeddedStore

    found = events_of(sample(folder, count))
    size = -(-len(found) // batches)
    with EmbeddedStore(folder / "store", lambda: datetime.now(UTC)) as store:
        for start in range(0, len(found), size):
            store.append(found[start : start + size], [])


def kulla(folder: Path) -> tuple[float, float, float, str]:
    """Run `kulla detect` as a process; return CPU seconds, wall seconds, peak MiB and what it said."""
    program = (
        "import sys, atexit, re\n"
        "def told():\n"
        "    text = open('/proc/self/status').read()\n"
        "    sys.stderr.write('peak ' + re.search(r'VmHWM:\\s+(\\d+)', text)[1] + '\\n')\n"
        "atexit.register(told)\n"
        "import cli.main\ncli.main.main(sys.argv[1:])\n"
    )
    rules = [word for name in ("own", str(SHARED / "sigma")) for word in ("--rules", name)]
    words = [sys.executable, "-c", program, "detect", *rules, "-f", "jsonl", "-o", str(folder / "alerts.jsonl")]
    before, wall = os.times(), time.perf_counter()
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "KULLA_HOME": str(folder)}, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - wall, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    peak = re.search(r"peak (\d+)", done.stderr)
    said = next((line for line in done.stderr.splitlines() if "events looked at" in line), done.stderr[-300:])
    return cpu, wall, int(peak[1]) / 1024 if peak else 0.0, said


def one_run(folder: Path) -> None:
    """Measure one scheduled run, after one over an empty store that fills the cache of rules."""
    kulla(folder)
    subprocess.run([sys.executable, __file__, "fill", str(folder)], check=True)
    cpu, wall, peak, said = kulla(folder)
    print(f"one run: {cpu:.2f} CPU s, {wall:.2f} s, peak {peak:.0f} MiB; {said}")
    cpu, wall, peak, said = kulla(folder)
    print(f"and one with nothing new: {cpu:.2f} CPU s, {wall:.2f} s, peak {peak:.0f} MiB; {said}")
    subprocess.run([sys.executable, __file__, "join", str(folder)], check=True)


def join(folder: Path) -> None:
    """Measure the joining of these batches' files (a process of its own, as runs do it every third time)."""
    from engine.store import compaction, tidying

    compaction._MANY = 8  # else it would wait for more
    joined = tidying.main(str(folder / "store"), datetime.now(UTC).isoformat())
    cpu, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"joining the {joined} small files beside it: {cpu:.2f} CPU s, start included, peak {peak:.0f} MiB")


def feed(folder: Path, seconds: int) -> None:
    """Store 2,000 events a second (a child process); print when each batch was stored, began, and the events' ids."""
    from engine.store.embedded import EmbeddedStore

    size = int(A_SECOND * EACH)
    found = events_of(sample(folder, A_SECOND * seconds))
    print("ready", flush=True)
    begun = time.time()
    with EmbeddedStore(folder / "store", lambda: datetime.now(UTC)) as store:
        for number, start in enumerate(range(0, len(found), size)):
            first = begun + number * EACH
            time.sleep(max(0.0, first + EACH - time.time()))  # the batch is full
            batch = found[start : start + size]
            store.append(batch, [])
            print(json.dumps([time.time(), first, [item.id for item in batch]]), flush=True)


def watch(folder: Path, seconds: int) -> None:
    """Measure the time from an event to its alert on the standard output of `kulla detect --watch 500ms`.

    An event's moment is that of a steady stream: the first of a batch waits half a second for the others, then for the
    store and for the run.
    """
    kulla(folder)  # fills the cache of rules
    told: dict[str, float] = {}
    rules = [word for name in ("own", str(SHARED / "sigma")) for word in ("--rules", name)]
    words = ["detect", *rules, "--watch", "500ms", "-f", "jsonl", "-q"]
    command = [sys.executable, "-u", "-c", "import sys, cli.main\ncli.main.main(sys.argv[1:])", *words]
    fed, errors = folder / "fed", folder / "errors"
    environment = {**os.environ, "KULLA_HOME": str(folder)}
    with (
        fed.open("w") as into,
        errors.open("w") as told_errors,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=told_errors) as watching,
        subprocess.Popen(
            [sys.executable, __file__, "feed", str(folder), str(seconds)], stdout=into, cwd=ROOT
        ) as feeder,
    ):
        assert watching.stdout is not None
        reader = Thread(target=_note, args=(watching.stdout, told), daemon=True)
        reader.start()
        feeder.wait()
        time.sleep(10)
        before = os.times()
        watching.send_signal(signal.SIGINT)
        watching.wait()
        after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    moments: dict[str, float] = {}
    stored: list[float] = []
    for line in fed.read_text().splitlines()[1:]:
        at, begun, ids = json.loads(line)
        stored.append(at - begun - EACH)
        moments.update({number: begun + place / A_SECOND for place, number in enumerate(ids)})
    delays = sorted(told[number] - moments[number] for number in told if number in moments)
    marks = {share: delays[min(len(delays) - 1, int(len(delays) * share))] for share in (0.5, 0.9, 0.99)}
    print(
        f"watch: {len(moments):,} events at {A_SECOND:,} a second, {len(delays):,} events with alerts; "
        + ", ".join(f"p{share * 100:.0f} {delay:.2f} s" for share, delay in marks.items())
        + f", most {delays[-1]:.2f} s; a batch was stored {max(stored):.2f} s late at most; {spent:.1f} CPU s"
    )


def _note(stream: IO[bytes], told: dict[str, float]) -> None:
    for line in stream:
        now = time.time()
        document = json.loads(line)
        told.setdefault(document["event.id"], now)


def main() -> None:
    """Measure."""
    what, words = sys.argv[1], sys.argv[2:]
    if what == "fill":
        fill(Path(words[0]), EVENTS, BATCHES)
        return
    if what == "join":
        join(Path(words[0]))
        return
    if what == "feed":
        feed(Path(words[0]), int(words[1]))
        return
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as temporary:
        if what == "run":
            one_run(Path(temporary))
        else:
            watch(Path(temporary), int(words[0]) if words else 60)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

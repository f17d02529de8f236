"""Hold the engine against the oracle: every rule, every event, by rows and by columns.

    python -m tests.bench.oracle [--shared DIR] [--jobs N] [--each N] [--invented N] [--seed N]

Four bodies of events: all of the EVTX samples; every tenth of the Windows events; events made from every SigmaHQ rule's
own predicates; and events made from rules that are themselves made up by chance, to reach what SigmaHQ's rules do not
use. Prints one row for each and every pair that is answered differently; ends with exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tests.engine.sigma import invention
from tests.engine.sigma.comparison import Row, Sides, Tally, rows_from_rules, rows_of, rows_of_lines, rule_files

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260822
STEP = 10  # of the large log of Windows events, every tenth
PARTS = 24


@dataclass(frozen=True, kw_only=True)
class Task:
    """A part of one body of events, small enough to be shared between processors."""

    corpus: str
    rows: Callable[[Sides], Sequence[Row]]
    rules: int = 0  # how many made-up rules, or 0 for SigmaHQ's
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much is compared: events a rule, made-up rules, the seed of what is made by chance."""

    each: int
    invented: int
    seed: int


_SIGMA: list[Sides] = []  # SigmaHQ's rules; filled before the workers are forked, so that each has them
_TASKS: list[Task] = []


def run(shared: Path, jobs: int, extent: Extent) -> Iterator[tuple[str, int, Tally, float]]:
    """Yield for each part done: the body of events, its number of rules, what was found, and its CPU seconds."""
    _SIGMA[:] = [Sides(rule_files(shared / "sigma"))]
    _TASKS[:] = list(_tasks(shared, jobs, extent))
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs) as pool:
        yield from pool.imap_unordered(_compare, range(len(_TASKS)))


def _compare(number: int) -> tuple[str, int, Tally, float]:
    before, task = time.process_time(), _TASKS[number]
    sides = Sides(invention.rules(task.rules, Random(task.seed))) if task.rules else _SIGMA[0]
    tally = sides.compare(task.rows(sides))
    if task.rules:
        tally.rules = {f"{task.seed}:{rule}" for rule in tally.rules}
    return task.corpus, len(sides.oracles), tally, time.process_time() - before


def _tasks(shared: Path, jobs: int, extent: Extent) -> Iterator[Task]:
    log = shared / "windows" / "otrf_d8.jsonl.xz"
    for part in range(jobs):
        start, step = STEP - 1 + STEP * part, STEP * jobs
        yield Task(
            corpus="otrf_d8, every 10th", rows=lambda _, start=start, step=step: list(rows_of_lines(log, start, step))
        )
    logs = sorted((shared / "evtx").rglob("*.evtx"), key=lambda file: file.stat().st_size, reverse=True)
    for part in range(PARTS):
        files = logs[part::PARTS]
        yield Task(corpus="evtx, all", rows=lambda _, files=files: [row for file in files for row in rows_of(file)])
    names = sorted(_SIGMA[0].oracles)
    for part in range(PARTS):
        ids, seed = names[part::PARTS], extent.seed + part
        yield Task(
            corpus="made from SigmaHQ's rules",
            rows=lambda sides, ids=ids, seed=seed: rows_from_rules(sides, ids, extent.each, seed),
        )
    for part in range(PARTS):
        seed, count = extent.seed + part, extent.invented // PARTS
        yield Task(
            corpus="made-up rules and events",
            rules=count,
            seed=seed,
            rows=lambda sides, seed=seed: rows_from_rules(sides, sorted(sides.oracles), extent.each, seed),
        )


def collected(
    parts: Iterator[tuple[str, int, Tally, float]], told: Callable[[str], None] = lambda _: None
) -> dict[str, tuple[int, Tally, float]]:
    """Add the parts up by body of events: number of rules, what was found, CPU seconds."""
    found: dict[str, tuple[int, Tally, float]] = {}
    for corpus, rules, tally, seconds in parts:
        known, total, spent = found.get(corpus, (0, Tally(), 0.0))
        total.add(tally)
        found[corpus] = (known + rules if corpus.startswith("made-up") else rules, total, spent + seconds)
        told(f"{corpus}: {total.events:,} events, {len(total.differing)} differing")
    return found


def main() -> None:
    """Print one row for each body of events."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--each", type=int, default=8, help="events made from each rule")
    parser.add_argument("--invented", type=int, default=4800, help="rules made up by chance")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}, {options.jobs} processes, seed {options.seed}")
    before = time.monotonic()
    extent = Extent(each=options.each, invented=options.invented, seed=options.seed)
    found = collected(run(options.shared, options.jobs, extent), lambda line: print(line, file=sys.stderr))
    print(
        "| events | rules | events | pairs | within the log source | matches | rules that match | differing | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for corpus, (rules, tally, seconds) in found.items():
        print(
            f"| {corpus} | {rules:,} | {tally.events:,} | {tally.pairs:,} | {tally.asked:,} | {tally.matches:,} "
            f"| {len(tally.rules):,} | {len(tally.differing)} | {seconds:.0f} |"
        )
    wrong = [f"{corpus}: {line}" for corpus, (_, tally, _) in found.items() for line in tally.differing]
    print(f"{len(wrong)} differing pairs, {time.monotonic() - before:.0f} s")
    print("\n".join(wrong[:200]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

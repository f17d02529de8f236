"""Time `kulla hunt` as a whole process: events, CPU seconds, wall seconds, peak memory, alerts.

    python tests/bench/hunt.py [--shared DIR] [--home DIR]

Runs each corpus twice: cold (rules compiled anew, an empty cache folder) and warm (rules from the cache). Figures are
those of the operating system for the process and its workers; machines are shared and noisy, so compare ratios.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run cost and gave. `memory` is the largest single process, in MiB."""

    events: int
    alerts: int
    cpu: float
    wall: float
    memory: float
    code: int


def measure(words: Sequence[str], home: Path) -> Figures:
    """Run `kulla` with these words in a process of its own."""
    code = (
        "import resource,subprocess,sys,time;b=time.monotonic();"
        "p=subprocess.run(sys.argv[1:],capture_output=True,text=True);"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(p.stderr,file=sys.stderr);"
        "print(u.ru_utime+u.ru_stime,time.monotonic()-b,u.ru_maxrss/1024,p.returncode,p.stdout.count(chr(10)))"
    )
    kulla = str(Path(sys.executable).parent / "kulla")
    environment = {**os.environ, "KULLA_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, kulla, *words],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    cpu, wall, memory, returned, lines = done.stdout.split()
    told = re.search(r"([\d,]+) events", done.stderr)
    return Figures(
        events=int(told[1].replace(",", "")) if told else 0,
        alerts=int(lines),
        cpu=float(cpu),
        wall=float(wall),
        memory=float(memory),
        code=int(returned),
    )


def main() -> None:
    """Print one row per corpus and temperature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("KULLA_SHARED", ROOT.parent / "shared" / "data"))
    )
    options = parser.parse_args()
    rules = ["--rules", str(options.shared / "sigma")]
    corpora = {
        "evtx": options.shared / "evtx",
        "otrf_d8.jsonl.xz": options.shared / "windows" / "otrf_d8.jsonl.xz",
    }
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}")
    print("| corpus | rules | events | alerts | CPU s | wall s | events per CPU s | peak MiB | exit |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, path in corpora.items():
        with tempfile.TemporaryDirectory() as home:
            for temperature in ("compiled anew", "from cache"):
                got = measure(["hunt", str(path), *rules, "-f", "jsonl"], Path(home))
                rate = got.events / got.cpu if got.cpu else 0
                print(
                    f"| {name} | {temperature} | {got.events:,} | {got.alerts:,} | {got.cpu:.1f} | {got.wall:.1f} "
                    f"| {rate:,.0f} | {got.memory:.0f} | {got.code} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()

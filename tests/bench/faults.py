"""The fault matrix at length: what is lost and what is doubled, by fault and transport.

Usage: `python tests/bench/faults.py [--runs N] [--real N] [--seed N] [--only WORD]`. `--runs` are the runs of each cell
that needs no process of its own, `--real` those of each cell whose processes are killed by SIGKILL (some seconds each).
With the defaults these are 1,000 runs in 25 cells.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.collectors.transports.cells import CELLS, REAL, Outcome


@dataclass(slots=True)
class Tally:
    """A cell's runs, summed up."""

    runs: int = 0
    sent: int = 0
    lost: int = 0
    doubled: int = 0
    worst: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, name: str) -> None:
        """Count a run; remember its name where it does not hold."""
        self.runs += 1
        self.sent += outcome.sent
        self.lost += outcome.lost
        self.doubled += outcome.doubled
        if not outcome.holds:
            self.worst.append(name)


def main() -> int:
    """Run the cells, and print the table; 1 where a run lost or doubled what it must not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--real", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="cells whose fault or transport holds this word")
    words = parser.parse_args()
    begun = time.process_time()
    print("| fault | transport | runs | records | lost | doubled |\n|---|---|---|---|---|---|")
    total = Tally()
    for (fault, transport), cell in CELLS.items():
        if words.only not in f"{fault} {transport}":
            continue
        tally = Tally()
        for seed in range(words.seed, words.seed + (words.real if (fault, transport) in REAL else words.runs)):
            name = f"{fault}-{transport}-{seed}"
            with tempfile.TemporaryDirectory() as folder:
                outcome = cell(Path(folder), random.Random(name))
            for each in (tally, total):
                each.add(outcome, name)
        print(
            f"| {fault} | {transport} | {tally.runs} | {tally.sent:,} | {tally.lost:,} | {tally.doubled:,} |",
            flush=True,
        )
    print(f"| all | | {total.runs:,} | {total.sent:,} | {total.lost:,} | {total.doubled:,} |")
    print(f"\n{time.process_time() - begun:.0f} CPU s here, without the processes that were killed")
    if total.worst:
        print("does not hold: " + ", ".join(total.worst))
    return 1 if total.worst else 0


if __name__ == "__main__":
    sys.exit(main())

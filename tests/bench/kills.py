"""A run of a playbook whose process is killed at random moments: are steps lost, or done twice?

Usage: `python tests/bench/kills.py [--kills N] [--real N]`. The first figure is of kills within this process (an
exception that nothing catches, at every touch of the store, the head file and the plant); the second of processes that
were really killed (SIGKILL) while they worked on an embedded store.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import pytest

from tests.playbooks.drills import DRILL, Room
from tests.playbooks.sigkill_child import read_done
from tests.playbooks.test_kills import ROOT, WHOLE, expected


def main() -> None:
    """Kill, and count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--real", type=int, default=40)
    words = parser.parse_args()
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        told = within(Path(name), words.kills)
    print(f"{told}, {time.process_time() - begun:.0f} CPU s")
    with tempfile.TemporaryDirectory() as name:
        print(really(Path(name), words.real))


def within(base: Path, kills: int) -> str:
    """Kill runs within this process; return what came of it."""
    dice = Random(2022)
    killed = runs = lost = twice = broken = 0
    while killed < kills:
        runs += 1
        folder = base / str(runs)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            room = Room(folder, patch)
            killed += room.lives(DRILL, dice, kills - killed)
            wanted = expected(WHOLE)
            lost += sum((wanted - room.plant.done).values())
            twice += sum((room.plant.done - wanted).values())
            broken += bool(room.ledger().verify())
    return f"{killed} kills in {runs} runs: {lost} commands lost, {twice} done twice, {broken} ledgers that do not hold"


def really(base: Path, kills: int) -> str:
    """Kill processes; return what came of it."""
    dice = Random(7)
    killed = runs = lost = twice = 0
    while killed < kills:
        runs += 1
        folder = base / str(runs)
        folder.mkdir()
        finished = False
        while not finished:
            after = dice.randrange(5, 50) if killed < kills else 10**9
            argv = [sys.executable, "-m", "tests.playbooks.sigkill_child", str(folder), str(after)]
            done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
            finished = done.stdout == "finished\n"
            killed += done.returncode == -9
            if done.returncode not in {0, -9}:
                return f"process failed: {done.stderr}"
        found, wanted = read_done(folder / "plant"), expected(WHOLE)
        lost += sum((wanted - found).values())
        twice += sum((found - wanted).values())
    return f"{killed} processes killed in {runs} runs: {lost} commands lost, {twice} done twice"


if __name__ == "__main__":
    main()

"""The fault matrix: seeded rotations, stops, kills and stores that fail; every record that was sent is stored once.

One run of each cell in the suite (two of those that need no process of their own); `KULLA_FAULT_RUNS=N` makes so many.
`tests/bench/faults.py` makes 1,000 and more and prints the table. What a program truncates before anybody could read
it is lost to everybody: those rotations let kulla look first.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.collectors.transports.cells import CELLS, REAL

RUNS = int(os.environ.get("KULLA_FAULT_RUNS", "0"))


def _runs() -> list[tuple[str, str, int]]:
    return [
        (fault, transport, seed)
        for fault, transport in CELLS
        for seed in range(RUNS or (1 if (fault, transport) in REAL else 2))
    ]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("fault", "transport", "seed"), _runs())
def test_every_record_is_stored_once(tmp_path: Path, fault: str, transport: str, seed: int) -> None:
    outcome = CELLS[fault, transport](tmp_path, random.Random(f"{fault}-{transport}-{seed}"))
    assert outcome.sent
    assert outcome.holds, outcome

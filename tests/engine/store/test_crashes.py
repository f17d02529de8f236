"""A collector that is killed at any point loses nothing that was acknowledged and doubles nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("crash_child.py")


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_thirty_times_and_still_exact(tmp_path, seed) -> None:
    run = subprocess.run([sys.executable, CHILD, tmp_path, str(seed)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    outcome = json.loads(run.stdout)
    assert outcome["killed"] >= 20
    assert [each["lost"] for each in outcome["reports"]] == [0] * len(outcome["reports"])
    assert [each["doubled"] for each in outcome["reports"]] == [0] * len(outcome["reports"])
    last = outcome["reports"][-1]
    assert (last["found"], last["dead"]) == (40 * 30, 40)
    assert outcome["staged"] == 0  # the last writer has removed what the killed ones left
    assert set(last["entered"]) <= set(outcome["files"])

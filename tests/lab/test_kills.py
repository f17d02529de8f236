"""SIGKILL at random points of collector, run and notifier: nothing lost, no alert twice, repeats under the same key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from random import Random

import pytest

from engine.detecting import Detector
from engine.sigma.engine import Engine
from engine.store.embedded import EmbeddedStore
from playbooks.notify.outbox import OUTBOX
from tests.conftest import ROOT
from tests.engine.sigma.test_correlation import START
from tests.lab.killed_child import RULES, made

KILLS = int(os.environ.get("KULLA_KILLS", "4"))
EVENTS_PER_KILL = 60


@pytest.mark.timeout(60 + 20 * KILLS)
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    chance = Random(11)
    events, kills, seed = KILLS * EVENTS_PER_KILL, 0, 0
    while not (tmp_path / "done").exists():
        seed += 1
        words = [sys.executable, "-m", "tests.lab.killed_child", str(tmp_path), str(seed), str(events)]
        with subprocess.Popen(words, cwd=ROOT) as child:
            if kills >= KILLS:
                assert child.wait() == 0
                break
            deadline = time.monotonic() + 60
            before = (tmp_path / "store").stat().st_mtime_ns if (tmp_path / "store").exists() else 0
            while child.poll() is None and time.monotonic() < deadline:  # until it has begun to write
                if (tmp_path / "store").exists() and _written(tmp_path) > before:
                    break
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.4))
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                kills += 1
    late = [sys.executable, "-m", "tests.lab.killed_child", str(tmp_path), str(seed + 1), str(events)]
    subprocess.run(late, cwd=ROOT, check=True)
    with EmbeddedStore(tmp_path / "whole", lambda: START) as whole:
        whole.append([made(number) for number in range(events)], [])
        Detector(Engine(RULES), whole, "whole").run()
        expected = {alert.id for alert in whole.alerts()}
    with EmbeddedStore(tmp_path / "store", lambda: START) as store:
        assert store.status().events == events
        found = [alert.id for alert in store.alerts()]
        states = store.count_records(OUTBOX)
    assert len(found) == len(set(found))
    assert set(found) == expected
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for line in (tmp_path / "deliveries").read_text().splitlines():
        key, subject = line.split()
        keys[subject].add(key)
    assert all(len(each) == 1 for each in keys.values())
    told = set(keys)
    assert told == expected
    assert states == {"sent": len(expected)}


def _written(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in (folder / "store").glob("store.sqlite*")), default=0)

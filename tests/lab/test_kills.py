"""SIGKILL at random points of collector, run, notifier and ledger: nothing lost or twice, repeats under one key."""

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
from playbooks.ledger import decode, verify
from playbooks.ledger.head import HeadFile
from playbooks.notify.outbox import OUTBOX
from tests.conftest import ROOT
from tests.engine.sigma.test_correlation import START
from tests.lab.killed_child import BATCH, RULES, made

KILLS = int(os.environ.get("KULLA_KILLS", "4"))
ENDLESS = 10**9
WRITES = 60  # some rounds of collecting, running, notifying and noting


@pytest.mark.timeout(120 + 20 * KILLS)
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    chance, seed = Random(11), 0
    kills = 0
    while kills < KILLS:
        seed += 1
        kills += _killed(tmp_path, seed, chance)
    with EmbeddedStore(tmp_path / "store", lambda: START) as store:
        events = store.last_sequence() // BATCH * BATCH + 10 * BATCH
    subprocess.run(_words(tmp_path, seed + 1, events), cwd=ROOT, check=True)
    _compare(tmp_path, events)
    print(f"{kills} kills: {events} events, {_repeated(tmp_path)} deliveries repeated, each under the key it had")


@pytest.mark.timeout(300)
def test_a_full_disk_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    events, answers = 12 * BATCH, []
    for limit in ("60000", "120000", "200000", "0"):  # as if somebody made room, a little at a time
        words = _words(tmp_path, 1, events) + ([limit] if limit != "0" else [])
        done = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
        answers.append(done.returncode)
        assert done.returncode in {0, 3}, done.stderr
    assert answers[0] == 3
    assert answers[-1] == 0
    _compare(tmp_path, events)


@pytest.mark.timeout(300)
def test_two_instances_at_once_double_nothing(tmp_path: Path) -> None:
    events = 12 * BATCH
    both = [subprocess.Popen(_words(tmp_path, seed, events), cwd=ROOT) for seed in (1, 2)]
    assert [child.wait() for child in both] == [0, 0]
    _compare(tmp_path, events)
    assert _repeated(tmp_path) == 0


def _words(folder: Path, seed: int, events: int) -> list[str]:
    return [sys.executable, "-m", "tests.lab.killed_child", str(folder), str(seed), str(events)]


def _killed(folder: Path, seed: int, chance: Random) -> bool:
    """Start a process and kill it at some moment after so many of its writes; tell whether it was killed."""
    with subprocess.Popen(_words(folder, seed, ENDLESS), cwd=ROOT) as child:
        for _ in range(chance.randrange(1, WRITES)):  # by its progress: time says little on a busy machine
            before, deadline = _written(folder), time.monotonic() + 120
            while child.poll() is None and time.monotonic() < deadline and _written(folder) <= before:
                time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03))
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)
    return True


def _compare(folder: Path, events: int) -> None:
    expected = _undisturbed(folder, events)
    with EmbeddedStore(folder / "store", lambda: START) as store:
        assert store.status().events == events
        found = [alert.id for alert in store.alerts()]
        states = store.count_records(OUTBOX)
        entries = list(store.ledger())
    assert len(found) == len(set(found))
    assert set(found) == expected
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for line in (folder / "deliveries").read_text().splitlines():
        key, subject = line.split()
        keys[subject].add(key)
    assert all(len(each) == 1 for each in keys.values())
    assert set(keys) == expected
    assert states == {"sent": len(expected)}
    assert verify(entries, HeadFile(folder / "head.json").read()) == ()
    written = {f"{record.sequence} {record.subject}" for record in map(decode, entries)}
    assert set((folder / "acknowledged").read_text().splitlines()) <= written


def _undisturbed(folder: Path, events: int) -> set[str]:
    """Return the ids of the alerts of one run over the same events."""
    with EmbeddedStore(folder / "whole", lambda: START) as whole:
        whole.append([made(number) for number in range(events)], [])
        Detector(Engine(RULES), whole, "whole").run()
        return {alert.id for alert in whole.alerts()}


def _repeated(folder: Path) -> int:
    lines = (folder / "deliveries").read_text().splitlines()
    return len(lines) - len(set(lines))


def _written(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in (folder / "store").glob("store.sqlite*")), default=0)

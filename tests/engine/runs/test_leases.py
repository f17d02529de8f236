"""Leases: one holder at a time; a killed one is followed at once, a lost one in time, whatever the clock does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.runs.leases import Holder, Lease, LeaseLostError
from engine.runs.processes import is_gone, this_process
from engine.store.embedded import EmbeddedStore

START = datetime(2026, 3, 1, tzinfo=UTC)
ONE, TWO = (Holder(host="h", boot="b", process=number, started="7") for number in (1, 2))


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: START) as opened:
        yield opened


def test_one_runs_and_the_other_waits_until_the_lease_is_given_back(store: EmbeddedStore) -> None:
    clock = Clock()
    first, second = Lease(store, "run", ONE, now=clock), Lease(store, "run", TWO, now=clock)
    assert first.take() is None
    assert second.take() == ONE
    first.give_back()
    assert second.take() is None
    assert first.take() == TWO


def test_a_lease_that_is_renewed_lasts_and_one_that_is_not_ends(store: EmbeddedStore) -> None:
    clock = Clock()
    first, second = Lease(store, "run", ONE, now=clock), Lease(store, "run", TWO, now=clock)
    first.take()
    for _ in range(10):
        clock.go(minutes=3)
        first.keep()
        assert second.take() == ONE
    clock.go(minutes=6)
    assert second.take() is None
    with pytest.raises(LeaseLostError):
        first.keep()
    with pytest.raises(LeaseLostError):
        first.keep()


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps_a_day_locks_nobody_out(days: int, store: EmbeddedStore) -> None:
    clock = Clock()
    assert Lease(store, "run", ONE, now=clock).take() is None  # and is killed
    clock.go(days=days)
    assert Lease(store, "run", TWO, now=clock).take() is None


def test_a_live_holder_renews_by_the_new_time_after_a_jump_back(store: EmbeddedStore) -> None:
    clock = Clock()
    first = Lease(store, "run", ONE, now=clock)
    first.take()
    clock.go(days=-1)
    first.keep()
    assert Lease(store, "run", TWO, now=clock).take() == ONE


def test_a_holder_that_is_surely_gone_is_followed_at_once(store: EmbeddedStore) -> None:
    clock = Clock()
    Lease(store, "run", ONE, now=clock).take()
    assert Lease(store, "run", TWO, now=clock, gone=lambda holder: holder == ONE).take() is None


def test_an_ended_process_is_gone_and_a_living_one_is_not() -> None:
    me = this_process()
    assert me.process == os.getpid()
    assert not is_gone(me)
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        pass
    ended = Holder(host=me.host, boot=me.boot, process=child.pid, started="1")
    assert is_gone(ended)
    assert not is_gone(Holder(host="another", boot=me.boot, process=child.pid, started="1"))

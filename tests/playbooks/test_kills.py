"""A run that is killed at any moment loses no step and does none twice; two runs at once do not double one either."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from playbooks.execution import Ran
from playbooks.ledger import ConcurrentWriteError
from playbooks.runner import DecisionError
from playbooks.running import execute, settle
from tests.playbooks.drills import CASE, DRILL, EARNED, Killed, Room, playbook, step
from tests.playbooks.sigkill_child import read_done

KILLS = 250  # tests/bench/kills.py tries a thousand, and more real ones
ROOT = Path(__file__).resolve().parents[2]


def expected(plan_steps: list[str]) -> Counter[tuple[str, ...]]:
    """Return what a whole run does to the plant: both addresses are blocked once, everything is looked at once."""
    found: Counter[tuple[str, ...]] = Counter()
    for name in plan_steps:
        if name in {"look", "check", "last"}:
            found["/usr/sbin/look", "at", name] += 1
        else:
            found.update(("/usr/sbin/block", name, address) for address in ("203.0.113.9", "203.0.113.8"))
    return found


WHOLE = ["look", "edge", "mail", "vpn", "web", "check", "inner", "last"]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(tmp_path, monkeypatch)


def test_a_run_that_nobody_kills_does_every_step_once(room: Room) -> None:
    assert list(room.follow(DRILL)) == WHOLE
    assert room.plant.done == expected(WHOLE)
    assert room.ledger().verify() == ()


def test_random_kills_lose_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(2022)
    killed = rounds = 0
    while killed < KILLS:
        rounds += 1
        folder = tmp_path / str(rounds)
        folder.mkdir()
        room = Room(folder, monkeypatch)
        killed += room.lives(DRILL, dice, KILLS - killed)
        assert room.plant.done == expected(WHOLE), rounds
        run = room.session(DRILL)
        assert [decision.step for decision in run.decisions] == WHOLE
        assert {decision.outcome for decision in run.decisions} == {"done"}
        assert room.ledger().verify() == ()
        monkeypatch.undo()
    assert killed == KILLS
    assert rounds > 3  # killed runs got on


@pytest.mark.parametrize("after", range(0, 150, 5))
def test_every_single_moment_can_be_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    room = Room(tmp_path, monkeypatch)
    room.reaper.after = after
    with pytest.raises(Killed):
        for _ in room.follow(DRILL):
            pass
    room.reaper.after = 10**9
    for _ in room.follow(DRILL):
        pass
    assert room.plant.done == expected(WHOLE)


def test_processes_that_are_really_killed_lose_and_double_nothing(tmp_path: Path) -> None:
    dice = Random(7)
    ended = []
    for after in (*(dice.randrange(5, 60) for _ in range(2)), 10**9):
        argv = [sys.executable, "-m", "tests.playbooks.sigkill_child", str(tmp_path), str(after)]
        ended.append(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False))
    assert [done.returncode for done in ended[:2]] == [-signal.SIGKILL] * 2
    assert ended[-1].stdout == "finished\n", ended[-1].stderr
    assert read_done(tmp_path / "plant") == expected(WHOLE)


def test_a_command_in_doubt_is_not_run_again_until_a_person_settles_it(room: Room) -> None:
    run = room.session(playbook(step("edge")))
    room.session(run.playbook, "besa@soc2").decide("edge", "approved", actor="Besa", reason="agreed")
    run.refresh()
    room.reaper.after = 3  # the record that it starts is stored and sealed; the process dies as the command begins
    with pytest.raises(Killed):
        execute(run, "edge", room.plant, actor="Ana", standing=EARNED)
    room.reaper.after = 10**9
    run = room.session(run.playbook)
    assert run.state.in_doubt("edge") is not None
    with pytest.raises(DecisionError, match="nobody knows how it ended"):
        execute(run, "edge", room.plant, actor="Ana", standing=EARNED)
    with pytest.raises(DecisionError, match="nobody knows how it ended"):
        run.decide("edge", "done", actor="Ana")
    with pytest.raises(DecisionError, match="reason"):
        settle(run, "edge", took_effect=True, actor="Ana", reason=" ")
    run.decide("edge", "skipped", actor="Ana", reason="looked after by hand")  # a person may always step in


def test_two_sessions_at_once_run_a_step_once(room: Room) -> None:
    plan = playbook(step("edge"))
    one, two = room.session(plan), room.session(plan)
    room.session(plan, "besa@soc2").decide("edge", "approved", actor="Besa", reason="agreed")
    one.refresh()
    two.refresh()
    execute(one, "edge", room.plant, actor="Ana", standing=EARNED)
    with pytest.raises(ConcurrentWriteError, match="meanwhile"):
        execute(two, "edge", room.plant, actor="Ana", standing=EARNED)
    two.refresh()
    again = execute(two, "edge", room.plant, actor="Ana", standing=EARNED)
    assert again.ran == ()  # what worked is not repeated
    assert set(room.plant.done.values()) == {1}


def test_many_threads_with_sessions_of_their_own_double_nothing(room: Room) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        while (not errors and len(room.plant.done) < sum(expected(WHOLE).values())) or room.session(DRILL).open_steps:
            try:
                list(room.follow(DRILL))
            except (ConcurrentWriteError, DecisionError):
                continue
            except BaseException as error:  # noqa: BLE001 - told to the test
                errors.append(error)

    def settle_nothing(*_: object) -> None:
        raise DecisionError("the other session is still running it")

    room._look_and_settle = settle_nothing  # type: ignore[method-assign]
    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert room.plant.done == expected(WHOLE)
    assert room.ledger().verify() == ()


def test_a_failed_command_stops_the_step_and_the_branch_is_taken(room: Room) -> None:
    plan = playbook(
        step("check", changes=False, extra="    next: {done: inner, failed: outer}\n"), step("inner"), step("outer")
    )
    run = room.session(plan)
    room.plant.exit_code = 3
    done = execute(run, "check", room.plant, actor="Ana", standing=EARNED)
    assert done.ran == (Ran(exit_code=3, output=b"ok"),)
    assert not done.is_whole
    run.decide("check", "failed", actor="Ana", reason="exit code 3")
    assert [item.step.id for item in run.open_steps] == ["outer"]
    assert CASE.id in run.subject

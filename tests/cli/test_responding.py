"""The conversation of a guided run where others work at the same time, and where a crash left something in doubt."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.fakes import Terminal
from tests.cli.test_approvals import BLOCK, BRUTE, Office

OTHER = "198.51.100.7"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


class Meanwhile(Terminal):
    """A terminal at which something happens elsewhere just before line `at` (from 1) is typed."""

    def __init__(self, typed: str, at: int, event: Callable[[], object]) -> None:
        super().__init__(typed)
        self._left, self._event = at, event

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        self._left -= 1
        if self._left == 0:
            self._event()
        return io.StringIO.readline(self, -1 if size is None else size)


def _give(office: Office, *addresses: str) -> None:
    from playbooks.ledger import Ledger
    from playbooks.loader import load_library
    from playbooks.runner import Run
    from tests.cli.fakes import NOW

    ledger = Ledger(office.store, office.folder / "home" / "ledger.head", lambda: NOW)
    run = Run.resume(office.store.kept_incidents[0], load_library().get(BRUTE), ledger)
    run.give("external_ip", list(addresses), actor="Besa")


def test_a_step_that_changes_under_the_readers_eyes_is_shown_anew(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.until_the_block()
    monkeypatch.setattr(
        "tests.cli.fakes.Terminal",
        lambda typed="": Meanwhile(typed, 2, lambda: _give(office, OTHER)) if typed else Terminal(),
    )
    # Ana reads the step, Besa gives another address, and Ana's first choice does not hold: she is shown what it is now.
    told = office.talk("1", "", "", "", "7", "attack goes on", "0").err
    first, changed, rest = told.partition("The step has changed meanwhile")
    assert changed, told
    assert "ip route add blackhole 203.0.113.9" in first
    assert f"ip route add blackhole {OTHER}" in rest
    (row,) = office.rows("approvals", "list")
    assert row["changed"] is False  # what Ana proposes is what she has read


def _crash_in_the_block(office: Office) -> None:
    """Leave a command of the block started, and nobody knows how it ended."""
    done = office.configure()
    office.earn()
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    office.call("approvals", "approve", "inc0", BLOCK, "--why", "agreed", "--actor", "Besa", account="besa@soc2")
    office.patch.setattr("playbooks.local_executor.LocalExecutor.run", lambda *_: (_ for _ in ()).throw(EOFError))
    assert office.talk("8").code == 130
    office.patch.undo()
    assert not done.exists()


def test_a_doubt_is_settled_also_where_kulla_runs_nothing_any_more(office: Office) -> None:
    _crash_in_the_block(office)
    (office.folder / "kulla.toml").unlink()  # `execute` is off again
    result = office.talk("1", "the router shows the route", "1", "", "", "", "0")
    assert "nobody knows" in result.err or "was started" in result.err
    kinds = [row["kind"] for row in office.rows("ledger", "show")]
    assert kinds.index("respond.settled") < max(n for n, kind in enumerate(kinds) if kind == "respond.decided")


def test_a_doubt_that_another_person_settles_first_does_not_end_the_conversation(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash_in_the_block(office)

    def settled_by_besa() -> None:
        from playbooks.ledger import Ledger
        from playbooks.loader import load_library
        from playbooks.runner import Run
        from playbooks.running import settle
        from tests.cli.fakes import NOW

        ledger = Ledger(office.store, office.folder / "home" / "ledger.head", lambda: NOW)
        run = Run.resume(office.store.kept_incidents[0], load_library().get(BRUTE), ledger)
        settle(run, BLOCK, took_effect=False, actor="Besa", reason="the route is not there")

    monkeypatch.setattr(
        "tests.cli.fakes.Terminal", lambda typed="": Meanwhile(typed, 3, settled_by_besa) if typed else Terminal()
    )
    result = office.talk("1", "I believe so", "0")
    assert result.code == 0, result.err
    assert "Not recorded" in result.err
    settled = [row for row in office.rows("ledger", "show") if row["kind"] == "respond.settled"]
    assert [row["actor"] for row in settled] == ["Besa"]


def test_a_dry_run_of_an_undo_shows_it_and_records_nothing(office: Office) -> None:
    office.until_the_block()
    office.talk("5", "Besa", "on the phone", "1", "", "", "", "0")
    before = len(office.store.entries)
    argv = ("respond", "inc0", "--playbook", BRUTE, "--undo", BLOCK, "--why", "a partner", "--actor", "Ana")
    shown = office.call(*argv, "--dry-run", "-f", "table", terminal=True)
    assert shown.code == 0, shown.err
    assert "ip route del blackhole 203.0.113.9" in shown.out
    assert "Dry run: nothing is recorded." in shown.err
    assert len(office.store.entries) == before
    assert office.call("respond", "inc0", "--playbook", BRUTE, "--undo", "nothing", "--dry-run").code == 2
    assert office.call(*argv).code == 0  # the real one is still to be had


def test_the_ledger_is_walked_once_to_take_a_step_back(office: Office) -> None:
    from playbooks.ledger.walk import Walk

    office.until_the_block()
    office.talk("5", "Besa", "on the phone", "1", "", "", "", "0")
    walks: list[int] = []
    real = Walk.over
    office.patch.setattr(Walk, "over", lambda self, entries: walks.append(1) or real(self, entries))
    undo = ("respond", "inc0", "--playbook", BRUTE, "--undo", BLOCK, "--why", "a partner", "--actor", "Ana")
    assert office.call(*undo).code == 0
    assert len(walks) == 1


def test_who_stops_in_the_middle_is_told_how_to_go_on(office: Office) -> None:
    office.until_the_block()
    stopped = office.talk()  # the input ends where a decision was asked for
    assert stopped.code == 130
    assert "Go on later with: kulla respond inc0aaaa" in stopped.err


def test_a_choice_typed_where_a_name_was_asked_for_is_no_name(office: Office) -> None:
    office.until_the_block()
    result = office.talk("Besa", "0", actor="1")
    assert result.err.count("Your name, for the ledger") == 2
    begun = {row["actor"] for row in office.rows("ledger", "show")}
    assert "1" not in begun
    assert "Besa" in begun
    approved = office.talk("5", "2", "agreed", "0")
    assert "`2` is no name" in approved.err
    assert "2" not in {row["actor"] for row in office.rows("ledger", "show")}

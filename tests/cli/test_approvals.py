"""`kulla approvals`, `kulla automation`, and commands that kulla runs: only with everything that allows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.fakes import FakeStore, Result, an_alert, an_incident, call
from tests.cli.hostile import HOSTILE, acting

BRUTE = "brute-force"
BLOCK = "block-address"
GIVEN = "203.0.113.9"


class Office:
    """An incident with its guided run, and people with accounts of their own at it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = monkeypatch
        alert = an_alert("sp01")
        self.store = FakeStore(kept_alerts=[alert], kept_incidents=[an_incident("sp01.gov.example", alerts=[alert])])

    def call(self, *argv: str, account: str = "ana@soc1", **settings: object) -> Result:
        self.patch.setattr("cli.decisions.account_of", lambda: account)
        self.patch.setattr("cli.commands.respond.account_of", lambda: account)
        return call(*argv, store=self.store, cwd=self.folder, **settings)  # type: ignore[arg-type]

    def answers(self, text: str) -> Result:
        (self.folder / "a.yaml").write_text(f"actor: Ana\nvalues: {{external_ip: [{GIVEN}]}}\n{text}\n")
        return self.call("respond", "inc0", "--playbook", BRUTE, "--answers", "a.yaml")

    def until_the_block(self) -> None:
        """Go on to the step that blocks the address."""
        result = self.answers(
            "steps: {open-case: {outcome: done}, measure-attempts: {outcome: done},"
            " find-success: {outcome: not-applicable, reason: none}}"
        )
        assert "no answer for step `block-address`" in result.err, result.err

    def talk(self, *typed: str, actor: str = "Ana", account: str = "ana@soc1", lang: str = "en") -> Result:
        words = "\n".join((actor, *typed)) + "\n"
        argv = ("respond", "inc0", "--playbook", BRUTE, "--lang", lang)
        return self.call(*argv, account=account, typed=words, terminal=True)

    def rows(self, *argv: str) -> list[dict]:
        return [json.loads(line) for line in self.call(*argv, "-f", "jsonl").out.splitlines()]

    def configure(self, **extra: str) -> Path:
        """Let kulla run the program that blocks; a file remembers what it was called with."""
        program = self.folder / "ip"
        program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {self.folder}/done\necho blocked "$5"\n')
        program.chmod(0o755)
        settings = {"execute": "true", "level": "3", **extra}
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        path = self.folder / "kulla.toml"
        path.write_text(
            f'[respond]\n{lines}[respond.commands]\nblackhole = ["{program}", "route", "add", "blackhole"]\n'
        )
        path.chmod(0o600)
        return self.folder / "done"

    def earn(self, count: int = 10) -> None:
        """Let the blocking step have worked at other incidents."""
        from playbooks.ledger import Ledger
        from playbooks.loader import load_library
        from tests.cli.fakes import NOW

        step = load_library().get(BRUTE).step(BLOCK)
        ledger = Ledger(self.store, self.folder / "home" / "ledger.head", lambda: NOW)
        for number in range(count):
            details = {"step": step.id, "step_version": step.version, "outcome": "done", "channel": "terminal"}
            ledger.append(
                actor="Ana",
                kind="respond.decided",
                subject=f"incident/old{number}/playbook/other",
                details={**details, "reason": "", "evidence": [], "commands": "x"},
            )


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


APPROVE = ("approvals", "approve", "inc0", BLOCK, "--why", "agreed")


def test_a_step_is_proposed_approved_by_another_and_done(office: Office) -> None:
    office.until_the_block()
    proposed = office.talk("7", "attack goes on", "0")
    assert "kulla approvals approve inc0aaaa block-address" in proposed.err
    (row,) = office.rows("approvals", "list")
    assert (row["step"], row["proposed_by"], row["account"], row["lacking"]) == (BLOCK, "Ana", "ana@soc1", 1)
    shown = office.call("approvals", "show", "inc0", BLOCK, "-f", "table", terminal=True)
    assert f"ip route add blackhole {GIVEN}" in shown.out
    refused = office.call(*APPROVE, "--actor", "ANA")
    assert (refused.code, "Ana proposed" in refused.err or "ANA proposed" in refused.err) == (2, True)
    assert office.talk("1", "", "", "", "0").err.count("must be approved by one person") == 1
    assert office.call(*APPROVE, "--actor", "Besa", account="besa@soc2").code == 0
    assert office.call(*APPROVE, "--actor", "Besa", account="besa@soc2").code == 2
    assert office.rows("approvals", "list") == []
    assert "Recorded" in office.talk("1", "", "", "", "0").err
    assert office.call("ledger", "verify").code == 0


def test_waiting_never_becomes_a_yes_and_an_approval_can_be_taken_back(office: Office) -> None:
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    for _ in range(20):
        assert office.rows("approvals", "list")[0]["lacking"] == 1
    office.call(*APPROVE, "--actor", "Besa")
    taken = office.call("approvals", "withdraw", "inc0", BLOCK, "--why", "a partner's address", "--actor", "Besa")
    assert taken.code == 0
    assert office.rows("approvals", "list")[0]["lacking"] == 1
    assert office.call("approvals", "withdraw", "inc0", BLOCK, "--why", "x", "--actor", "Besa").code == 2
    rejected = office.call(
        "approvals", "reject", "inc0", BLOCK, "--why", "a partner", "--actor", "Besa", "--lang", "sq"
    )
    assert "u refuzua" in rejected.err
    assert office.call(*APPROVE, "--actor", "Besa").code == 2


@pytest.mark.parametrize(
    "argv",
    [
        ("approve", "inc9", BLOCK, "--why", "x"),
        ("approve", "inc0", "no-such-step", "--why", "x"),
        ("approve", "inc0", "open-case", "--why", "x"),
        ("approve", "inc0", BLOCK, "--why", " "),
        ("approve", "inc0", BLOCK, "--why", "x", "--playbook", "web-shell"),
        ("show", "inc0", "\x1b[31m"),
    ],
)
def test_what_cannot_be_approved_is_refused(office: Office, argv: tuple[str, ...]) -> None:
    office.until_the_block()
    result = office.call("approvals", *argv)
    assert result.code == 2, result.err
    assert acting(result.err) == []


def test_values_given_after_an_approval_void_it(office: Office) -> None:
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    office.call(*APPROVE, "--actor", "Besa")
    (office.folder / "b.yaml").write_text("actor: Ana\nvalues: {external_ip: [198.51.100.7]}\nsteps: {}\n")
    office.call("respond", "inc0", "--playbook", BRUTE, "--answers", "b.yaml")
    row = office.rows("approvals", "list")[0]
    assert (row["lacking"], row["changed"]) == (1, True)
    assert "not those that were proposed" in office.call(*APPROVE, "--actor", "Besa").err


def test_kulla_runs_a_step_with_everything_that_allows_it(office: Office) -> None:
    done = office.configure()
    office.earn()
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    office.call(*APPROVE, "--actor", "Besa", account="besa@soc2")
    result = office.talk("8", "1", "", "", "", "0")
    assert f"blocked {GIVEN}" in result.err or "blocked" in result.err, result.err
    assert done.read_text() == f"route|add|blackhole|{GIVEN}|"
    kinds = [row["kind"] for row in office.rows("ledger", "show")]
    assert kinds[-4:].count("respond.started") <= 1
    assert {"respond.claimed", "respond.started", "respond.finished", "respond.decided"} <= set(kinds)
    (kept,) = (office.folder / "home" / "evidence").rglob("*.txt")
    assert kept.stat().st_mode & 0o077 == 0
    assert "blocked" in kept.read_text()


@pytest.mark.parametrize(
    ("lacking", "says"),
    [
        ("earned", "not earned yet"),
        ("approval", "approvals by others lacking: 1"),
        ("another account", "approvals by others lacking: 1"),
        ("level", "the configuration allows at most"),
        ("command", "the configuration does not allow"),
        ("withdrawn", "withdrawn: it blocked a partner"),
    ],
)
def test_kulla_runs_nothing_where_one_thing_is_lacking(office: Office, lacking: str, says: str) -> None:
    done = office.configure(**({"level": "2"} if lacking == "level" else {}))
    if lacking == "command":
        path = office.folder / "kulla.toml"
        path.write_text(path.read_text().replace('"blackhole"]', '"unreachable"]'))
    office.earn(9 if lacking == "earned" else 10)
    if lacking == "withdrawn":
        assert office.call("automation", "withdraw", BLOCK, "--why", "it blocked a partner").code == 0
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    if lacking != "approval":
        office.call(*APPROVE, "--actor", "Besa", account="ana@soc1" if lacking == "another account" else "besa@soc2")
    result = office.talk("8", "0")
    assert says in " ".join(result.err.split()), result.err
    assert not done.exists()
    assert "respond.started" not in [row["kind"] for row in office.rows("ledger", "show")]


def test_without_the_setting_nothing_can_be_run(office: Office) -> None:
    office.until_the_block()
    result = office.talk("8", "0")
    assert "let kulla run its commands" not in result.err
    assert "That is none of the choices." in result.err


def test_settings_that_others_may_change_run_nothing(office: Office) -> None:
    office.configure()
    (office.folder / "kulla.toml").chmod(0o666)
    result = office.talk("0")
    assert result.code == 3
    assert "others may change the file" in result.err


@pytest.mark.parametrize(
    "settings",
    ['[respond]\nexecute = "yes"\n', "[respond]\nlevel = 9\n", "[respond]\nwhat = 1\n",
     "[respond.commands]\nx = [\"ip\", \"route\"]\n", "[respond.commands]\nx = 7\n", "[respond]\ncommands = 3\n"],
)  # fmt: skip
def test_wrong_settings_are_told(office: Office, settings: str) -> None:
    (office.folder / "kulla.toml").write_text(settings)
    assert office.talk("0").code == 3


def test_approvals_of_the_same_account_do_not_count_where_the_settings_say_so(office: Office) -> None:
    (office.folder / "kulla.toml").write_text("[respond]\nseparate_accounts = true\n")
    office.until_the_block()
    office.talk("5", "Besa", "on the phone", "0")
    assert "must be approved by one person" in office.talk("1", "", "", "", "0").err
    office.call(*APPROVE, "--actor", "Drita", account="drita@soc2")
    assert "Recorded" in office.talk("1", "", "", "", "0").err


def test_the_proposers_account_approves_nothing_where_accounts_are_told_apart(office: Office) -> None:
    (office.folder / "kulla.toml").write_text("[respond]\nseparate_accounts = true\n")
    office.until_the_block()
    office.talk("7", "attack goes on", "0")
    refused = office.call(*APPROVE, "--actor", "Besa", account="ana@soc1")
    assert (refused.code, "proposed from this account" in refused.err) == (2, True)
    approved = office.call(*APPROVE, "--actor", "Besa", account="besa@soc2")
    assert "still lacking: 0" in approved.err


def test_a_step_that_another_person_does_is_left_to_them_or_taken_over(office: Office) -> None:
    office.until_the_block()
    office.patch.setattr("cli.responding.Conversation._decide", lambda *_: (_ for _ in ()).throw(EOFError))
    assert office.talk("").code == 130  # Ana's terminal is gone in the middle of the step
    office.patch.undo()
    left = office.talk("", actor="Besa", account="besa@soc2")
    assert "Ana does this step since" in left.err
    taken = office.talk("her terminal is gone", "0", actor="Besa", account="besa@soc2")
    assert "You do this step now" in taken.err
    assert [row["kind"] for row in office.rows("ledger", "show")][-2:] == ["respond.claimed", "respond.released"]


def test_levels_are_listed_withdrawn_and_restored(office: Office) -> None:
    assert office.rows("automation", "list") == []
    office.earn(10)
    (row,) = office.rows("automation", "list")
    assert (row["step"], row["level"], row["successes"]) == (BLOCK, 3, 10)
    assert len(office.rows("automation", "list", "--all")) > 100
    office.call("automation", "withdraw", BLOCK, "--why", "it blocked a partner")
    assert office.rows("automation", "list")[0]["level"] == 1
    office.call("automation", "restore", BLOCK, "--why", "checked")
    assert office.rows("automation", "list", "--all")[0]["level"] <= 1
    office.earn(10)
    assert office.rows("automation", "list")[0]["level"] == 3
    assert office.call("automation", "withdraw", "nothing", "--why", "x").code == 2
    assert office.call("automation", "withdraw", BLOCK, "--why", " ").code == 2


def test_versions_of_one_step_are_listed_apart(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from playbooks import loader
    from playbooks.model import Command
    from playbooks.texts import same

    library = loader.load_library()
    book = library.get(BRUTE)
    other = Command(platform="bash", template=same("ip route add unreachable {{external_ip}}"))
    steps = tuple(replace(step, commands=(other,)) if step.id == BLOCK else step for step in book.steps)
    twin = replace(book, id="own-brute-force", steps=steps)
    office.earn(10)
    monkeypatch.setattr(loader, "load_library", lambda *_: (*library, twin))
    rows = [row for row in office.rows("automation", "list", "--all") if row["step"] == BLOCK]
    assert len(rows) == len({row["version"] for row in rows}) == 2
    earned, unearned = sorted(rows, key=lambda row: -row["successes"])
    assert (earned["successes"], earned["level"], BRUTE in earned["playbooks"]) == (10, 3, True)
    assert (unearned["successes"], unearned["level"], unearned["playbooks"]) == (0, 1, ["own-brute-force"])


def test_approvals_look_at_no_more_runs_than_they_need(office: Office) -> None:
    office.until_the_block()
    from dataclasses import replace

    first = office.store.kept_incidents[0]
    office.store.kept_incidents.append(replace(first, id="gone" + first.id[4:]))
    (office.folder / "a.yaml").write_text("actor: Ana\nsteps: {}\n")
    office.call("respond", "gone", "--playbook", BRUTE, "--answers", "a.yaml")
    office.store.kept_incidents.pop()  # an incident of last year, erased since: nothing waits in its run
    office.talk("7", "attack goes on", "0")
    listed = office.call("approvals", "list", "-f", "jsonl")
    assert (listed.code, len(listed.out.splitlines())) == (0, 1), listed.err
    shown = office.call("approvals", "show", "inc0", BLOCK, "-f", "json")
    assert shown.code == 0, shown.err


def test_a_step_is_taken_back_on_record_and_loses_what_it_earned(office: Office) -> None:
    office.earn(10)
    office.until_the_block()
    argv = ("respond", "inc0", "--playbook", BRUTE, "--undo", BLOCK, "--actor", "Ana")
    assert office.call(*argv, "--why", "a partner's address").code == 2  # it was not done
    office.talk("5", "Besa", "on the phone", "1", "", "", "", "0")
    assert office.call(*argv).code == 2  # without a reason
    taken = office.call(*argv, "--why", "a partner's address", "-f", "table", terminal=True)
    assert taken.code == 0, taken.err
    assert f"ip route del blackhole {GIVEN}" in taken.out
    assert office.call(*argv, "--why", "again").code == 2
    row = next(row for row in office.rows("automation", "list") if row["step"] == BLOCK)
    assert (row["level"], row["failures"]) == (1, 1)


def test_nothing_hostile_acts_in_approvals(office: Office) -> None:
    office.until_the_block()
    for text in HOSTILE:
        if text.strip() and "\n" not in text and "\r" not in text:
            office.talk("7", text, "0", actor=text.strip() or "x")
    for fmt in ("table", "json", "jsonl", "csv", "md", "html"):
        assert acting(office.call("approvals", "list", "-f", fmt).out.replace("\r\n", "\n")) == []

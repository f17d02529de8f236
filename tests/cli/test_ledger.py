"""`kulla ledger`: proofs that a stranger can check, challenges that another person answers, keys that change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from playbooks.ledger.record import decode
from tests.cli.fakes import FakeStore, Result, call
from tests.cli.hostile import HOSTILE, acting


class Office:
    """A home with a ledger of some records."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FakeStore()
        for number in range(5):
            told = self.run("disclose", "inc0", "--to", "AKSK", "--what", f"paper {number}", "--actor", "Ana")
            assert told.code == 0, told.err

    def run(self, *argv: str, **settings: object) -> Result:
        return call("ledger", *argv, store=self.store, cwd=self.folder, **settings)  # type: ignore[arg-type]

    def key(self) -> str:
        return next(row["key"] for row in self.rows("keys") if row["own"])

    def rows(self, *argv: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.run(*argv, "-f", "jsonl").out.splitlines()]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def stranger(folder: Path, *argv: str) -> Result:
    """Call kulla on a machine that has neither the store nor the home."""
    (folder / "elsewhere").mkdir(exist_ok=True)
    return call("ledger", *argv, store=FakeStore(), cwd=folder, environ={"KULLA_HOME": str(folder / "elsewhere")})


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_proof_is_checked_offline_by_anyone(office: Office, tmp_path: Path, number: int) -> None:
    key = office.key()
    assert office.run("prove", str(number), "-o", "p.tlog-proof").code == 0
    checked = stranger(tmp_path, "verify", "--proof", "p.tlog-proof", "--key", key)
    assert checked.code == 0, checked.err
    assert f"proved: record {number} of 5" in checked.err
    assert json.loads(checked.out)["details"]["what"] == f"paper {number - 1}"
    assert stranger(tmp_path, "verify", "--proof", "p.tlog-proof").code == 1  # no key, no trust


def test_a_bare_proof_is_small_and_needs_the_record(office: Office, tmp_path: Path) -> None:
    key = office.key()
    office.run("prove", "2", "--bare", "-o", "p")
    assert (tmp_path / "p").stat().st_size < 1000
    assert b"paper" not in (tmp_path / "p").read_bytes()
    assert office.run("prove", "2", "--bare").code == 2  # bytes are for no terminal
    assert stranger(tmp_path, "verify", "--proof", "p", "--key", key).code == 2
    (tmp_path / "r").write_text(office.store.entries[1].body + "\n")
    assert stranger(tmp_path, "verify", "--proof", "p", "--record", "r", "--key", key).code == 0
    (tmp_path / "r").write_text(office.store.entries[2].body)
    assert stranger(tmp_path, "verify", "--proof", "p", "--record", "r", "--key", key).code == 1


def test_a_changed_proof_does_not_hold(office: Office, tmp_path: Path) -> None:
    key = office.key()
    office.run("prove", "3", "-o", "p")
    words = (tmp_path / "p").read_text()
    lines = words.splitlines()
    for place in range(len(lines)):
        if not lines[place]:
            continue
        line = lines[place]
        changed = line[:-6] + ("A" if line[-6] != "A" else "B") + line[-5:] if len(line) > 6 else "9"
        (tmp_path / "q").write_text("\n".join([*lines[:place], changed, *lines[place + 1 :]]) + "\n")
        assert stranger(tmp_path, "verify", "--proof", "q", "--key", key).code in (1, 4), line


def test_a_changed_packed_proof_does_not_hold(office: Office, tmp_path: Path) -> None:
    key = office.key()
    office.run("prove", "3", "--bare", "-o", "p")
    (tmp_path / "r").write_text(office.store.entries[2].body)
    content = (tmp_path / "p").read_bytes()
    for place in range(0, len(content), 7):
        changed = bytes([*content[:place], content[place] ^ 1, *content[place + 1 :]])
        for torn in (changed, content[:place]):
            (tmp_path / "q").write_bytes(torn)
            code = stranger(tmp_path, "verify", "--proof", "q", "--record", "r", "--key", key).code
            assert code in (1, 2, 4), place


@pytest.mark.parametrize(
    "words", ["", "\n\n", "c2sp.org/tlog-proof@v1\n", "kulla/consistency-proof@v1\nold 1\n\nx\n", "\x00", "ë" * 9]
)
def test_garbage_is_no_proof_and_no_head(office: Office, tmp_path: Path, words: str) -> None:
    (tmp_path / "p").write_text(words)
    for argv in (("--proof", "p"), ("--head", "p"), ("--proof", "p", "--head", "p")):
        result = office.run("verify", *argv)
        assert result.code in (2, 4), result.err
        assert "Traceback" not in result.err
    (tmp_path / "p").write_bytes(b"\xff\xfe" * 40)
    assert office.run("verify", "--head", "p").code == 4
    assert office.run("verify", "--head", "absent").code == 4


def test_a_head_kept_elsewhere_finds_what_the_home_cannot(office: Office, tmp_path: Path) -> None:
    early = (tmp_path / "home" / "ledger.head").read_bytes()
    office.run("disclose", "inc1", "--to", "KMDP", "--what", "breach", "--actor", "Ana")
    assert office.run("head", "-o", "kept").code == 0
    assert office.run("verify", "--head", "kept").code == 0
    del office.store.entries[-1]
    (tmp_path / "home" / "ledger.head").write_bytes(early)
    assert office.run("verify").code == 0  # everything under the home was put back, too
    found = office.run("verify", "--head", "kept")
    assert found.code == 1
    assert "removed at the end" in found.err


@pytest.mark.parametrize("form", [(), ("--bare",)])
def test_the_ledger_is_proved_to_have_only_grown(office: Office, tmp_path: Path, form: tuple[str, ...]) -> None:
    key = office.key()
    office.run("head", "-o", "old")
    for number in range(4):
        office.run("disclose", "inc1", "--to", "KMDP", "--what", f"more {number}", "--actor", "Ana")
    assert office.run("prove", "--since", "old", *form, "-o", "grown").code == 0
    argv = ("verify", "--proof", "grown", "--head", "old", "--key", key)
    assert "unchanged among 9" in stranger(tmp_path, *argv).err
    office.run("head", "-o", "old")
    assert stranger(tmp_path, *argv).code == 1


@pytest.mark.parametrize(
    "argv", [("prove",), ("prove", "1", "--since", "x"), ("prove", "6"), ("prove", "0"), ("prove", "-1")]
)
def test_what_cannot_be_proved_is_refused(office: Office, argv: tuple[str, ...]) -> None:
    assert office.run(*argv).code == 2


def test_a_challenge_is_answered_by_a_third_person_once(office: Office) -> None:
    raised = office.run("challenge", "2", "--why", "nuk isha unë", "--by", "Besa", "--role", "affected", "--lang", "sq")
    assert "duhet t'i përgjigjet një person tjetër" in raised.err
    for name in ("ANA", "besa"):
        assert office.run("answer", "6", "--outcome", "rejected", "--why", "x", "--actor", name).code == 2
    assert office.rows("challenges", "--open")[0]["by"] == "Besa"
    assert office.run("answer", "6", "--outcome", "upheld", "--why", "the log is wrong", "--actor", "Drita").code == 0
    assert office.run("answer", "6", "--outcome", "upheld", "--why", "again", "--actor", "Drita").code == 2
    assert office.rows("challenges", "--open") == []
    assert office.rows("challenges")[0]["answer_why"] == "the log is wrong"
    assert office.run("challenge", "6", "--why", "x").code == 2
    assert office.run("challenge", "99", "--why", "x").code == 2
    assert office.run("challenge", "2", "--why", " ").code == 2
    assert office.run("answer", "1", "--outcome", "upheld", "--why", "x", "--actor", "D").code == 2
    assert office.run("verify").code == 0


def test_decisions_are_set_aside_with_a_reason(office: Office) -> None:
    assert office.run("override", "3", "--why", "sent by mistake").code == 0
    record = office.rows("show")[-1]
    assert record["kind"] == "decision.overridden"
    assert record["details"]["record"] == 3  # type: ignore[index]
    assert office.run("override", "3", "--why", "").code == 2


def test_a_rotated_key_signs_no_more(office: Office, tmp_path: Path) -> None:
    keys = tmp_path / "home" / "keys"
    old = (keys / "ledger.key").read_bytes()
    before = office.key()
    assert office.run("rotate-key", "--why", "yearly").code == 0
    assert office.key() != before
    assert all(path.stat().st_mode & 0o077 == 0 for path in (keys, *keys.iterdir()))
    office.run("disclose", "inc1", "--to", "KMDP", "--what", "x", "--actor", "Ana")
    assert office.run("verify", "--every-signature").code == 0
    (keys / "ledger.key").write_bytes(old)
    refused = office.run("disclose", "inc1", "--to", "KMDP", "--what", "x", "--actor", "Ana")
    assert refused.code == 1
    assert "was ended" in refused.err


def test_a_key_that_others_may_read_is_not_used(office: Office, tmp_path: Path) -> None:
    (tmp_path / "home" / "keys" / "ledger.key").chmod(0o644)
    result = office.run("head")
    assert result.code == 1
    assert "chmod 600" in result.err
    (tmp_path / "home" / "keys" / "ledger.key").unlink()
    assert "is gone" in office.run("head").err


def test_two_machines_write_one_ledger_once_they_trust_one_another(office: Office, tmp_path: Path) -> None:
    ours = office.key()
    other = {"KULLA_HOME": str(tmp_path / "other")}
    assert "not trusted here" in office.run("verify", environ=other).out
    disclose = ("disclose", "inc1", "--to", "KMDP", "--what", "x", "--actor", "Besa")
    assert office.run(*disclose, environ=other).code == 1
    assert office.run("trust", ours, "--why", "read out on the phone", environ=other).code == 0
    assert office.run(*disclose, environ=other).code == 0
    assert "not trusted here" in office.run("verify").out
    assert office.run(*disclose).code == 1  # nobody acts on records of a key that is not trusted
    theirs = json.loads(office.run("keys", "-f", "jsonl", environ=other).out.splitlines()[-1])["key"]
    assert office.run("trust", theirs, "--why", "read out on the phone").code == 0
    for environ in ({}, other):
        assert office.run(*disclose, environ=environ).code == 0
        assert office.run("verify", environ=environ).code == 0
    identity = theirs.split("+")[1]
    mistyped = office.run("withdraw-key", identity[:-1] + "x", "--why", "laptop lost")
    assert mistyped.code == 2
    assert identity in mistyped.err
    assert office.run("withdraw-key", identity, "--why", "laptop lost").code == 0
    assert "signs no more already" in office.run("withdraw-key", identity, "--why", "again").err
    assert office.run(*disclose, environ=other).code == 1
    assert office.run("verify").code == 0


def test_a_lost_head_is_adopted_with_a_reason(office: Office, tmp_path: Path) -> None:
    (tmp_path / "home" / "ledger.head").unlink()
    assert office.run("verify").code == 1
    assert office.run("adopt", "--why", "disk replaced").code == 0
    assert office.run("verify").code == 0


def test_records_say_who_was_at_the_keyboard_and_are_signed(office: Office) -> None:
    record = decode(office.store.entries[0])
    assert "@" in record.account
    assert record.signature
    forged = replace(office.store.entries[0], body=office.store.entries[0].body.replace(record.account, "eve@soc1"))
    office.store.entries[0] = forged
    assert office.run("verify").code == 1


def test_nothing_hostile_acts_in_challenges(office: Office) -> None:
    for text in HOSTILE:
        if text.startswith("-") or not text.strip() or "\0" in text:
            continue
        office.run("challenge", "1", "--why", text, "--by", text)
    for fmt in ("table", "json", "jsonl", "csv", "md", "html"):
        shown = office.run("challenges", "-f", fmt)
        assert acting(shown.out.replace("\r\n", "\n")) == []
    office.run("prove", "6", "-o", "p")
    assert acting(office.run("verify", "--proof", "p").out) == []

"""`kulla privacy` and retention on the command line: nothing personal in the store, two persons, erasing with proof."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

import collectors.privacy.custodians
from engine.events import DeadLetter, Origin
from engine.store.embedded import EmbeddedStore
from tests.cli.fakes import call
from tests.cli.runs import NOW, kulla, rules_folder

CODE = "EE47101010033"
PASSPHRASES = "ana:first secret sentence\nben:second secret sentence\ndea:third secret sentence\n"


def opmon(count: int, code: str = CODE) -> bytes:
    """Return operational monitoring records in which one person asks for another."""
    made = []
    for number in range(count):
        record = {
            "monitoringDataTs": 1772443200,
            "securityServerType": "Client",
            "requestInTs": 1772443200000 + number,
            "clientXRoadInstance": "AL",
            "clientMemberClass": "GOV",
            "clientMemberCode": "100",
            "serviceCode": "getPerson",
            "restPath": f"/r1/AL/GOV/200/pop/person/{code[2:]}",
            "messageId": f"m{number}",
            "messageUserId": code,
            "messageIssue": "divorce of Arta Hoxha",
            "succeeded": True,
        }
        made.append(json.dumps(record).encode())
    return b"\n".join(made) + b"\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(collectors.privacy.custodians, "COST", 2**10)
    (tmp_path / "opmon.jsonl").write_bytes(opmon(5))
    passphrases = tmp_path / "passphrases"
    passphrases.write_text(PASSPHRASES)
    passphrases.chmod(0o600)
    return tmp_path / "home"


def appoint(home: Path, *names: str) -> None:
    words = [word for name in names for word in ("--custodian", name)]
    done = kulla("privacy", "init", *words, "--passphrases", "passphrases", "--actor", "arta", home=home)
    assert done.code == 0, done.err


def pseudonym(home: Path) -> str:
    found = kulla("search", "user.id:*", "-n", "1", "-f", "jsonl", home=home)
    return str(json.loads(found.out.splitlines()[0])["user.id"])


def reveal(home: Path, word: str, proposer: str = "ana", approver: str = "ben", file: str = "passphrases"):
    names = ("--proposer", proposer, "--approver", approver, "--passphrases", file)
    return kulla("privacy", "reveal", word, "--why", "order 12/2026", *names, home=home)


def ledger(home: Path) -> list[dict[str, object]]:
    assert kulla("ledger", "verify", home=home).code == 0
    return [json.loads(line) for line in kulla("ledger", "show", "-f", "jsonl", home=home).out.splitlines()]


def test_nothing_personal_reaches_the_store_and_collecting_again_knows_every_record(home: Path) -> None:
    done = kulla("collect", "opmon.jsonl", home=home)
    assert "stored 5 + dead-lettered 0 + duplicates 0" in done.err
    found = kulla("search", "*", "-f", "jsonl", home=home).out
    assert len(found.splitlines()) == 5
    assert "47101010033" not in found
    assert "Hoxha" not in found
    assert len(set(re.findall(r"person-[0-9a-f]{6}-[a-z2-7]{26}", found))) == 1
    assert "stored 0 + dead-lettered 0 + duplicates 5" in kulla("collect", "opmon.jsonl", home=home).err
    for path in (home / "store").rglob("*"):
        assert not path.is_file() or b"47101010033" not in path.read_bytes()


def test_settings_by_source_and_field(home: Path) -> None:
    (home.parent / "kulla.toml").write_text(
        '[privacy]\ncountry = "EE"\n\n[privacy.rules."xroad.*"]\n"user.id" = "keep"\n"xroad.issue" = "keep"\n'
    )
    kulla("collect", "opmon.jsonl", home=home)
    assert kulla("search", f"user.id:{CODE}", "-f", "jsonl", home=home).out.count("divorce") == 10
    shown = kulla("privacy", "show", "-f", "jsonl", home=home)
    rows = [json.loads(line) for line in shown.out.splitlines()]
    own = [row for row in rows if row["source"] == "xroad.*"]
    assert [(row["field"], row["action"]) for row in own] == [("user.id", "keep"), ("xroad.issue", "keep")]
    assert str(own[0]["from"]).endswith("kulla.toml:5")
    assert {
        "source": "tara",
        "field": "user.id",
        "holds": "person",
        "action": "pseudonymise",
        "from": "default",
    } in rows
    assert "no custodians" in shown.err


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[privacy]\ncolour = "red"\n', "kulla.toml:2: unknown setting privacy.colour"),
        ('[privacy]\n[privacy.rules."x"]\n"user.id" = "hide"\n', "kulla.toml:3: user.id"),
        ('[retention]\n"*" = "30d"\n"xroad.*" = "soon"\n', "kulla.toml:3: retention.xroad.*"),
    ],
)
def test_an_unknown_word_is_an_error_with_its_line(home: Path, text: str, where: str) -> None:
    (home.parent / "kulla.toml").write_text(text)
    command = ("store", "retain") if "retention" in text else ("collect", "opmon.jsonl")
    done = kulla(*command, home=home)
    assert done.code == 3
    assert where in done.err


def test_parse_shows_what_would_be_stored_and_writes_nothing(home: Path) -> None:
    plain = kulla("parse", "opmon.jsonl", home=home)
    assert CODE in plain.out
    private = kulla("parse", "--privacy", "opmon.jsonl", home=home)
    assert "47101010033" not in private.out
    assert "made up for this run" in private.err
    assert not home.exists()


def test_two_custodians_together_learn_who_it_is_and_it_is_on_the_ledger(home: Path) -> None:
    appoint(home, "ana", "ben", "dea")
    kulla("collect", "opmon.jsonl", home=home)
    word = pseudonym(home)
    done = reveal(home, word, "dea", "ana")
    assert json.loads(done.out) == {"pseudonym": word, "value": CODE}
    last = ledger(home)[-1]
    assert (last["actor"], last["kind"], last["subject"]) == ("dea", "privacy.revealed", f"pseudonym/{word}")
    assert last["details"] == {"reason": "order 12/2026", "proposer": "dea", "approver": "ana"}
    assert CODE not in json.dumps(ledger(home))


def test_one_person_alone_learns_nothing_and_that_is_on_the_ledger(home: Path) -> None:
    appoint(home, "ana", "ben")
    kulla("collect", "opmon.jsonl", home=home)
    word = pseudonym(home)
    wrong = home.parent / "wrong"
    wrong.write_text("ana:first secret sentence\nben:first secret sentence\neve:second secret sentence\n")
    wrong.chmod(0o600)
    absent = "person-000000-" + "a" * 26
    tries = [
        reveal(home, word, "ana", "ana"),
        reveal(home, word, "ana", "ben", "wrong"),
        reveal(home, word, "ana", "eve", "wrong"),
        reveal(home, absent),
    ]
    assert all(done.code == 2 and CODE not in done.out + done.err for done in tries)
    refused = [each for each in ledger(home) if each["kind"] == "privacy.refused"]
    assert len(refused) == 4
    assert refused[1]["details"]["refused"] == "at least one of the two passphrases is wrong"  # type: ignore[index]


def test_two_custodians_appoint_others_who_open_what_was_kept_before(home: Path) -> None:
    appoint(home, "ana", "ben")
    kulla("collect", "opmon.jsonl", home=home)
    word = pseudonym(home)
    others = ("privacy", "init", "--custodian", "ben", "--custodian", "dea", "--passphrases", "passphrases")
    alone = kulla(*others, "--proposer", "ana", "--approver", "ana", home=home)
    assert alone.code == 2
    assert kulla(*others, "--actor", "x", home=home).code == 2
    done = kulla(*others, "--proposer", "ana", "--approver", "ben", home=home)
    assert done.code == 0, done.err
    assert json.loads(reveal(home, word, "ben", "dea").out)["value"] == CODE
    assert reveal(home, word, "ana", "ben").code == 2


def test_what_is_no_pseudonym_does_not_enter_the_ledger(home: Path) -> None:
    appoint(home, "ana", "ben")
    assert reveal(home, CODE).code == 2
    assert CODE not in json.dumps(ledger(home))


def test_a_file_of_passphrases_that_others_can_read_is_refused(home: Path) -> None:
    (home.parent / "passphrases").chmod(0o644)
    done = kulla(
        "privacy", "init", "--custodian", "ana", "--custodian", "ben", "--passphrases", "passphrases", home=home
    )
    assert done.code == 2 or "open to others" in done.err
    assert not (home / "keys" / "custodians.json").exists()


def test_passphrases_are_typed_at_a_terminal_in_the_language_of_the_session(home: Path) -> None:
    typed = "first secret sentence\nwrong\nfirst secret sentence\nfirst secret sentence\n"
    typed += "second secret sentence\nsecond secret sentence\n"
    words = ("privacy", "init", "--custodian", "ana", "--custodian", "ben", "--lang", "sq")
    done = call(*words, typed=typed, cwd=home.parent)
    assert done.code == 0, done.err
    assert "fraza e re e fshehtë e ana" in done.err
    assert "të dyja nuk janë njësoj" in done.err
    assert "secret sentence" not in done.err
    assert call(*words, cwd=home.parent).code == 2  # no terminal, and there are custodians already


def test_without_custodians_pseudonyms_are_one_way(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    done = reveal(home, pseudonym(home))
    assert done.code == 3
    assert "one-way" in done.err
    assert not (home / "keys" / "vault.sqlite").exists()


def test_a_new_key_makes_new_pseudonyms_and_known_records_stay_known(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    old = pseudonym(home)
    assert kulla("privacy", "rotate-key", "--why", "yearly", "--actor", "arta", home=home).code == 0
    assert "duplicates 5" in kulla("collect", "opmon.jsonl", home=home).err
    (home.parent / "more.jsonl").write_bytes(opmon(7)[len(opmon(5)) :])
    kulla("collect", "more.jsonl", home=home)
    found = set(re.findall(r"person-[0-9a-f]{6}", kulla("search", "*", "-f", "jsonl", home=home).out))
    assert len(found) == 2
    assert old[:13] in found
    assert ledger(home)[-1]["kind"] == "privacy.key"


def test_a_key_that_is_gone_or_another_stops_collecting_and_is_not_replaced(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    key = home / "keys" / "privacy.json"
    kept = key.rename(home.parent / "kept.json")
    (home.parent / "more.jsonl").write_bytes(opmon(7)[len(opmon(5)) :])
    gone = kulla("collect", "more.jsonl", home=home)
    assert (gone.code, key.exists()) == (3, False)
    assert "the key of pseudonyms is not there" in gone.err
    kulla("collect", "opmon.jsonl", home=home.parent / "another")
    key.write_bytes((home.parent / "another" / "keys" / "privacy.json").read_bytes())
    key.chmod(0o600)
    assert "not the key of this store" in kulla("collect", "more.jsonl", home=home).err
    kept.rename(key)
    assert "stored 2" in kulla("collect", "more.jsonl", home=home).err
    key.unlink()  # lost for good: a person says so, on record
    assert kulla("privacy", "rotate-key", "--why", "lost", "--actor", "x", home=home).code == 0
    assert kulla("collect", "more.jsonl", home=home).code == 0


def test_a_person_is_erased_with_the_pseudonyms_and_the_vault_and_every_file_is_looked_at(home: Path) -> None:
    appoint(home, "ana", "ben")
    (home.parent / "kulla.toml").write_text('[privacy.rules."xroad.*"]\n"xroad.issue" = "keep"\n')
    kulla("collect", "opmon.jsonl", home=home)
    (home.parent / "bad.jsonl").write_bytes(opmon(1) + b'{"messageUserId": "' + CODE.encode() + b"\n")
    kulla("collect", "bad.jsonl", home=home)
    word = pseudonym(home)
    done = kulla(
        "privacy", "erase-subject", CODE, "Arta Hoxha", "--why", f"request of {CODE}", "--actor", "x", home=home
    )
    assert done.code == 0, done.err
    counts = {row["what"]: row["changed"] for row in map(json.loads, done.out.splitlines())}
    assert counts["events"] == 6
    assert counts["vault"] == 1
    assert counts["dead_letters"] == 1
    assert "the person is in 0 places" in done.err
    for path in home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(each in content for each in (b"47101010033", word.encode(), b"Hoxha")), path
    found = kulla("search", "*", "-f", "jsonl", home=home).out
    assert len(found.splitlines()) == 6
    assert "(erased)" in found
    assert [each["kind"] for each in ledger(home)][-2:] == ["privacy.erasing", "privacy.erased"]
    assert kulla("store", "erase-subject", CODE, "--why", "again", "--actor", "x", home=home).code == 0
    assert reveal(home, word).code == 2


def test_what_is_left_is_told_and_the_erasure_stays_on_record_as_unfinished(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    (home / "notes.txt").write_text(f"asked about {CODE}")
    done = kulla("privacy", "erase-subject", "-", "--why", "request", "--actor", "x", home=home, stdin=CODE.encode())
    assert done.code == 4
    assert "notes.txt: still holds the person" in done.err
    assert "1 erasures were begun and not finished" in kulla("privacy", "show", home=home).err
    (home / "notes.txt").unlink()
    assert kulla("privacy", "erase-subject", CODE, "--why", "request", "--actor", "x", home=home).code == 0
    assert "not finished" not in kulla("privacy", "show", home=home).err


def test_what_people_wrote_into_the_ledger_stays_and_is_named(home: Path) -> None:
    appoint(home, "ana", "ben")
    kulla("privacy", "rotate-key", "--why", f"{CODE} asked for it", "--actor", "x", home=home)
    done = kulla("privacy", "erase-subject", CODE, "--why", "request", "--actor", "x", home=home)
    assert done.code == 0
    assert "the ledger cannot be changed" in done.err
    assert "table ledger" in done.err


@pytest.mark.parametrize("value", ["12", "-", "a", "...", "Arta"])
def test_a_value_that_would_take_half_of_the_store_is_refused(home: Path, value: str) -> None:
    assert kulla("privacy", "erase-subject", value, "--why", "x", "--actor", "x", home=home).code == 2


def test_retention_by_dataset(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    assert kulla("store", "retain", home=home).code == 2
    (home.parent / "kulla.toml").write_text('[retention]\n"xroad.*" = "30d"\nvault = "30d"\n')
    done = kulla("store", "retain", "--dry-run", "-f", "jsonl", home=home)
    assert (done.code, done.out) == (0, "")
    assert kulla("store", "retain", home=home).code == 0
    assert len(kulla("search", "*", "-f", "jsonl", home=home).out.splitlines()) == 5


def test_runs_remove_what_is_past_its_time_once_a_day(home: Path) -> None:
    kulla("collect", "opmon.jsonl", home=home)
    old = NOW - timedelta(days=60)
    with EmbeddedStore(home / "store", lambda: old) as store:
        letter = DeadLetter(
            id="d" * 32,
            origin=Origin(path="x", identity="ab", offset=0, number=1),
            source="nginx",
            reason="no time",
            raw=b"x",
            size=1,
        )
        store.append([], [letter])
    (home.parent / "kulla.toml").write_text('[retention]\ndead-letters = "30d"\n')
    rules = ("--rules", str(rules_folder(home.parent)))
    assert "1 things past their time were removed" in kulla("detect", *rules, home=home).err
    assert "past their time" not in kulla("detect", *rules, home=home).err
    with EmbeddedStore(home / "store", lambda: NOW) as store:
        assert (store.status().dead_letters, store.status().events) == (0, 5)

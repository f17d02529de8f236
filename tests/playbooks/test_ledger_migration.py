"""A ledger of before signatures is read as it is, goes on signed, and loses nothing on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from engine.errors import LedgerError, UsageError
from engine.store.protocol import LedgerEntry
from playbooks.ledger import Ledger
from playbooks.ledger.entries import Automated, Disclosure, record_automated, record_disclosure
from playbooks.ledger.keys import Keyring, read_verifier
from playbooks.ledger.notes import read_checkpoint, read_inclusion
from playbooks.ledger.record import decode, raw_of
from tests.playbooks.samples import START, Clock, FakeStore


def old_entries(count: int) -> list[LedgerEntry]:
    """Return records exactly as the version before signatures wrote them."""
    entries: list[LedgerEntry] = []
    previous = "0" * 64
    for number in range(1, count + 1):
        body = json.dumps(
            {
                "sequence": number,
                "at": "2025-01-01T00:00:00.000Z",
                "actor": "Ana",
                "kind": "respond.decided",
                "subject": "incident/1/playbook/x",
                "details": {"reason": f"ë {number}"},
                "previous": previous,
            },
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        raw = body.encode()
        previous = sha256(b"kulla ledger record v1\0" + len(raw).to_bytes(8, "big") + raw).hexdigest()
        entries.append(LedgerEntry(sequence=number, body=body, digest=previous))
    return entries


def old_head(path: Path, entries: list[LedgerEntry], pending: LedgerEntry | None = None) -> None:
    def tip(entry: LedgerEntry) -> dict[str, object]:
        return {"sequence": entry.sequence, "digest": entry.digest}

    path.write_text(json.dumps({**tip(entries[-1]), "pending": tip(pending) if pending else None}))


@pytest.fixture
def store(tmp_path: Path) -> FakeStore:
    found = FakeStore(entries=old_entries(5))
    old_head(tmp_path / "head", found.entries)
    return found


def ledger_of(store: FakeStore, folder: Path) -> Ledger:
    return Ledger(store, folder / "head", Clock(), account="ana@soc1")


def test_an_old_ledger_is_read_and_goes_on_signed(store: FakeStore, tmp_path: Path) -> None:
    before = list(store.entries)
    assert ledger_of(store, tmp_path).verify() == ()
    assert len(list(ledger_of(store, tmp_path).records("incident/1/playbook/x"))) == 5
    for _ in range(3):
        ledger_of(store, tmp_path).append(actor="Ana", kind="note", subject="s", details={})
    assert store.entries[:5] == before
    walk = ledger_of(store, tmp_path).examine(every_signature=True)
    assert (walk.problems, walk.unsigned, walk.frontier.size) == ([], 5, 8)
    tree = ledger_of(store, tmp_path).tree()
    for number in (1, 5, 6, 8):
        proof = read_inclusion(tree.inclusion(number, raw_of(store.entries[number - 1].body)).text())
        assert proof.record is not None
        assert proof.holds(proof.record)


@pytest.mark.parametrize("stored", [True, False])
def test_an_old_head_with_a_record_under_way_is_understood(tmp_path: Path, stored: bool) -> None:
    entries = old_entries(4)
    store = FakeStore(entries=entries[: 4 if stored else 3])
    old_head(tmp_path / "head", entries[:3], pending=entries[3])
    assert ledger_of(store, tmp_path).verify() == ()
    ledger_of(store, tmp_path).append(actor="Ana", kind="note", subject="s", details={})
    assert ledger_of(store, tmp_path).verify() == ()


def test_old_records_are_as_safe_as_new_ones(store: FakeStore, tmp_path: Path) -> None:
    ledger_of(store, tmp_path).append(actor="Ana", kind="note", subject="s", details={})
    last = store.entries[-1]
    for entries in (store.entries[1:], store.entries[:-1], [*store.entries[:2], *store.entries[3:]]):
        assert ledger_of(FakeStore(entries=entries), tmp_path).verify()
    changed = replace(store.entries[1], body=store.entries[1].body.replace("ë 2", "ë 9"))
    assert ledger_of(FakeStore(entries=[store.entries[0], changed, *store.entries[2:]]), tmp_path).verify()
    assert decode(last).signature


def test_an_unsigned_head_is_not_taken_for_a_signed_ledger(store: FakeStore, tmp_path: Path) -> None:
    for _ in range(2):
        ledger_of(store, tmp_path).append(actor="Ana", kind="note", subject="s", details={})
    old_head(tmp_path / "head", store.entries)
    assert any("head file is not signed" in item.what for item in ledger_of(store, tmp_path).verify())


def automated(**changes: object) -> Automated:
    words: dict[str, object] = {
        "what": "playbook-chosen",
        "result": "web-shell",
        "reason": "techniques: T1505.003",
        "system": "choice of playbooks",
        "version": "0.1.0",
        "input": "ab" * 32,
        "began": START,
        "ended": START,
    }
    return Automated(**{**words, **changes})  # type: ignore[arg-type]


def test_automated_decisions_and_disclosures_carry_what_the_law_wants(tmp_path: Path) -> None:
    ledger = ledger_of(FakeStore(), tmp_path)
    record = record_automated(ledger, automated(verified_by="Ana"), subject="incident/1")
    assert record.actor == "kulla"
    assert set(record.details) == {
        "what", "result", "reason", "system", "version", "input", "began", "ended", "verified_by",
    }  # fmt: skip
    record_disclosure(ledger, Disclosure(to="AKSK", what="early warning", paper="cd" * 32), subject="s", actor="Ana")
    assert ledger.verify() == ()


@pytest.mark.parametrize(
    "changes", [{"reason": " "}, {"system": ""}, {"version": ""}, {"input": "x"}, {"what": ""}, {"result": "x" * 9000}]
)
def test_an_automated_decision_without_them_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        automated(**changes).details()


@pytest.mark.parametrize(
    "words", ["", "x", "a+b+c", "kulla/ledger+00000000+AAAA", "kulla/ledger+zz", "+" * 9, "kulla/ledger+ë+ë", "a b+1+2"]
)
def test_garbage_is_no_public_key(words: str) -> None:
    with pytest.raises(LedgerError):
        read_verifier(words)


def test_keys_are_made_once_and_read_back(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    assert ring.existing() is None
    assert ring.own is None
    key = ring.signing()
    assert Keyring(tmp_path / "keys").signing().verifier == key.verifier == read_verifier(key.verifier.words)
    assert str(key.private) not in repr(key)
    (tmp_path / "keys" / "ledger.key").write_text("-----BEGIN NONSENSE-----")
    with pytest.raises(LedgerError, match="not a private"):
        Keyring(tmp_path / "keys").signing()


def test_the_checkpoint_is_a_signed_note_of_three_lines(tmp_path: Path) -> None:
    note = ledger_of(FakeStore(), tmp_path).tree().checkpoint.note
    text, signature = note.split("\n\n")
    assert text.split("\n")[:2] == ["kulla/ledger", "0"]
    assert signature.startswith("— kulla/ledger ")
    assert read_checkpoint(note).size == 0

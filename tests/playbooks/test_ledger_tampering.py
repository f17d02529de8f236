"""Random tamperings with a signed ledger: every one is found (`tests/bench/ledger.py` tries ten thousand)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.store.protocol import LedgerEntry
from playbooks.ledger import Ledger
from playbooks.ledger.head import Head, HeadFile, Tip
from playbooks.ledger.keys import Keyring, VerifierKey
from playbooks.ledger.notes import Checkpoint, checkpoint_of
from playbooks.ledger.record import decode, digest_of, entry_of
from playbooks.ledger.walk import Walk, verify
from tests.playbooks.samples import Clock, FakeStore

RECORDS = 16
Entries = list[LedgerEntry]


class Sealed:
    """A ledger of some records, its head, its keys, and a head that was kept elsewhere half-way."""

    def __init__(self, folder: Path) -> None:
        store = FakeStore()
        ledger = Ledger(store, folder / "head", Clock(), account="ana@soc1")
        for number in range(RECORDS):
            details = {"reason": f"vendim {number} për të ë", "list": [1, None, True], "commands": "ab" * 32}
            ledger.append(actor="Ana Hoxha", kind="note", subject=f"incident/{number % 3}", details=details)
            if number == RECORDS // 2:
                self.kept: Checkpoint = ledger.tree().checkpoint
        self.entries = store.entries
        head = HeadFile(folder / "head").read()
        assert head is not None
        self.head: Head = head
        self.keys: tuple[VerifierKey, ...] = ledger.keys.trusted()
        self.stranger = Keyring(folder / "stranger").signing()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return Sealed(tmp_path_factory.mktemp("sealed"))


def flip_a_bit(entries: Entries, dice: random.Random) -> Entries:
    place = dice.randrange(len(entries))
    raw = bytearray(entries[place].body.encode())
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    changed = replace(entries[place], body=raw.decode("utf-8", "surrogateescape"))
    return [*entries[:place], changed, *entries[place + 1 :]]


def flip_the_digest(entries: Entries, dice: random.Random) -> Entries:
    place = dice.randrange(len(entries))
    digest = list(entries[place].digest)
    at = dice.randrange(64)
    digest[at] = dice.choice([c for c in "0123456789abcdef" if c != digest[at]])
    return [*entries[:place], replace(entries[place], digest="".join(digest)), *entries[place + 1 :]]


def remove(entries: Entries, dice: random.Random) -> Entries:
    gone = set(dice.sample(range(len(entries)), dice.randint(1, 3)))
    return [entry for place, entry in enumerate(entries) if place not in gone]


def cut_off(entries: Entries, dice: random.Random) -> Entries:
    return entries[: dice.randrange(len(entries))]


def reorder(entries: Entries, dice: random.Random) -> Entries:
    one, two = dice.sample(range(len(entries)), 2)
    changed = list(entries)
    changed[one], changed[two] = changed[two], changed[one]
    return changed


def insert_a_copy(entries: Entries, dice: random.Random) -> Entries:
    place = dice.randrange(len(entries) + 1)
    return [*entries[:place], dice.choice(entries), *entries[place:]]


def renumber(entries: Entries, dice: random.Random) -> Entries:
    place = dice.randrange(len(entries))
    number = dice.choice([n for n in range(-2, 40) if n != place + 1])
    return [*entries[:place], replace(entries[place], sequence=number), *entries[place + 1 :]]


def rewrite_the_chain(entries: Entries, dice: random.Random) -> Entries:
    """Change one record and make the chain after it anew, so that every digest matches again."""
    place = dice.randrange(len(entries))
    records = [decode(entry) for entry in entries]
    previous = records[place].previous
    forged: Entries = []
    for record in records[place:]:
        details = {**record.details, "reason": "nothing to see"} if not forged else record.details
        body = json.loads(entry_of(replace(record, previous=previous, details=details)).body)
        entry = entry_of(replace(record, **{name: body[name] for name in ("previous", "details")}))
        entry = replace(entry, digest=digest_of(entry.body))
        previous = entry.digest
        forged.append(entry)
    return [*entries[:place], *forged]


TAMPERINGS: tuple[Callable[[Entries, random.Random], Entries], ...] = (
    flip_a_bit,
    flip_the_digest,
    remove,
    cut_off,
    reorder,
    insert_a_copy,
    renumber,
    rewrite_the_chain,
)


def test_the_ledger_holds_before_it_is_tampered_with(sealed: Sealed) -> None:
    assert verify(sealed.entries, sealed.head, sealed.keys) == ()
    walk = Walk(sealed.keys, sealed.head, marks=[sealed.kept.size], every_signature=True).finish(sealed.entries)
    walk.compare(sealed.kept)
    assert walk.problems == []


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda item: item.__name__)
def test_every_tampering_is_found(sealed: Sealed, tamper: Callable[[Entries, random.Random], Entries]) -> None:
    dice = random.Random(tamper.__name__)
    rounds = 200
    found = 0
    for _ in range(rounds):
        changed = tamper(sealed.entries, dice)
        assert changed != sealed.entries
        found += bool(verify(changed, sealed.head, sealed.keys))
    assert found == rounds


def test_a_ledger_made_anew_by_a_stranger_is_found(sealed: Sealed) -> None:
    """The stranger has the store and the head file, and signs everything well with a key of its own."""
    forged: Entries = []
    previous = "0" * 64
    for entry in sealed.entries[:-2]:
        record = replace(decode(entry), previous=previous, actor="Eve").signed(sealed.stranger)
        forged.append(entry_of(record))
        previous = record.digest
    walk = Walk(None).finish(forged)
    tip = Tip(sequence=len(forged), digest=forged[-1].digest)
    signed = checkpoint_of(len(forged), walk.frontier.root(), sealed.stranger)
    head = Head(tip=tip, frontier=walk.frontier, checkpoint=signed)
    problems = verify(forged, head, sealed.keys)
    assert any("not trusted here" in problem.what for problem in problems)
    again = Walk(None, marks=[sealed.kept.size]).finish(forged)
    again.compare(sealed.kept)
    assert [problem.sequence for problem in again.problems] == [sealed.kept.size]


def test_a_cut_off_end_with_an_old_head_is_found_by_the_head_kept_elsewhere(sealed: Sealed) -> None:
    walk = Walk(sealed.keys, marks=[sealed.kept.size]).finish(sealed.entries[:4])
    assert walk.problems == []
    walk.compare(sealed.kept)
    assert "removed at the end" in walk.problems[0].what


def test_unsigned_records_are_not_slipped_in_at_the_end(sealed: Sealed, tmp_path: Path) -> None:
    last = decode(sealed.entries[-1])
    forged = replace(last, sequence=RECORDS + 1, previous=last.digest, account="", key="", signature="")
    entry = entry_of(forged)
    entry = replace(entry, digest=digest_of(entry.body))
    problems = verify([*sealed.entries, entry], sealed.head, sealed.keys)
    assert any("not signed" in problem.what for problem in problems)


def test_signed_records_past_the_head_are_those_of_a_killed_writer(sealed: Sealed) -> None:
    cut = Walk(sealed.keys).finish(sealed.entries[:-1])
    key = sealed.keys[0]
    old = Head(tip=cut.tip, frontier=cut.frontier, checkpoint=None)
    assert verify(sealed.entries, replace(old, frontier=None), [key])[0].what.startswith("the head file is not signed")
    assert verify(sealed.entries, None, [key]) == ()

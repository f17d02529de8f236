"""The ledger: any change, removal, insertion or reordering is found; a cut-off end by the head file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError, LedgerError
from engine.store.protocol import LedgerEntry
from playbooks.ledger import ConcurrentWriteError, Ledger, decode, digest_of, encode, verify
from playbooks.ledger.head import Head, HeadFile
from playbooks.ledger.notes import read_checkpoint, read_consistency, read_inclusion
from tests.playbooks.samples import Clock, FakeStore


def write(ledger: Ledger, number: int, subject: str = "incident/1") -> None:
    ledger.append(
        actor="Ana Hoxha",
        kind="note",
        subject=subject,
        details={"reason": f"vendim {number} për të ë", "list": [1, None, True]},
    )


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[LedgerEntry], Head]:
    store = FakeStore()
    path = tmp_path_factory.mktemp("ledger") / "head.json"
    ledger = Ledger(store, path, Clock())
    for number in range(6):
        write(ledger, number)
    head = HeadFile(path).read()
    assert head is not None
    return store.entries, head


def test_an_untouched_ledger_holds(sealed: tuple[list[LedgerEntry], Head]) -> None:
    entries, head = sealed
    assert verify(entries, head) == ()
    first = decode(entries[0])
    assert (first.sequence, first.actor, first.at, first.previous) == (
        1,
        "Ana Hoxha",
        "2022-07-15T08:30:01.000Z",
        "0" * 64,
    )
    assert entries[0].body == json.dumps(
        json.loads(entries[0].body), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )


@given(st.data())
def test_any_changed_byte_is_found(sealed: tuple[list[LedgerEntry], Head], data: st.DataObject) -> None:
    entries, head = sealed
    place = data.draw(st.integers(0, len(entries) - 1))
    raw = bytearray(entries[place].body.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    changed = replace(entries[place], body=raw.decode("utf-8", "surrogateescape"))
    problems = verify([*entries[:place], changed, *entries[place + 1 :]], head)
    assert any(problem.sequence == place + 1 for problem in problems)


@given(st.data())
def test_any_changed_digest_or_number_is_found(sealed: tuple[list[LedgerEntry], Head], data: st.DataObject) -> None:
    entries, head = sealed
    place = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[place]
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, 63))
        other = data.draw(st.sampled_from([c for c in "0123456789abcdef" if c != entry.digest[at]]))
        entry = replace(entry, digest=entry.digest[:at] + other + entry.digest[at + 1 :])
    else:
        entry = replace(entry, sequence=data.draw(st.integers(-3, 20).filter(lambda n: n != place + 1)))
    assert verify([*entries[:place], entry, *entries[place + 1 :]], head)


@given(st.sets(st.integers(0, 5), min_size=1, max_size=6))
def test_any_removal_is_found(sealed: tuple[list[LedgerEntry], Head], gone: set[int]) -> None:
    entries, head = sealed
    kept = [entry for place, entry in enumerate(entries) if place not in gone]
    problems = verify(kept, head)
    assert any("removed" in problem.what for problem in problems)
    assert min(problem.sequence for problem in problems if "removed" in problem.what) == min(gone) + 1


@given(st.permutations(range(6)).filter(lambda order: order != list(range(6))))
def test_any_reordering_is_found(sealed: tuple[list[LedgerEntry], Head], order: list[int]) -> None:
    entries, head = sealed
    assert verify([entries[place] for place in order], head)


@given(st.integers(0, 5), st.integers(0, 6))
def test_an_inserted_copy_is_found(sealed: tuple[list[LedgerEntry], Head], which: int, where: int) -> None:
    entries, head = sealed
    assert verify([*entries[:where], entries[which], *entries[where:]], head)


def test_a_rewritten_end_with_a_valid_chain_is_found_by_the_head(sealed: tuple[list[LedgerEntry], Head]) -> None:
    entries, head = sealed
    body = json.loads(entries[-1].body)
    body["details"]["reason"] = "something else"
    forged = encode(body)
    rewritten = [*entries[:-1], LedgerEntry(sequence=6, body=forged, digest=digest_of(forged))]
    assert verify(rewritten) == ()  # without head and keys, nothing speaks against it
    assert [problem.what for problem in verify(rewritten, head)] == ["record 6 is not the one the head file knows"]


def test_the_problem_names_the_record(sealed: tuple[list[LedgerEntry], Head]) -> None:
    entries, head = sealed
    changed = replace(entries[2], body=entries[2].body.replace("vendim 2", "vendim 9"))
    assert [p.what for p in verify([*entries[:2], changed, *entries[3:]], head)] == [
        "record 3 was changed: its digest does not match"
    ]
    assert [p.what for p in verify(entries[:4], head)] == ["records 5 to 6 removed at the end: the head file knows 6"]
    assert verify([*entries[:2], *entries[3:]], head)[0].what == "record 3 removed before record 4"


def test_digests_are_separated_by_domain_and_length() -> None:
    assert digest_of("") != digest_of("\0")
    assert len({digest_of(body) for body in ("a", "b", "ab", "ba", "")}) == 5


@pytest.mark.parametrize("details", [{"x": 1.5}, {"x": [float("nan")]}, {"x": {"y": object()}}, {"x": "\ud800"}])
def test_what_has_no_canonical_form_is_refused(tmp_path: Path, details: dict[str, object]) -> None:
    store = FakeStore()
    ledger = Ledger(store, tmp_path / "head", Clock())
    with pytest.raises(LedgerError):
        ledger.append(actor="a", kind="k", subject="s", details=details)  # type: ignore[arg-type]
    assert store.entries == []
    assert ledger.verify() == ()


def test_a_record_needs_an_actor(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="without the name"):
        Ledger(FakeStore(), tmp_path / "head", Clock()).append(actor=" ", kind="k", subject="s", details={})


def test_a_cut_off_ledger_takes_no_more_records(tmp_path: Path) -> None:
    store = FakeStore()
    for number in range(3):
        write(Ledger(store, tmp_path / "head", Clock()), number)
    del store.entries[-1]
    fresh = Ledger(store, tmp_path / "head", Clock())
    with pytest.raises(LedgerError, match="record"):
        write(fresh, 9)
    with pytest.raises(LedgerError):
        list(fresh.records())
    assert len(fresh.verify()) == 1


def test_a_lost_head_file_is_a_problem_until_it_is_adopted(tmp_path: Path) -> None:
    store = FakeStore()
    ledger = Ledger(store, tmp_path / "head", Clock())
    write(ledger, 1)
    (tmp_path / "head").unlink()
    fresh = Ledger(store, tmp_path / "head", Clock())
    assert "head file is missing" in fresh.verify()[0].what
    with pytest.raises(LedgerError):
        write(fresh, 2)
    fresh.adopt(actor="Ana", reason="the disk of the head file was replaced")
    assert fresh.verify() == ()
    assert [record.kind for record in fresh.records()] == ["note", "ledger.adopted"]


def test_a_ledger_whose_chain_is_broken_is_not_adopted(tmp_path: Path) -> None:
    store = FakeStore()
    ledger = Ledger(store, tmp_path / "head", Clock())
    write(ledger, 1)
    write(ledger, 2)
    del store.entries[0]
    with pytest.raises(LedgerError):
        ledger.adopt(actor="Ana", reason="no")


@pytest.mark.parametrize("moment", ["before the store", "after the store"])
def test_a_process_killed_around_the_store_explains_itself(tmp_path: Path, moment: str) -> None:
    store = FakeStore()
    ledger = Ledger(store, tmp_path / "head", Clock())
    write(ledger, 1)
    if moment == "after the store":
        head = (tmp_path / "head").read_bytes()
        write(ledger, 2)
        (tmp_path / "head").write_bytes(head)
    fresh = Ledger(store, tmp_path / "head", Clock())
    assert fresh.verify() == ()
    write(fresh, 3)
    assert Ledger(store, tmp_path / "head", Clock()).verify() == ()


def test_two_writers_do_not_lose_records(tmp_path: Path) -> None:
    store = FakeStore()
    one, two = (Ledger(store, tmp_path / "head", Clock()) for _ in range(2))
    for number in range(5):
        write(one, number, "incident/1")
        write(two, number, "incident/2")
    assert one.verify() == ()
    assert len(store.entries) == 10


def test_a_newer_record_about_the_same_subject_is_noticed(tmp_path: Path) -> None:
    store = FakeStore()
    one, two = (Ledger(store, tmp_path / "head", Clock()) for _ in range(2))
    first = one.append(actor="a", kind="k", subject="s", details={}, seen=0)
    two.append(actor="b", kind="k", subject="other", details={}, seen=0)
    two.append(actor="b", kind="k", subject="s", details={}, seen=first.sequence)
    with pytest.raises(ConcurrentWriteError, match="meanwhile"):
        one.append(actor="a", kind="k", subject="s", details={}, seen=first.sequence)
    assert len(store.entries) == 3
    assert one.verify() == ()


def test_a_taken_sequence_is_a_clear_error(tmp_path: Path) -> None:
    """A second machine with a head file of its own writes to the same store."""

    class Racing(FakeStore):
        def append_ledger(self, entries: object) -> None:
            super().append_ledger([replace(entries[0], digest="0" * 64)])  # type: ignore[index]
            super().append_ledger(entries)  # type: ignore[arg-type]

    with pytest.raises(ConcurrentWriteError, match="taken") as caught:
        write(Ledger(Racing(), tmp_path / "head", Clock()), 1)
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"sequence": "1", "digest": "", "pending": null}',
        b'{"sequence": 2, "digest": "", "checkpoint": "x", "frontier": []}',
        b'{"sequence": -1, "digest": ""}',
        b"[" * 5000,
        b"\xff",
    ],
)
def test_a_damaged_head_file_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "head").write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(FakeStore(), tmp_path / "head", Clock()).verify()


BYTES = st.binary(max_size=200) | st.sampled_from([b"{" * 3000, b'{"a":1,"a":2}', b"[1.5]", b"1" * 5000, b'"\\ud800"'])


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), BYTES, st.text(max_size=70)), min_size=1, max_size=4))
@settings(max_examples=60)
def test_garbage_in_the_store_is_told_and_breaks_nothing(rows: list[tuple[int, bytes, str]]) -> None:
    entries = [
        LedgerEntry(sequence=number, body=raw.decode("utf-8", "surrogateescape"), digest=digest)
        for number, raw, digest in rows
    ]
    assert verify(entries)
    for entry in entries:
        with pytest.raises(LedgerError):
            decode(entry)


@given(st.text(max_size=300), st.sampled_from(["", "c2sp.org/tlog-proof@v1\n", "kulla/consistency-proof@v1\nold 1\n"]))
@settings(max_examples=60)
def test_garbage_is_no_head_and_no_proof(words: str, begin: str) -> None:
    for read in (read_checkpoint, read_inclusion, read_consistency):
        with pytest.raises(InputError):
            read(begin + words)


def test_many_subjects_are_read_at_once(tmp_path: Path) -> None:
    store = FakeStore()
    ledger = Ledger(store, tmp_path / "head", Clock())
    for number in range(6):
        write(ledger, number, f"incident/{number % 3}")
    fresh = Ledger(store, tmp_path / "head", Clock())
    fresh.preload("incident/")
    store.entries.clear()  # what was read and held is not read again
    assert [record.sequence for record in fresh.records("incident/1")] == [2, 5]


def test_the_head_file_is_its_owners_alone(tmp_path: Path) -> None:
    write(Ledger(FakeStore(), tmp_path / "deep" / "head", Clock()), 1)
    assert (tmp_path / "deep" / "head").stat().st_mode & 0o077 == 0

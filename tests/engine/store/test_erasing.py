"""Erasing a person from the embedded store: gone from every file, all else as it was, repeatable at any point."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.erasing import ERASED, Subject
from engine.errors import StoreError
from engine.events import DeadLetter, Event
from engine.store import erasing
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import BaseHit, Record
from engine.store.scanning import scan_files
from engine.traces import trace_of
from tests.cli.fakes import an_alert, an_incident
from tests.engine.store.conftest import NOW

CODE = "EE47101010033"
WORD = "person-3f2a1c-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def subject() -> Subject:
    code, name = trace_of(CODE), trace_of("Arta Hoxha", "words")
    assert code is not None
    assert name is not None
    return Subject(traces=(code, name), pseudonyms=(WORD,))


def personal(one: Callable[..., Event], number: int, **more: object) -> Event:
    fields = {
        "event.dataset": "xroad.opmon",
        "user.id": CODE,
        "user.full_name": "Arta Hoxha",
        "url.path": "/person/47101010033",
        "related.user": [WORD, "svc"],
        "event.category": ["network"],
        "http.request.bytes": 47101010033,
        "xroad.n": 47101010033,
        "odd[]": "of Arta Hoxha",  # a name that is no column: stands in the rest
        "field.47101010033": "x",
        "host.name": "ss1",
    }
    event = one({**fields, **more}, number=number)
    return replace(event, original=f"a line of {CODE} and PNOEE-47101010033 {number}")


@pytest.fixture
def others(store: EmbeddedStore, one, many, letter, now) -> list[Event]:
    """Fill the store with things about the person; return the events that are about nobody."""
    others = many(40, identity="cd" * 16)
    store.append([personal(one, number) for number in range(5)] + others, [letter(1)])
    dead = letter(2)
    raw = b"\xff broken " + CODE.encode()
    store.append([], [DeadLetter(**{**{n: getattr(dead, n) for n in DeadLetter.__dataclass_fields__}, "raw": raw})])
    store.remember_prefix(f"/var/log/{CODE}.log", 10, "ef" * 16)
    alert, quiet = an_alert(CODE), an_alert("cmd.exe", number=2)
    hit = BaseHit(rule_id="r", timestamp=now, group=(CODE, "x"), value="Arta Hoxha", event_id="e")
    store.commit_run("run", cursor=3, alerts=[alert, quiet], hits=[hit])
    store.save_incidents([an_incident(CODE, alerts=[alert])])
    store.save_records([Record(kind="outbox", key="k", state="due", body=f'{{"text": "about {CODE}", "n": 1}}')])
    return others


def test_a_person_is_gone_from_every_file_and_the_rest_is_as_it_was(
    store: EmbeddedStore, others: list[Event], one, letter, subject: Subject
) -> None:
    before = {slice_.first_sequence: slice_.last_sequence for slice_ in store.scan()}
    done = store.erase(subject)
    ones = ("alerts", "incidents", "hits", "records", "dead_letters", "prefixes")
    assert done.counts == {"events": 5, **dict.fromkeys(ones, 1)}
    scan = scan_files(store.folder, subject)
    assert scan.files > 2
    assert scan.remnants == []
    assert list(store.events_by_id([each.id for each in others]).values()) == others
    assert {slice_.first_sequence: slice_.last_sequence for slice_ in store.scan()} == before
    erased = store.events_by_id([personal(one, 0).id])[personal(one, 0).id]
    assert erased.fields["user.id"] == erased.fields["user.full_name"].split()[0] == ERASED
    assert erased.fields["url.path"] == f"/person/{ERASED}"
    assert erased.fields["related.user"] == [ERASED, "svc"]
    assert erased.fields["host.name"] == "ss1"
    assert "47101010033" not in str(erased)
    assert [letter.id for letter in store.dead_letters()] == [letter(1).id, letter(2).id]
    assert store.alert(an_alert(CODE).id).fields["host.name"] == ERASED
    assert store.alert(an_alert("cmd.exe", number=2).id) == an_alert("cmd.exe", number=2)
    assert store.incidents()[0].title == f"Attack on {ERASED}"
    record = store.record("outbox", "k")
    assert record is not None
    assert record.body == f'{{"n":1,"text":"about {ERASED}"}}'
    assert store.erase(subject).counts == {}


def test_joined_segments_are_written_anew_with_their_sequences(store: EmbeddedStore, one, many, subject) -> None:
    for start in range(0, 60, 20):
        store.append([personal(one, start), *many(19, start=start + 1)], [])
    store.compact()
    assert store.erase(subject).counts["events"] == 3
    assert scan_files(store.folder, subject).remnants == []
    sequences = [n for part in store.scan(columns=["kulla.sequence"]) for n in part.table["kulla.sequence"].to_pylist()]
    assert sorted(sequences) == list(range(1, 61))
    assert len(list(store.folder.glob("events/*/*/*.parquet"))) == 1  # what was joined and what was changed are gone
    assert store.append([personal(one, 20)], []).duplicates == 1


def test_the_bytes_are_gone_from_pages_and_logs_of_the_database(store: EmbeddedStore, subject, letter) -> None:
    dead = replace(letter(3), raw=f"{CODE} ".encode() * 400)
    store.append([], [dead])
    database = store.folder / "store.sqlite"
    files = [database, database.with_name("store.sqlite-wal")]
    assert any(CODE.encode() in path.read_bytes() for path in files)
    store.erase(subject)
    assert not any(CODE.encode() in path.read_bytes() for path in files if path.exists())


def test_a_reader_that_holds_on_is_told_and_the_next_run_finishes(store: EmbeddedStore, subject, letter, one) -> None:
    store.append([personal(one, 1)], [replace(letter(3), raw=CODE.encode())])
    reader = sqlite3.connect(store.folder / "store.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM dead_letters").fetchall()
    with pytest.raises(StoreError):
        store.erase(subject)
    reader.close()
    store.erase(subject)
    assert scan_files(store.folder, subject).remnants == []


@pytest.fixture(params=["put_in_place", "_erase_rows", "sweep", "remove_retired"])
def killed_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let an erasure be killed at one of its steps; what is returned ends that."""
    step, calls = str(request.param), []
    whole = getattr(erasing, step)

    def killed(*args: object, **named: object) -> object:
        calls.append(step)
        if len(calls) == 2 or step in {"sweep", "remove_retired"}:
            raise KeyboardInterrupt
        return whole(*args, **named)

    monkeypatch.setattr(erasing, step, killed)
    return lambda: monkeypatch.setattr(erasing, step, whole)


def test_an_erasure_that_was_killed_is_finished_by_the_next(
    store: EmbeddedStore, others: list[Event], one, subject, killed_at: Callable[[], None]
) -> None:
    for number in range(3):
        store.append([personal(one, 100 + number)], [])
    with pytest.raises(KeyboardInterrupt):
        store.erase(subject)
    store.close()
    killed_at()
    with EmbeddedStore(store.folder, lambda: NOW) as again:
        again.erase(subject)
        assert scan_files(store.folder, subject).remnants == []
        assert again.status().events == 40 + 8
        assert list(again.events_by_id([each.id for each in others]).values()) == others


def test_the_scan_finds_what_is_left_in_any_kind_of_file(tmp_path: Path, store: EmbeddedStore, one, subject) -> None:
    store.append([personal(one, 1)], [])
    (tmp_path / "note.txt").write_text("asked for 471010-10033")
    (tmp_path / "model.bin").write_bytes(b"\0\1" + CODE.encode("utf-16-le") + b"\0")
    (tmp_path / "clean.txt").write_text("nothing here 47101010034")
    (tmp_path / f"{CODE}.log").write_text("")
    (tmp_path / "link").symlink_to("/etc/hostname")
    found = {each.where: each.what for each in scan_files(tmp_path, subject).remnants}
    assert {"note.txt": "its text", "model.bin": "its bytes", f"{CODE}.log": "its name"}.items() <= found.items()
    assert any(where.endswith(".parquet") for where in found)
    assert "clean.txt" not in found


def test_columns_of_numbers_lose_the_number_and_keep_the_others(store: EmbeddedStore, one, subject) -> None:
    store.append([personal(one, 1), one({"http.request.bytes": 12}, number=2)], [])
    store.erase(subject)
    path = next(store.folder.glob("events/*/*/*.parquet"))
    assert sorted(pq.read_table(path)["http.request.bytes"].drop_null().to_pylist()) == [12]


def test_a_store_of_an_earlier_schema_is_read_and_its_letters_get_a_day(tmp_path: Path, letter, now) -> None:
    from engine.store.schema import MIGRATIONS

    folder = tmp_path / "old"
    folder.mkdir(mode=0o700)
    with sqlite3.connect(folder / "store.sqlite") as database:
        for step in MIGRATIONS[:3]:
            database.executescript(step)
        database.execute("INSERT INTO dead_letters VALUES (1,'d1','/l','ab',0,1,'nginx','no time',x'00',1)")
        database.execute("PRAGMA user_version=3")
    database.close()
    with EmbeddedStore(folder, lambda: now + timedelta(days=1)) as store:
        assert [each.id for each in store.dead_letters()] == ["d1"]
        store.append([], [letter(1)])
        assert store.status().dead_letters == 2

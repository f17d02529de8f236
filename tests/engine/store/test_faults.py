"""What goes wrong around a store: no space, no right, damage, two at once. Each is told, and nothing is half stored."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import segments
from engine.store.database import Database
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Appended

LIMITED = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from engine.errors import StoreError
from engine.events import Event, Origin
from engine.store.embedded import EmbeddedStore
import random
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
noise = random.Random(1)
def events(start):
    return [Event(id=f"{n:032}", origin=Origin(path="/a", identity="ab" * 16, offset=n, number=n),
                  original=noise.randbytes(500).hex(), fields={"host.name": "h"}) for n in range(start, start + 200)]
with EmbeddedStore(Path(sys.argv[1]), lambda: datetime(2026, 3, 1, tzinfo=UTC)) as store:
    assert store.append(events(0), []).stored == 200
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        store.append(events(200), [])
    except StoreError as error:
        assert "no space" in error.message and error.where == sys.argv[1] and error.hint, repr(error)
    else:
        raise SystemExit("stored beyond the limit")
    assert store.status().events == 200
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert store.append(events(0) + events(200), []).stored == 200
    assert sum(part.table.num_rows for part in store.scan()) == 400
"""


def test_a_file_system_that_takes_no_more(tmp_path) -> None:
    run = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize("failing", ["fsync", "rename", "second rename"])
def test_no_space_at_any_step_stores_nothing(store, many, letter, monkeypatch, failing) -> None:
    store.append(many(5), [])
    calls = iter(range(10))

    def full(*_: object) -> None:
        if failing != "second rename" or next(calls) == 1:
            raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        if failing == "fsync":
            patch.setattr(segments.os, "fsync", full)
        else:
            genuine = Path.rename
            patch.setattr(Path, "rename", lambda path, target: (full(), genuine(path, target)))
        batch = many(1100, start=100) + many(1100, start=2000, dataset="other")
        with pytest.raises(StoreError, match="no space") as caught:
            store.append(batch, [letter(1)])
    assert caught.value.where == str(store.folder)
    assert store.status().events == 5
    assert store.dead_letters() == []
    assert list(store.folder.rglob("*.part")) == []
    assert store.append(batch, [letter(1)]) == Appended(stored=2200, duplicates=0, dead_lettered=1, dead_duplicates=0)
    assert len(list(store.folder.rglob("*.parquet"))) == 3


def test_orphans_and_abandoned_files_are_removed_but_not_those_of_living_writers(store, many, tmp_path) -> None:
    store.append(many(5), [])
    store.close()
    (known,) = tmp_path.rglob("*.parquet")
    orphan = known.with_name("000000000000099.parquet")
    orphan.write_bytes(known.read_bytes())
    staged = tmp_path / "store" / "staged"
    (staged / "dead.part").write_bytes(b"half")
    alive = segments.stage(segments.SegmentReader(known).read(0, ["event.id"]), staged)
    assert sum(part.table.num_rows for part in store.scan()) == 5
    store.append(many(5, start=5), [])
    assert not orphan.exists()
    assert [path.name for path in staged.iterdir()] == [alive.path.name]
    alive.discard()


def test_everything_is_for_its_owner_only(store, many, tmp_path) -> None:
    os.umask(os.umask(0o022))
    store.append(many(5), [])
    paths = [tmp_path / "store", *(tmp_path / "store").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path, now) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot write") as caught, EmbeddedStore(tmp_path, lambda: now):
        pass
    assert caught.value.hint


def test_a_folder_that_is_a_file(tmp_path, now) -> None:
    (tmp_path / "store").write_text("x")
    with pytest.raises(StoreError) as caught, EmbeddedStore(tmp_path / "store", lambda: now):
        pass
    assert caught.value.hint


def test_a_damaged_database_is_named(store, many, tmp_path) -> None:
    store.append(many(5), [])
    store.close()
    path = tmp_path / "store" / "store.sqlite"
    path.write_bytes(b"this is no database, whatever it was before" * 300)
    with pytest.raises(StoreError, match="damaged") as caught:
        store.status()
    assert caught.value.where == str(path)
    assert caught.value.hint


@pytest.mark.parametrize("lost", ["gone", "emptied"])
def test_events_whose_database_is_lost_are_not_taken_for_leftovers(store, many, tmp_path, now, lost) -> None:
    store.append(many(3), [])
    store.close()
    folder = tmp_path / "store"
    database = folder / "store.sqlite"
    database.unlink() if lost == "gone" else database.write_bytes(b"")
    for _ in range(2):  # the first attempt makes no database either that the second would believe
        with pytest.raises(StoreError, match="database is lost") as caught, EmbeddedStore(folder, lambda: now) as again:
            again.append(many(2, start=10), [])
        assert "backup" in caught.value.hint
    assert len(list(folder.rglob("*.parquet"))) == 1


@pytest.mark.parametrize("since", ["stored", "joined"])
def test_events_that_an_older_database_does_not_know_are_not_taken_for_leftovers(
    store, many, tmp_path, now, since
) -> None:
    folder = tmp_path / "store"
    for start in (0, 10):
        store.append(many(3, start=start), [])
    store.close()
    backup = (folder / "store.sqlite").read_bytes()
    with EmbeddedStore(folder, lambda: now) as later:
        later.append(many(3, start=20), []) if since == "stored" else later.compact()
    (folder / "store.sqlite").write_bytes(backup)
    before = sorted(folder.rglob("*.parquet"))
    with EmbeddedStore(folder, lambda: now) as restored:
        with pytest.raises(StoreError, match="older than the events beside it") as caught:
            restored.append(many(2, start=30), [])
        assert "one backup" in caught.value.hint
    assert sorted(folder.rglob("*.parquet")) == before


@pytest.mark.parametrize("note", [None, b"", b"x" * 100, "\u0663".encode()])
def test_leftovers_are_removed_whatever_became_of_the_note_beside_the_segments(
    store, many, tmp_path, now, note
) -> None:
    store.append(many(3), [])
    store.close()
    (known,) = (tmp_path / "store").rglob("*.parquet")
    leftover = known.with_name("000000000000004.parquet")
    leftover.write_bytes(known.read_bytes())
    path = tmp_path / "store" / "events" / "newest"
    path.unlink() if note is None else path.write_bytes(note)
    with EmbeddedStore(tmp_path / "store", lambda: now) as again:
        assert again.append(many(2, start=10), []).stored == 2
        assert again.status().events == 5


def test_a_store_of_a_newer_kulla_is_left_alone(store, tmp_path) -> None:
    with store._open().transaction() as connection:
        connection.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="newer kulla"):
        store.status()


def test_a_writer_waits_for_another_and_says_so(store, many, tmp_path) -> None:
    other = Database(tmp_path / "store" / "store.sqlite", patience=0.05)
    with other.transaction():
        assert store.status().events == 0  # readers do not wait
        with pytest.raises(StoreError, match="another process"):
            store.append(many(5), [])
        assert list(store.scan()) == []
    assert store.append(many(5), []).stored == 5
    other.close()


def test_two_writers_of_the_same_source_at_once_double_nothing(store, many, tmp_path, now, monkeypatch) -> None:
    """The other writer commits after this one has looked for duplicates and before it has the lock."""
    genuine = segments.stage
    others = iter([True])

    def slow(table, folder, sizes=()):
        staged = genuine(table, folder, sizes)
        if next(others, False):
            with EmbeddedStore(tmp_path / "store", lambda: now) as other:
                other.append(many(6), [])
        return staged

    monkeypatch.setattr("engine.store.intake.stage", slow)
    assert store.append(many(10), []) == Appended(stored=4, duplicates=6, dead_lettered=0, dead_duplicates=0)
    ids = [number for part in store.scan(columns=["event.id"]) for number in part.table["event.id"].to_pylist()]
    assert len(ids) == len(set(ids)) == 10


COLLECTOR = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine.events import Event, Origin
from engine.store.embedded import EmbeddedStore
with EmbeddedStore(Path(sys.argv[1]), lambda: datetime(2026, 3, 1, tzinfo=UTC)) as store:
    for start in range(0, 1000, 50):
        store.append([Event(id=f"{n:032}", origin=Origin(path="/a", identity="ab" * 16, offset=n, number=n),
                            original=f"line {n}", fields={"host.name": "h"}) for n in range(start, start + 50)], [])
"""


def test_one_process_collects_while_another_detects(tmp_path, now) -> None:
    seen: list[str] = []
    looks = 0
    with (
        EmbeddedStore(tmp_path, lambda: now) as reader,
        subprocess.Popen([sys.executable, "-c", COLLECTOR, tmp_path]) as collector,
    ):
        while collector.poll() is None or reader.cursor("detect") < reader.last_sequence():
            until = reader.last_sequence()
            for part in reader.scan(after=reader.cursor("detect"), until=until, columns=["event.id"]):
                seen += part.table["event.id"].to_pylist()
            reader.commit_run("detect", cursor=until, alerts=[], hits=[])
            assert len(seen) % 50 == 0  # a batch is seen whole or not at all
            looks += 1
    assert collector.returncode == 0
    assert looks > 1
    assert seen == [f"{number:032}" for number in range(1000)]


@pytest.fixture
def sealed(store, many, tmp_path) -> EmbeddedStore:
    """Return a closed store where nobody can share memory any more, as on a full disk or one mounted for reading."""
    store.append(many(5), [])
    store.close()
    _seal(tmp_path / "store")
    return store


def _seal(folder: Path) -> None:
    shared = folder / "store.sqlite-shm"
    shared.unlink(missing_ok=True)
    shared.mkdir()


def test_what_cannot_be_written_is_read_all_the_same(sealed, many) -> None:
    assert sealed.status().events == 5
    assert sum(part.table.num_rows for part in sealed.scan()) == 5
    with pytest.raises(StoreError, match="cannot write the store") as caught:
        sealed.append(many(5, start=5), [])
    assert caught.value.hint
    assert sealed.status().events == 5


def test_the_last_commits_of_a_killed_writer_are_read_where_nothing_can_be_written(store, many, tmp_path, now) -> None:
    store.append(many(5), [])
    shutil.copytree(store.folder, tmp_path / "killed")
    _seal(tmp_path / "killed")
    before = {path.name: path.stat().st_size for path in (tmp_path / "killed").iterdir()}
    assert before["store.sqlite-wal"] > 0
    with EmbeddedStore(tmp_path / "killed", lambda: now) as killed:
        assert killed.status().events == 5
        with pytest.raises(StoreError, match="cannot write the store"):
            killed.append(many(5, start=5), [])
    assert {path.name: path.stat().st_size for path in (tmp_path / "killed").iterdir()} == before


def test_a_store_of_an_older_kulla_that_cannot_be_written_is_left_alone(sealed, tmp_path) -> None:
    (tmp_path / "store" / "store.sqlite-shm").rmdir()
    with sealed._open().transaction() as connection:
        connection.execute("PRAGMA user_version=1")
    sealed.close()
    _seal(tmp_path / "store")
    with pytest.raises(StoreError, match="older kulla"):
        sealed.status()

"""Followed files: what is written is stored once, in whatever way the file is rotated."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import StoreError
from engine.store.embedded import EmbeddedStore
from tests.collectors.transports.following import NOW, World, append, line


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(root=tmp_path)
    made.start()
    yield made
    made.stop()


def test_lines_are_stored_as_they_come_and_the_last_one_after_a_moment(world: World) -> None:
    append(world.log, *range(3))
    world.look()
    assert world.numbers() == [0, 1]
    world.look(after=1.0)
    assert world.numbers() == [0, 1, 2]
    append(world.log, 3, 4)
    world.settle()
    assert world.numbers() == [0, 1, 2, 3, 4]


def test_a_line_without_its_end_waits_for_it(world: World) -> None:
    append(world.log, 0)
    with world.log.open("ab") as stream:
        stream.write(line(1)[:40])
        stream.flush()
        world.settle()
        assert world.numbers() == [0]
        stream.write(line(1)[40:])
    world.settle()
    assert world.numbers() == [0, 1]


def test_a_last_line_that_never_ends_is_stored_in_the_end(world: World) -> None:
    world.log.write_bytes(line(0) + line(1).rstrip())
    world.settle()
    assert world.numbers() == [0]
    world.look(after=61)
    assert world.numbers() == [0, 1]


def test_a_restart_goes_on_where_the_run_before_ended(world: World) -> None:
    append(world.log, *range(30))
    world.settle()
    world.stop()
    append(world.log, *range(30, 60))
    world.start()
    world.settle()
    assert world.numbers() == list(range(60))
    assert world.running is not None
    assert [account.records for account in world.running.accounts.values()] == [30]


def test_renamed_while_running_with_lines_after_the_rename(world: World) -> None:
    append(world.log, *range(20))
    world.look()
    world.log.rename(world.log.with_name("access.log.1"))
    append(world.log.with_name("access.log.1"), 20, 21)
    append(world.log, 22, 23)
    world.look()
    append(world.log.with_name("access.log.1"), 24)
    world.settle()
    assert sorted(world.numbers()) == list(range(25))


def test_copied_and_truncated_while_running_loses_nothing_that_was_copied(world: World) -> None:
    append(world.log, *range(40))
    world.look()
    append(world.log, 40, 41)
    shutil.copyfile(world.log, world.log.with_name("access.log.1"))
    os.truncate(world.log, 0)
    append(world.log, *range(42, 50))
    world.settle()
    assert sorted(world.numbers()) == list(range(50))


def test_truncated_and_written_beyond_the_checkpoint_between_two_looks(world: World) -> None:
    append(world.log, *range(10))
    world.settle()
    world.log.write_bytes(b"".join(line(number) for number in range(100, 180)))
    world.settle()
    assert sorted(world.numbers()) == [*range(10), *range(100, 180)]


def test_what_was_held_of_a_content_that_is_gone_is_stored_in_the_end(world: World) -> None:
    append(world.log, *range(10))
    world.look()
    assert world.numbers() == list(range(9))
    world.log.write_bytes(line(50))
    world.settle()
    assert sorted(world.numbers()) == [*range(10), 50]


def test_deleted_and_made_again(world: World) -> None:
    append(world.log, *range(10))
    world.settle()
    append(world.log, 10)
    world.log.unlink()
    append(world.log, *range(11, 20))
    world.settle()
    assert sorted(world.numbers()) == list(range(20))


def test_rewritten_on_the_same_inode_while_stopped(world: World) -> None:
    append(world.log, *range(10))
    world.settle()
    world.stop()
    world.log.write_bytes(b"".join(line(number) for number in range(300, 360)))
    world.start()
    world.settle()
    assert sorted(world.numbers()) == [*range(10), *range(300, 360)]


@pytest.mark.parametrize("packed", [False, True])
def test_two_rotations_while_stopped(world: World, packed: bool) -> None:
    append(world.log, *range(40))
    world.settle()
    world.stop()
    append(world.log, *range(40, 60))
    second, first = world.log.with_name("access.log.2"), world.log.with_name("access.log.1")
    world.log.rename(second)
    if packed:
        with gzip.open(second.with_name("access.log.2.gz"), "wb") as stream:
            stream.write(second.read_bytes())
        second.unlink()
    append(first, *range(60, 100))
    append(world.log, *range(100, 120))
    world.start()
    world.settle()
    assert sorted(world.numbers()) == list(range(120))
    assert world.running is not None
    assert sum(account.duplicates for account in world.running.accounts.values()) == 0  # resumed inside the gz too


def test_an_old_rotation_beside_a_named_file_is_left_alone(world: World) -> None:
    old = world.log.with_name("access.log.7")
    append(old, 1, 2, 3)
    os.utime(old, (1_600_000_000, 1_600_000_000))
    append(world.log, 4)
    world.settle()
    assert world.numbers() == [4]


def test_compressed_while_running(world: World) -> None:
    append(world.log, *range(40))
    world.look()
    rotated = world.log.with_name("access.log.1")
    world.log.rename(rotated)
    append(rotated, 40)
    append(world.log, 41, 42)
    with gzip.open(rotated.with_name("access.log.1.gz"), "wb") as stream:
        stream.write(rotated.read_bytes())
    rotated.unlink()
    world.settle()
    assert sorted(world.numbers()) == list(range(43))


def test_a_killed_process_loses_and_doubles_nothing(world: World) -> None:
    append(world.log, *range(6_000))
    for batches, before_commit in ((1, True), (1, False), (2, True), (1, False)):
        world.killed(batches=batches, before_commit=before_commit)
        world.start()
    world.settle()
    assert sorted(world.numbers()) == list(range(6_000))


def test_header_lines_are_known_again_after_a_restart(tmp_path: Path) -> None:
    world = World(root=tmp_path, named=[tmp_path / "logs"])
    world.start()
    log = world.log.with_name("u_ex260311.log")
    head = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-11 10:00:00\n"
    fields = "#Fields: date time s-ip cs-method cs-uri-stem sc-status c-ip\n"
    log.write_text(head + fields + "2026-03-11 10:00:01 192.0.2.1 GET /a 200 198.51.100.7\n")
    world.settle()
    world.stop()
    with log.open("a") as stream:
        stream.write("2026-03-11 10:00:02 192.0.2.1 POST /b 404 198.51.100.8\n")
    world.start()
    world.settle()
    assert world.store is not None
    _, rows = world.store.query('SELECT "url.path", "source.ip" FROM events ORDER BY "@timestamp"')
    assert [tuple(row) for row in rows] == [("/a", "198.51.100.7"), ("/b", "198.51.100.8")]
    assert not world.store.dead_letters()
    world.stop()


def test_a_record_of_several_lines_is_held_until_the_next_begins(tmp_path: Path) -> None:
    world = World(root=tmp_path, source="postgresql")
    world.start()
    first = "2026-03-11 10:00:01.000 UTC [77] app@shop ERROR:  syntax error\n"
    world.log.write_text(first)
    world.look()
    with world.log.open("a") as stream:
        stream.write("\tat or near line 2\n")
    world.look()
    assert world.originals() == []
    with world.log.open("a") as stream:
        stream.write("2026-03-11 10:00:02.000 UTC [77] app@shop LOG:  done\n")
    world.settle()
    assert world.originals() == [
        (first + "\tat or near line 2").rstrip(),
        "2026-03-11 10:00:02.000 UTC [77] app@shop LOG:  done",
    ]
    world.stop()


def test_a_json_array_is_read_as_a_whole_once_it_stays_as_it_is(tmp_path: Path) -> None:
    world = World(root=tmp_path, named=[tmp_path / "logs"])
    world.start()
    documents = [{"@timestamp": f"2026-03-11T10:00:0{number}Z", "message": f"m{number}"} for number in range(5)]
    path = world.log.with_name("export.json")
    path.write_text(json.dumps(documents)[:80])
    world.look()
    path.write_text(json.dumps(documents))
    world.settle()
    assert len(world.originals()) == 5
    assert world.store is not None
    assert not world.store.dead_letters()
    world.stop()


def test_two_followers_of_one_store_do_not_move_each_others_checkpoints(world: World) -> None:
    from engine.errors import StoreError

    append(world.log, *range(10))
    world.settle()
    other = World(root=world.root)
    other.start()
    append(world.log, 10, 11)
    world.settle()
    with pytest.raises(StoreError, match="checkpoint"):
        other.settle()
    other.stop()
    assert sorted(world.numbers()) == list(range(12))


def test_a_folder_with_other_things_in_it(tmp_path: Path) -> None:
    world = World(root=tmp_path, named=[tmp_path / "logs"])
    world.start()
    append(world.log, 1)
    (world.log.parent / "noise.bin").write_bytes(bytes(range(256)) * 20)
    os.mkfifo(world.log.parent / "pipe.log")
    world.settle()
    assert world.numbers() == [1]
    world.stop()


def test_a_store_that_answers_no_question_for_a_while_ends_no_run(tmp_path: Path) -> None:
    refusals = iter(["append", "record", "append"])  # an attempt, the question whether it was in vain, another attempt
    asked: list[str] = []

    class Failing(EmbeddedStore):
        def _answer(self, question: str) -> None:
            asked.append(question)
            if next(refusals, "") == question:
                raise StoreError("the store does not answer")

        def append(self, *args: Any, **wanted: Any) -> Any:
            self._answer("append")
            return super().append(*args, **wanted)

        def record(self, kind: str, key: str) -> Any:
            if asked:
                self._answer("record")
            return super().record(kind, key)

    world = World(root=tmp_path, opened=lambda folder: Failing(folder, lambda: NOW))
    world.start()
    append(world.log, *range(5))
    world.settle()
    assert asked[:4] == ["append", "record", "append", "record"]
    assert world.numbers() == list(range(5))
    world.stop()

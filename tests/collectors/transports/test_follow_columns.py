"""A followed file that has grown by much is read by columns: the same is stored as where it is read line by line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.store.embedded import EmbeddedStore
from tests.collectors.columns.both import PLAIN, contents
from tests.collectors.transports.faulty import Fault, failing
from tests.collectors.transports.following import NOW, World, line

ERROR = b"2026/03/11 10:00:00 [error] 7#7: *1 open() failed, client: 192.0.2.7, server: a\n"
ODD = (ERROR, b"no line of any log\n", b"\n", b"  \n", b"\xff\xfe\x01\n", line(1).replace(b"agent", "\u00e7".encode()))


class Watching(EmbeddedStore):
    """A store that counts the events that came as columns."""

    wide = 0

    def append_batches(self, batches: Any, *args: Any, **wanted: Any) -> Any:
        Watching.wide += sum(batch.rows for batch in batches)
        return super().append_batches(batches, *args, **wanted)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.transports.tracked._WORTH", 4_000)
    monkeypatch.setattr("collectors.transports.tracked._BACKLOG", 40_000)
    monkeypatch.setattr(Watching, "wide", 0)


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[list[World]]:
    """Return two worlds, of which the second reads by columns."""
    made = [World(root=tmp_path / "rows"), World(root=tmp_path / "columns", treatment=PLAIN)]
    for world in made:
        world.root.mkdir()
        world.opened = lambda folder: Watching(folder, lambda: NOW)
        world.start()
    yield made
    for world in made:
        world.stop()


def lines(count: int, start: int, chance: Random) -> bytes:
    """Return usual lines with some others among them."""
    found: list[bytes] = []
    for number in range(start, start + count):
        found.append(line(number))
        if chance.random() < 0.05:
            found += chance.choices(ODD, k=2)
    return b"".join(found)


def same(worlds: Sequence[World], step: Callable[[World], None]) -> None:
    for world in worlds:
        step(world)


def assert_alike(worlds: Sequence[World]) -> int:
    """Assert that both worlds have stored the same; return how many events there are."""
    found = [contents(world.store) for world in worlds if world.store is not None]
    rows, columns = ({number: _placeless(event) for number, event in each[0].items()} for each in found)
    assert columns == rows
    assert [_placeless(letter) for letter in found[1][1]] == [_placeless(letter) for letter in found[0][1]]
    counted = [_counts(world) for world in worlds]
    assert counted[0] == counted[1]
    return len(rows)


def _placeless(item: Any) -> Any:
    """Leave out the folder, which is each world's own."""
    origin = item.origin
    return (
        item.id,
        origin.identity,
        origin.offset,
        origin.number,
        getattr(item, "fields", None),
        Path(origin.path).name,
    )


def _counts(world: World) -> Any:
    assert world.running is not None
    return [(each.records, each.stored, each.duplicates) for each in world.running.accounts.values()]


@pytest.mark.parametrize("seed", range(5))
def test_what_grows_by_much_and_by_little_is_stored_alike(worlds: list[World], seed: int) -> None:
    chance, start = Random(seed), 0
    for _ in range(8):
        count = chance.choice([1, 3, 200, 900])
        text = lines(count, start, chance)
        text = text[: -chance.choice([0, 0, 1, 20])] or text  # a line without its end
        start += count

        def step(world: World, text: bytes = text, looks: int = chance.randrange(1, 4)) -> None:
            with world.log.open("ab") as stream:
                stream.write(text)
            for _ in range(looks):
                world.look()

        same(worlds, step)
        if chance.random() < 0.3:
            same(worlds, World.settle)
            assert_alike(worlds)
            same(worlds, World.stop)
            same(worlds, World.start)
    same(worlds, World.settle)
    assert assert_alike(worlds) > 100
    assert Watching.wide > 100


def test_killed_before_and_after_batches_are_stored_nothing_is_lost_or_doubled(worlds: list[World]) -> None:
    world = worlds[1]
    world.log.write_bytes(b"".join(line(number) for number in range(6_000)))
    for batches, before_commit in ((1, True), (1, False), (2, True), (3, False), (2, False)):
        world.killed(batches=batches, before_commit=before_commit)
        world.start()
    world.settle()
    assert sorted(world.numbers()) == list(range(6_000))
    assert Watching.wide > 5_000


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.HALF, Fault.UNHEARD])
def test_a_store_that_fails_is_tried_again(tmp_path: Path, fault: Fault) -> None:
    world = World(root=tmp_path, treatment=PLAIN, opened=failing(fault, Random(4), share=0.5))
    world.start()
    world.log.write_bytes(lines(2_000, 0, Random(1)))
    for _ in range(6):
        world.settle()
    world.stop()
    plain = World(root=tmp_path / "plain", named=[world.log])
    plain.root.mkdir()
    plain.start()
    plain.settle()
    again = World(root=tmp_path, treatment=PLAIN)
    again.start()
    assert again.store is not None
    assert plain.store is not None
    assert contents(again.store)[0].keys() == contents(plain.store)[0].keys()
    assert len(again.store.dead_letters()) == len(plain.store.dead_letters())
    again.stop()
    plain.stop()


def test_a_file_that_is_copied_and_truncated_with_a_backlog_gives_all_of_both(worlds: list[World]) -> None:
    def step(world: World) -> None:
        world.log.write_bytes(b"".join(line(number) for number in range(900)))
        world.look()
        shutil.copyfile(world.log, world.log.with_name("access.log.1"))
        os.truncate(world.log, 0)
        with world.log.open("ab") as stream:
            stream.write(b"".join(line(number) for number in range(900, 2_000)))
        world.settle()
        assert sorted(world.numbers()) == list(range(2_000))

    same(worlds, step)


def test_what_is_replaced_while_it_is_read_is_not_mixed(worlds: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds[1]
    world.log.write_bytes(b"".join(line(number) for number in range(3_000)))
    world.settle()
    read = 0
    pread = os.pread

    def replacing(number: int, size: int, offset: int) -> bytes:
        nonlocal read
        read += 1
        if read == 12:  # in the middle of a backlog
            world.log.write_bytes(b"".join(line(number) for number in range(5_000, 9_000)))
        return pread(number, size, offset)

    with world.log.open("ab") as stream:
        stream.write(b"".join(line(number) for number in range(3_000, 4_000)))
    monkeypatch.setattr("os.pread", replacing)
    world.settle()
    monkeypatch.undo()
    found = world.numbers()
    assert len(set(found)) == len(found)
    assert set(range(5_000, 9_000)) <= set(found) <= {*range(4_000), *range(5_000, 9_000)}
    assert set(range(2_900)) <= set(found)


def test_files_take_turns(tmp_path: Path) -> None:
    world = World(root=tmp_path, named=[tmp_path / "logs"], treatment=PLAIN)
    world.start()
    for name in ("a.log", "b.log"):
        (tmp_path / "logs" / name).write_bytes(
            b"".join(line(number) for number in range(2_000)).replace(b"GET /", b"GET /" + name[:1].encode())
        )
    assert world.follower is not None
    world.clock += 1.0
    first = [Path(batch.mark.path).name for batch in world.follower.step()]
    assert set(first) == {"a.log", "b.log"}
    assert len(first) == 2
    world.stop()

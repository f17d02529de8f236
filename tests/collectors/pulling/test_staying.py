"""Runs of pulling that stay: what they do while the other side or the store refuses, and what they know by then."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pytest

from cli.pulling import Pulling
from collectors.pulling.ahead import Ahead
from collectors.pulling.bucket import KIND, BucketPuller
from collectors.pulling.objects import Body, GoneError, Listed
from collectors.pulling.seam import Puller, UnreachableError
from engine.errors import ConfigurationError, StoreError
from engine.store.embedded import EmbeddedStore
from tests.cli.runs import access_log
from tests.collectors.pulling.world import NOW, World
from tests.collectors.transports.faulty import Fault, Faulty


@dataclass
class Shelf:
    """A bucket in memory; `refused` is raised by the first question for each object that it names."""

    contents: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)
    listing: Exception | None = None
    held: threading.Event = field(default_factory=threading.Event)  # what objects named `slow` wait for

    def __str__(self) -> str:
        return "s3://shelf"

    def listed(self, prefix: str) -> Iterator[list[Listed]]:
        if self.listing is not None:
            raise self.listing
        yield [
            Listed(key=key, tag=blake2b(body).hexdigest(), size=len(body), modified=NOW)
            for key, body in sorted(self.contents.items())
            if key.startswith(prefix)
        ]

    def fetch(self, found: Listed, start: int) -> Body:
        if found.key in self.refused:
            raise self.refused[found.key]
        if found.key == "slow":
            self.held.wait(60)
        return io.BytesIO(self.contents[found.key][start:])

    def close(self) -> None:
        pass


def looking(shelf: Shelf, *turns: Callable[[], None]) -> Callable[[Pulling], dict[str, Puller]]:
    """Return what makes a run look once more after each turn, and end."""

    def make(pulling: Pulling) -> dict[str, Puller]:
        left = list(turns)
        slept = pulling.sleep

        def sleep(seconds: float) -> None:
            slept(seconds)
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        pulling.sleep = sleep
        puller = BucketPuller(bucket=Ahead(shelf), prefix="", means=pulling.means(KIND))
        puller.pause = 0.0
        return {"s3://shelf/": puller}

    return make


def once(shelf: Shelf) -> Callable[[Pulling], dict[str, Puller]]:
    return lambda pulling: {"s3://shelf/": BucketPuller(bucket=Ahead(shelf), prefix="", means=pulling.means(KIND))}


@pytest.fixture
def world(world: World) -> World:
    world.stays = True
    world.clock = lambda: sum(world.slept)
    return world


def no_turn() -> None:
    pass


@pytest.mark.parametrize("error", [ConfigurationError("refused"), UnreachableError("nobody")])
def test_a_place_that_fails_is_not_asked_again_at_once_even_where_it_is_watched_without_a_pause(
    world: World, error: Exception
) -> None:
    shelf = Shelf(contents={"a.log": access_log(3)})

    def refuse() -> None:
        shelf.listing = error

    def answer() -> None:
        shelf.listing = None

    world.run(looking(shelf, refuse, *[no_turn] * 5, answer, no_turn))
    assert world.slept == [0.0, 1.0, 2.0, 5.0, 15.0, 30.0, 30.0, 0.0, 0.0]


def test_a_store_that_fails_between_two_attempts_ends_no_run(world: World) -> None:
    calls: list[str] = []

    class Failing(Faulty):
        def record(self, kind: str, key: str) -> Any:
            calls.append("record")
            if "append" in calls and calls.count("append") < 3:
                raise StoreError("the store fails")
            return super().record(kind, key)

        def records(self, kind: str, **wanted: Any) -> Any:
            calls.append("records")
            if calls.count("records") < 3:
                raise StoreError("the store fails")
            return super().records(kind, **wanted)

        def append(self, *args: Any, **wanted: Any) -> Any:
            calls.append("append")
            self.chosen = lambda: Fault.REFUSED if calls.count("append") < 3 else Fault.NONE
            return super().append(*args, **wanted)

    world.opened = lambda folder: Failing(folder, lambda: NOW)
    shelf = Shelf(contents={"a.log": access_log(5)})
    world.run(looking(shelf, *[no_turn] * 4))
    assert calls.count("append") == 3
    assert world.slept == [1.0, 2.0, 1.0, 2.0, 0.0]
    assert len(world.stored()) == 5


def test_a_short_log_that_has_grown_is_known_under_another_key_in_the_same_run(world: World) -> None:
    shelf = Shelf(contents={"today.log": access_log(3)})

    def grow() -> None:
        shelf.contents["today.log"] = access_log(40)

    def move() -> None:
        shelf.contents["archive/1.log"] = shelf.contents.pop("today.log")

    account = world.run(looking(shelf, grow, move))
    assert (account.stored, account.duplicates) == (40, 43)
    assert len(world.stored()) == 40


def test_only_objects_that_never_come_count_towards_giving_a_look_up(world: World) -> None:
    contents = {f"{number}.log": access_log(2, path=f"/{number}") for number in range(6)}
    never, gone = UnreachableError("never comes"), GoneError("gone")
    shelf = Shelf(contents=contents, refused={f"{number}.log": gone if number == 2 else never for number in range(5)})
    world.stays = False
    assert world.run(once(shelf)).stored == 2
    assert len(world.issues) == 5


def test_closing_waits_for_nobody(world: World) -> None:
    shelf = Shelf(contents={"first": access_log(2), "slow": access_log(2, path="/slow")})
    closed: list[bool] = []

    class Watched(Ahead):
        def close(self) -> None:
            super().close()
            closed.append(not shelf.held.is_set())

    def make(pulling: Pulling) -> dict[str, Puller]:
        real = pulling.store.append

        def append(*args: Any, **wanted: Any) -> Any:
            real(*args, **wanted)
            raise KeyboardInterrupt

        pulling.store.append = append  # type: ignore[method-assign]
        pulling.now = iter(range(0, 1000, 10)).__next__  # what comes is stored at once
        return {"s3://shelf/": BucketPuller(bucket=Watched(shelf), prefix="", means=pulling.means(KIND))}

    world.run(make)
    shelf.held.set()
    assert closed == [True]


def test_names_that_are_known_are_not_written_again(world: World) -> None:
    written: list[str] = []

    class Watching(EmbeddedStore):
        def remember_prefix(self, path: str, length: int, identity: str) -> None:
            written.append(path)
            super().remember_prefix(path, length, identity)

    world.opened = lambda folder: Watching(folder, lambda: NOW)
    shelf = Shelf(contents={"today.log": access_log(3)})

    def grow(lines: int) -> Callable[[], None]:
        return lambda: shelf.contents.update({"today.log": access_log(lines)})

    world.run(looking(shelf, grow(40), grow(41)))
    assert len(written) == len(set(written)) == 1

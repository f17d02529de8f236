"""The fault matrix: seeded rotations, stops and kills; every line that was written is stored once.

A few runs of each kind in the suite; `KULLA_FAULT_RUNS=125` makes so many of each (1,000 of the eight kinds of files).
What a program truncates before anybody could read it is lost to everybody: those kinds let kulla look first.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.runs import child
from tests.collectors.transports.following import World, append, line
from tests.collectors.transports.network import Stalling, listening, stored
from tests.collectors.transports.test_listening import ask, bulk, message

RUNS = int(os.environ.get("KULLA_FAULT_RUNS", "2"))


class Writer:
    """A program that writes numbered lines, sometimes in halves, and whose log is rotated."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng, self.count, self.rotations = world, rng, 0, 0

    def write(self, most: int = 60) -> None:
        for _ in range(self.rng.randint(1, most)):
            raw = line(self.count)
            self.count += 1
            if self.rng.random() < 0.1:
                at = self.rng.randint(1, len(raw) - 1)
                self._put(raw[:at])
                self.maybe_look()
                self._put(raw[at:])
            else:
                self._put(raw)

    def _put(self, raw: bytes) -> None:
        with self.world.log.open("ab") as stream:
            stream.write(raw)

    def maybe_look(self) -> None:
        if self.world.follower is not None and self.rng.random() < 0.6:
            self.world.look(after=self.rng.choice((0.1, 0.5, 1.5)))

    def shift(self) -> Path:
        """Make room for `access.log.1`, and return it."""
        for number in range(9, 0, -1):
            for end in ("", ".gz"):
                old = self.world.log.with_name(f"access.log.{number}{end}")
                if old.exists():
                    old.rename(self.world.log.with_name(f"access.log.{number + 1}{end}"))
        return self.world.log.with_name("access.log.1")


def rename(writer: Writer) -> None:
    rotated = writer.shift()
    writer.world.log.rename(rotated)
    writer.maybe_look()
    if writer.rng.random() < 0.5:  # the program has not opened its new log yet
        append(rotated, writer.count)
        writer.count += 1


def copytruncate(writer: Writer) -> None:
    rotated = writer.shift()
    data = writer.world.log.read_bytes()
    at = writer.rng.randint(0, len(data))
    rotated.write_bytes(data[:at])
    writer.maybe_look()
    with rotated.open("ab") as stream:
        stream.write(data[at:])
    writer.maybe_look()
    os.truncate(writer.world.log, 0)


def rewrite(writer: Writer) -> None:
    writer.world.look(after=0.3)
    os.truncate(writer.world.log, 0)
    writer.write(most=120)


def recreate(writer: Writer) -> None:
    writer.world.look(after=0.3)
    if writer.rng.random() < 0.5:  # nobody holds the file while it is deleted, so that its inode is used again
        writer.world.settle()
        writer.world.stop()
        writer.world.log.unlink()
        append(writer.world.log, writer.count)
        writer.count += 1
        writer.world.start()
    else:
        writer.world.log.unlink()


def compress(writer: Writer) -> None:
    rename(writer)
    rotated = writer.world.log.with_name("access.log.1")
    packed = gzip.compress(rotated.read_bytes())
    at = writer.rng.randint(0, len(packed))
    target = rotated.with_name("access.log.1.gz")
    target.write_bytes(packed[:at])
    writer.maybe_look()
    target.write_bytes(packed)
    shutil.copystat(rotated, target)
    rotated.unlink()


def while_stopped(writer: Writer, *, times: int = 1) -> None:
    writer.world.stop()
    for _ in range(times):
        writer.write()
        kind = writer.rng.choice((rename, copytruncate, compress))
        kind(writer)
        writer.write()
    writer.world.start()


def twice_while_stopped(writer: Writer) -> None:
    while_stopped(writer, times=2)


def kill(writer: Writer) -> None:
    writer.write()
    writer.world.killed(batches=writer.rng.randint(1, 2), before_commit=writer.rng.random() < 0.5)
    if writer.rng.random() < 0.5:
        writer.write()
        writer.rng.choice((rename, copytruncate, compress))(writer)
    writer.world.start()


KINDS: tuple[Callable[[Writer], None], ...] = (
    rename,
    copytruncate,
    rewrite,
    recreate,
    compress,
    while_stopped,
    twice_while_stopped,
    kill,
)


@pytest.mark.parametrize("seed", range(RUNS))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_line_is_stored_once(tmp_path: Path, kind: Callable[[Writer], None], seed: int) -> None:
    rng = random.Random(f"{kind.__name__}-{seed}")
    world = World(root=tmp_path)
    world.start()
    writer = Writer(world, rng)
    for _ in range(rng.randint(1, 3)):
        writer.write()
        writer.maybe_look()
        kind(writer)
        writer.maybe_look()
    writer.write()
    world.settle()
    found = world.numbers()
    letters = world.store.dead_letters() if world.store else ()
    world.stop()
    assert not letters
    assert sorted(found) == list(range(writer.count)), "lost or doubled"


@pytest.mark.parametrize("seed", range(max(1, RUNS // 20)))
def test_processes_that_are_killed(tmp_path: Path, seed: int) -> None:
    """SIGKILL at random moments of a real process, while its log is rotated."""
    rng = random.Random(f"sigkill-{seed}")
    home, log = tmp_path / "home", tmp_path / "access.log"
    count = 0
    for turn in range(4):
        process = child("collect", str(log), "--follow", "--source", "nginx", home=home)
        until = time.monotonic() + rng.uniform(1.0, 6.0)
        try:
            while time.monotonic() < until or (turn == 0 and not (home / "store" / "events").exists()):
                append(log, *range(count, count + 50))
                count += 50
                if rng.random() < 0.02 and (home / "store" / "events").exists():  # following has begun
                    rotated = sorted(tmp_path.glob("access.log.*"), reverse=True)
                    for each in rotated:
                        each.rename(each.with_name(f"access.log.{int(each.suffix[1:]) + 1:03}"))
                    log.rename(tmp_path / "access.log.001")
                time.sleep(0.03)
        finally:
            process.kill()
            process.communicate()
    world = World(root=home, named=[log], source="nginx")
    world.start()
    world.settle()
    found = world.numbers()
    world.stop()
    assert sorted(found) == list(range(count))


@pytest.mark.parametrize("seed", range(RUNS))
@pytest.mark.parametrize("kind", ["restart", "stall"])
def test_syslog_over_tcp(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(f"tcp-{kind}-{seed}")
    count = 0
    for _ in range(2 if kind == "restart" else 1):
        with listening(tmp_path, "syslog+tcp://127.0.0.1:0", most=200_000) as run:
            with socket.create_connection(("127.0.0.1", run.ports[0])) as client:
                for _ in range(rng.randint(2, 6)):
                    if kind == "stall":
                        (Stalling.stalled.set if rng.random() < 0.5 else Stalling.stalled.clear)()
                    several = [message(count + each) for each in range(rng.randint(1, 300))]
                    count += len(several)
                    client.sendall(b"".join(raw + b"\n" for raw in several))
            Stalling.stalled.clear()
    assert sorted(stored(tmp_path)) == sorted(message(number).decode() for number in range(count))


@pytest.mark.parametrize("seed", range(RUNS))
@pytest.mark.parametrize("kind", ["restart", "stall"])
def test_http_with_a_client_that_repeats(tmp_path: Path, kind: str, seed: int) -> None:
    rng = random.Random(f"http-{kind}-{seed}")
    sent: list[str] = []
    again: bytes | None = None
    for _ in range(2):
        with listening(tmp_path, "http://127.0.0.1:0", most=3_000) as run:
            if again is not None:  # the answer to the last request was lost when kulla stopped
                assert ask(run.ports[0], "POST", "/_bulk", again)[0] == 200
            for _ in range(rng.randint(1, 4)):
                texts = [f"m{len(sent) + each}" for each in range(rng.randint(1, 20))]
                sent += texts
                again = bulk(*({"@timestamp": "2026-03-11T10:00:00Z", "message": text} for text in texts))
                if kind == "stall":
                    Stalling.stalled.set()
                    Stalling.stalled.clear()
                while ask(run.ports[0], "POST", "/_bulk", again)[0] != 200:
                    time.sleep(0.05)
    assert sorted(stored(tmp_path, "message")) == sorted(sent)

"""Programs that write logs, and what rotates them; in each the stops and kills of the kulla that follows."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.collectors.transports.following import World, append, line


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


ROTATIONS: dict[str, Callable[[Writer], None]] = {
    "rename": rename,
    "copytruncate": copytruncate,
    "truncate and rewrite": rewrite,
    "delete and recreate": recreate,
    "gz after rotation": compress,
    "rotation while stopped": while_stopped,
    "two rotations while stopped": twice_while_stopped,
    "killed between batches": kill,
}

"""rsyslog on the file rotations of the fault matrix, for comparison.

Usage: `python tests/bench/faults_rsyslog.py [--runs N] [--rsyslogd PATH] [--modules FOLDER]`, with Debian's package
`rsyslog` installed or unpacked somewhere. It is set up as carefully as its manual allows: inotify, `reopenOnTruncate`,
its place in a file saved after every line, each line written out before the next. The programs, rotations and seeds are
those of `tests/bench/faults.py`; rsyslog gets real time to follow. A line that comes out in two pieces counts as lost
and as doubled.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.collectors.transports.cells import Outcome, compared
from tests.collectors.transports.following import World, line
from tests.collectors.transports.rotations import ROTATIONS, Writer

_SETUP = """\
global(workDirectory="{root}/state")
module(load="imfile" mode="inotify")
template(name="raw" type="string" string="%msg%\\n")
input(type="imfile" File="{log}" Tag="log" reopenOnTruncate="on" persistStateInterval="1" ruleset="keep")
ruleset(name="keep") {{ action(type="omfile" file="{root}/out" template="raw" asyncWriting="off" flushOnTXEnd="on") }}
"""


@dataclass(kw_only=True)
class RsyslogWorld(World):
    """A folder with `access.log`, and an rsyslog that follows it."""

    program: str
    modules: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start rsyslog, and give it the time that it takes to look at its files."""
        self.log.parent.mkdir(exist_ok=True)
        (self.root / "state").mkdir(exist_ok=True)
        setup = self.root / "rsyslog.conf"
        setup.write_text(_SETUP.format(root=self.root, log=self.log))
        words = [self.program, "-n", "-f", str(setup), "-i", str(self.root / "pid"), *self._found()]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.follower = self.process  # type: ignore[assignment] # only whether there is one is asked
        time.sleep(0.4)

    def _found(self) -> list[str]:
        return ["-M", self.modules] if self.modules else []

    def stop(self) -> None:
        """End rsyslog in order."""
        self._end(kill=False)

    def _end(self, *, kill: bool) -> None:
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(20)
        self.follower = self.process = None

    def look(self, *, after: float = 0.5) -> None:
        """Let rsyslog look; it is told of changes at once."""
        del after
        time.sleep(0.15)

    def settle(self) -> None:
        """Wait until nothing more has come out for a while."""
        until, size, since = time.monotonic() + 10, -1, time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < 0.7:
            now = (self.root / "out").stat().st_size if (self.root / "out").exists() else 0
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.05)

    def killed(self, *, batches: int, before_commit: bool) -> None:
        """Kill rsyslog by SIGKILL while it reads."""
        del before_commit
        time.sleep(0.01 * batches)
        self._end(kill=True)

    def originals(self) -> list[str]:
        """Return the lines that came out."""
        out = self.root / "out"
        return out.read_text(errors="replace").splitlines() if out.exists() else []


def lived(world: RsyslogWorld, rotation: str, rng: random.Random) -> Outcome:
    """Live through a rotation as kulla does in `cells`."""
    world.start()
    writer = Writer(world, rng)
    for _ in range(rng.randint(1, 3)):
        writer.write()
        writer.maybe_look()
        ROTATIONS[rotation](writer)
        writer.maybe_look()
    writer.write()
    world.settle()
    found = world.originals()
    world.stop()
    return compared([line(number).decode().rstrip("\n") for number in range(writer.count)], found)


def main() -> None:
    """Run the rotations, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rsyslogd", default=shutil.which("rsyslogd") or "/usr/sbin/rsyslogd")
    parser.add_argument("--modules", default="")
    words = parser.parse_args()
    print("| rotation | runs | records | runs that lost | lost | runs that doubled | doubled |")
    print("|---|---|---|---|---|---|---|")
    for rotation in ROTATIONS:
        outcomes = []
        for seed in range(words.runs):
            with tempfile.TemporaryDirectory() as folder:
                world = RsyslogWorld(root=Path(folder), program=words.rsyslogd, modules=words.modules)
                outcomes.append(lived(world, rotation, random.Random(f"{rotation}-file-{seed}")))
        print(f"| {rotation} | {words.runs} | {_told(outcomes)} |", flush=True)


def _told(outcomes: list[Outcome]) -> str:
    lost, doubled = [each.lost for each in outcomes], [each.doubled for each in outcomes]
    counts = (
        sum(each.sent for each in outcomes),
        sum(map(bool, lost)),
        sum(lost),
        sum(map(bool, doubled)),
        sum(doubled),
    )
    return " | ".join(f"{count:,}" for count in counts)


if __name__ == "__main__":
    main()

"""`kulla detect --workers`: processes that share a run, started here or wherever somebody gives the same command."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.session import Session
from engine.errors import UsageError
from engine.runs.processes import is_gone, this_process
from engine.runs.sharing import SIZE, Sharing

if TYPE_CHECKING:
    from cli.detecting import Plan
    from engine.store.protocol import Store

_MAIN = "from cli.main import main; main()"
_MOST = 64
_WORTHWHILE = 2 * SIZE  # new events: for fewer, loading the rules costs more than it saves
_PAUSE = 0.5  # seconds between looks at what there is to do
_PATIENCE = 30.0  # seconds for helpers to end by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who works on a run: this process alone (`workers` None), with others (1 or more), or for another (0).

    `words` are the options of `kulla detect` that the helpers started here need.
    """

    session: Session
    workers: int | None
    words: Sequence[str]

    def check(self, *, windowed: bool) -> None:
        """Refuse what `--workers` has no meaning for."""
        if self.workers is None:
            return
        if not 0 <= self.workers <= _MOST:
            raise UsageError(f"{self.workers} workers cannot be had", where="--workers", hint=f"0 to {_MOST}")
        if windowed:
            raise UsageError("--workers shares runs over what is new", where="--workers", hint="leave --since away")

    @property
    def leads(self) -> bool:
        """Tell whether this process may begin a run."""
        return self.workers != 0

    @property
    def sharing(self) -> Sharing | None:
        """Return how this process takes part in shared runs, None where it works alone."""
        if self.workers is None:
            return None
        now = self.session.now
        return Sharing(holder=this_process(), now=now, pause=lambda: time.sleep(_PAUSE), gone=is_gone)

    @contextmanager
    def at_work(self, store: Store, plans: Sequence[Plan]) -> Iterator[None]:
        """Have this machine's other workers help with the runs inside, where there is work for them."""
        count = (self.workers or 1) - 1
        if count and not any(store.last_sequence() - store.cursor(plan.name) >= _WORTHWHILE for plan in plans):
            count = 0
        started = [self._start() for _ in range(count)]
        try:
            yield
        finally:
            for each in started:
                try:
                    each.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    each.terminate()

    def _start(self) -> subprocess.Popen[bytes]:
        given = [word for flag, value in self.session.flags.values() for word in _flag(flag, value)]
        return subprocess.Popen(
            [sys.executable, "-c", _MAIN, "detect", *self.words, *given, "--workers", "0", "--quiet"],
            cwd=self.session.cwd,
            env={**self.session.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def words_of(given: Mapping[str, str | Sequence[str] | bool | None]) -> list[str]:
    """Return options as the words that give them; None is not given, a sequence several times."""
    words: list[str] = []
    for flag, value in given.items():
        if value is True:
            words.append(flag)
        elif value:
            words += [word for each in ([value] if isinstance(value, str) else value) for word in (flag, each)]
    return words


def _flag(flag: str, value: object) -> list[str]:
    """Return a common option as it was given."""
    return [flag] if flag in {"--no-color", "--no-progress"} else [flag, str(value)]


def help_out(crew: Crew, store: Store, plans: Sequence[Plan]) -> None:
    """Work on the slices of a run that another process leads, until it ends."""
    from cli.detecting import LEASE, runner
    from engine.runs.leases import Lease

    session = crew.session
    lease = Lease(store, LEASE, this_process(), now=session.now, gone=is_gone)
    runners = [runner(session, store, plan, None, sharing=crew.sharing) for plan in plans]
    done = 0
    while lease.holder() is not None:
        found = sum(each.help() for each in runners)
        done += found
        if not found:
            time.sleep(_PAUSE)
    session.say(f"{done:,} slices of the other instance's run done here")

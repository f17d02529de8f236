"""`kulla detect --workers`: processes that share a run, started here or wherever somebody gives the same command."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
_LAST_WORDS = 5.0  # and once they were told to


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

    def tell_without_limit(self, plan: Plan) -> None:
        """Say so where a schedule limits the alerts of a rule: runs that are shared know no such limit."""
        if self.workers is not None and plan.schedule is not None and plan.schedule.rule_alerts:
            self.session.say(f"{plan.schedule.name}: rule_alerts has no effect with --workers")

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
    def helpers(self) -> Iterator[Callable[[Store, Iterable[Plan]], None]]:
        """Give what calls this machine's other workers to runs of these plans, where there is work for them.

        It is called under the lease, and they end once that is given back: this waits for them.
        """
        started: list[subprocess.Popen[bytes]] = []

        def call(store: Store, plans: Iterable[Plan]) -> None:
            if self._worthwhile(store, plans):
                started.extend(self._start() for _ in range((self.workers or 1) - 1))

        try:
            yield call
        finally:
            _end(started)

    def _worthwhile(self, store: Store, plans: Iterable[Plan]) -> bool:
        newest = store.last_sequence() if (self.workers or 1) > 1 else 0
        return any(newest - store.cursor(plan.name) >= _WORTHWHILE for plan in plans)

    def _start(self) -> subprocess.Popen[bytes]:
        given = [word for flag, value in self.session.flags.values() for word in _flag(flag, value)]
        return subprocess.Popen(  # -P: what lies in the folder that somebody works in is no part of kulla
            [sys.executable, "-P", "-c", _MAIN, "detect", *self.words, *given, "--workers", "0", "--quiet"],
            cwd=self.session.cwd,
            env={**self.session.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for helpers, for all of them together; those that do not end are ended."""
    until = time.monotonic() + _PATIENCE
    for each in started:
        with suppress(subprocess.TimeoutExpired):
            each.wait(max(0.0, until - time.monotonic()))
    late = [each for each in started if each.poll() is None]
    for each in late:
        each.terminate()
    for each in late:
        try:
            each.wait(_LAST_WORDS)
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()


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

"""Hunting in many files with all processors: each process takes files from the list, one after the other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from cli.reading import STDIN, TOLD_LETTERS, Reading
from engine.alerts import Alert
from engine.errors import InputError
from engine.events import DeadLetter
from engine.hunting import Findings, Hunter
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet

_WORTH_A_PROCESS = 4 * 1024 * 1024  # bytes of logs; below, one process is faster


@dataclass(slots=True, kw_only=True)
class Hunted:
    """What was found in one file. `problem` says why it could not be read at all; `letters` are its first few."""

    path: Path
    source: str = ""
    records: int = 0
    events: int = 0
    dead: int = 0
    alerts: list[Alert] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    letters: list[DeadLetter] = field(default_factory=list)
    problem: InputError | None = None


def hunt(
    paths: Sequence[Path],
    rules: RuleSet,
    how: Reading,
    *,
    stdin: object = None,
    workers: int | None = None,
    worth: int = _WORTH_A_PROCESS,
) -> Iterator[Hunted]:
    """Yield what was found in each file, in the order of the files.

    `workers` is the number of processes (None: one a processor), `worth` the bytes of logs from which they pay. A file
    whose process dies (out of memory, a fault of a library) says so in `problem`; the others are still read.
    """
    count = min(workers or _processors(), len(paths))
    if count < 2 or STDIN in paths or sum(_size(path) for path in paths) < worth:
        hunter = Hunter(Engine(rules))
        for path in paths:
            yield hunt_file(path, hunter, how, stdin=stdin)
        return
    left = list(paths)
    while left:
        for found in _shared_out(left, rules, how, count):
            left.pop(0)
            yield found
        if left:  # a process died on one of the files it was at: find out whether on the first of them
            path = left.pop(0)
            yield next(_shared_out([path], rules, how, 1), Hunted(path=path, problem=_died(path)))


def _shared_out(paths: Sequence[Path], rules: RuleSet, how: Reading, workers: int) -> Iterator[Hunted]:
    """Yield what worker processes find in each file; end early where one of them dies."""
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(rules, how))
    ended = False
    try:
        for future in [pool.submit(_hunt_in_worker, path) for path in paths]:
            yield future.result()
        ended = True
    except BrokenProcessPool:
        return
    finally:
        if not ended:  # interrupted, or the reader of the output has gone: nobody waits for the rest
            for process in multiprocessing.active_children():
                process.kill()
            _let_go(pool)
        pool.shutdown(wait=True, cancel_futures=True)


def _let_go(pool: ProcessPoolExecutor) -> None:
    """Close this process's own end of the pipe of results.

    A worker that was killed while it wrote leaves half a result; the pool's thread would wait for the other half for
    ever, because the pipe still has a writer: this process. The executor has no public way to say so.
    """
    writer = getattr(getattr(pool, "_result_queue", None), "_writer", None)
    if writer is not None:
        # the pool's thread may close the same end at this moment; closed twice is closed
        with contextlib.suppress(OSError, TypeError):
            writer.close()


def _died(path: Path) -> InputError:
    return InputError(
        "the process that read it died, perhaps for want of memory",
        where=str(path),
        hint="dmesg | tail; read it alone with `kulla parse FILE`, and report it if it dies again",
    )


@dataclass(slots=True)
class _Worker:
    """What a worker process keeps between files."""

    hunter: Hunter | None = None
    how: Reading | None = None


_worker = _Worker()


def _prepare(rules: RuleSet, how: Reading) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # they reach all; the parent alone says so, and ends its workers
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker.hunter, _worker.how = Hunter(Engine(rules)), how


def _end_with_parent() -> None:
    """Leave when the parent has died, even of SIGKILL: nobody would take the results."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _hunt_in_worker(path: Path) -> Hunted:
    if _worker.hunter is None or _worker.how is None:
        raise RuntimeError("the worker process was not prepared")
    return hunt_file(path, _worker.hunter, _worker.how)


def hunt_file(path: Path, hunter: Hunter, how: Reading, *, stdin: object = None) -> Hunted:
    """Return what was found in one file; a file that can't be read says so in `problem`."""
    found = Hunted(path=path)
    try:
        reader = how.open(path, stdin=stdin)
    except InputError as error:
        found.problem = error
        return found
    for item in reader.records(hunter.may_match):
        if isinstance(item, DeadLetter):
            if len(found.letters) < TOLD_LETTERS:
                found.letters.append(item)
            continue
        found.alerts.extend(hunter.look(item.fields, item.record.raw, lambda item=item: reader.event(item)))  # type: ignore[misc]
    tally = reader.tally
    found.source, found.records, found.events, found.dead = reader.source.name, tally.records, tally.events, tally.dead
    found.findings = hunter.take()
    return found


def _processors() -> int:
    """Return how many processors this process may use: a container or `taskset` may give it fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

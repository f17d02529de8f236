"""Hunting in many files with all processors: each process takes files from the list, one after the other."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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


def hunt(paths: Sequence[Path], rules: RuleSet, how: Reading, *, stdin: object = None) -> Iterator[Hunted]:
    """Yield what was found in each file, in the order of the files."""
    workers = min(os.cpu_count() or 1, len(paths))
    engine = Engine(rules)
    if workers < 2 or STDIN in paths or sum(_size(path) for path in paths) < _WORTH_A_PROCESS:
        for path in paths:
            yield hunt_file(path, engine, how, stdin=stdin)
        return
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(rules, how)) as pool:
        # a few files at a time keep the cost of passing them on small; large ones are still spread
        size = max(1, min(8, len(paths) // (workers * 8)))
        yield from pool.map(_hunt_in_worker, paths, chunksize=size)


@dataclass(slots=True)
class _Worker:
    """What a worker process keeps between files."""

    engine: Engine | None = None
    how: Reading | None = None


_worker = _Worker()


def _prepare(rules: RuleSet, how: Reading) -> None:
    _worker.engine, _worker.how = Engine(rules), how


def _hunt_in_worker(path: Path) -> Hunted:
    if _worker.engine is None or _worker.how is None:
        raise RuntimeError("the worker process was not prepared")
    return hunt_file(path, _worker.engine, _worker.how)


def hunt_file(path: Path, engine: Engine, how: Reading, *, stdin: object = None) -> Hunted:
    """Return what was found in one file; a file that can't be read says so in `problem`."""
    found = Hunted(path=path)
    try:
        reader = how.open(path, stdin=stdin)
    except InputError as error:
        found.problem = error
        return found
    hunter = Hunter(engine)
    for item in reader.records():
        if isinstance(item, DeadLetter):
            if len(found.letters) < TOLD_LETTERS:
                found.letters.append(item)
            continue
        found.alerts.extend(hunter.look(item.fields, item.record.raw, lambda item=item: reader.event(item)))  # type: ignore[misc]
    tally = reader.tally
    found.source, found.records, found.events, found.dead = reader.source.name, tally.records, tally.events, tally.dead
    found.findings = hunter.findings
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

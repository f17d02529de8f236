"""Running an exercise the ordinary way: logs on disk, collected, detected, joined into incidents, and scored."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.collecting import Account, collect_file
from cli.detecting import detect
from cli.options import Window
from cli.reading import Reading
from engine.alerts import Alert
from engine.detecting import Run
from engine.errors import ConfigurationError
from engine.incidents.model import Incident
from engine.incidents.scoring import NOTHING_KNOWN, Circumstances
from engine.sigma.engine import Engine
from engine.store.protocol import Store
from playbooks.exercises.catalogue import Exercise
from playbooks.exercises.homeland_justice import write_logs
from playbooks.exercises.scoreboard import Scoreboard, score
from playbooks.exercises.truth import Truth

START = datetime(2026, 3, 10, tzinfo=UTC)  # the working day of an exercise, where none is given
SEED = 2022
EVENTS = 100_000
_MARK = ".kulla-exercise"  # a folder that an exercise made, and that the next run may empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an exercise ended in. `incidents` are those with alerts of the attack first, the worst first."""

    truth: Truth
    accounts: tuple[Account, ...]
    run: Run
    alerts: tuple[Alert, ...]
    incidents: tuple[Incident, ...]
    board: Scoreboard


@contextmanager
def fresh_folder(base: Path, exercise: Exercise, seed: int) -> Iterator[Path]:
    """Hold an empty folder for a run; what an earlier run with the same seed left there (even half done) is removed.

    Raise `ConfigurationError` where something else stands there, or another run is at it.
    """
    folder = base / "exercises" / f"{exercise.id}-{seed}"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.with_name(folder.name + ".lock").open("w", encoding="utf-8") as lock:  # the lock ends with the process
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                "another run of this exercise is under way here", where=str(folder), hint="wait for it, or use --seed N"
            ) from error
        _empty(folder)
        yield folder


def _empty(folder: Path) -> None:
    """Make an empty, marked folder. Its mark is the first thing made in it and the last one removed."""
    if folder.exists():
        if not (folder / _MARK).exists():
            raise ConfigurationError(
                "this folder was not made by an exercise", where=str(folder), hint="move it away, or use another --seed"
            )
        for item in folder.iterdir():
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            elif item.name != _MARK:
                item.unlink()
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / _MARK).touch()


def make_logs(exercise: Exercise, folder: Path, *, seed: int, start: datetime, events: int) -> Truth:
    """Write the exercise's logs to `folder/logs`, its ground truth and injects to `folder`."""
    makers: dict[str, Callable[..., Truth]] = {"homeland-justice": write_logs}
    return makers[exercise.id](folder, seed=seed, start=start, events=events)


def run(
    truth: Truth,
    folder: Path,
    store: Store,
    engine: Engine,
    tell: Callable[[str], None],
    *,
    known: Circumstances = NOTHING_KNOWN,
) -> Result:
    """Take the logs under `folder` through collecting, detecting and joining, and score what was found."""
    tell("collecting the logs")
    how = Reading(source="auto", zone="UTC", host=None)
    accounts = tuple(collect_file(path, store, how) for path in truth.log_paths(folder))
    tell(f"detecting with {len(engine.rules.rules) + len(engine.rules.correlations):,} rules")
    done, _ = detect(store, engine, Window(since=None, before=None), known=known)
    alerts, incidents = tuple(store.alerts()), tuple(store.incidents())
    board = score(truth, alerts, incidents)
    attack = [item.incident for item in board.openings]
    ordered = sorted(incidents, key=lambda item: (item.id not in attack, -item.score, item.id))
    return Result(truth=truth, accounts=accounts, run=done, alerts=alerts, incidents=tuple(ordered), board=board)

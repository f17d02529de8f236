"""The ground truth of an exercise: which raw records belong to which storyboard event, by file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from engine.errors import InputError
from engine.events import instant

GROUND_TRUTH = "ground_truth.jsonl"
INJECTS = "injects.jsonl"
LOGS = "logs"  # the folder of the logs; truth and injects stand beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvent:
    """One event of a storyboard: its number, what happens, where, and its ATT&CK techniques (v18 ids)."""

    number: int
    action: str
    host: str
    techniques: tuple[str, ...]
    is_inject: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthRecord:
    """One raw record that the attack left: line `line` (from 1, headers counted) of `file` (below `logs`, with `/`)."""

    number: int
    techniques: tuple[str, ...]
    host: str
    file: str
    line: int
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCount:
    """How many records a file holds: of the ordinary day, of the attack, and lines that are no records."""

    file: str
    benign: int
    attack: int
    headers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything that is known of one exercise. `records` stand in order of storyboard event, time, file and line."""

    exercise: str
    seed: int
    start: datetime
    events: tuple[StoryEvent, ...]
    records: tuple[TruthRecord, ...]
    files: tuple[FileCount, ...]

    @property
    def benign(self) -> int:
        """Return how many records belong to the ordinary day."""
        return sum(count.benign for count in self.files)

    @property
    def attack(self) -> int:
        """Return how many records the attack left."""
        return sum(count.attack for count in self.files)

    def log_paths(self, folder: Path) -> tuple[Path, ...]:
        """Return the logs of an exercise that was written to `folder`: all under `folder/logs`."""
        return tuple(folder / LOGS / count.file for count in self.files)


def write_truth(folder: Path, truth: Truth) -> None:
    """Write the truth as JSON lines: a head, then storyboard events, file counts and records (`type` tells which)."""
    lines: list[Mapping[str, object]] = [
        {"type": "exercise", "id": truth.exercise, "seed": truth.seed, "start": instant(truth.start)}
    ]
    lines += [
        {
            "type": "event",
            "n": event.number,
            "action": event.action,
            "host": event.host,
            "techniques": event.techniques,
            "inject": event.is_inject,
        }
        for event in truth.events
    ]
    lines += [
        {"type": "file", "file": c.file, "benign": c.benign, "attack": c.attack, "headers": c.headers}
        for c in truth.files
    ]
    lines += [
        {
            "type": "record",
            "n": record.number,
            "techniques": record.techniques,
            "host": record.host,
            "file": record.file,
            "line": record.line,
            "timestamp": instant(record.timestamp),
        }
        for record in truth.records
    ]
    (folder / GROUND_TRUTH).write_bytes(b"\n".join(orjson.dumps(line) for line in lines) + b"\n")


def read_truth(folder: Path) -> Truth:
    """Read what `write_truth` wrote; raise `InputError` where it is absent or not of this form."""
    path = folder / GROUND_TRUTH
    try:
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        head = next(row for row in rows if row["type"] == "exercise")
        return Truth(
            exercise=head["id"],
            seed=head["seed"],
            start=datetime.fromisoformat(head["start"]),
            events=tuple(_event(row) for row in rows if row["type"] == "event"),
            records=tuple(_record(row) for row in rows if row["type"] == "record"),
            files=tuple(_count(row) for row in rows if row["type"] == "file"),
        )
    except OSError as error:
        raise InputError(
            f"cannot read the ground truth ({error.strerror})", where=str(path), hint="kulla exercise run NAME"
        ) from error
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise InputError("this is not a ground truth that kulla wrote", where=str(path)) from error


def _event(row: Mapping[str, object]) -> StoryEvent:
    return StoryEvent(
        number=_whole(row["n"]),
        action=str(row["action"]),
        host=str(row["host"]),
        techniques=_texts(row["techniques"]),
        is_inject=bool(row["inject"]),
    )


def _record(row: Mapping[str, object]) -> TruthRecord:
    return TruthRecord(
        number=_whole(row["n"]),
        techniques=_texts(row["techniques"]),
        host=str(row["host"]),
        file=str(row["file"]),
        line=_whole(row["line"]),
        timestamp=datetime.fromisoformat(str(row["timestamp"])),
    )


def _count(row: Mapping[str, object]) -> FileCount:
    return FileCount(
        file=str(row["file"]),
        benign=_whole(row["benign"]),
        attack=_whole(row["attack"]),
        headers=_whole(row["headers"]),
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {value!r}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"a list was expected, not {value!r}")
    return tuple(str(item) for item in value)

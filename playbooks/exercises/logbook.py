"""The logs of an exercise while they are being made: records by file, sorted by time and written once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from playbooks.exercises.moments import as_datetime
from playbooks.exercises.truth import FileCount, TruthRecord

BENIGN = 0  # instead of a storyboard number: a record of the ordinary day
HEADER = -1  # a line that is no record (`#Fields:`)

Payload = str | tuple[object, ...]
Pen = Callable[[int, Payload], str]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the attack's records ended up, and how many lines of which kind each file has."""

    records: tuple[TruthRecord, ...]
    files: tuple[FileCount, ...]


class LogBook:
    """Collects records in any order; `save` writes each file in order of time (records of one instant as added)."""

    def __init__(self) -> None:
        self._files: dict[str, list[tuple[int, Payload, int, str]]] = {}
        self._pens: dict[str, Pen] = {}
        self.benign = 0

    def use_pen(self, file: str, pen: Pen) -> None:
        """Have `pen` turn the payloads of a file into lines, in order of time."""
        self._pens[file] = pen

    def add(self, file: str, ms: int, payload: Payload, number: int = BENIGN, host: str = "") -> None:
        """Add one record at an instant; `number` is the storyboard event it belongs to."""
        self.benign += number == BENIGN
        self._files.setdefault(file, []).append((ms, payload, number, host))

    def save(self, folder: Path, techniques: Mapping[int, tuple[str, ...]]) -> Placed:
        """Write every file under `folder`, with the time of its last record as its modification time."""
        records: list[TruthRecord] = []
        files: list[FileCount] = []
        for file in sorted(self._files):
            entries = sorted(self._files[file], key=itemgetter(0))
            _write(folder / file, entries, self._pens.get(file))
            records += _truth(file, entries, techniques)
            files.append(_count(file, entries))
        records.sort(key=lambda record: (record.number, record.timestamp, record.file, record.line))
        return Placed(tuple(records), tuple(files))


def _write(path: Path, entries: list[tuple[int, Payload, int, str]], pen: Pen | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = pen or _plain
    text = "\n".join([draw(entry[0], entry[1]) for entry in entries])
    path.write_bytes(text.encode() + b"\n")
    last = entries[-1][0] / 1000
    os.utime(path, (last, last))


def _plain(_ms: int, payload: Payload) -> str:
    if not isinstance(payload, str):
        raise TypeError("this file has no pen for records that are not text")
    return payload


def _truth(
    file: str, entries: list[tuple[int, Payload, int, str]], techniques: Mapping[int, tuple[str, ...]]
) -> Iterator[TruthRecord]:
    for line, (ms, _, number, host) in enumerate(entries, 1):
        if number > BENIGN:
            yield TruthRecord(
                number=number,
                techniques=techniques.get(number, ()),
                host=host,
                file=file,
                line=line,
                timestamp=as_datetime(ms),
            )


def _count(file: str, entries: list[tuple[int, Payload, int, str]]) -> FileCount:
    benign = sum(entry[2] == BENIGN for entry in entries)
    headers = sum(entry[2] == HEADER for entry in entries)
    return FileCount(file=file, benign=benign, attack=len(entries) - benign - headers, headers=headers)

"""What everybody is measured on: one file of Windows events, one folder of Windows rules, halves and pieces of both."""

from __future__ import annotations

import lzma
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

LATENCY_STEP = 25  # every 25th event is kept back for single-event latency
PIECES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Files of the run. `events` counts the lines of `log`; `files` maps a rule's id to its file in `rules`."""

    log: Path
    events: int
    rules: Path
    half_rules: Path
    files: dict[str, Path]
    work: Path


def prepare(shared: Path, work: Path, *, limit: int | None = None) -> Corpus:
    """Unpack the events and gather the Windows rules (product `windows`, without those that need a placeholder)."""
    log = work / "events.jsonl"
    events = 0
    with lzma.open(shared / "windows" / "otrf_d8.jsonl.xz", "rb") as packed, log.open("wb") as out:
        for line in packed:
            if limit is not None and events >= limit:
                break
            events += 1
            out.write(line)
    rules, half = work / "rules", work / "half_rules"
    files = {}
    for number, (rule_id, source) in enumerate(windows_rules(shared / "sigma")):
        files[rule_id] = _put(source, shared / "sigma", rules)
        if number % 2 == 0:
            _put(source, shared / "sigma", half)
    return Corpus(log=log, events=events, rules=rules, half_rules=half, files=files, work=work)


def _put(source: Path, root: Path, target: Path) -> Path:
    to = target / source.relative_to(root)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
    return to


def windows_rules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield id and file of every rule whose product is `windows`, without the folder of placeholder rules."""
    for file in sorted(folder.rglob("*.yml")):
        if "rules-placeholder" in file.parts:
            continue
        rule = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        if isinstance(rule, dict) and rule.get("logsource", {}).get("product") == "windows":
            yield str(rule["id"]), file


def every(log: Path, target: Path, step: int, *, kept: Sequence[int] = (0,)) -> int:
    """Write the lines whose number modulo `step` is in `kept`; return how many these are."""
    count = 0
    with log.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines):
            if number % step in kept:
                out.write(line)
                count += 1
    return count


def pieces(corpus: Corpus, count: int = PIECES) -> list[Path]:
    """Cut the log into consecutive pieces of the same number of lines."""
    folder = corpus.work / "pieces"
    folder.mkdir(exist_ok=True)
    each = -(-corpus.events // count)
    found = []
    with corpus.log.open("rb") as lines:
        for number in range(count):
            piece = folder / f"events-{number}.jsonl"
            found.append(piece)
            with piece.open("wb") as out:
                out.writelines(line for _, line in zip(range(each), lines, strict=False))
    return found

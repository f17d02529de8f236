"""kulla's own rules raise nothing above `low` on logs in which nothing happened."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from cli.exercising import START
from playbooks.exercises.homeland_justice import write_logs
from tests.cli.runs import kulla

SEED, EVENTS = 2022, 4_000


def _loud(home: Path, *logs: Path) -> list[str]:
    words = [word for path in logs for word in ("--benign", str(path))]
    result = kulla("rules", "test", "own", *words, "-f", "json", home=home)
    rows = json.loads(result.out)["tests"]
    return [row["name"] for row in rows if row["result"] != "passed"]


def test_the_ordinary_day_of_the_exercise(tmp_path: Path) -> None:
    """Its false friends included: an archive that draws mail at night, a help desk, a scanner, backups, updates."""
    truth = write_logs(tmp_path, seed=SEED, start=START, events=EVENTS)
    attack: defaultdict[str, set[int]] = defaultdict(set)
    for record in truth.records:
        attack[record.file].add(record.line)
    for path in truth.log_paths(tmp_path):
        lines = path.read_bytes().splitlines(keepends=True)
        gone = attack[path.relative_to(tmp_path / "logs").as_posix()]
        path.write_bytes(b"".join(line for number, line in enumerate(lines, 1) if number not in gone))
    assert _loud(tmp_path / "home", tmp_path / "logs") == []


def test_real_apache_and_zeek_logs(shared: Path, tmp_path: Path) -> None:
    zeek = shared / "anomaly" / "apt29-zeek" / "day1" / "zeek" / "individual_zeek_logs"
    assert _loud(tmp_path / "home", shared / "anomaly" / "apache-access" / "apache_logs", zeek) == []

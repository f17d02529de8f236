"""One SQL query per rule on SQLite, through pySigma's own backend. Runs in an environment of its own, without kulla.

    python sql_child.py REPORT RULES LOG PIPELINE SAMPLE SECONDS

Every rule is converted with the pipeline that names its log source; the events go into one table, in memory, with the
columns that some query names (text, compared without regard to ASCII case: what the backend expects); then each query
is run. First every SAMPLEth query without any index, then all of them with an index on channel and event id. Each
query asks for the numbers of the matching rows alone, which is less work than the backend's `SELECT *`. A query that
runs for more than SECONDS is interrupted and counted as failed.
"""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import sys
import time
from collections import Counter
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import orjson
from sigma.backends.sqlite import sqliteBackend  # type: ignore[import-not-found] # in the environment of its own
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaRule

_TABLE = "logs"
_SELECT = re.compile(r"^SELECT \* FROM \S+ WHERE", re.IGNORECASE)


def convert(folder: Path, pipeline: Path) -> tuple[list[tuple[str, str]], Counter[str], set[str]]:
    """Return queries by rule id, the reasons of the rules that could not be converted, and the fields named."""
    backend = sqliteBackend(processing_pipeline=ProcessingPipeline.from_yaml(pipeline.read_text("utf-8")))
    queries: list[tuple[str, str]] = []
    refused: Counter[str] = Counter()
    fields = {"Channel", "EventID"}
    for file in sorted(folder.rglob("*.yml")):
        try:
            rules = SigmaCollection.from_yaml(file.read_text("utf-8"))
            for query in backend.convert(rules):
                where = _SELECT.sub("", query)
                queries.append((str(rules.rules[0].id), f"SELECT line FROM {_TABLE} WHERE{where}"))  # noqa: S608
            for rule in rules.rules:
                if isinstance(rule, SigmaRule):
                    for detection in rule.detection.detections.values():
                        gather(detection, fields)
        except (SigmaError, NotImplementedError) as error:
            refused[f"{type(error).__name__}: {str(error)[:80]}"] += 1
    return queries, refused, fields


def gather(detection: SigmaDetection, fields: set[str]) -> None:
    """Add the fields that a detection names."""
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            gather(item, fields)
        elif item.field is not None:
            fields.add(item.field)


def load(log: Path, fields: set[str]) -> tuple[sqlite3.Connection, int]:
    """Read the events into one table of the columns named; names that differ only in case are one column in SQL."""
    columns = sorted({field.lower(): field for field in sorted(fields)}.values())
    named = {
        field: columns.index(column) + 1 for field in fields for column in columns if column.lower() == field.lower()
    }
    connection = sqlite3.connect(":memory:")
    connection.create_function("REGEXP", 2, regexp, deterministic=True)
    declared = ", ".join(f'"{column}" TEXT COLLATE NOCASE' for column in columns)
    connection.execute(f"CREATE TABLE {_TABLE} (line INTEGER PRIMARY KEY, {declared})")
    insert = f"INSERT INTO {_TABLE} VALUES ({', '.join('?' * (len(columns) + 1))})"  # noqa: S608 - a constant name
    with log.open("rb") as lines:
        connection.executemany(insert, (row(number, line, named, len(columns)) for number, line in enumerate(lines, 1)))
        count = int(connection.execute(f"SELECT count(*) FROM {_TABLE}").fetchone()[0])  # noqa: S608 - a constant name
    connection.commit()
    return connection, count


def row(number: int, line: bytes, named: dict[str, int], width: int) -> list[object]:
    """Return one event as a row."""
    values: list[object] = [number, *[None] * width]
    for name, value in orjson.loads(line).items():
        if value is not None and name in named:
            values[named[name]] = value if isinstance(value, str) else text(value)
    return values


def text(value: object) -> str:
    """Return a value as text, booleans and structures as JSON."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else json.dumps(value)


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern."""
    return re.compile(pattern)


def regexp(pattern: str, value: str | None) -> bool:
    """Tell whether a pattern is found in a value (SQLite's REGEXP)."""
    return value is not None and compiled(pattern).search(value) is not None


class _Until:
    """Tells SQLite to stop when this process has used so many CPU seconds."""

    def __init__(self, moment: float) -> None:
        self._moment = moment

    def __call__(self) -> bool:
        return time.process_time() > self._moment


def ask(connection: sqlite3.Connection, queries: list[tuple[str, str]], limit: float) -> dict[str, object]:
    """Run queries; return CPU seconds, the pairs found and what failed."""
    pairs: list[tuple[str, int]] = []
    failed: Counter[str] = Counter()
    begun = time.process_time()
    for rule, query in queries:
        connection.set_progress_handler(_Until(time.process_time() + limit), 100_000)
        try:
            pairs += [(rule, line) for (line,) in connection.execute(query)]
        except (sqlite3.Error, re.error) as error:
            failed[str(error)[:80]] += 1
    return {"cpu": time.process_time() - begun, "rules": len(queries), "pairs": pairs, "failed": failed}


def main() -> None:
    """Convert, load and ask, each timed apart, and write the figures to REPORT."""
    report, rules, log, pipeline = (Path(word) for word in sys.argv[1:5])
    step, limit = int(sys.argv[5]), float(sys.argv[6])
    begun = time.process_time()
    queries, refused, fields = convert(rules, pipeline)
    converted = time.process_time()
    connection, events = load(log, fields)
    loaded = time.process_time()
    plain = ask(connection, queries[::step], limit)
    before = time.process_time()
    connection.execute(f"CREATE INDEX by_source ON {_TABLE} (Channel, EventID)")
    connection.execute("ANALYZE")
    indexed = time.process_time()
    figures = {
        "versions": {name: version(name) for name in ("pysigma", "pysigma-backend-sqlite")}
        | {"sqlite": sqlite3.sqlite_version},
        "convert": converted - begun,
        "load": loaded - converted,
        "index": indexed - before,
        "events": events,
        "columns": len(fields),
        "queries": len(queries),
        "taken": [rule for rule, _ in queries],
        "refused": refused,
        "plain": plain,
        "indexed": ask(connection, queries, limit),
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    report.write_text(json.dumps(figures), "utf-8")


if __name__ == "__main__":
    main()

"""How fast `kulla collect` pulls and follows, beside reading the same lines as a file: `python tests/bench/pulling.py`.

The lines are those of `collecting.py`. They are written to a topic of three partitions of a real Kafka broker (see
`tests/collectors/pulling/broker.py`), to a file that is read once, and to a file that is followed and grows at once by
all of them. Each run is a new process with a store of its own; figures are events per CPU second of that process (the
broker's are not among them), start and writing included, and its peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.collecting import combined_lines, json_lines, told, used, write_lines  # noqa: E402
from tests.collectors.pulling.broker import Broker, free_port, make_topic, produce  # noqa: E402

PROGRAM = (sys.executable, "-c", "import cli.main; cli.main.main()", "collect")
_PARTITIONS = 3


def beats(lines: Iterable[bytes]) -> list[bytes]:
    """Return lines as Filebeat sends them."""
    about = {"agent": {"type": "filebeat", "id": "a1"}, "host": {"name": "web1"}, "input": {"type": "filestream"}}
    found, offset = [], 0
    for line in lines:
        log = {"offset": offset, "file": {"path": "/var/log/nginx/access.log"}}
        document = {"@timestamp": "2026-03-11T10:00:00.000Z", **about, "log": log, "message": line.decode()}
        found.append(json.dumps(document).encode())
        offset += len(line) + 1
    return found


def collected(what: str, count: int, home: Path, *words: str) -> None:
    """Run `kulla collect` to its end, and print a line of the table."""
    answer = home.with_suffix(".json")
    command = [*PROGRAM, *words, "-f", "json", "-o", str(answer)]
    found = used(command, KULLA_HOME=str(home), PYTHONPATH=str(ROOT))
    (account,) = json.loads(answer.read_bytes())["logs"]
    if account["records"] != count:
        raise SystemExit(f"{account['records']:,} records of {count:,}")
    told(f"{what} ({account['stored']:,} stored)", count, found)


def events(home: Path) -> int:
    """Return how many events a store holds."""
    try:
        with sqlite3.connect(f"file:{home}/store/store.sqlite?mode=ro", uri=True) as found:
            return int(found.execute("SELECT coalesce(sum(events), 0) FROM segments").fetchone()[0])
    except sqlite3.Error:
        return 0


def followed(what: str, values: Sequence[bytes], folder: Path) -> None:
    """Follow a file that grows by all lines at once."""
    log, home = folder / f"{what.replace(' ', '-')}.log", folder / f"home-{what.replace(' ', '-')}"
    log.write_bytes(values[0] + b"\n" + values[1] + b"\n")
    begun = time.perf_counter()

    def grown() -> bool:
        if events(home) and log.stat().st_size < 10_000:
            with log.open("ab") as stream:
                stream.write(b"\n".join(values[2:]) + b"\n")
        return events(home) >= len(values) - 100 or time.perf_counter() - begun > 300

    command = [*PROGRAM, str(log), "--follow"]
    found = used(command, until=grown, KULLA_HOME=str(home), PYTHONPATH=str(ROOT))
    told(what, len(values), found)


def main() -> None:
    """Write the lines, and collect them in each way."""
    parser = argparse.ArgumentParser(description="Pulling and following, beside reading a file.")
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--only", nargs="*", default=["file", "follow", "kafka", "json", "beat"])
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    lines = list(combined_lines(given.lines))
    kinds = {"kafka": lines}
    if "json" in given.only:
        kinds["json"] = list(islice(json_lines(given.lines), given.lines // 3))
    if "beat" in given.only:
        kinds["beat"] = beats(lines[: given.lines // 3])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "file" in given.only:
            write_lines(folder / "access.log", iter(lines))
            collected("a file", len(lines), folder / "file", str(folder / "access.log"))
        if "follow" in given.only:
            followed("a file that is followed", lines, folder)
        wanted = {kind: values for kind, values in kinds.items() if kind in given.only}
        if wanted:
            (folder / "broker").mkdir()
            broker = Broker(folder=folder / "broker", port=free_port())
            broker.start()
            try:
                for kind, values in wanted.items():
                    make_topic(broker.address, kind, _PARTITIONS)
                    for start in range(0, len(values), 50_000):
                        produce(broker.address, kind, values[start : start + 50_000], _PARTITIONS)
                    collected(f"kafka, {kind}", len(values), folder / kind, f"kafka://{broker.address}/{kind}")
            finally:
                broker.kill()


if __name__ == "__main__":
    main()

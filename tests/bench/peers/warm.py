"""kulla in one process: the same log again and again, and events one by one, after the rules are loaded.

    python -m tests.bench.peers.warm REPORT RULES HOME LOG HELD

LOG is read three times: first with nothing known, then warm (both as `kulla hunt` reads a file: bytes to alerts), then
with parsing and matching timed apart. HELD holds events that are not in LOG: their latency is measured one by one, when
they are new and again when they have been seen.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cli.hunters import hunt_file
from cli.reading import Reading
from collectors.reader import LogReader, Parsed
from engine.hunting import Hunter
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules

_CHUNK = 200  # parsed events that are held at a time: few, as wherever an event is matched once it is parsed


def main() -> None:
    """Measure, and write the figures to REPORT."""
    report, rules, home, log, held = (Path(word) for word in sys.argv[1:])
    begun = time.process_time()
    engine = Engine(load_rules([rules], cache_folder=home / "cache"))
    hunter = Hunter(engine)
    figures: dict[str, object] = {"load": time.process_time() - begun}
    for name in ("first", "warm"):
        begun = time.process_time()
        found = hunt_file(log, hunter, Reading(source="auto", zone="UTC", host=None))
        figures[name] = time.process_time() - begun
        figures |= {"events": found.events, "alerts": len(found.alerts)}
    figures["parse"], figures["match"], figures["matches"] = _apart(log, engine)
    for name in ("new", "seen"):
        figures[f"latency_{name}"] = _latency(held, engine)
    figures["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report.write_text(json.dumps(figures), "utf-8")


def _parsed(log: Path) -> Iterator[Parsed]:
    return (item for item in LogReader(log).records() if isinstance(item, Parsed))


def _apart(log: Path, engine: Engine) -> tuple[float, float, int]:
    """Return CPU seconds of parsing, CPU seconds of matching, and the number of matches."""
    parsing = matching = 0.0
    matches = 0
    events = _parsed(log)
    while True:
        begun = time.process_time()
        chunk = list(islice(events, _CHUNK))
        parsing += time.process_time() - begun
        if not chunk:
            return parsing, matching, matches
        begun = time.process_time()
        for item in chunk:
            matches += len(engine.match(item.fields, item.record.raw))
        matching += time.process_time() - begun


def _latency(log: Path, engine: Engine) -> dict[str, float]:
    """Return microseconds of single events: p50 and p99 of matching, and of parsing and matching; wall and CPU time.

    On a busy machine the wall time of one event in a hundred is that of the others' turn; CPU time is not.
    """
    taken: dict[str, list[int]] = {name: [] for name in ("match_wall", "match_cpu", "whole_wall", "whole_cpu")}
    events = _parsed(log)
    wall, cpu = time.perf_counter_ns, time.thread_time_ns
    while True:
        begun = wall(), cpu()
        item = next(events, None)
        parsed = wall(), cpu()
        if item is None:
            break
        engine.match(item.fields, item.record.raw)
        ended = wall(), cpu()
        for place, clock in enumerate(("wall", "cpu")):
            taken[f"match_{clock}"].append(ended[place] - parsed[place])
            taken[f"whole_{clock}"].append(ended[place] - begun[place])
    figures: dict[str, float] = {"events": len(taken["match_wall"])}
    for name, values in taken.items():
        figures |= {f"{name}_p50": _part(values, 0.50), f"{name}_p99": _part(values, 0.99)}
    return figures


def _part(nanoseconds: list[int], part: float) -> float:
    """Return a quantile in microseconds (the nearest of the measured values; 0 without any)."""
    ordered = sorted(nanoseconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] / 1000 if ordered else 0.0


if __name__ == "__main__":
    main()

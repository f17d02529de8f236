"""SQL per rule as a peer: its environment, its run, its figures."""

from __future__ import annotations

import json
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.measure import Cost, FailedRunError, Row, run
from tests.bench.peers.pairs import Pair

REQUIREMENTS = ("pysigma==1.5.1", "pysigma-backend-sqlite<2.1", "orjson")  # 2.1 of the backend asks for pySigma 2
_CHILD = Path(__file__).with_name("sql_child.py")
SECONDS = 30  # CPU seconds that one query may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the run gave: rows for the table, the pairs with all rules, and the rules that could be asked."""

    rows: tuple[Row, ...]
    pairs: set[Pair]
    taken: frozenset[str]
    versions: Mapping[str, str]


def installed(tools: Path, *, build: bool) -> Path:
    """Return the Python of an environment with pySigma and its SQLite backend, made where it is not there yet."""
    folder = tools / "sql"
    python = folder / "bin" / "python"
    if python.exists():
        return python
    if not build:
        raise FailedRunError(f"no environment under {folder}, and making one was not asked for")
    venv.create(folder, with_pip=True)
    try:
        run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS])
    except FailedRunError as error:
        python.unlink()  # else the half-made environment would pass for a whole one
        raise FailedRunError(f"pip install {' '.join(REQUIREMENTS)} failed: {error}") from error
    return python


def ask(python: Path, rules: Path, log: Path, pipeline: Path, report: Path, *, step: int) -> Asked:
    """Convert, load and ask; raise `FailedRunError` where that fails."""
    cost, _ = run([python, _CHILD, report, rules, log, pipeline, str(step), str(SECONDS)])
    got = json.loads(report.read_text("utf-8"))
    plain, indexed, total = got["plain"], got["indexed"], got["queries"]
    whole = plain["cpu"] * total / max(1, plain["rules"])
    apart = {
        "convert_cpu": got["convert"],
        "load_cpu": got["load"],
        "index_cpu": got["index"],
        "refused": got["refused"],
        "failed": indexed["failed"],
    }
    told = (
        f"queries alone; apart: rules to SQL {got['convert']:.1f} s, loading {got['load']:.1f} s, index "
        f"{got['index']:.1f} s; {sum(got['refused'].values())} rules refused, {sum(indexed['failed'].values())} failed"
    )
    sampled = f"EXTRAPOLATED from {plain['rules']} of {total} rules in {plain['cpu']:.1f} s (every {step}th); no index"
    return Asked(
        rows=(
            Row(
                key="sql_index",
                what="SQL per rule, index on channel and event id",
                events=got["events"],
                cost=_part(cost, indexed["cpu"]),
                matches=len(indexed["pairs"]),
                rules=total,
                note=told,
                more=apart,
            ),
            Row(
                key="sql_whole",
                what="SQL per rule with that index, loading included",
                events=got["events"],
                cost=_part(cost, got["load"] + got["index"] + indexed["cpu"]),
                matches=len(indexed["pairs"]),
                rules=total,
                note="as before, with reading the file into the table and the index",
            ),
            Row(
                key="sql",
                what="SQL per rule, as the backend leaves it",
                events=got["events"],
                cost=_part(cost, whole),
                rules=total,
                note=sampled,
            ),
            Row(
                key="sql_all",
                what="SQL per rule, as the backend leaves it, from files to answers",
                events=got["events"],
                cost=_part(cost, got["convert"] + got["load"] + whole),
                rules=total,
                note="as before, with turning rules into SQL and reading the file into the table",
            ),
        ),
        pairs={(rule, line) for rule, line in indexed["pairs"]},
        taken=frozenset(got["taken"]),
        versions=got["versions"],
    )


def _part(cost: Cost, cpu: float) -> Cost:
    """Return the cost of a part of a process: its own CPU seconds, no wall time, the memory of the whole."""
    return Cost(cpu=cpu, wall=0.0, mib=cost.mib, load=cost.load)

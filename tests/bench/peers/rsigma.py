"""rsigma, the fastest other engine (Rust): built with cargo, run as its manual says, its answers read as pairs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers.fields import CATEGORY, SERVICE
from tests.bench.peers.measure import Cost, FailedRunError, run
from tests.bench.peers.pairs import Pair

NUMBER = "kulla_bench_line"  # the field that tells the event's line in runs that are not timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to run it. `told`: on the events with the rules' field names; `compared`: its answers are compared.

    `step`: on every so manieth event alone, where all of them would take minutes.
    """

    key: str
    what: str
    options: tuple[str, ...] = ()
    told: bool = False
    compared: bool = False
    step: int = 1
    note: str = ""


_ROUTING = (
    *("--logsource-routing", "--event-logsource", "product=windows"),
    *("--logsource-field-map", f"service={SERVICE},category={CATEGORY}"),
)
_TOLD = "events with the rules' field names, their service and category"
VARIANTS = (
    Variant(key="rsigma", what="rsigma, as installed", compared=True, note="the same file; log sources not told"),
    Variant(
        key="rsigma_routed", what="rsigma, log source routing", options=_ROUTING, told=True, compared=True, note=_TOLD
    ),
    Variant(
        key="rsigma_bloom",
        what="rsigma, log source routing and Bloom filter",
        options=(*_ROUTING, "--bloom-prefilter"),
        told=True,
        note=_TOLD,
    ),
    Variant(  # conditions on the channel in every rule leave its index of candidates little to choose by
        key="rsigma_told",
        what="rsigma, routing and log sources by pipeline",
        options=("-p", "{pipeline}", *_ROUTING),
        told=True,
        compared=True,
        note="the same answers as kulla; " + _TOLD,
    ),
)
_OLDER = re.compile(r"`rsigma (?P<version>[\d.]+)` supports rustc")
_FAULT = re.compile(r"^error.*", re.MULTILINE)


def installed(tools: Path, *, build: bool) -> Path:
    """Return the program, built by cargo under `tools` where it is missing; raise `FailedRunError` where that fails.

    Where the newest release asks for a newer compiler than there is, the newest that this compiler can build is taken:
    cargo names it.
    """
    program = tools / "rsigma" / "bin" / "rsigma"
    if program.exists():
        return program
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FailedRunError("cargo is not installed")
    if not build:
        raise FailedRunError(f"not built under {tools}, and building was not asked for")
    words = ["nice", cargo, "install", "rsigma", "--locked", "--root", str(tools / "rsigma")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0 and (older := _OLDER.search(done.stderr)):
        words += ["--version", older["version"]]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fault = _FAULT.search(done.stderr)
        raise FailedRunError(f"cargo install rsigma failed: {fault[0][:200] if fault else 'no reason given'}")
    return program


def version(program: Path) -> str:
    """Return what the program calls itself."""
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["rsigma, unknown version"])[0].strip()


def evaluate(program: Path, rules: Path, log: Path, out: Path, options: Sequence[str | Path] = ()) -> tuple[Cost, int]:
    """Evaluate a file of events, answers to the file `out`; return the cost and the number of answers."""
    words: list[str | Path] = [program, "engine", "eval", "-r", rules, "-e", f"@{log}", "--input-format", "json"]
    cost, _ = run([*words, "--output-format", "ndjson", "-q", *options], stdout=out)
    with out.open("rb") as lines:
        return cost, sum(1 for line in lines if line.strip())


def found(out: Path) -> set[Pair]:
    """Return the pairs of a run with `--include-event` over numbered events."""
    with out.open("rb") as lines:
        return {pair for line in lines if line.strip() for pair in [_pair(json.loads(line))]}


def _pair(answer: dict[str, object]) -> Pair:
    event = answer.get("event")
    if not isinstance(event, dict):
        raise FailedRunError(f"an answer of rsigma without its event: {sorted(answer)}")
    return str(answer["rule_id"]), int(event[NUMBER])

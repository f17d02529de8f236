"""What a command or a piece of work cost, as the operating system counts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_LAUNCH = Path(__file__).with_name("launch.py")


class FailedRunError(Exception):
    """A measured command that could not be run, or ended badly; the message is its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds (user and system, children included), wall seconds, peak MiB of the largest process, load around it.

    `load` is the machine's one-minute load average when the work ended: it holds the work itself (about 1 for each busy
    process) and everybody else's.
    """

    cpu: float
    wall: float
    mib: float
    load: float
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `events` and `matches` are what this run saw and found; a sample is said in `note`.

    `cost` is None where the part was not run, and `note` says why.
    """

    key: str
    what: str
    events: int = 0
    cost: Cost | None = None
    matches: int | None = None
    rules: int | None = None
    note: str = ""
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """Events per CPU second."""
        return self.events / self.cost.cpu if self.cost is not None and self.cost.cpu > 0 and self.events else None


def run(
    command: Sequence[str | Path],
    *,
    stdout: Path | None = None,
    environment: Mapping[str, str] | None = None,
    accepted: Sequence[int] = (0,),
) -> tuple[Cost, str]:
    """Run a command to its end; return what it cost and its stderr. Raise `FailedRunError` for any other exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report, errors = Path(folder) / "report.json", Path(folder) / "stderr"
        words = [str(word) for word in command]
        launched = subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCH), str(report), str(stdout or os.devnull), str(errors), *words],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            check=False,
            capture_output=True,
            text=True,
        )
        if launched.returncode != 0:
            raise FailedRunError(_last(launched.stderr))
        told = errors.read_text("utf-8", "replace")
        got = json.loads(report.read_text("utf-8"))
    if got["code"] not in accepted:
        raise FailedRunError(f"{Path(words[0]).name} ended with {got['code']}: {_last(told)}")
    cost = Cost(cpu=got["cpu"], wall=got["wall"], mib=got["kib"] / 1024, load=os.getloadavg()[0], code=got["code"])
    return cost, told


def run_module(name: str, *words: str | Path, report: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run one of this package's own modules in a process of its own; it writes its findings to `report`."""
    cost, _ = run([sys.executable, "-m", f"tests.bench.peers.{name}", report, *words], environment=environment)
    return cost


def _last(told: str) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"

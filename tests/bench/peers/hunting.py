"""kulla itself: `kulla hunt` as whole processes, and what it found as pairs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.peers.measure import FailedRunError, Row, run
from tests.bench.peers.pairs import Pair

_EVENTS = re.compile(r"([\d,]+) events")


def hunt(key: str, what: str, logs: Sequence[Path], rules: Path, home: Path, *, out: Path) -> Row:
    """Run `kulla hunt` over the logs with these rules; alerts go to the file `out`, rules are cached under `home`."""
    kulla = Path(sys.executable).with_name("kulla")
    words: list[str | Path] = [kulla, "hunt", *logs, "--rules", rules, "-f", "jsonl", "-o", out]
    cost, told = run(words, environment={"KULLA_HOME": str(home), "NO_COLOR": "1"}, accepted=(0, 4))
    seen = _EVENTS.search(told)
    if seen is None:
        raise FailedRunError(f"kulla hunt told no number of events: {told[-200:]}")
    with out.open("rb") as lines:
        matches = sum(1 for _ in lines)
    note = "" if cost.code == 0 else "some input or rule failed (exit code 4)"
    return Row(key=key, what=what, events=int(seen[1].replace(",", "")), cost=cost, matches=matches, note=note)


def found(out: Path) -> set[Pair]:
    """Return the pairs in the alerts that `hunt` wrote."""
    pairs = set()
    with out.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            pairs.add((row["rule.id"], int(row["source"].rpartition(":")[2])))
    return pairs


def titles(out: Path) -> dict[str, str]:
    """Return the titles of the rules that matched, by id."""
    with out.open("rb") as lines:
        return {row["rule.id"]: row["rule.name"] for row in map(json.loads, lines)}

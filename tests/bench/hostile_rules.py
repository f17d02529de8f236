"""What each hostile rule file costs: python -m tests.bench.hostile_rules. One line a file, the worst at the end."""

from __future__ import annotations

import os
import time

from engine.sigma.documents import compile_files
from tests.engine.sigma.hostile_files import GOOD, HOSTILE


def main() -> None:
    compile_files([("warm.yml", GOOD.encode())])
    worst = (0.0, "")
    for name, content in HOSTILE.items():
        before, begun = time.process_time(), time.perf_counter()
        rules = compile_files([("hostile.yml", content), ("good.yml", GOOD.replace("1f4", "1f5").encode())])
        spent, wall = time.process_time() - before, time.perf_counter() - begun
        reason = rules.issues[0].message[:60] if rules.issues else f"loads, {len(rules.predicates):,} predicates"
        print(f"{spent:7.3f} s CPU {wall:7.3f} s wall  {len(content):>9,} B  {name}: {reason}")
        worst = max(worst, (spent, name))
    print(f"worst: {worst[0]:.3f} s CPU, {worst[1]} ({len(HOSTILE)} files, load {os.getloadavg()[0]:.1f})")


if __name__ == "__main__":
    main()

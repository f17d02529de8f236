"""Plans of the synthetic catalogue beside FIFO and random order, the lower bound, and CPU seconds: prints one table.

Run: python -m tests.bench.restoration [SEED ...]
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from playbooks.restoration.bound import lower_bound
from playbooks.restoration.example import example_catalogue, example_crews
from playbooks.restoration.planning import plain_orders, plan
from playbooks.restoration.problem import mean_hours
from playbooks.restoration.progress import Event, folded

START = datetime(2026, 3, 10, 6, tzinfo=UTC)


def main(seeds: list[int]) -> None:
    """Print a line per seed and kind of shifts."""
    print("| seed | shifts | mean outage h | bound h | ratio | FIFO h | random h | plan s | again s | bound s |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for seed in seeds:
        for around in (True, False):
            catalogue, crews = example_catalogue(seed), example_crews(around_the_clock=around)
            began = time.process_time()
            found = plan(catalogue, crews, START)
            planned = time.process_time() - began
            events = [Event(kind="done", task=row.task.id, at=row.end) for row in found.assignments[:200]]
            began = time.process_time()
            plan(catalogue, crews, START, progress=folded(events, events[-1].at), tries=0)
            again = time.process_time() - began
            problem = found.built.problem
            began = time.process_time()
            lowest = mean_hours(lower_bound(problem, found.schedule).cost, problem)
            bounded = time.process_time() - began
            plain = plain_orders(found.built, {service.id: service.place for service in catalogue.services})
            fifo, chance = (mean_hours(plain[name].cost(problem), problem) for name in ("fifo", "random"))
            kind = "32 seats around the clock" if around else "two of 12 h"
            print(
                f"| {seed} | {kind} | {found.outage:.2f} | {lowest:.2f} | {found.outage / lowest:.3f} | {fifo:.2f} "
                f"| {chance:.2f} | {planned:.2f} | {again:.3f} | {bounded:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 2, 3])

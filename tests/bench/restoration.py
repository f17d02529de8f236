"""Plans of synthetic catalogues beside FIFO and random order, the lower bound, and CPU seconds: prints one table.

Run: python -m tests.bench.restoration [SEED ...]; with --deep also catalogues whose services wait for many others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from playbooks.restoration.bound import lower_bound
from playbooks.restoration.example import SERVICES, example_catalogue, example_crews
from playbooks.restoration.model import Catalogue, Crews, Service, Step, Work
from playbooks.restoration.planning import plain_orders, plan
from playbooks.restoration.problem import mean_hours
from playbooks.restoration.progress import Event, folded
from playbooks.texts import same

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
# Layers of services, and for how many of earlier layers one waits.
DEEP = {"4 layers": (4, (1, 2)), "8 layers": (8, (1, 2, 3)), "12 layers": (12, (1, 2, 3)), "3 to 6": (5, (3, 4, 5, 6))}


def main(seeds: list[int], *, deep: bool) -> None:
    """Print a line per seed and kind of catalogue and shifts."""
    print(
        "| seed | catalogue | shifts | mean outage h | bound h | ratio | FIFO h | random h "
        "| plan s | again s | again ratio | bound s |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for seed in seeds:
        for name, catalogue in _catalogues(seed, deep=deep):
            for around in (True, False):
                kind = "32 seats around the clock" if around else "two of 12 h"
                figures = _figures(catalogue, example_crews(around_the_clock=around))
                print(f"| {seed} | {name} | {kind} | {' | '.join(figures)} |", flush=True)


def _catalogues(seed: int, *, deep: bool) -> Iterator[tuple[str, Catalogue]]:
    yield "example", example_catalogue(seed)
    for name, (layers, joins) in DEEP.items() if deep else ():
        yield name, deep_catalogue(seed, layers, joins)


def _figures(catalogue: Catalogue, crews: Crews) -> list[str]:
    began = time.process_time()
    found = plan(catalogue, crews, START)
    planned = time.process_time() - began
    events = [Event(kind="done", task=row.task.id, at=row.end) for row in found.assignments[:200]]
    state = folded(events, events[-1].at)
    began = time.process_time()
    again = plan(catalogue, crews, START, progress=state, tries=0, known=found.urgency)
    replanned = time.process_time() - began
    problem = found.built.problem
    began = time.process_time()
    lowest = mean_hours(lower_bound(problem, found.schedule).cost, problem)
    bounded = time.process_time() - began
    plain = plain_orders(found.built, {service.id: service.place for service in catalogue.services})
    fifo, chance = (mean_hours(plain[name].cost(problem), problem) for name in ("fifo", "random"))
    return [
        f"{found.outage:.2f}",
        f"{lowest:.2f}",
        f"{found.outage / lowest:.3f}",
        f"{fifo:.2f}",
        f"{chance:.2f}",
        f"{planned:.2f}",
        f"{replanned:.3f}",
        f"{again.outage / found.outage:.3f}",
        f"{bounded:.1f}",
    ]


def deep_catalogue(seed: int, layers: int, joins: tuple[int, ...]) -> Catalogue:
    """Return services in layers, each waiting for one of the layer before and others of any layer before.

    All but those of the first layer have users, and those of the first two were encrypted.
    """
    chance = Random(seed)
    layer = [min(int(layers * (number / SERVICES) ** 0.6), layers - 1) for number in range(SERVICES)]
    inside = [[number for number in range(SERVICES) if layer[number] == each] for each in range(layers)]
    uses = [120_000 / rank**0.7 for rank in range(1, SERVICES + 1)]
    chance.shuffle(uses)
    services = []
    for number, own in enumerate(layer):
        earlier = [own - 1, *(chance.randrange(own) for _ in range(chance.choice(joins) - 1))] if own else []
        work: dict[Step, Work] = {
            "verify": Work(skill="security", minutes=chance.choice((30, 30, 45, 45, 60, 75))),
            "go_live": Work(skill="application", minutes=chance.choice((15, 15, 30))),
        }
        if own < 2:
            work = {"restore": Work(skill=("platform", "database")[own], minutes=chance.choice((30, 45))), **work}
        services.append(
            Service(
                id=f"s{number:04}",
                name=same(f"s{number}"),
                owner="o",
                criticality=3,
                users=(round(uses[number]) if own else 0,) * 7,
                work=work,
                depends_on=tuple(sorted({f"s{chance.choice(inside[each]):04}" for each in earlier})),
                contamination="contaminated" if own < 2 else "unknown",
                place=number,
            )
        )
    return Catalogue(services=tuple(services))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--deep", action="store_true")
    asked = parser.parse_args()
    main(asked.seeds, deep=asked.deep)

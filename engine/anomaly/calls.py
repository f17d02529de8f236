"""Made-up calls of machines to destinations: people's browsing, pollers of updates and telemetry, and beacons.

Everything is drawn from the seed. Pollers are as even as beacons; what tells them apart is that many machines have the
same poller, or that it was there before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from engine.anomaly.tables import INSTANT

_START = 1_750_032_000_000_000  # microseconds since 1970: a midnight
_DAY = 86_400.0
Call = tuple[float, str, str, float]


def call_events(*, seed: int, machines: int, days: int, first_day: int = 0) -> pa.Table:
    """Return the calls of so many machines on some days; the same seed has the same machines and pollers every day."""
    calls: list[Call] = []
    for day in range(first_day, first_day + days):
        for machine in range(machines):
            calls += _machine(seed, machine, day)
    return as_events(calls, f"calls-{seed}-{first_day}")


def as_events(calls: list[Call], name: str) -> pa.Table:
    """Return calls (second, source, destination, bytes) as events."""
    ordered = sorted(calls)
    return pa.table(
        {
            "event.id": pa.array([f"{name}-{number}" for number in range(len(ordered))], type=pa.string()),
            "@timestamp": pa.array([_START + int(call[0] * 1e6) for call in ordered], type=pa.int64()).cast(INSTANT),
            "source.ip": pa.array([call[1] for call in ordered], type=pa.string()),
            "destination.domain": pa.array([call[2] for call in ordered], type=pa.string()),
            "source.bytes": pa.array([int(call[3]) for call in ordered], type=pa.int64()),
        }
    )


def _machine(seed: int, machine: int, day: int) -> Iterator[Call]:
    own = np.random.default_rng([seed, machine])  # what the machine has: the same every day
    chance = np.random.default_rng([seed, machine, day])
    source = f"10.{machine >> 16 & 255}.{machine >> 8 & 255}.{machine & 255}"
    for number in range(3):  # what many machines have: three of twelve products
        product = int(own.integers(0, 12))
        period = float(60 * 2 ** (product % 7))
        yield from poll(source, f"update{product}.example", day, period, 0.05 * (product % 4), 0.02, chance)
        del number
    if own.random() < 0.15:  # a poller that few have, but always had
        yield from poll(source, f"tool{machine % 97}.example", day, float(own.integers(60, 3600)), 0.1, 0.05, chance)
    if chance.random() < 0.03:  # something new that polls, for a day
        yield from poll(
            source, f"new{day}-{machine}.example", day, float(chance.integers(60, 3600)), 0.2, 0.1, chance, (8, 17)
        )
    for site in chance.integers(0, 400, 6).tolist():  # a person's sites, at work
        visits = chance.exponential(120.0, int(chance.integers(3, 40))).cumsum() + chance.uniform(8, 15) * 3600
        for visit in visits[visits < 18 * 3600].tolist():
            yield day * _DAY + visit, source, f"site{site}.example", float(chance.lognormal(7, 1))


def poll(  # noqa: PLR0917 # a poller has as many properties
    source: str,
    destination: str,
    day: int,
    period: float,
    jitter: float,
    loss: float,
    chance: np.random.Generator,
    hours: tuple[int, int] = (0, 24),
) -> Iterator[Call]:
    """Yield calls every `period` seconds, give or take `jitter` of it, of which the share `loss` is lost."""
    moment, end = hours[0] * 3600 + float(chance.uniform(0, period)), hours[1] * 3600.0
    size = float(chance.integers(200, 900))
    while moment < end:
        if chance.random() >= loss:
            yield day * _DAY + moment, source, destination, size * float(1 + 0.02 * chance.standard_normal())
        moment += period * float(1 + jitter * chance.uniform(-1, 1))

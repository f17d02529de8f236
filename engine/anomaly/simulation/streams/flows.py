"""Connections (Zeek's conn): shares and remote desktops inside, and what leaves the house, by hour and destination."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.ministry import address
from engine.anomaly.simulation.rhythm import MACHINES, Today
from engine.anomaly.simulation.sheets import Column, Sheet, Words, merged, sheet
from engine.anomaly.simulation.streams.logons import ADMINISTRATOR, HELPDESK, visits

_CONSTANT = {
    "event.dataset": "zeek.connection",
    "event.module": "zeek",
    "event.category": ("network",),
    "network.transport": "tcp",
}
_OUTSIDE, _NIGHTLY = 6_000, 24  # destinations outside; servers that copy something out every night
_SMB, _RDP = 445, 3389


def life(today: Today) -> Sheet:
    """Return the day's connections."""
    rng = today.rng("flows")
    return merged([_inside(today, rng), _outbound(today, rng), _copies(today, rng)])


def _inside(today: Today, rng: np.random.Generator) -> Sheet:
    ministry = today.ministry
    people = ministry.people
    visitor, server = visits(today, today.rng("logons"))
    helpers = np.flatnonzero(people.role == HELPDESK)
    helper = np.repeat(helpers, rng.poisson(today.present[helpers] * 5.0)).astype(np.int32)
    helped = rng.integers(len(people), size=len(helper)).astype(np.int32)
    source = np.concatenate([visitor, helper])
    target = np.concatenate([len(people) + server, helped]).astype(np.int32)
    remote = np.concatenate([people.role[visitor] == ADMINISTRATOR, np.ones(len(helper), dtype=bool)])
    addresses = (*people.address, *ministry.server_addresses)
    columns: dict[str, Column] = {
        "source.ip": Words(codes=source, words=addresses),
        "destination.ip": Words(codes=target, words=addresses),
        "destination.port": np.where(remote, _RDP, _SMB).astype(np.int64),
        "source.bytes": rng.lognormal(9.0, 1.2, size=len(source)).astype(np.int64),
        "destination.bytes": rng.lognormal(10.5, 1.6, size=len(source)).astype(np.int64),
    }
    return sheet("flows", _CONSTANT, today.moments(rng, people.shift[source], len(source)), columns)


@lru_cache(maxsize=1)
def outside() -> tuple[str, ...]:
    """Return the addresses outside that the ministry talks to, the most used first."""
    return tuple(address(140 + number % 40, number * 13 % 256, number * 29 % 60_000) for number in range(_OUTSIDE))


def _outbound(today: Today, rng: np.random.Generator) -> Sheet:
    people = today.ministry.people
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 11.0))
    destination = drawn(rng, zipf(_OUTSIDE, 1.0), len(person))
    talkative = stream(today.ministry.seed, "uploads").lognormal(0.0, 0.7, size=len(people))
    sent = rng.lognormal(7.6, 1.3, size=len(person)) * talkative[person]
    upload = rng.random(len(person)) < 0.004  # a large mail, a video, a file for a partner
    sent = np.where(upload, rng.lognormal(15.5, 1.0, size=len(person)), sent)
    columns = _columns(Words(codes=person, words=people.address), Words(codes=destination, words=outside()), sent, rng)
    return sheet("flows", _CONSTANT, today.moments(rng, people.shift[person], len(person)), columns)


def _copies(today: Today, rng: np.random.Generator) -> Sheet:
    """Return the nightly copies of a few servers to one partner each."""
    ministry = today.ministry
    count = max(2, round(_NIGHTLY * ministry.scale))
    server = np.repeat(np.arange(count, dtype=np.int32), 6)
    partner = (_OUTSIDE // 2 + server).astype(np.int32)
    sent = rng.lognormal(19.0, 0.35, size=len(server))
    addresses = Words(codes=server, words=ministry.server_addresses)
    columns = _columns(addresses, Words(codes=partner, words=outside()), sent, rng)
    times = today.moments(rng, MACHINES, len(server)) % 3_600_000_000 + today.midnight + 2 * 3_600_000_000
    return sheet("flows", _CONSTANT, times, columns)


def _columns(
    source: Words, destination: Words, sent: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, Column]:
    count = len(source.codes)
    return {
        "source.ip": source,
        "destination.ip": destination,
        "destination.port": np.full(count, 443, dtype=np.int64),
        "source.bytes": sent.astype(np.int64),
        "destination.bytes": rng.lognormal(9.5, 1.8, size=count).astype(np.int64),
    }

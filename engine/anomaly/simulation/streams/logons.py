"""Logons of the domain (Windows 4624 and 4625): own machines, the servers of an office, administrators, a scanner."""

from __future__ import annotations

import numpy as np

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.ministry import Ministry
from engine.anomaly.simulation.rhythm import MACHINES, Today
from engine.anomaly.simulation.sheets import Codes, Integers, Sheet, Words, sheet

_CONSTANT = {
    "event.dataset": "system.security",
    "event.module": "windows",
    "event.category": ("authentication",),
    "winlog.channel": "Security",
}
_CODES, _OUTCOMES, _ACTIONS = ("4624", "4625"), ("success", "failure"), ("logged-in", "logon-failed")
_TYPES = ("Interactive", "Network", "RemoteInteractive", "Unlock")
INTERACTIVE, NETWORK, REMOTE, UNLOCK = range(4)
ADMINISTRATOR, HELPDESK = 5, 6
_USUAL = 4  # servers that an office uses
SCANNER = "svc-scan"


def office_servers(ministry: Ministry) -> Codes:
    """Return the servers that each office uses, a row an office."""
    offices = int(ministry.people.office.max()) + 1
    rng = stream(ministry.seed, "office servers")
    return drawn(rng, zipf(len(ministry.servers), 0.7), offices * _USUAL).reshape(offices, _USUAL)


def visits(today: Today, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Return who opens which server over the network today (people, servers), in no order of time."""
    ministry = today.ministry
    people, usual = ministry.people, office_servers(ministry)
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 5.0))
    server = usual[today.office[person], rng.integers(_USUAL, size=len(person))]
    strange = rng.random(len(person)) < 0.003  # a share that somebody is shown for the first time
    server = np.where(strange, rng.integers(len(ministry.servers), size=len(person)), server)
    keepers = np.flatnonzero(people.role == ADMINISTRATOR)
    admin = np.repeat(keepers, rng.poisson(today.present[keepers] * 18.0)).astype(np.int32)
    pool = stream(ministry.seed, "administrators").integers(
        len(ministry.servers), size=(len(people), max(4, len(ministry.servers) // 8))
    )
    target = pool[admin, rng.integers(pool.shape[1], size=len(admin))]
    return np.concatenate([person, admin]), np.concatenate([server, target]).astype(np.int32)


def life(today: Today) -> Sheet:
    """Return the day's logons."""
    rng, people = today.rng("logons"), today.ministry.people
    own = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 3.0))
    visitor, server = visits(today, rng)
    helpers = np.flatnonzero(people.role == HELPDESK)
    helper = np.repeat(helpers, rng.poisson(today.present[helpers] * 5.0)).astype(np.int32)
    helped = rng.integers(len(people), size=len(helper)).astype(np.int32)
    user = np.concatenate([own, visitor, helper])
    host = np.concatenate([own, len(people) + server, helped]).astype(np.int32)
    kinds = np.concatenate(
        [
            np.where(rng.random(len(own)) < 0.35, INTERACTIVE, UNLOCK),
            np.where(people.role[visitor] == ADMINISTRATOR, REMOTE, NETWORK),
            np.full(len(helper), REMOTE),
        ]
    ).astype(np.int32)
    times = today.moments(rng, people.shift[user], len(user))
    return _sheet(today, rng, (user, host, kinds, times))


def _sheet(today: Today, rng: np.random.Generator, rows: tuple[Codes, Codes, Codes, Integers]) -> Sheet:
    ministry = today.ministry
    people = ministry.people
    user, host, kinds, times = rows
    if today.date.weekday() == 2:  # the scanner of weaknesses goes round every Wednesday night
        reached = np.flatnonzero(rng.random(len(ministry.servers)) < 0.85)
        user = np.append(user, np.full(len(reached), len(people))).astype(np.int32)
        host = np.append(host, len(people) + reached).astype(np.int32)
        kinds = np.append(kinds, np.full(len(reached), NETWORK)).astype(np.int32)
        times = np.append(times, today.moments(rng, MACHINES, len(reached)))
    failed: Codes = (rng.random(len(user)) < 0.02).astype(np.int32)
    absent = np.where(kinds == UNLOCK, -1, user).astype(np.int32)
    columns = {
        "event.code": Words(codes=failed, words=_CODES),
        "event.outcome": Words(codes=failed, words=_OUTCOMES),
        "event.action": Words(codes=failed, words=_ACTIONS),
        "winlog.logon.type": Words(codes=kinds, words=_TYPES),
        "user.name": Words(codes=user, words=(*people.name, SCANNER)),
        "host.name": Words(codes=host, words=(*people.host, *ministry.servers)),
        "source.ip": Words(codes=absent, words=(*people.address, "10.1.250.9")),
    }
    return sheet("logons", _CONSTANT, times, columns)

"""Look-ups in the civil registry: officers of agencies through X-Road (its monitoring records), and the registry's own.

X-Road's records say who asked (`user.id`), for which agency and office, and the case; never whom he asked for. The
registry's own access log says that too (`user.target.*`). `user.roles` comes from the staff directory, not the log.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.chance import stream
from engine.anomaly.simulation.ministry import SURNAMES
from engine.anomaly.simulation.rhythm import Today
from engine.anomaly.simulation.sheets import Codes, Sheet, Words, merged, sheet

_XROAD = {
    "event.dataset": "xroad.opmon",
    "event.module": "xroad",
    "event.outcome": "success",
    "xroad.role": "Producer",
    "service.name": "CIVIL/personData",
}
_OWN = {
    "event.dataset": "registry.access",
    "event.module": "registry",
    "event.outcome": "success",
    "service.name": "CIVIL/desk",
}
_CITIZENS = 400_000
_CASES = 90_000
_CAMPAIGN = 2.2  # a deadline for documents: what an office then has to do more


def life(today: Today) -> Sheet:
    """Return the day's look-ups."""
    rng, officers = today.rng("lookups"), today.ministry.officers
    counts = rng.poisson(_expected(today, rng)).astype(np.int64)
    own = np.where(officers.own, counts, 0)
    return merged([_asked(today, rng, counts - own, own=False), _asked(today, rng, own, own=True)])


def _expected(today: Today, rng: np.random.Generator) -> NDArray[np.float64]:
    officers = today.ministry.officers
    here = today.present[officers.person] > 0
    varied = rng.gamma(officers.spread, 1.0 / officers.spread)
    hurried = stream(today.ministry.seed, "campaigns", today.number // 7).random(97) < 0.03
    office = np.array([sum(name.encode()) % 97 for name in officers.office])
    return np.asarray(here * officers.rate * varied * np.where(hurried[office], _CAMPAIGN, 1.0), dtype=np.float64)


def _asked(today: Today, rng: np.random.Generator, counts: NDArray[np.int64], *, own: bool) -> Sheet:
    officers = today.ministry.officers
    officer = np.repeat(np.arange(len(officers), dtype=np.int32), counts)
    times = today.moments(rng, today.ministry.people.shift[officers.person[officer]], len(officer))
    columns = {
        "user.id": Words(codes=officer, words=officers.id),
        "organization.id": Words(codes=officer, words=officers.organisation),
        "xroad.client.subsystem": Words(codes=officer, words=officers.office),
        "user.roles": Words(codes=officer, words=officers.duty),
        "xroad.issue": _cases(today, rng, officer),
    }
    if own:
        columns |= _persons(today, rng, officer)
    return sheet("lookups", _OWN if own else _XROAD, times, columns)


def _cases(today: Today, rng: np.random.Generator, officer: Codes) -> Words:
    """Return the numbers of cases: some offices leave them out more often than others."""
    officers = today.ministry.officers
    careless = stream(today.ministry.seed, "without a case").beta(1.2, 14.0, size=len(officers))
    numbers = rng.integers(_CASES, size=len(officer)) + today.number * 1_000
    left_out = rng.random(len(officer)) < careless[officer]
    names = [f"case-{number}" for number in numbers.tolist()]
    return Words(codes=np.where(left_out, -1, np.arange(len(officer))).astype(np.int32), words=names)


def _persons(today: Today, rng: np.random.Generator, officer: Codes) -> dict[str, Words]:
    citizen = rng.integers(_CITIZENS, size=len(officer))
    names = [f"{SURNAMES[number % len(SURNAMES)]}" for number in citizen.tolist()]
    people, officers = today.ministry.people, today.ministry.officers
    asking = [people.name[person].partition(".")[2].rstrip("0123456789") for person in officers.person.tolist()]
    place = np.arange(len(officer), dtype=np.int32)
    return {
        "user.full_name": Words(codes=officer, words=[f"N. {name.title()}" for name in asking]),
        "user.target.id": Words(codes=place, words=[f"P{number:07d}" for number in citizen.tolist()]),
        "user.target.full_name": Words(codes=place, words=[f"N. {name.title()}" for name in names]),
    }

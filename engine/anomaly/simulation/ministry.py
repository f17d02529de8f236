"""The ministry itself: its people, offices, hosts, e-services, registry officers and log sources, drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.chance import drawn, shares, stream, zipf
from engine.anomaly.simulation.sheets import Codes

GIVEN: Final = (
    *("arben", "besa", "dritan", "elira", "fatos", "genta", "ilir", "jonida", "klodian", "lindita", "mira", "naim"),
    *("olta", "petrit", "rovena", "sokol", "teuta", "valbona", "xhevahir", "ylli", "zana", "blerim", "drita", "ermal"),
)
SURNAMES: Final = (
    *("hoxha", "shehu", "prifti", "gjoka", "leka", "marku", "dervishi", "kola", "bardhi", "cela", "dushku", "elezi"),
    *("frasheri", "gashi", "haxhiu", "jaku", "kurti", "lleshi", "meta", "ndoka", "pasha", "rama", "sina", "toska"),
    *("veliu", "xhafa", "ymeri", "zeneli", "basha", "cani", "duka", "fejzo", "gega", "hysa", "koci", "lika", "muca"),
)
ROLES: Final = ("clerk", "case-worker", "inspector", "manager", "developer", "administrator", "helpdesk")
_ROLE_SHARES: Final = (0.42, 0.27, 0.14, 0.08, 0.04, 0.02, 0.03)
DAY, EVENING, NIGHT = 0, 1, 2
MOBILE_POOLS: Final = 3  # carriers whose customers share few addresses (CGNAT)
_ISPS: Final = 9
_DUTIES: Final = {"desk": 42.0, "case-worker": 14.0, "supervisor": 4.0}  # look-ups a working day
_MUNICIPALITIES: Final = 61
OFFICERS: Final = 1_100
SERVICES: Final = 1_118
SOURCES: Final = 420


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Everybody with an account, by number. `starts` is the day of the simulation on which a person begins.

    A reorganisation moves a person from `office` to `next_office` on the day `moves` (-1: never).
    """

    name: Sequence[str]
    host: Sequence[str]
    address: Sequence[str]
    office: Codes
    role: Codes
    shift: Codes
    activity: NDArray[np.float64]
    remote: NDArray[np.float64]
    isp: Codes
    starts: Codes
    next_office: Codes
    moves: Codes

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Officers:
    """Those who ask the civil registry: `person` is their number among the people, `rate` their look-ups a day."""

    id: Sequence[str]
    person: Codes
    organisation: Sequence[str]
    office: Sequence[str]
    duty: Sequence[str]
    rate: NDArray[np.float64]
    spread: NDArray[np.float64]
    own: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Services:
    """E-services: requests of a working day, and the daily rhythm each follows (citizens, offices, machines)."""

    name: Sequence[str]
    volume: NDArray[np.float64]
    rhythm: Codes
    release: Codes

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Log sources: a host and a dataset each, the events of a working day, and the least share that nights keep."""

    host: Sequence[str]
    dataset: Sequence[str]
    volume: NDArray[np.float64]
    floor: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.host)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ministry:
    """All of it. `scale` is the part of its full size (10,000 people, 1,118 services) that is simulated."""

    seed: int
    scale: float
    people: People
    officers: Officers
    services: Services
    sources: Sources
    servers: Sequence[str]
    server_addresses: Sequence[str]


def founded(seed: int, *, scale: float = 1.0) -> Ministry:
    """Return the ministry of a seed: the same for ever, whatever is later drawn for its days."""
    people = _people(stream(seed, "people"), max(60, round(10_000 * scale)), scale)
    servers = [f"srv-{number:03d}" for number in range(max(20, round(320 * scale)))]
    return Ministry(
        seed=seed,
        scale=scale,
        people=people,
        officers=_officers(stream(seed, "officers"), people, max(40, round(OFFICERS * scale))),
        services=_services(stream(seed, "services"), max(30, round(SERVICES * scale))),
        sources=_sources(stream(seed, "sources"), servers, max(24, round(SOURCES * scale))),
        servers=servers,
        server_addresses=[address(10, 1, number) for number in range(len(servers))],
    )


def address(first: int, second: int, number: int) -> str:
    """Return the `number`th host address under `first.second.0.0/16`."""
    third, fourth = divmod(number, 250)
    return f"{first}.{second}.{third % 256}.{fourth + 2}"


def _people(rng: np.random.Generator, count: int, scale: float) -> People:
    given = rng.integers(len(GIVEN), size=count)
    family = rng.integers(len(SURNAMES), size=count)
    offices = max(6, round(130 * scale))
    office = drawn(rng, zipf(offices, 0.6), count)
    return People(
        name=[f"{GIVEN[g][0]}.{SURNAMES[f]}{n}" for n, (g, f) in enumerate(zip(given, family, strict=True))],
        host=[f"WS-{number:05d}" for number in range(count)],
        address=[address(10, 16 + number // 60_000, number) for number in range(count)],
        office=office,
        role=drawn(rng, shares(_ROLE_SHARES), count),
        shift=drawn(rng, shares((0.93, 0.045, 0.025)), count),
        activity=rng.gamma(4.0, 0.25, size=count),
        remote=np.where(rng.random(count) < 0.35, rng.beta(2.0, 5.0, size=count), 0.02),
        isp=drawn(rng, zipf(_ISPS, 0.8), count),
        starts=np.where(rng.random(count) < 0.02, rng.integers(1, 30, size=count), 0).astype(np.int32),
        next_office=((office + 1) % offices).astype(np.int32),
        moves=_moves(rng, office, offices),
    )


def _moves(rng: np.random.Generator, office: Codes, offices: int) -> Codes:
    """Return the day on which each person's office is merged into the next: two offices within thirty days."""
    merged = np.full(offices, -1, dtype=np.int32)
    merged[rng.choice(offices, size=2, replace=False)] = rng.integers(3, 30, size=2)
    return merged[office]


def _officers(rng: np.random.Generator, people: People, count: int) -> Officers:
    person = np.sort(rng.choice(len(people), size=min(count, len(people)), replace=False)).astype(np.int32)
    own = rng.random(len(person)) < 0.45  # at the registry's own desks; the others ask through X-Road
    towns = max(2, round(_MUNICIPALITIES * len(person) / OFFICERS))
    agencies = max(2, round(24 * len(person) / OFFICERS))
    town = drawn(rng, zipf(towns, 0.7), len(person))
    agency = drawn(rng, zipf(agencies, 0.7), len(person))
    duty = [tuple(_DUTIES)[place] for place in drawn(rng, shares((0.55, 0.35, 0.10)), len(person))]
    busy = rng.gamma(6.0, 1.0 / 6.0, size=towns + agencies)  # some offices see more citizens than others
    place = np.where(own, town, towns + agency)
    rate = np.array([_DUTIES[word] for word in duty]) * busy[place] * rng.gamma(9.0, 1.0 / 9.0, size=len(person))
    return Officers(
        id=[f"AL{chr(65 + n % 26)}{510_000 + 7 * n}{chr(65 + n % 23)}" for n in range(len(person))],
        person=person,
        organisation=["AL/GOV/CIVIL" if o else f"AL/GOV/K{1000 + a}" for o, a in zip(own, agency, strict=True)],
        office=[f"ZGJC-{t:02d}" if o else f"CASES-{a:02d}" for o, t, a in zip(own, town, agency, strict=True)],
        duty=duty,
        rate=np.maximum(rate, 0.5),
        spread=rng.uniform(3.0, 12.0, size=len(person)),
        own=own,
    )


def _services(rng: np.random.Generator, count: int) -> Services:
    volume = 2_400_000.0 * (count / SERVICES) * zipf(count, 0.95)
    return Services(
        name=[f"e-{number:04d}" for number in range(count)],
        volume=volume * rng.uniform(0.7, 1.4, size=count),
        rhythm=drawn(rng, shares((0.6, 0.3, 0.1)), count),
        release=np.where(rng.random(count) < 0.25, rng.integers(0, 60, size=count), -1).astype(np.int32),
    )


_KINDS: Final[Mapping[str, tuple[float, float, float]]] = {  # share of sources, events a day, what nights keep
    "system.security": (0.35, 4_000.0, 0.15),
    "system.auth": (0.20, 600.0, 0.5),
    "nginx.access": (0.15, 9_000.0, 0.05),
    "cisco.asa": (0.08, 20_000.0, 0.3),
    "xroad.opmon": (0.06, 3_000.0, 0.03),
    "microsoft_dns.server": (0.04, 15_000.0, 0.2),
    "postgresql.log": (0.12, 300.0, 0.4),
}


def _sources(rng: np.random.Generator, servers: Sequence[str], count: int) -> Sources:
    kinds = [tuple(_KINDS)[place] for place in drawn(rng, shares([kind[0] for kind in _KINDS.values()]), count)]
    return Sources(
        host=[servers[number % len(servers)] for number in range(count)],
        dataset=kinds,
        volume=np.array([_KINDS[kind][1] for kind in kinds]) * rng.lognormal(0.0, 0.9, size=count),
        floor=np.array([_KINDS[kind][2] for kind in kinds]) * rng.uniform(0.5, 1.5, size=count),
    )

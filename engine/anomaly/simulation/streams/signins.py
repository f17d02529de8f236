"""Sign-ins at the identity provider (Keycloak's shape): offices behind NAT, homes, phones, abroad."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.ministry import MOBILE_POOLS, Ministry, address
from engine.anomaly.simulation.rhythm import CITIZENS, HOUR, MINUTE, Today
from engine.anomaly.simulation.sheets import Codes, Integers, Sheet, Words, merged, sheet

_CONSTANT = {
    "event.dataset": "keycloak.log",
    "event.module": "keycloak",
    "event.category": ("authentication",),
    "keycloak.realm.id": "gov",
}
_ACTIONS = ("login", "login_error", "refresh_token")
_OUTCOMES = ("success", "failure")
_NOISE_NAMES = ("admin", "test", "info", "root", "user", "administrator", "support", "oracle", "scan", "backup")
_MOBILE_ADDRESSES = 48  # that a carrier's customers share
_ABROAD = 60
_TYPO, _STUBBORN = 0.055, 0.0004
_ON_THE_MOVE = 0.02  # share of refreshed sessions


def life(today: Today) -> Sheet:
    """Return the day's sign-ins, their mistakes, the refreshed sessions, and the noise of the internet."""
    rng = today.rng("signins")
    counts = today.counts(rng, 2.2)
    person = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    times = today.moments(rng, today.ministry.people.shift[person], len(person))
    place = _places(today, rng, person)
    return merged([*_staff(today, rng, person, times, place), _noise(today, rng)])


@lru_cache(maxsize=4)
def places(ministry: Ministry) -> tuple[str, ...]:
    """Return every address that people come from: offices, homes, carriers, foreign networks."""
    people = ministry.people
    offices = int(people.office.max()) + 1
    homes = [address(31, int(isp), number % 60_000) for number, isp in enumerate(people.isp.tolist())]
    mobile = [address(46, pool, n * 5) for pool in range(MOBILE_POOLS) for n in range(_MOBILE_ADDRESSES)]
    abroad = [address(93, 7 * number % 256, 977 * number % 60_000) for number in range(_ABROAD)]
    return (*(address(80, 78, number) for number in range(offices)), *homes, *mobile, *abroad)


def _places(today: Today, rng: np.random.Generator, person: Codes) -> Codes:
    people = today.ministry.people
    offices, count = int(people.office.max()) + 1, len(people)
    kind = rng.random(len(person))
    home = offices + person
    pool = people.isp[person] % MOBILE_POOLS
    mobile = offices + count + pool * _MOBILE_ADDRESSES + rng.integers(_MOBILE_ADDRESSES, size=len(person))
    found = np.where(kind < people.remote[person], np.where(rng.random(len(person)) < 0.35, mobile, home), 0)
    found = np.where(found == 0, today.office[person], found)
    travelling = stream(today.ministry.seed, "travel", today.number // 5).random(count) < 0.004
    country = stream(today.ministry.seed, "countries", today.number // 5).integers(_ABROAD, size=count)
    abroad = offices + count + MOBILE_POOLS * _MOBILE_ADDRESSES + country[person]
    return np.where(travelling[person] & (rng.random(len(person)) < 0.9), abroad, found).astype(np.int32)


def _staff(today: Today, rng: np.random.Generator, person: Codes, times: Integers, place: Codes) -> list[Sheet]:
    people, session = today.ministry.people, np.arange(len(person), dtype=np.int32)
    names = [f"s{today.number:03d}-{number:06x}" for number in range(len(person))]
    after_rest = 1.8 if today.is_working and today.date.weekday() == 0 else 1.0
    wrong = rng.poisson(_TYPO * after_rest, size=len(person)).astype(np.int64)
    stubborn = rng.random(len(people)) < _STUBBORN  # a phone that keeps trying an old password
    wrong += np.where(stubborn[person], rng.integers(10, 40, size=len(person)), 0)
    late = np.repeat(session, wrong)
    again = np.repeat(session, rng.poisson(1.6, size=len(person)))
    mistakes = times[late] - rng.integers(3_000_000, 90_000_000, size=len(late))
    refreshed = times[again] + rng.integers(5 * MINUTE, 5 * HOUR, size=len(again))
    row = np.concatenate([session, late, again])
    action = np.repeat(np.arange(3, dtype=np.int32), (len(session), len(late), len(again)))
    ids = np.where(action == 1, -1, row).astype(np.int32)
    when = np.concatenate([times, mistakes, refreshed])
    place = np.where(action == 2, _on_the_move(today, rng, person[row], place[row]), place[row]).astype(np.int32)
    users, sessions = Words(codes=person[row], words=people.name), Words(codes=ids, words=names)
    addresses = Words(codes=place, words=places(today.ministry))
    return [_sheet(when, action, users=users, addresses=addresses, sessions=sessions)]


def _on_the_move(today: Today, rng: np.random.Generator, person: Codes, place: Codes) -> Codes:
    """Return the place of each refreshed session: some go on over the carrier when a telephone leaves the house."""
    people = today.ministry.people
    first = int(people.office.max()) + 1 + len(people)
    pool = people.isp[person] % MOBILE_POOLS
    mobile = first + pool * _MOBILE_ADDRESSES + rng.integers(_MOBILE_ADDRESSES, size=len(person))
    return np.where(rng.random(len(person)) < _ON_THE_MOVE, mobile, place).astype(np.int32)


def _sheet(times: Integers, action: Codes, *, users: Words, addresses: Words, sessions: Words) -> Sheet:
    outcome: NDArray[np.int32] = (action == 1).astype(np.int32)
    columns = {
        "event.action": Words(codes=action, words=_ACTIONS),
        "event.outcome": Words(codes=outcome, words=_OUTCOMES),
        "user.name": users,
        "source.ip": addresses,
        "keycloak.login.session_id": sessions,
    }
    return sheet("signins", _CONSTANT, times, columns)


def _noise(today: Today, rng: np.random.Generator) -> Sheet:
    """Return what the internet tries every day at any door: a few words, from ever new addresses."""
    count = int(rng.poisson(160 * today.ministry.scale + 20))
    hosts = tuple(dict.fromkeys(address(103, int(n) % 200, int(n)) for n in rng.integers(50_000, size=40)))
    absent = np.full(count, -1, dtype=np.int32)
    users = Words(codes=drawn(rng, zipf(len(_NOISE_NAMES), 1.0), count), words=_NOISE_NAMES)
    addresses = Words(codes=drawn(rng, zipf(len(hosts), 0.8), count), words=hosts)
    times, failed = today.moments(rng, CITIZENS, count), np.ones(count, dtype=np.int32)
    return _sheet(times, failed, users=users, addresses=addresses, sessions=Words(codes=absent, words=()))

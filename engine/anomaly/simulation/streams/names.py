"""Questions for names (Zeek's dns): sites of all ranks, telemetry with long labels, what the mail server checks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.anomaly.simulation.chance import drawn, stream, zipf
from engine.anomaly.simulation.rhythm import CITIZENS, Today
from engine.anomaly.simulation.sheets import Sheet, Words, merged, sheet

_CONSTANT = {
    "event.dataset": "zeek.dns",
    "event.module": "zeek",
    "event.category": ("network",),
    "dns.question.class": "IN",
}
_TYPES = ("A", "AAAA", "TXT", "MX", "PTR", "HTTPS")
_CODES = ("NOERROR", "NXDOMAIN")
_DOMAINS, _WORDS = 9_000, 5
_FRONTS = ("www", "cdn", "api", "static", "mail")
_CLOUDS = ("avcloud.example.net", "telemetry.example.org", "blobstore.example.com")  # benign, with labels like hashes


@lru_cache(maxsize=2)
def sites(seed: int) -> tuple[str, ...]:
    """Return the names of sites, `_WORDS` for each registered domain, the most visited first."""
    rng = stream(seed, "sites")
    letters = np.array(list("aaabcdeeefghiiijklmnooprstuvz"))
    lengths = rng.integers(4, 13, size=_DOMAINS)
    endings = ("al", "com", "net", "org", "gov.al", "eu", "com.al")
    domains = ["".join(rng.choice(letters, size=int(size))) + "." + endings[n % 7] for n, size in enumerate(lengths)]
    return tuple(f"{front}.{domain}" for domain in domains for front in _FRONTS)


def life(today: Today) -> Sheet:
    """Return the day's questions."""
    rng = today.rng("names")
    return merged([_visits(today, rng), _telemetry(today, rng), _mail(today, rng)])


def _visits(today: Today, rng: np.random.Generator) -> Sheet:
    people, names = today.ministry.people, sites(today.ministry.seed)
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 24.0))
    site = drawn(rng, zipf(_DOMAINS, 0.95), len(person)) * _WORDS + drawn(rng, zipf(_WORDS, 1.2), len(person))
    missing = (rng.random(len(person)) < 0.012).astype(np.int32)
    columns = {
        "source.ip": Words(codes=person, words=people.address),
        "dns.question.name": Words(codes=site.astype(np.int32), words=names),
        "dns.question.type": Words(
            codes=drawn(rng, np.array([0.7, 0.22, 0.0, 0.0, 0.0, 0.08]), len(person)), words=_TYPES
        ),
        "dns.response_code": Words(codes=missing, words=_CODES),
    }
    return sheet("names", _CONSTANT, today.moments(rng, people.shift[person], len(person)), columns)


def _telemetry(today: Today, rng: np.random.Generator) -> Sheet:
    """Return the questions of antivirus and telemetry: a hash as a label, asked by every machine, often for TXT."""
    people = today.ministry.people
    person = np.repeat(np.arange(len(people), dtype=np.int32), today.counts(rng, 2.5))
    cloud = rng.integers(len(_CLOUDS), size=len(person)).astype(np.int32)
    labels = rng.integers(0, 2**62, size=len(person)).tolist()
    names = [
        f"{label:016x}{label % 65_537:06x}.{_CLOUDS[place]}"
        for label, place in zip(labels, cloud.tolist(), strict=True)
    ]
    columns = {
        "source.ip": Words(codes=person, words=people.address),
        "dns.question.name": Words(codes=np.arange(len(person), dtype=np.int32), words=names),
        "dns.question.type": Words(codes=np.where(cloud == 0, 2, 0).astype(np.int32), words=_TYPES),
        "dns.response_code": Words(codes=np.zeros(len(person), dtype=np.int32), words=_CODES),
    }
    return sheet("names", _CONSTANT, today.moments(rng, people.shift[person], len(person)), columns)


def _mail(today: Today, rng: np.random.Generator) -> Sheet:
    """Return the mail server's questions about senders: MX, TXT and PTR of ever new domains."""
    count = int(rng.poisson(9_000 * today.ministry.scale * (1.0 if today.is_working else 0.4)))
    site = drawn(rng, zipf(_DOMAINS, 0.5), count) * _WORDS + 4
    columns = {
        "source.ip": Words(codes=np.zeros(count, dtype=np.int32), words=("10.1.0.25",)),
        "dns.question.name": Words(codes=site.astype(np.int32), words=sites(today.ministry.seed)),
        "dns.question.type": Words(codes=drawn(rng, np.array([0.2, 0.05, 0.45, 0.3, 0.0, 0.0]), count), words=_TYPES),
        "dns.response_code": Words(codes=(rng.random(count) < 0.08).astype(np.int32), words=_CODES),
    }
    return sheet("names", _CONSTANT, today.moments(rng, CITIZENS, count), columns)

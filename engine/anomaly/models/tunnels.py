"""DNS tunnelling: a host that puts data into names of one domain, fast or slowly.

Threat: command and control, and theft of data, through questions for names. Data: DNS logs (`dns.question.name`,
`source.ip` or `host.name`; `dns.question.registered_domain` and `dns.question.type` where there). An observation is
one host and one registered domain in an hour, if it asked for at least `_LEAST` different names there. Antivirus and
telemetry put data into names too: they are known to many hosts, and their domains are judged by their own past.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, Tail, learned, restored
from engine.anomaly.first_seen import MOST_PAIRS, most_common
from engine.anomaly.frame import Content, NotEnoughDataError, Term
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Integers, cells, either, matching

_OWN = {
    "domain": pa.string(),
    "names": pa.int64(),
    "characters": pa.int64(),
    "digits": pa.float64(),
    "odd_types": pa.float64(),
    "hosts": pa.int64(),
}
_LEAST = 2
_LEAST_ROWS = 30
_ODD_TYPES = ("TXT", "NULL", "CNAME", "MX", "KEY", "SRV", "10", "16")
_SECOND = frozenset({"com", "gov", "org", "net", "edu", "co", "ac", "mil", "gob", "gouv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelsFitted(ByRow):
    """Volumes in names: of all domains, of domains that only one host asks, and of each domain that many ask."""

    all_domains: Tail
    lonely: Tail
    own: Mapping[str, Tail]
    hosts: Mapping[str, int]
    unknown: float
    odd_types: float
    digits: Tail
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term]:
        """Return the terms of one host and domain."""
        domain, characters = row.text("domain"), row.number("characters")
        value = f"{characters:.0f} characters in {row.number('names'):.0f} names"
        own = self.own.get(domain)
        if own is not None:
            found = f"at most {own.steps[-1]:.0f} from one of its {self.hosts.get(domain, 0)} hosts"
            bits = own.bits(characters)
            return [
                Term(
                    name="data in names",
                    bits=bits,
                    field="dns.question.name",
                    value=value,
                    expected=found,
                    layer="peer group",
                )
            ]
        tail = self.lonely
        terms = [
            Term(
                name="data in names",
                bits=tail.bits(characters),
                field="dns.question.name",
                value=value,
                expected=f"at most {tail.steps[-1]:.0f} to a domain that few ask",
            ),
            Term(
                name="digits in names",
                bits=self.digits.bits(row.number("digits")),
                field="dns.question.name",
                value=f"{row.number('digits'):.0%}",
                expected="few names of such domains have so many",
            ),
        ]
        if domain not in self.hosts:
            bits = self.unknown - min(self.unknown, 2.0 * math.log2(max(1.0, row.number("hosts"))))
            told = f"asked by {row.number('hosts'):.0f} hosts now"
            terms.append(
                Term(
                    name="domain nobody asked",
                    bits=bits,
                    field="dns.question.registered_domain",
                    value=domain,
                    expected=told,
                )
            )
        if row.number("odd_types") > 0.5:
            seen = f"{row.number('odd_types'):.0%} ask for texts and the like"
            terms.append(
                Term(name="odd types", bits=self.odd_types, field="dns.question.type", value=seen, expected="few do")
            )
        return terms

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "all_domains": self.all_domains.to_json(),
                "lonely": self.lonely.to_json(),
                "own": {name: tail.to_json() for name, tail in self.own.items()},
                "hosts": dict(self.hosts),
                "unknown": self.unknown,
                "odd_types": self.odd_types,
                "digits": self.digits.to_json(),
            }
        )


def _made(document: Mapping[str, object]) -> TunnelsFitted:
    return TunnelsFitted(
        all_domains=Tail.from_json(document["all_domains"]),
        lonely=Tail.from_json(document["lonely"]),
        own={str(k): Tail.from_json(v) for k, v in cast("Mapping[str, object]", document["own"]).items()},
        hosts={str(k): int(v) for k, v in cast("Mapping[str, int]", document["hosts"]).items()},
        unknown=float(cast("float", document["unknown"])),
        odd_types=float(cast("float", document["odd_types"])),
        digits=Tail.from_json(document["digits"]),
    )


def registered(name: str) -> str:
    """Return the registered domain of a name as well as two labels can tell it (three under `gov.al` and the like)."""
    labels = name.rstrip(".").lower().split(".")
    if len(labels) >= 3 and labels[-2] in _SECOND and len(labels[-1]) == 2:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnels:
    """The kind of model; see the module."""

    name: str = "tunnels"
    columns: tuple[str, ...] = (
        *("@timestamp", "dns.question.name", "dns.question.registered_domain", "dns.question.type"),
        *("source.ip", "host.name"),
    )
    window: timedelta = timedelta(hours=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each host and registered domain with different names in an hour."""
        name, names = coded(events, "dns.question.name")
        lowered = [value.lower().rstrip(".") for value in names]
        domain, domains = _domains(events, name, lowered)
        host, hosts = either(events, "source.ip", "host.name")
        local = np.array([*("." not in value or value.endswith((".arpa", ".local")) for value in lowered), True])
        keys = [np.where(local[name], -1, host), domain]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        _, window = np.unique(found.end, return_inverse=True)
        _, place, asking = np.unique(
            window.ravel() * len(domains) + found.key[1], return_inverse=True, return_counts=True
        )
        asking = asking[place.ravel()]
        wanted = found.distinct(name[found.rows]) >= _LEAST
        found, asking = found.only(wanted), asking[wanted]
        if not len(found):
            return empty_observations(_OWN)
        lists = found.lists(name[found.rows], lowered, most=100_000)
        sizes = _sizes(lists, [domains[code] for code in found.key[1].tolist()])
        odd = matching(events, "dns.question.type", _ODD_TYPES)[found.rows]
        columns = {
            "domain": pa.array([domains[code] for code in found.key[1].tolist()]),
            "names": pa.array(found.distinct(name[found.rows])),
            "characters": pa.array([size for size, _ in sizes], pa.int64()),
            "digits": pa.array([share for _, share in sizes], pa.float64()),
            "odd_types": pa.array(found.counts(odd) / found.counts()),
            "hosts": pa.array(asking.astype(np.int64)),
        }
        return found.observations(entity=[hosts[code] for code in found.key[0].tolist()], columns=columns)

    def fit(self, observations: pa.Table, *, seed: int) -> TunnelsFitted:
        """Return what hosts put into names."""
        del seed
        if observations.num_rows < _LEAST_ROWS:
            raise NotEnoughDataError(f"{observations.num_rows} hosts' questions, {_LEAST_ROWS} are wanted")
        rows = learned(observations)
        hosts: dict[str, set[str]] = {}
        new = 0
        for place, row in enumerate(rows):
            new += place * 2 >= len(rows) and row.text("domain") not in hosts
            hosts.setdefault(row.text("domain"), set()).add(row.entity)
        volumes: dict[str, list[float]] = {}
        for row in rows:
            volumes.setdefault(row.text("domain"), []).append(row.number("characters"))
        popular = {name for name, own in hosts.items() if len(own) >= 10}
        few = [row for row in rows if row.text("domain") not in popular]
        judged = few if len(few) >= 20 else rows
        odd = sum(row.number("odd_types") > 0.5 for row in rows)
        every = [row.number("characters") for row in rows]
        return TunnelsFitted(
            all_domains=Tail.of(every),
            lonely=Tail.of(row.number("characters") for row in judged),
            own={name: Tail.of(volumes[name]) for name in sorted(popular)},
            hosts=most_common({name: len(own) for name, own in hosts.items()}, MOST_PAIRS),
            unknown=-math.log2((new + 1.0) / (len(rows) / 2 + 2.0)),
            odd_types=-math.log2((odd + 1.0) / (len(rows) + 2.0)),
            digits=Tail.of(row.number("digits") for row in judged),
        )

    def restore(self, content: Content) -> TunnelsFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return questions of the simulated ministry."""
        return ordinary("names", seed=seed, days=6 if count >= 1000 else 2, scale=0.05)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hosts that move data through names of a domain that nobody knows."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            count = int(rng.integers(60, 3000))
            row |= {"domain": f"t{rng.integers(10**6)}.example", "names": count, "characters": count * 40, "hosts": 1}
            row |= {"digits": 0.6, "odd_types": float(rng.integers(2))}
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _domains(events: pa.Table, name: Integers, names: Sequence[str]) -> tuple[Integers, list[str]]:
    given, known = coded(events, "dns.question.registered_domain")
    made = [registered(value) for value in names]
    place = {value: number for number, value in enumerate(dict.fromkeys([*known, *made]))}
    own = np.array([*(place[value] for value in made), -1], dtype=np.int64)[name]
    told = np.array([*(place[value] for value in known), -1], dtype=np.int64)[given]
    return np.where(told >= 0, told, own), list(place)


def _sizes(lists: pa.Array, domains: Sequence[str]) -> list[tuple[int, float]]:
    """Return for each row the characters of its names in front of their domain, and the share of digits among them."""
    found: list[tuple[int, float]] = []
    for names, domain in zip(lists.to_pylist(), domains, strict=True):
        fronts = "".join(name.removesuffix(domain) for name in names).replace(".", "")
        digits = sum(char.isdecimal() for char in fronts)
        found.append((len(fronts), digits / max(1, len(fronts))))
    return found


MODEL = Tunnels()

"""Graph fan-out: a host that opens shares, remote desktops or remote management on hosts it never reached.

Threat: lateral movement, discovery of shares, worms. Data: connections (Zeek's conn, a firewall, Sysmon 3:
`source.ip`, `destination.ip`, `destination.port`), and logons over the network (Windows 4624 of type Network and
RemoteInteractive: `source.ip`, `host.name`). An observation is what one source reached in an hour over the ports of
`_PORTS`. It is judged by the rate at which this source reaches new targets (help desks and scanners do all day), less
those that many reach in the same way (an office that moved), and by whether it ever spoke this protocol. A target is a
host and a protocol: a remote desktop on the server whose files one reads every day is a new one.
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
from engine.anomaly.first_seen import FirstSeen, window_of_row
from engine.anomaly.frame import Content, Term
from engine.anomaly.networks import is_inside, is_single
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, numbers, times
from engine.anomaly.windows import Integers, cells, either, how_often, matching, shared_lists

_OWN = {"things": pa.list_(pa.string()), "shared": pa.list_(pa.int64()), "protocols": pa.list_(pa.string())}
_PORTS = {22: "ssh", 135: "rpc", 139: "smb", 445: "smb", 3389: "rdp", 5900: "vnc", 5985: "winrm", 5986: "winrm"}
_LOGONS = {"Network": "smb", "RemoteInteractive": "rdp"}
_PROTOCOLS = ("smb", "rdp", "ssh", "rpc", "winrm", "vnc")


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutFitted(ByRow):
    """The graph as it was, how many targets an hour held, and the protocols of each source.

    `first_use` are the bits of a source that begins with a protocol, `spoken` those of a source that speaks it at all.
    """

    graph: FirstSeen
    reach: Tail
    protocols: Mapping[str, int]
    first_use: Mapping[str, float]
    spoken: Mapping[str, float]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term]:
        """Return the terms of one source's hour."""
        window = window_of_row(row)
        found = self.graph.own(window, field="destination.ip", name="targets new for this source")
        if not found:
            return []
        count = len(window.things)
        reach = Term(
            name="targets in an hour",
            bits=self.reach.bits(count) if count > self.reach.steps[0] else 0.0,
            field="destination.ip",
            value=str(count),
            expected=f"at most {self.reach.steps[-1]:.0f} in {self.graph.windows} hours of ordinary sources",
        )
        moved = self.graph.moved(window, field="destination.ip", name="targets that many reach")
        return [*found, *moved, reach, *self._protocols(row)]

    def _protocols(self, row: Row) -> list[Term]:
        if row.entity not in self.protocols and self.spoken:
            return [self._spoken(name) for name in row.texts("protocols")]
        mask = self.protocols.get(row.entity, 0)
        new = [name for name in row.texts("protocols") if not mask >> _PROTOCOLS.index(name) & 1]
        return [
            Term(
                name="protocol this source never spoke",
                bits=self.first_use.get(name, self.first_use[""]),
                field="destination.port",
                value=name,
                expected="sources seldom begin with it",
                layer="entity",
            )
            for name in new
        ]

    def _spoken(self, name: str) -> Term:
        """Return the term of a source that was never seen: how few speak this protocol at all."""
        return Term(
            name="protocol that few sources speak",
            bits=self.spoken[name],
            field="destination.port",
            value=name,
            expected=f"{2 ** -self.spoken[name]:.1%} of all sources; this one was never seen",
        )

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "spoken": dict(self.spoken),
                "graph": self.graph.to_json(),
                "reach": self.reach.to_json(),
                "protocols": dict(self.protocols),
                "first_use": dict(self.first_use),
            }
        )


def _made(document: Mapping[str, object]) -> FanOutFitted:
    return FanOutFitted(
        graph=FirstSeen.from_json(document["graph"]),
        reach=Tail.from_json(document["reach"]),
        protocols={str(k): int(v) for k, v in cast("Mapping[str, int]", document["protocols"]).items()},
        first_use={str(k): float(v) for k, v in cast("Mapping[str, float]", document["first_use"]).items()},
        spoken={str(k): float(v) for k, v in cast("Mapping[str, float]", document.get("spoken", {})).items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """The kind of model; see the module."""

    name: str = "fan-out"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.category", "event.code", "event.outcome", "source.ip", "destination.ip", "host.name"),
        *("destination.port", "winlog.logon.type"),
    )
    window: timedelta = timedelta(hours=1)
    lookback: timedelta = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each source and hour in which it reached anybody."""
        source, sources = coded(events, "source.ip")
        single = np.array([*(is_single(value) and is_inside(value) for value in sources), False])
        target, targets, protocol = _edges(events)
        known = {value: code for code, value in enumerate(targets)}
        itself = np.array([*(known.get(value, -2) for value in sources), -2])[source] == target
        keys = [np.where(single[source] & (target >= 0) & (protocol >= 0) & ~itself, source, -1)]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        size = len(_PROTOCOLS)
        every, place = np.unique((target * size + protocol)[found.rows], return_inverse=True)
        told = [f"{targets[code // size]} {_PROTOCOLS[code % size]}" for code in every.tolist()]
        things = found.lists(place.ravel().astype(np.int64), told, most=1000)
        columns = {
            "things": things,
            "shared": shared_lists(found, things, window=self.window, over=self.lookback, entity=found.key[0]),
            "protocols": found.lists(protocol[found.rows], _PROTOCOLS),
        }
        rank = how_often(target[found.rows])
        return found.observations(entity=[sources[code] for code in found.key[0].tolist()], columns=columns, rank=rank)

    def fit(self, observations: pa.Table, *, seed: int) -> FanOutFitted:
        """Return the graph of these hours."""
        del seed
        rows = learned(observations)
        graph = FirstSeen.of(map(window_of_row, rows))
        masks: dict[str, int] = {}
        begun = dict.fromkeys(_PROTOCOLS, 0)
        for place, row in enumerate(rows):
            for name in row.texts("protocols"):
                bit = 1 << _PROTOCOLS.index(name)
                begun[name] += place * 2 >= len(rows) and not masks.get(row.entity, 0) & bit
                masks[row.entity] = masks.get(row.entity, 0) | bit
        half = len(rows) / 2
        first_use = {name: -math.log2((count + 1.0) / (half + 2.0)) for name, count in begun.items()}
        speakers = {name: sum(mask >> place & 1 for mask in masks.values()) for place, name in enumerate(_PROTOCOLS)}
        return FanOutFitted(
            graph=graph,
            reach=Tail.of(len(row.texts("things")) for row in rows),
            protocols=dict(sorted(masks.items())),
            first_use={"": -math.log2(1.0 / (half + 2.0)), **first_use},
            spoken={name: -math.log2((count + 1.0) / (len(masks) + 2.0)) for name, count in speakers.items()},
        )

    def restore(self, content: Content) -> FanOutFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return connections of the simulated ministry."""
        return ordinary("flows", seed=seed, days=5 if count >= 1000 else 2)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which ordinary sources reach dozens of targets that are not theirs."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            row["things"] = [
                f"10.200.{number // 250}.{number % 250 + 1} smb" for number in rng.integers(5000, size=40).tolist()
            ]
            row |= {"shared": [1] * 40, "protocols": ["smb", "rdp"]}
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _edges(events: pa.Table) -> tuple[Integers, list[str], Integers]:
    """Return the target of each row (codes and names) and its protocol; -1 where a row is no such thing."""
    target, targets = either(events, "destination.ip", "host.name")
    inside = np.array(
        [*(not _is_address(value) or (is_single(value) and is_inside(value)) for value in targets), False]
    )
    port = np.nan_to_num(numbers(events, "destination.port"), nan=-1.0).astype(np.int64)
    protocol = np.full(len(port), -1, dtype=np.int64)
    for number, name in _PORTS.items():
        protocol[port == number] = _PROTOCOLS.index(name)
    logon = matching(events, "event.code", ("4624",))
    for kind, name in _LOGONS.items():
        protocol[logon & matching(events, "winlog.logon.type", (kind,))] = _PROTOCOLS.index(name)
    return np.where(inside[target], target, -1), targets, protocol


def _is_address(value: str) -> bool:
    return ":" in value or value.replace(".", "").isdigit()


MODEL = FanOut()

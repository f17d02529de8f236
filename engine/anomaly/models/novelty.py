"""First-seen pairs: a user on hosts he never used, a program or a service on a host where it never ran.

Threat: stolen accounts, lateral movement, planted services. Data: logons (Windows 4624, sshd: `event.category`
authentication with `event.outcome` success, `user.name`, `host.name`), new services (Windows 7045 and 4697:
`service.name`). An observation is what one user, or one host, did in an hour; how new things are judged stands in
`engine.anomaly.first_seen`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, learned, restored
from engine.anomaly.first_seen import FirstSeen, window_of_row
from engine.anomaly.frame import Content, Term
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Integers, cells, either, how_often, matching, shared_lists

_OWN = {"kind": pa.string(), "things": pa.list_(pa.string()), "shared": pa.list_(pa.int64())}
_USER, _HOST = "user on hosts", "host with services"
_LOCAL = ("system", "local service", "network service", "anonymous logon", "-", "")
_NEW_SERVICES = ("7045", "4697")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltyFitted(ByRow):
    """What users and hosts did before; `services` is empty where no service was ever installed."""

    hosts: FirstSeen
    services: Mapping[str, int]
    installs: float
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one user's or host's hour."""
        window = window_of_row(row)
        if row.text("kind") == _USER:
            found = self.hosts.own(window, field="host.name", name="hosts new for this user")
            return [*found, *self.hosts.moved(window, field="host.name", name="hosts that many use")]
        new = [thing for thing in window.things if thing not in self.services]
        if not new:
            return []
        known = f"{len(self.services)} services were installed before"
        return [
            Term(name="service never installed", bits=self.installs, field="service.name", value=new[0], expected=known)
        ]

    def content(self) -> Content:
        """Return all of it as JSON."""
        document = {"hosts": self.hosts.to_json(), "services": dict(self.services), "installs": self.installs}
        return Content(document=document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """The kind of model; see the module."""

    name: str = "novelty"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.category", "event.outcome", "event.code", "event.action", "user.name", "user.roles"),
        *("host.name", "service.name", "winlog.event_data.ServiceName", "winlog.logon.type", "organization.name"),
    )
    window: timedelta = timedelta(hours=1)
    lookback: timedelta = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each user's hour of logons, and for each host's hour of new services."""
        parts = [self._users(events), self._hosts(events)]
        found = pa.concat_tables([part for part in parts if part.num_rows] or [empty_observations(_OWN)])
        return found.sort_by([("@timestamp", "ascending")])

    def _users(self, events: pa.Table) -> pa.Table:
        good = matching(events, "event.category", ("authentication", "session"))
        good &= matching(events, "event.outcome", ("success",)) & ~matching(
            events, "event.code", ("4634", "4647", "4672")
        )
        user, users = coded(events, "user.name")
        person = np.array([*(name.lower() not in _LOCAL and not name.endswith("$") for name in users), False])
        keys = [np.where(good & person[user], user, -1)]
        return self._table(events, keys, users, coded(events, "host.name"), _USER)

    def _hosts(self, events: pa.Table) -> pa.Table:
        made = matching(events, "event.code", _NEW_SERVICES)
        host, hosts = coded(events, "host.name")
        services = _renamed(either(events, "winlog.event_data.ServiceName", "service.name"))
        return self._table(events, [np.where(made, host, -1)], hosts, services, _HOST)

    def _table(
        self, events: pa.Table, keys: list[Integers], names: list[str], things: tuple[Integers, list[str]], kind: str
    ) -> pa.Table:
        keys = [np.where(things[0] >= 0, keys[0], -1)]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        lists = found.lists(things[0][found.rows], things[1], most=500)
        columns = {
            "kind": pa.array([kind] * len(found)),
            "things": lists,
            "shared": shared_lists(found, lists, window=self.window, over=self.lookback, entity=found.key[0]),
        }
        rank = how_often(things[0][found.rows])
        return found.observations(entity=[names[code] for code in found.key[0].tolist()], columns=columns, rank=rank)

    def fit(self, observations: pa.Table, *, seed: int) -> NoveltyFitted:
        """Return what was seen before."""
        del seed
        rows = learned(observations)
        hosts = FirstSeen.of(window_of_row(row) for row in rows if row.text("kind") == _USER)
        services: dict[str, int] = {}
        for row in rows:
            if row.text("kind") == _HOST:
                for thing in row.texts("things"):
                    services[thing] = services.get(thing, 0) + 1
        once = sum(count == 1 for count in services.values())
        rarest = (once + 1.0) / (hosts.windows + 2.0)  # windows in which a service nobody knew was installed
        return NoveltyFitted(hosts=hosts, services=dict(sorted(services.items())), installs=-math.log2(rarest))

    def restore(self, content: Content) -> NoveltyFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return logons of the simulated ministry."""
        return ordinary("logons", seed=seed, days=5 if count >= 1000 else 2)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which ordinary users open many hosts that are not theirs."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            row["things"] = [f"srv-x{number:03d}" for number in rng.integers(1000, size=14).tolist()]
            row["shared"] = [1] * 14
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _renamed(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    """Return names of services without the mark of the session that Windows puts behind them (`CDPUserSvc_4a8d1`)."""
    made = []
    for name in column[1]:
        front, sign, mark = name.rpartition("_")
        is_session = sign and 4 <= len(mark) <= 8 and all(char in "0123456789abcdef" for char in mark.lower())
        made.append(front if is_session else name)
    place = {value: number for number, value in enumerate(dict.fromkeys(made))}
    return np.array([*(place[value] for value in made), -1], dtype=np.int64)[column[0]], list(place)


def _made(document: Mapping[str, object]) -> NoveltyFitted:
    services = document["services"]
    if not isinstance(services, Mapping):
        raise TypeError("services have to be a mapping")
    return NoveltyFitted(
        hosts=FirstSeen.from_json(document["hosts"]),
        services={str(name): int(count) for name, count in services.items()},
        installs=float(str(document["installs"])),
    )


MODEL = Novelty()

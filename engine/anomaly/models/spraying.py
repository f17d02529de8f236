"""Guessed passwords: many tries for one account, and few tries for each of many accounts, from anywhere.

Threat: brute force, password spraying down to one try for each user and day, from ever new addresses. Data: sign-ins
with their outcome (`event.category` authentication, `event.outcome`, `user.name`, `source.ip`): identity provider,
Windows 4624 and 4625, sshd, VPN. Observations of an hour: the whole organisation, each network (/24, /48) in which
sign-ins of three users or more failed, and each user with three failures or more. What counts are failures of users who
exist from networks in which nobody ever signed in: a spray has nothing else, ordinary life has few, whoever makes them.
A failure that the same user follows with a success from the same network in the same hour is a typing error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeAlias, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.by_row import ByRow, Row, Tail, learned, restored
from engine.anomaly.frame import Content, NotEnoughDataError, Term
from engine.anomaly.networks import near
from engine.anomaly.shrinkage import tail_bits
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Cells, Integers, cells, combined, matching

_OWN = {
    "kind": pa.string(),
    "failed": pa.list_(pa.string()),
    "tries": pa.int64(),
    "signed_in": pa.list_(pa.string()),
    "users": pa.list_(pa.string()),
}
_ALL, _NETWORK, _USER = "organisation", "network", "user"
_ORGANISATION = "sign-ins of the organisation"
Flags: TypeAlias = NDArray[np.bool_]
_MARK = " from "
_MOST = 6_000
_LEAST_HOURS = 24
_NEVER_SUCCEEDS = 1.5  # shape of the gamma of failures by network


@dataclass(frozen=True, slots=True, kw_only=True)
class SprayingFitted(ByRow):
    """Users and networks that sign-ins succeeded for, and what failed in ordinary hours."""

    users: frozenset[str]
    networks: frozenset[str]
    strange: Tail
    unknown: Tail
    failing: tuple[float, float]
    tries: Mapping[str, Tail]
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one hour of the organisation, a network or a user."""
        kind = row.text("kind")
        if kind == _ALL:
            return self._organisation(row)
        return self._network(row) if kind == _NETWORK else self._user(row)

    def _organisation(self, row: Row) -> list[Term]:
        pairs = [pair.rpartition(_MARK) for pair in row.texts("failed")]
        victims = {user for user, _, net in pairs if user in self.users and net not in self.networks}
        sources = {net for user, _, net in pairs if user in victims and net not in self.networks}
        return [
            Term(
                name="users who fail from networks nobody signs in from",
                bits=self.strange.bits(len(victims)),
                field="user.name",
                value=f"{len(victims)} users from {len(sources)} networks",
                expected=f"at most {self.strange.steps[-1]:.0f} in an ordinary hour",
            )
        ]

    def _network(self, row: Row) -> list[Term]:
        users = [pair.rpartition(_MARK)[0] for pair in row.texts("failed")]
        known = sum(user in self.users for user in users)
        good = len(row.texts("signed_in"))
        mean = self.failing[0] + self.failing[1] * good
        found = [
            Term(
                name="users who fail from one network",
                bits=tail_bits(known, mean, _NEVER_SUCCEEDS) if known > mean else 0.0,
                field="source.ip",
                value=f"{known} users fail, {good} sign in",
                expected=f"{mean:.2f} would fail",
            )
        ]
        strangers = len(users) - known
        if strangers:
            found.append(
                Term(
                    name="names that do not exist",
                    bits=self.unknown.bits(strangers),
                    field="user.name",
                    value=str(strangers),
                    expected=f"at most {self.unknown.steps[-1]:.0f}",
                )
            )
        return found

    def _user(self, row: Row) -> list[Term]:
        networks = [pair.rpartition(_MARK)[2] for pair in row.texts("failed")]
        strange = [net for net in networks if net not in self.networks]
        tail = self.tries["strange" if strange else "familiar"]
        found = [
            Term(
                name="tries for one user",
                bits=tail.bits(row.number("tries")) if row.entity in self.users else 0.0,
                field="user.name",
                value=f"{row.number('tries'):.0f} tries from {len(networks)} networks",
                expected=f"at most {tail.steps[-1]:.0f} from {'strange' if strange else 'familiar'} networks",
                layer="entity",
            )
        ]
        if set(strange) & set(row.texts("signed_in")):
            value, expected = "signed in after the failures", "from a network nobody used before"
            found.append(Term(name="guessed", bits=6.0, field="event.outcome", value=value, expected=expected))
        return found

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "users": sorted(self.users),
                "networks": sorted(self.networks),
                "strange": self.strange.to_json(),
                "unknown": self.unknown.to_json(),
                "failing": list(self.failing),
                "tries": {name: tail.to_json() for name, tail in self.tries.items()},
            }
        )


def _made(document: Mapping[str, object]) -> SprayingFitted:
    first, second = cast("Sequence[float]", document["failing"])
    tries = cast("Mapping[str, object]", document["tries"])
    return SprayingFitted(
        users=frozenset(map(str, cast("Sequence[str]", document["users"]))),
        networks=frozenset(map(str, cast("Sequence[str]", document["networks"]))),
        strange=Tail.from_json(document["strange"]),
        unknown=Tail.from_json(document["unknown"]),
        failing=(float(first), float(second)),
        tries={name: Tail.from_json(tries[name]) for name in ("familiar", "strange")},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignIns:
    """Sign-ins by columns: user and network together, users and networks (codes and names), and which succeeded."""

    pair: tuple[Integers, list[str]]
    success: Flags
    users: tuple[Integers, list[str]]
    networks: tuple[Integers, list[str]]

    def rows(self, found: Cells, failed: Flags, kind: str) -> pa.Table:
        """Return the observations of these groups, of which `failed` are the failures that count."""
        if not len(found):
            return empty_observations(_OWN)
        rows = found.rows
        good = self.users if kind == _NETWORK else self.networks
        known = self.success[rows] if kind == _ALL else np.zeros(len(rows), dtype=np.bool_)
        columns = {
            "kind": pa.array([kind] * len(found)),
            "failed": found.lists(self.pair[0][rows], self.pair[1], failed[rows], most=_MOST),
            "tries": pa.array(found.counts(failed[rows])),
            "signed_in": found.lists(good[0][rows], good[1], self.success[rows], most=_MOST),
            "users": found.lists(self.users[0][rows], self.users[1], known, most=_MOST),
        }
        names = {_ALL: [_ORGANISATION], _NETWORK: self.networks[1], _USER: self.users[1]}[kind]
        rank = (~failed[rows]).astype(np.int64)
        return found.observations(entity=[names[code] for code in found.key[0].tolist()], columns=columns, rank=rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spraying:
    """The kind of model; see the module."""

    name: str = "spraying"
    columns: tuple[str, ...] = ("@timestamp", "event.category", "event.outcome", "event.type", "user.name", "source.ip")
    window: timedelta = timedelta(hours=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return the rows of each hour: organisation, networks, users."""
        attempt = matching(events, "event.category", ("authentication",))
        failure = matching(events, "event.outcome", ("failure",)) & attempt
        success = matching(events, "event.outcome", ("success",)) & attempt
        user, users = _lowered(coded(events, "user.name"))
        network, networks = _mapped(coded(events, "source.ip"))
        person = np.array([*(not name.endswith("$") for name in users), False])
        made = np.where((failure | success) & person[user] & (network >= 0), 0, -1).astype(np.int64)
        pair, pairs = combined((user, users), (network, networks), mark=_MARK)
        moments = times(events)
        wrong = failure & ~_typing_errors(moments // _HOUR_US, pair, success)
        every = cells(events, moments=moments, keys=[made], window=self.window)
        by_network = cells(events, moments=moments, keys=[np.where(made < 0, -1, network)], window=self.window)
        by_user = cells(events, moments=moments, keys=[np.where(made < 0, -1, user)], window=self.window)
        signins = _SignIns(pair=(pair, pairs), success=success, users=(user, users), networks=(network, networks))
        parts = [
            signins.rows(every, wrong, _ALL),
            signins.rows(_some(by_network, user, wrong, 3), wrong, _NETWORK),
            signins.rows(_some(by_user, np.arange(len(user)), failure, 3), failure, _USER),
        ]
        found = pa.concat_tables([part for part in parts if part.num_rows] or [empty_observations(_OWN)])
        return found.sort_by([("@timestamp", "ascending")])

    def fit(self, observations: pa.Table, *, seed: int) -> SprayingFitted:
        """Return what ordinary sign-ins were."""
        del seed
        rows = learned(observations)
        hours = [row for row in rows if row.text("kind") == _ALL]
        if len(hours) < _LEAST_HOURS:
            raise NotEnoughDataError(f"{len(hours)} hours with sign-ins, {_LEAST_HOURS} are wanted")
        networks = frozenset(net for row in hours for net in row.texts("signed_in"))
        users = frozenset(user for row in hours for user in row.texts("users"))
        by_network = [row for row in rows if row.text("kind") == _NETWORK]
        failing = [sum(pair.rpartition(_MARK)[0] in users for pair in row.texts("failed")) for row in by_network]
        good = [len(row.texts("signed_in")) for row in by_network]
        quiet = [count for count, signed_in in zip(failing, good, strict=True) if not signed_in]
        first = (sum(quiet) + 1.0) / (len(quiet) + 4.0)
        second = (sum(failing) - sum(quiet) + 1.0) / (sum(good) + 10.0)
        names = [len(row.texts("failed")) - count for count, row in zip(failing, by_network, strict=True)]
        return SprayingFitted(
            users=users,
            networks=networks,
            strange=Tail.of(_strange(hours, users)),
            unknown=Tail.of(names or [1.0]),
            failing=(first, second),
            tries=_tries(rows, networks, users),
        )

    def restore(self, content: Content) -> SprayingFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return sign-ins of the simulated ministry."""
        return ordinary("signins", seed=seed, days=8 if count >= 1000 else 2)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which many of the users fail once, each from a network that nobody used."""
        rng = np.random.default_rng(seed)
        users = sorted({user for row in normal.column("users").to_pylist() for user in row})
        rows = [row for row in normal.to_pylist() if row["kind"] == _ALL][:20]
        for row in rows:
            row["failed"] = [f"{user}{_MARK}45.{n % 250}.{n // 250}.0/24" for n, user in enumerate(users)]
            row["tries"] = len(users) + int(rng.integers(5))
        return pa.Table.from_pylist(rows, schema=normal.schema)


_HOUR_US = 3_600_000_000


def _lowered(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    return _renamed(column, [value.lower() for value in column[1]])


def _mapped(column: tuple[Integers, list[str]]) -> tuple[Integers, list[str]]:
    return _renamed(column, [near(value) for value in column[1]])


def _renamed(column: tuple[Integers, list[str]], made: Sequence[str]) -> tuple[Integers, list[str]]:
    place = {value: number for number, value in enumerate(dict.fromkeys(made))}
    return np.array([*(place[value] for value in made), -1], dtype=np.int64)[column[0]], list(place)


def _typing_errors(hour: Integers, pair: Integers, success: Flags) -> Flags:
    """Return which rows belong to a user and network for whom a sign-in succeeded in the same hour."""
    size = int(pair.max(initial=0)) + 1
    key = hour * size + pair
    return np.isin(key, key[success & (pair >= 0)])


def _some(found: Cells, codes: Integers, chosen: Flags, least: int) -> Cells:
    """Return the groups in which at least so many different codes were chosen."""
    return found.only(found.distinct(codes[found.rows], chosen[found.rows]) >= least)


def _strange(hours: Sequence[Row], users: frozenset[str]) -> list[float]:
    """Return for each hour how many known users failed from networks in which nobody had signed in until then."""
    seen: set[str] = set()
    found: list[float] = []
    for place, row in enumerate(hours):
        pairs = [pair.rpartition(_MARK) for pair in row.texts("failed")]
        if place * 3 >= len(hours):
            found.append(len({user for user, _, net in pairs if user in users and net not in seen}))
        seen.update(row.texts("signed_in"))
    return found


def _tries(rows: Sequence[Row], networks: frozenset[str], users: frozenset[str]) -> dict[str, Tail]:
    familiar, strange = [3.0], [3.0]
    for row in rows:
        if row.text("kind") == _USER and row.entity in users:
            nets = [pair.rpartition(_MARK)[2] for pair in row.texts("failed")]
            (familiar if all(net in networks for net in nets) else strange).append(row.number("tries"))
    padding = [1.0] * sum(row.text("kind") == _ALL for row in rows)  # hours without any such user
    return {"familiar": Tail.of(padding + familiar), "strange": Tail.of(padding + strange)}


MODEL = Spraying()

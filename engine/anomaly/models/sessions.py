"""Impossible and disjoint sessions without a map of the world: one user, or one session, in networks that do not fit.

Threat: stolen sessions and tokens, adversaries in the middle, shared or sold accounts. Data: sign-ins and uses of
sessions (`event.category` authentication or session, outcome success, `user.name`, `source.ip`, and a session id where
the log has one). An observation is one user in an hour. No list of places is needed: that a network (/16, or
`source.as.number` where the log has it) is new for this user, and how few of the organisation use it, is learned; and
so is how often a session moves from one network to another (telephones do between Wi-Fi and carrier).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa

from engine.anomaly.by_row import ByRow, Row, learned, restored
from engine.anomaly.first_seen import FirstSeen, Window, window_of_row
from engine.anomaly.frame import Content, Term
from engine.anomaly.networks import is_inside, wide
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Integers, cells, either, how_often, matching, shared_lists

_OWN = {"things": pa.list_(pa.string()), "shared": pa.list_(pa.int64()), "moved": pa.list_(pa.string())}
_SESSIONS = (
    *("keycloak.login.session_id", "session.id", "azure.signinlogs.properties.session_id", "okta.transaction.id"),
    *("govsso.session_id", "user.session.id", "cas.ticket_granting_ticket"),
)
_INSIDE = "inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsFitted(ByRow):
    """Networks of users and of everybody, and how often sessions move between networks."""

    networks: FirstSeen
    rare: Mapping[str, float]
    unknown: float
    moves: Mapping[str, float]
    any_move: float
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one user's hour."""
        window = window_of_row(row)
        before = self.networks.known.get(row.entity, frozenset())
        new = [(thing, many) for thing, many in zip(window.things, window.shared, strict=True) if thing not in before]
        found = self.networks.own(self._telling(window, new), field="source.ip", name="networks new for this user")
        if new:
            bits, network, many = max((self._rarity(thing, count), thing, count) for thing, count in new)
            told = f"{many:.0f} users there within a day"
            found.append(Term(name="network that few use", bits=bits, field="source.ip", value=network, expected=told))
        return [*found, *self._moves(row, {thing for thing, _ in new})]

    def _telling(self, window: Window, new: Sequence[tuple[str, float]]) -> Window:
        """Return the window without new networks that many use, where one is new that few do.

        Who travels comes from abroad and over his telephone's carrier: the carrier tells nothing more.
        """
        rare = [pair for pair in new if self.rare.get(pair[0], self.unknown) * 2 >= self.unknown]
        if not rare:
            return window
        return replace(window, things=[thing for thing, _ in rare], shared=[many for _, many in rare])

    def _rarity(self, network: str, now: float) -> float:
        bits = self.rare.get(network, self.unknown)
        return max(0.0, bits - 2.0 * math.log2(max(1.0, now)))

    def _moves(self, row: Row, new: set[str]) -> list[Term]:
        moved = [pair for pair in row.texts("moved") if set(pair.split(" and ")) & new]
        if not moved:
            return []
        bits = max(self.moves.get(pair, self.any_move) for pair in moved)
        return [
            Term(
                name="one session in two networks",
                bits=bits,
                field="source.ip",
                value=moved[0],
                expected="sessions seldom move between these",
            )
        ]

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "networks": self.networks.to_json(),
                "rare": dict(self.rare),
                "unknown": self.unknown,
                "moves": dict(self.moves),
                "any_move": self.any_move,
            }
        )


def _made(document: Mapping[str, object]) -> SessionsFitted:
    return SessionsFitted(
        networks=FirstSeen.from_json(document["networks"]),
        rare={str(k): float(v) for k, v in cast("Mapping[str, float]", document["rare"]).items()},
        unknown=float(cast("float", document["unknown"])),
        moves={str(k): float(v) for k, v in cast("Mapping[str, float]", document["moves"]).items()},
        any_move=float(cast("float", document["any_move"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """The kind of model; see the module."""

    name: str = "sessions"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.category", "event.outcome", "event.code", "user.name", "source.ip", "source.as.number"),
        *_SESSIONS,
    )
    window: timedelta = timedelta(hours=1)
    lookback: timedelta = timedelta(days=1)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each user's hour of successful sign-ins and uses of sessions."""
        good = matching(events, "event.category", ("authentication", "session", "web"))
        good &= matching(events, "event.outcome", ("success",))
        user, users = coded(events, "user.name")
        person = np.array([*(not name.endswith("$") for name in users), False])
        network, networks = _networks(events)
        keys = [np.where(good & person[user] & (network >= 0), user, -1)]
        found = cells(events, moments=times(events), keys=keys, window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        things = found.lists(network[found.rows], networks, most=100)
        session, _ = either(events, *_SESSIONS)
        moved = _moved(found.group, session[found.rows], network[found.rows], networks, len(found))
        columns = {
            "things": things,
            "shared": shared_lists(found, things, window=self.window, over=self.lookback, entity=found.key[0]),
            "moved": pa.array(moved, pa.list_(pa.string())),
        }
        rank = how_often(network[found.rows])
        return found.observations(entity=[users[code] for code in found.key[0].tolist()], columns=columns, rank=rank)

    def fit(self, observations: pa.Table, *, seed: int) -> SessionsFitted:
        """Return the networks of these hours."""
        del seed
        rows = learned(observations)
        networks = FirstSeen.of(map(window_of_row, rows))
        users = len(networks.known)
        rare = {name: -math.log2((spread + 0.5) / (users + 1.0)) for name, spread in networks.spread.items()}
        moves: dict[str, int] = {}
        for row in rows:
            for pair in row.texts("moved"):
                moves[pair] = moves.get(pair, 0) + 1
        return SessionsFitted(
            networks=networks,
            rare=rare,
            unknown=-math.log2(0.5 / (users + 1.0)),
            moves={pair: -math.log2((count + 0.5) / (len(rows) + 1.0)) for pair, count in sorted(moves.items())},
            any_move=min(12.0, -math.log2((sum(count == 1 for count in moves.values()) + 0.5) / (len(rows) + 1.0))),
        )

    def restore(self, content: Content) -> SessionsFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return sign-ins of the simulated ministry."""
        return ordinary("signins", seed=seed, days=8 if count >= 1000 else 2)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return hours in which a running session of a user is used from a network that nobody uses."""
        rng = np.random.default_rng(seed)
        rows = normal.slice(0, min(25, normal.num_rows)).to_pylist()
        for row in rows:
            strange = f"45.{rng.integers(250)}.0.0/16"
            pair = " and ".join(sorted([row["things"][0], strange]))
            row |= {"things": [*row["things"], strange], "shared": [*row["shared"], 1], "moved": [pair]}
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _networks(events: pa.Table) -> tuple[Integers, list[str]]:
    """Return the network of each row's source: its number where the log has it, else /16; all private ones are one."""
    address, addresses = coded(events, "source.ip")
    number, numbers = coded(events, "source.as.number")
    made = [_INSIDE if is_inside(value) else wide(value) for value in addresses]
    place = {value: code for code, value in enumerate(dict.fromkeys([*made, *(f"AS{value}" for value in numbers)]))}
    by_address = np.array([*(place[value] for value in made), -1], dtype=np.int64)[address]
    by_number = np.array([*(place[f"AS{value}"] for value in numbers), -1], dtype=np.int64)[number]
    return np.where(by_number >= 0, by_number, by_address), list(place)


def _moved(
    group: Integers, session: Integers, network: Integers, networks: Sequence[str], count: int
) -> list[list[str]]:
    """Return for each group the pairs of networks between which one of its sessions was used."""
    found: list[set[str]] = [set() for _ in range(count)]
    keep = np.flatnonzero(session >= 0)
    size, many = int(session.max(initial=0)) + 1, len(networks)
    triples = np.unique((group[keep] * size + session[keep]) * many + network[keep])
    owner, place = triples // many, triples % many
    again = np.flatnonzero(np.diff(owner) == 0)
    for row in again.tolist():
        pair = sorted([networks[place[row]], networks[place[row + 1]]])
        found[int(owner[row] // size)].add(" and ".join(pair))
    return [sorted(pairs) for pairs in found]


MODEL = Sessions()

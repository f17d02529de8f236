"""Abuse of registry look-ups: an officer who asks for far more people than his own work and that of his peers explain.

Threat: sold or curious look-ups in registers of people, vehicles, health or tax. Data: records of who asked:
X-Road's operational monitoring at the register (`xroad.role` Producer, `user.id`, `organization.id`,
`xroad.client.subsystem`, `xroad.issue`), or the register's own access log (`event.module` registry), which may also say
whom (`user.target.id`, `user.target.full_name`, `user.target.roles`). `user.roles`, from a staff directory, makes peers
of the same role; without it peers are those of the same office. An observation is an officer on a day, with his last
seven days: counts are judged by a negative binomial around his own rate, shrunk to that of his peers, times how busy
those peers are now. No person is named beside the officer, and peers are told of only where there are `LEAST_PEERS`.
Every alert is for a human review (playbook `insider-lookups`); nothing follows from it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.anomaly.by_row import MOST_BITS, ByRow, Row, learned, restored
from engine.anomaly.frame import Content, NotEnoughDataError, Term
from engine.anomaly.holidays import hour_cell
from engine.anomaly.proportions import beta_tail
from engine.anomaly.shrinkage import tail_bits
from engine.anomaly.simulation.samples import ordinary
from engine.anomaly.tables import coded, empty_observations, times
from engine.anomaly.windows import Cells, Integers, cells, combined, either, matching

_OWN = {
    "days": pa.int64(),
    "count": pa.int64(),
    "today": pa.int64(),
    "without": pa.int64(),
    "named": pa.int64(),
    "surnames": pa.int64(),
    "protected": pa.int64(),
    "peer_count": pa.int64(),
    "peer_days": pa.int64(),
    "peers": pa.int64(),
    "shift": pa.string(),
}
LEAST_PEERS = 5
_WEEK = 7
_LEAST_ROWS = 60
_PEER_DAYS = 4.0  # days that the peers' rate is worth to an officer
_SEASON = 60.0  # look-ups that "as busy as always" is worth
# Look-ups that a share without a case is worth, where nothing is known of how such shares vary: that of an officer's
# peers for himself, his own for a week.
_OF_PEERS, _OF_WEEKS = 8.0, 60.0
_STEADIEST = 1000.0
_LEAST_SPREAD = 10  # officers, or weeks of officers, before their spread is told
_PROTECTED = frozenset({"vip", "protected", "public-figure", "politically-exposed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupsFitted(ByRow):
    """Look-ups and days by organisation, peer group and officer, how much days vary, and shares without a case.

    `alike` and `steady` say how little such shares vary between officers, and from week to week of one: in look-ups, as
    the weight of a beta distribution.
    """

    counts: tuple[Mapping[str, float], ...]
    days: tuple[Mapping[str, int], ...]
    officers: Mapping[str, int]
    without: tuple[Mapping[str, float], ...]
    daily: float
    people: float
    surnames: float
    protected: float
    uses_cases: bool
    alike: float
    steady: float
    judged_by: ClassVar[tuple[str, ...]] = tuple(_OWN)

    def terms(self, row: Row) -> Sequence[Term] | None:
        """Return the terms of one officer's week; None for one whose peers and past are both too few."""
        known = self.officers.get(row.peer, 0)
        if known < LEAST_PEERS and self.days[2].get(row.entity, 0) < _WEEK:
            return None
        return [*self._volume(row), *self._cases(row), *self._persons(row)]

    def _group(self, peer: str) -> str:
        return peer if self.officers.get(peer, 0) >= LEAST_PEERS else ""

    def _rate(self, layer: int, key: str) -> float:
        days = self.days[layer].get(key, 0)
        return self.counts[layer].get(key, 0.0) / days if days else 0.0

    def _volume(self, row: Row) -> list[Term]:
        group = self._group(row.peer)
        peers = self._rate(1, group) if group else self._rate(0, "")
        own_days = self.days[2].get(row.entity, 0)
        own = (self.counts[2].get(row.entity, 0.0) + _PEER_DAYS * peers) / (own_days + _PEER_DAYS)
        season = self._season(row, peers)
        days, count = max(1.0, row.number("days")), int(row.number("count"))
        by_peers = tail_bits(count, days * peers * season, _joined(self.daily * days, self.people))
        certain = own_days * self.daily + _PEER_DAYS
        by_self = tail_bits(count, days * own * season, _joined(self.daily * days, certain))
        busy = f", who are {season:.1f} times as busy as usual" if group and row.number("peers") >= LEAST_PEERS else ""
        field = "user.id"
        return [
            Term(
                name="look-ups against peers",
                bits=by_peers if count > days * peers * season else 0.0,
                field=field,
                value=f"{count} in {days:.0f} days",
                expected=f"peers would have about {days * peers * season:.0f}{busy}",
                layer="peer group" if group else "organisation",
            ),
            Term(
                name="look-ups against own past",
                bits=(by_self if count > days * own * season else 0.0)
                - (by_peers if count > days * peers * season else 0.0),
                field=field,
                value=f"{count} in {days:.0f} days",
                expected=f"the own past of {own_days} days lets one expect about {days * own * season:.0f}",
                layer="entity",
            ),
        ]

    def _season(self, row: Row, peers: float) -> float:
        expected = row.number("peer_days") * peers
        if row.number("peers") < LEAST_PEERS - 1 or expected <= 0:
            return 1.0
        return min(4.0, max(0.5, (row.number("peer_count") + _SEASON) / (expected + _SEASON)))

    def _cases(self, row: Row) -> list[Term]:
        if not self.uses_cases:
            return []
        group, count, without = self._group(row.peer), row.number("count"), row.number("without")
        peers = self._share(1, group) if group else self._share(0, "")
        seen = self.counts[2].get(row.entity, 0.0)
        own = (self.without[2].get(row.entity, 0.0) + self.alike * peers) / (seen + self.alike)
        if without <= own * count:
            return []
        return [
            Term(
                name="look-ups without a case",
                bits=min(MOST_BITS, beta_tail(int(without), int(count), own, _joined(seen + self.alike, self.steady))),
                field="xroad.issue",
                value=f"{without:.0f} of {count:.0f}",
                expected=f"{own:.0%} are usual for this officer",
                layer="entity",
            )
        ]

    def _share(self, layer: int, key: str) -> float:
        return (self.without[layer].get(key, 0.0) + 0.5) / (self.counts[layer].get(key, 0.0) + 1.0)

    def _persons(self, row: Row) -> list[Term]:
        named = int(row.number("named"))
        found: list[Term] = []
        for name, column, share in (
            ("people of the officer's surname", "surnames", self.surnames),
            ("protected people", "protected", self.protected),
        ):
            count = int(row.number(column))
            if named and count > share * named:
                bits = beta_tail(count, named, share, 40.0)
                expected = f"{share:.2%} of look-ups are usual"
                found.append(
                    Term(
                        name=name,
                        bits=bits,
                        field="user.target.full_name",
                        value=f"{count} of {named}",
                        expected=expected,
                    )
                )
        return found

    def content(self) -> Content:
        """Return all of it as JSON."""
        return Content(
            document={
                "counts": [dict(layer) for layer in self.counts],
                "days": [dict(layer) for layer in self.days],
                "officers": dict(self.officers),
                "without": [dict(layer) for layer in self.without],
                "daily": self.daily,
                "people": self.people,
                "surnames": self.surnames,
                "protected": self.protected,
                "uses_cases": self.uses_cases,
                "alike": self.alike,
                "steady": self.steady,
            }
        )


def _joined(first: float, second: float) -> float:
    """Return the shape of a product of two gammas, of mean one each, taken for a gamma: relative variances add.

    Likewise the weight of a beta around a mean that is itself uncertain.
    """
    return 1.0 / (1.0 / first + 1.0 / second)


def _made(document: Mapping[str, object]) -> LookupsFitted:
    layers = {name: cast("Sequence[Mapping[str, float]]", document[name]) for name in ("counts", "days", "without")}
    if any(len(layer) != 3 for layer in layers.values()):
        raise ValueError("three layers are wanted")
    return LookupsFitted(
        counts=tuple({str(k): float(v) for k, v in layer.items()} for layer in layers["counts"]),
        days=tuple({str(k): int(v) for k, v in layer.items()} for layer in layers["days"]),
        officers={str(k): int(v) for k, v in cast("Mapping[str, int]", document["officers"]).items()},
        without=tuple({str(k): float(v) for k, v in layer.items()} for layer in layers["without"]),
        daily=float(cast("float", document["daily"])),
        people=float(cast("float", document["people"])),
        surnames=float(cast("float", document["surnames"])),
        protected=float(cast("float", document["protected"])),
        uses_cases=bool(document["uses_cases"]),
        alike=float(cast("float", document.get("alike", _OF_PEERS))),  # the last two: models trained before have none
        steady=float(cast("float", document.get("steady", _OF_WEEKS))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """The kind of model; see the module. `lookback`: as in `engine.anomaly.models.silence`."""

    name: str = "lookups"
    columns: tuple[str, ...] = (
        *("@timestamp", "event.module", "event.dataset", "event.outcome", "user.id", "user.roles", "user.full_name"),
        *("organization.id", "xroad.client.subsystem", "xroad.issue", "xroad.role"),
        *("user.target.id", "user.target.full_name", "user.target.roles"),
    )
    window: timedelta = timedelta(days=1)
    lookback: timedelta = timedelta(days=_WEEK)

    def observe(self, events: pa.Table) -> pa.Table:
        """Return a row for each officer and day with look-ups."""
        asked = matching(events, "xroad.role", ("Producer",)) | matching(events, "event.module", ("registry",))
        asked &= ~matching(events, "event.outcome", ("failure",))
        officer, officers = coded(events, "user.id")
        moments = times(events)
        found = cells(events, moments=moments, keys=[np.where(asked, officer, -1)], window=self.window)
        if not len(found):
            return empty_observations(_OWN)
        group, groups = _peers(events)
        first = np.full(len(found), len(officer), dtype=np.int64)
        np.minimum.at(first, found.group, found.rows)
        peer = group[first]
        daily = _daily(events, found)
        columns = _weeks(found, daily, peer, len(groups))
        columns["shift"] = pa.array(_shifts(found, moments))
        return found.observations(
            entity=[officers[code] for code in found.key[0].tolist()],
            peer=[groups[code] if code >= 0 else "" for code in peer.tolist()],
            columns={name: columns[name] for name in _OWN},
        )

    def fit(self, observations: pa.Table, *, seed: int) -> LookupsFitted:
        """Return what officers asked."""
        del seed
        if observations.num_rows < _LEAST_ROWS:
            raise NotEnoughDataError(f"{observations.num_rows} officers' days of look-ups, {_LEAST_ROWS} are wanted")
        rows = learned(observations)
        counts: tuple[dict[str, float], ...] = ({}, {}, {})
        without: tuple[dict[str, float], ...] = ({}, {}, {})
        days: tuple[dict[str, int], ...] = ({}, {}, {})
        members: dict[str, set[str]] = {}
        for row in rows:
            members.setdefault(row.peer, set()).add(row.entity)
            share = row.number("without") / max(1.0, row.number("count"))
            for layer, key in enumerate(("", row.peer, row.entity)):
                counts[layer][key] = counts[layer].get(key, 0.0) + row.number("today")
                without[layer][key] = without[layer].get(key, 0.0) + share * row.number("today")
                days[layer][key] = days[layer].get(key, 0) + 1
        named = sum(row.number("named") for row in rows)
        daily, people = _spreads(rows, counts, days)
        alike, steady = weights_of_shares(rows, counts, without)
        return LookupsFitted(
            counts=tuple(dict(sorted(layer.items())) for layer in counts),
            days=tuple(dict(sorted(layer.items())) for layer in days),
            officers={peer: len(group) for peer, group in sorted(members.items())},
            without=tuple(dict(sorted(layer.items())) for layer in without),
            daily=daily,
            people=people,
            surnames=(sum(row.number("surnames") for row in rows) + 1.0) / (named + 50.0),
            protected=(sum(row.number("protected") for row in rows) + 1.0) / (named + 500.0),
            uses_cases=without[0][""] < 0.7 * counts[0][""],
            alike=alike,
            steady=steady,
        )

    def restore(self, content: Content) -> LookupsFitted:
        """Return the model again."""
        return restored(content, _made)

    def sample(self, *, seed: int, count: int) -> pa.Table:
        """Return look-ups of the simulated civil registry."""
        return ordinary("lookups", seed=seed, days=14 if count >= 1000 else 5, scale=0.1)

    def attacks(self, normal: pa.Table, *, seed: int) -> pa.Table:
        """Return weeks in which officers ask four times as much, for a third of it without a case."""
        del seed
        rows = [row for row in normal.to_pylist() if row["count"] >= 40][-40:]
        for row in rows:
            row |= {"count": row["count"] * 4, "today": row["today"] * 4, "without": row["count"]}
        return pa.Table.from_pylist(rows, schema=normal.schema)


def _peers(events: pa.Table) -> tuple[Integers, list[str]]:
    """Return the peer group of each row: the office, and the role where the log or the directory has it."""
    office = either(events, "xroad.client.subsystem", "organization.id")
    role, roles = coded(events, "user.roles")
    return combined(office, (np.where(role < 0, len(roles), role), [*roles, "any role"]), mark=", ")


def _daily(events: pa.Table, found: Cells) -> dict[str, NDArray[np.int64]]:
    """Return counts of each officer's day."""
    rows = found.rows
    issue, _ = coded(events, "xroad.issue")
    target, _ = either(events, "user.target.id", "user.target.full_name")
    asking, names = coded(events, "user.full_name")
    asked, wanted = coded(events, "user.target.full_name")
    same = np.array([*map(_surname, names), ""])[asking] == np.array([*map(_surname, wanted), ""])[asked]
    return {
        "today": found.counts(),
        "without": found.counts(issue[rows] < 0),
        "named": found.counts(target[rows] >= 0),
        "surnames": found.counts((same & (asking >= 0) & (asked >= 0))[rows]),
        "protected": found.counts(matching(events, "user.target.roles", tuple(_PROTECTED))[rows]),
    }


def _surname(name: str) -> str:
    return name.strip().rpartition(" ")[2].casefold()


def _weeks(found: Cells, daily: Mapping[str, Integers], peer: Integers, groups: int) -> dict[str, pa.Array]:
    """Return the sums over the last seven days, of each officer and of his peers."""
    day = found.end // 86_400_000_000
    officer = found.key[0]
    sums: dict[str, Integers] = {}
    for name, values in {**daily, "days": np.ones(len(found), dtype=np.int64)}.items():
        sums[name] = _trailing(officer, day, values)
    columns = {name: pa.array(sums[name]) for name in ("days", "without", "named", "surnames", "protected")}
    columns |= {"count": pa.array(sums["today"]), "today": pa.array(daily["today"])}
    of_peers = _trailing(peer, day, daily["today"]) - sums["today"]
    peer_days = _trailing(peer, day, np.ones(len(found), dtype=np.int64)) - sums["days"]
    pairs = np.unique(np.maximum(peer, 0) * (int(officer.max()) + 1) + officer) // (int(officer.max()) + 1)
    members = np.bincount(pairs, minlength=max(1, groups))[np.maximum(peer, 0)] - 1
    known = peer >= 0
    return columns | {
        "peer_count": pa.array(np.where(known, of_peers, 0)),
        "peer_days": pa.array(np.where(known, peer_days, 0)),
        "peers": pa.array(np.where(known, members, 0)),
    }


def _trailing(key: Integers, day: Integers, values: Integers) -> Integers:
    """Return for each row the sum of its key's values over its day and the six before."""
    span = int(day.max() - day.min()) + 2 * _WEEK
    place = (key - key.min()) * span + day - day.min() + _WEEK
    order = np.argsort(place, kind="stable")
    total = np.concatenate([[0], np.cumsum(values[order])])
    after = np.searchsorted(place[order], place, side="right")
    before = np.searchsorted(place[order], place - _WEEK, side="right")
    return np.asarray(total[after] - total[before], dtype=np.int64)


def _shifts(found: Cells, moments: Integers) -> list[str]:
    hours = moments[found.rows] // 3_600_000_000
    known = {int(hour): hour_cell(int(hour)) % 24 for hour in np.unique(hours)}
    local = np.array([known[hour] for hour in hours.tolist()])
    day = found.counts((local >= 7) & (local < 17))
    evening = found.counts((local >= 17) & (local < 23))
    night = found.counts() - day - evening
    names = ("day", "evening", "night")
    return [names[place] for place in np.argmax(np.stack([day, evening, night]), axis=0).tolist()]


def _spreads(
    rows: Sequence[Row], counts: Sequence[Mapping[str, float]], days: Sequence[Mapping[str, int]]
) -> tuple[float, float]:
    """Return the shapes of an officer's days around his mean, and of officers around their peers, by moments."""
    excess = squares = 0.0
    for row in rows:
        seen = days[2][row.entity]
        if seen >= 4:
            mean = counts[2][row.entity] / seen
            excess += ((row.number("today") - mean) ** 2 - mean) * seen / (seen - 1)
            squares += mean * mean
    between = wide = 0.0
    group = {row.entity: row.peer for row in rows}
    for officer, peer in group.items():
        own, usual = counts[2][officer] / days[2][officer], counts[1][peer] / days[1][peer]
        between += (own - usual) ** 2
        wide += usual * usual
    daily = squares / excess if excess > 0 else 20.0
    people = wide / between if between > 0 else 20.0
    return min(20.0, max(0.5, daily)), min(20.0, max(0.5, people))


def weights_of_shares(
    rows: Sequence[Row], counts: Sequence[Mapping[str, float]], without: Sequence[Mapping[str, float]]
) -> tuple[float, float]:
    """Return how alike officers' shares without a case are, and how steady one officer's weeks are, by moments."""
    group = {row.entity: row.peer for row in rows}
    between, within = _Spread(), _Spread()
    for officer, peer in group.items():
        between.add(without[2][officer], counts[2][officer], without[1][peer] / max(1.0, counts[1][peer]))
    for row in rows:
        seen = counts[2][row.entity]
        left = 1.0 - row.number("count") / max(1.0, seen)  # the week is part of what its share was taken from
        if left >= 0.25:
            within.add(row.number("without"), row.number("count"), without[2][row.entity] / seen, left)
    return between.weight(_OF_PEERS), within.weight(_OF_WEEKS)


@dataclass(slots=True)
class _Spread:
    """How far counts lie from their shares: squares, and what binomials and fully tied trials would have."""

    squares: float = 0.0
    free: float = 0.0
    tied: float = 0.0
    many: int = 0

    def add(self, count: float, trials: float, share: float, left: float = 1.0) -> None:
        """Count one; `left` is the part of its variance that is left where it was part of its own share."""
        variance = trials * share * (1.0 - share)
        self.squares += (count - trials * share) ** 2 / left
        self.free += variance
        self.tied += variance * max(0.0, trials - 1.0)
        self.many += variance > 0

    def weight(self, unknown: float) -> float:
        """Return the weight of the beta with this spread, `unknown` where there is too little to tell."""
        if self.many < _LEAST_SPREAD or self.tied <= 0:
            return unknown
        correlation = (self.squares - self.free) / self.tied
        return min(_STEADIEST, max(1.0, 1.0 / correlation - 1.0)) if correlation > 0 else _STEADIEST


MODEL = Lookups()

"""The engine's correlations agree with brute force, whatever the events, their order, their ties and their runs.

Runs over a store are tested here against a fake that keeps what the protocol promises of hits, alerts and cursors;
`tests/engine/test_detecting.py` runs the same over the embedded store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.alerts import Alert
from engine.correlating import StoreCorrelator
from engine.events import Value
from engine.sigma.alerting import burst_alert
from engine.sigma.correlations.bursts import Burst
from engine.sigma.correlations.correlator import Correlator
from engine.sigma.correlations.hits import Hit, to_store
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet
from engine.store.protocol import BaseHit, Store
from tests.engine.sigma.correlation_reference import Seen, bursts
from tests.engine.sigma.rules import ACME
from tests.engine.sigma.test_correlation import START, rules
from tests.engine.sigma.test_correlation_types import BRUTE, chain

SPAN = 10
ABC = ["a", "b", "c"]
BODIES: dict[str, dict[str, Any]] = {
    "events": {"type": "event_count", "rules": ["a", "b"], "condition": {"gte": 3}},
    "events exactly": {"type": "event_count", "rules": ["a"], "condition": {"eq": 2}},
    "events between": {"type": "event_count", "rules": ["a"], "condition": {"gt": 1, "lt": 4}},
    "few events": {"type": "event_count", "rules": ["a", "c"], "condition": {"lt": 2}},
    "values": {"type": "value_count", "rules": ["a", "b"], "condition": {"gte": 3, "field": "v"}},
    "values but": {"type": "value_count", "rules": ["a"], "condition": {"neq": 2, "field": "v"}},
    "together": {"type": "temporal", "rules": ABC},
    "some of them": {"type": "temporal", "rules": ABC, "condition": {"eq": 2}},
    "in order": {"type": "temporal_ordered", "rules": ABC},
    "some in order": {"type": "temporal_ordered", "rules": ABC, "condition": {"gte": 2}},
    "without": {"type": "temporal", "rules": ["a", "b"], "condition": "a and not b"},
    "both without": {"type": "temporal", "rules": ABC, "condition": "a and c and not b"},
    "none between": {"type": "temporal_ordered", "rules": ABC, "condition": "a and not b and c"},
    "none after": {"type": "temporal_ordered", "rules": ABC, "condition": "a and b and not c"},
    "none before": {"type": "temporal_ordered", "rules": ABC, "condition": "not a and b and c"},
    "sum": {"type": "value_sum", "rules": ["a", "b"], "condition": {"gt": 6, "field": "v"}},
    "average": {"type": "value_avg", "rules": ["a"], "condition": {"gte": 1.5, "lt": 3, "field": "v"}},
    "median": {"type": "value_median", "rules": ["a"], "condition": {"lt": 0, "field": "v"}},
    "percentile": {
        "type": "value_percentile",
        "rules": ["a"],
        "condition": {"percentile": 90, "gt": 3.5, "field": "v"},
    },
    "rarity": {"type": "value_percentile", "rules": ["a", "b"], "condition": {"lte": 25, "field": "v"}},
}
MONOTONE = ["events", "values", "together", "in order", "some in order"]  # an event more can only make them hot

VALUES = [None, "0", "1", "2", "5", "-3", "x"]


def an_event(times: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[float, str, frozenset[str], str | None]]:
    return st.tuples(
        times,
        st.sampled_from(["ann", "bob"]),
        st.sets(st.sampled_from(ABC), min_size=1, max_size=2).map(frozenset),
        st.sampled_from(VALUES),
    )


def numbered(parts: Sequence[tuple[float, str, frozenset[str], str | None]]) -> list[Seen]:
    return [Seen(*part, number) for number, part in enumerate(parts)]


SOME = st.lists(an_event(st.integers(0, 60).map(lambda n: n / 2)), max_size=25).map(numbered)  # many at one instant


@cache
def prepared(name: str) -> tuple[RuleSet, Engine, Correlator]:
    body = {**BODIES[name], "group-by": ["u"], "timespan": f"{SPAN}s"}
    found = rules(body, **{rule: {rule: 1} for rule in BODIES[name]["rules"]})
    return found, Engine(found), Correlator(found)


def hits_of(engine: Engine, correlator: Correlator, seen: Seen) -> list[Hit]:
    fields: dict[str, Value] = {**ACME, "u": seen.group, **dict.fromkeys(seen.rules, "1")}
    if seen.value is not None:
        fields["v"] = seen.value
    moment = START + timedelta(seconds=seen.time)
    matches = engine.match(fields)
    return [hit for match in matches for hit in correlator.hits(match, fields, moment, f"e{seen.number}")]


def told(found: Sequence[Burst]) -> set[tuple[str, float, str]]:
    return {(burst.group[0], (burst.at - START).total_seconds(), burst.value) for burst in found}


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=30, deadline=None)
@given(events=SOME)
def test_the_engine_agrees_with_brute_force(name: str, events: list[Seen]) -> None:
    _, engine, correlator = prepared(name)
    found = correlator.bursts(hit for event in events for hit in hits_of(engine, correlator, event))
    assert told(found) == bursts(BODIES[name], SPAN, events)
    assert len({burst.id for burst in found}) == len(found)


@dataclass
class FakeStore:
    """The part of the store protocol that correlating uses, in memory."""

    newest: datetime | None = None
    kept: dict[BaseHit, None] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    alerts_by_id: dict[str, Alert] = field(default_factory=dict)

    def status(self) -> SimpleNamespace:
        return SimpleNamespace(last_timestamp=self.newest)

    def cursor(self, name: str) -> int:
        return self.cursors.get(name, 0)

    def commit_run(self, name: str, *, cursor: int, alerts: Sequence[Alert], hits: Sequence[BaseHit]) -> int:
        self.cursors[name] = cursor
        self.kept.update(dict.fromkeys(hits))
        self.alerts_by_id = {**{alert.id: alert for alert in alerts}, **self.alerts_by_id}
        return len(alerts)

    def hits(self, rule_ids: Sequence[str], *, since: datetime) -> list[BaseHit]:
        return [hit for hit in self.kept if hit.rule_id in rule_ids and hit.timestamp >= since]

    def alerts(self, *, since: datetime | None = None, before: datetime | None = None) -> list[Alert]:
        return [a for a in self.alerts_by_id.values() if (since or START) <= a.timestamp < (before or a.timestamp)]


class Runs:
    """Runs over a fake store, each of which sees some events; `lateness` in seconds."""

    def __init__(self, found: RuleSet, engine: Engine, correlator: Correlator, lateness: float) -> None:
        self._rules, self._engine, self._correlator = found, engine, correlator
        self._lateness = timedelta(seconds=lateness)
        self.store = FakeStore()

    def run(self, events: Sequence[Seen]) -> None:
        """Do one run in a new process, so to say: nothing but the store is left of those before."""
        times = [START + timedelta(seconds=event.time) for event in events]
        known = [self.store.newest] if self.store.newest is not None else []
        self.store.newest = max([*known, *times], default=None)
        correlating = StoreCorrelator(
            cast("Store", self.store), self._correlator, "waiting", lateness=self._lateness, now=None
        )
        correlating.begin()
        hits = [hit for event in events for hit in hits_of(self._engine, self._correlator, event)]
        self.store.commit_run("run", cursor=1, alerts=[], hits=[to_store(hit) for hit in hits])
        correlating.touch(hits)
        correlating.conclude(self._tell)

    def _tell(self, found: Sequence[Burst]) -> None:
        alerts = [burst_alert(burst, {}, self._correlator.names) for burst in found]
        self.store.commit_run("told", cursor=1, alerts=alerts, hits=[])

    def over(self, parts: Sequence[Sequence[Seen]]) -> dict[str, float]:
        """Run over each part, then long afterwards over an event that no rule matches; return ids and times."""
        for part in parts:
            self.run(part)
        self.run([Seen(1000, "nobody", frozenset(), None, -1)])
        return {number: (alert.timestamp - START).total_seconds() for number, alert in self.store.alerts_by_id.items()}


def split(events: Sequence[Seen], cuts: Sequence[int]) -> list[Sequence[Seen]]:
    borders = [0, *sorted(cut % (len(events) + 1) for cut in cuts), len(events)]
    return [events[start:end] for start, end in pairwise(borders)]


CUTS = st.lists(st.integers(0, 1000), max_size=6)
APART = st.lists(an_event(st.just(0.0)), max_size=25).flatmap(
    lambda parts: st.lists(st.sampled_from([0.5, 1.0, 2.0, 5.0, 11.0]), min_size=len(parts), max_size=len(parts)).map(
        lambda gaps: numbered([(sum(gaps[: n + 1]), *part[1:]) for n, part in enumerate(parts)])
    )
)


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=20, deadline=None)
@given(events=APART, cuts=CUTS)
def test_any_split_into_runs_in_order_tells_the_same(name: str, events: list[Seen], cuts: list[int]) -> None:
    once = Runs(*prepared(name), 0).over([events])
    assert Runs(*prepared(name), 0).over(split(events, cuts)) == once
    assert set(once.values()) == {time for _, time, _ in bursts(BODIES[name], SPAN, events)}


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=SOME, cuts=CUTS, delays=st.lists(st.integers(0, 16), min_size=25, max_size=25), lateness=st.just(8.0))
def test_any_order_within_the_lateness_tells_the_same(
    name: str, events: list[Seen], cuts: list[int], delays: list[int], lateness: float
) -> None:
    late = sorted(events, key=lambda event: event.time + delays[event.number] / 2)  # by at most eight seconds
    once = Runs(*prepared(name), lateness).over([events])
    assert Runs(*prepared(name), lateness).over(split(late, cuts)) == once
    assert set(once) == set(Runs(*prepared(name), 0).over([events]))


@pytest.mark.parametrize("name", MONOTONE)
@settings(max_examples=20, deadline=None)
@given(events=SOME, cuts=CUTS, order=st.randoms(use_true_random=False))
def test_beyond_the_lateness_nothing_is_missed_and_nothing_told_twice(
    name: str, events: list[Seen], cuts: list[int], order: Any
) -> None:
    late = list(events)
    order.shuffle(late)
    runs = Runs(*prepared(name), 0)
    runs.over(split(late, cuts))
    by_group: dict[str, list[float]] = {}
    for alert in runs.store.alerts_by_id.values():
        by_group.setdefault(alert.why[1].value, []).append((alert.timestamp - START).total_seconds())
    for group, time, _ in bursts(BODIES[name], SPAN, events):
        assert any(abs(moment - time) <= SPAN for moment in by_group.get(group, [])), "a burst that nothing stands for"
    for times in by_group.values():
        times.sort()
        assert all(later - earlier > SPAN for earlier, later in pairwise(times)), "told twice"


@cache
def chained(name: str) -> tuple[RuleSet, Engine, Correlator]:
    outer: Mapping[str, Any] = {
        "brute": BRUTE,
        "bursts": {"type": "event_count", "rules": ["many"], "timespan": "1m", "condition": {"gte": 2}},
        "failed": {**BRUTE, "condition": "many and not ok"},
    }[name]
    found = chain({**outer, "timespan": "30s", "group-by": ["u"]})
    return found, Engine(found), Correlator(found)


@pytest.mark.parametrize("name", ["brute", "bursts", "failed"])
@settings(max_examples=20, deadline=None)
@given(events=SOME, cuts=CUTS, delays=st.lists(st.integers(0, 16), min_size=25, max_size=25))
def test_correlations_of_correlations_over_runs(
    name: str, events: list[Seen], cuts: list[int], delays: list[int]
) -> None:
    late = sorted(events, key=lambda event: event.time + delays[event.number] / 2)
    once = Runs(*chained(name), 8).over([events])
    assert Runs(*chained(name), 8).over(split(late, cuts)) == once
    _, engine, correlator = chained(name)
    whole = correlator.bursts(hit for event in events for hit in hits_of(engine, correlator, event))
    assert {burst.id for burst in whole} == set(once)


def test_an_absence_is_told_when_its_time_has_passed() -> None:
    runs = Runs(*prepared("without"), 0)
    runs.run([Seen(0, "ann", frozenset("a"), None, 0)])
    runs.run([Seen(10, "bob", frozenset("b"), None, 1)])
    assert runs.store.alerts_by_id == {}
    runs.run([Seen(10.5, "bob", frozenset("b"), None, 2)])
    (alert,) = runs.store.alerts_by_id.values()
    assert alert.timestamp == START
    assert runs.store.cursors["waiting"] == 0


def test_what_comes_in_time_undoes_an_absence() -> None:
    runs = Runs(*prepared("without"), 0)
    runs.run([Seen(0, "ann", frozenset("a"), None, 0)])
    assert runs.over([[Seen(9, "ann", frozenset("b"), None, 1)]]) == {}


@pytest.mark.parametrize(("late", "told"), [(8.0, 0), (8.5, 1)])
def test_an_event_that_is_late_by_just_the_lateness_is_in_time(late: float, told: int) -> None:
    runs = Runs(*prepared("events exactly"), 8)
    runs.run([Seen(0, "ann", frozenset("a"), None, number) for number in range(2)])
    runs.run([Seen(late, "bob", frozenset("b"), None, 2)])
    assert len(runs.over([[Seen(0, "ann", frozenset("a"), None, 3)]])) == told  # the third undoes `eq: 2`


@pytest.mark.parametrize("year", [1, 9999])
def test_a_wrong_clock_ends_no_waiting(year: int) -> None:
    """The present holds back the clock of the events, and does not keep those of the future waiting for ever."""
    found, engine, correlator = prepared("without")
    runs = Runs(found, engine, correlator, 0)
    runs.run([Seen(0, "ann", frozenset("a"), None, 0)])
    runs.store.newest = datetime(year, 1, 1, tzinfo=UTC)
    now = START + timedelta(seconds=5)
    correlating = StoreCorrelator(
        cast("Store", runs.store), correlator, "waiting", lateness=timedelta(), now=lambda: now
    )
    correlating.begin()
    correlating.conclude(runs._tell)
    assert runs.store.alerts_by_id == {}

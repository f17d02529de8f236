"""Runs over a store: the same alerts in one run and in many, after a restart, with late events, and none twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.alerts import Alert
from engine.detecting import Detector
from engine.events import Event, Value
from engine.hunting import Hunter
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.test_correlation import CORRELATION, COUNT, START, TEMPORAL, VALUES, Step, event, rules


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: START) as opened:
        yield opened


def a_day(seed: int, count: int = 120) -> list[Event]:
    """Return events in order of time (many at the same second) that make bursts of several users."""
    chance = Random(seed)
    steps: list[Step] = []
    seconds = 0.0
    for _ in range(count):
        seconds += chance.choice([0, 0, 1, 1, 2, 5, 15])
        fields: dict[str, Value] = {
            "u": chance.choice(["ann", "ANN", "bob"]),
            "h": chance.choice("xyz"),
            "n": chance.choice(["1", "2", "1.5"]),
            chance.choice("ab"): "1",
        }
        steps.append((seconds, fields))
    return [event(number, step) for number, step in enumerate(steps)]


def strictly(events: Sequence[Event]) -> list[Event]:
    """Return the events with instants that all differ."""
    return [
        Event(
            id=item.id,
            origin=item.origin,
            original=item.original,
            fields={**item.fields, "@timestamp": _time(item) + timedelta(milliseconds=number)},
        )
        for number, item in enumerate(events)
    ]


def _time(item: Event) -> datetime:
    found = item.fields["@timestamp"]
    assert isinstance(found, datetime)
    return found


def hunted(found: RuleSet, events: Sequence[Event]) -> set[str]:
    hunter = Hunter(Engine(found))
    alerts: list[Alert] = []
    for item in events:
        alerts += hunter.look(dict(item.fields), b"", lambda item=item: item)  # type: ignore[misc]
    return {alert.id for alert in alerts + hunter.conclude()}


def detected(
    found: RuleSet, events: Sequence[Event], folder: Path, cuts: Sequence[int], *, restart: bool = False
) -> set[str]:
    """Append the events in pieces with a run after each, and return the ids of all alerts."""
    detector: Detector | None = None
    with EmbeddedStore(folder, lambda: START) as store:
        for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
            store.append(events[start:end], [])
            if detector is None or restart:
                detector = Detector(Engine(found), store)
            detector.run()
        return {alert.id for alert in store.alerts()}


CORRELATIONS: list[Any] = [
    COUNT,
    VALUES,
    TEMPORAL,
    {**COUNT, "condition": {"eq": 2}},
    {**COUNT, "generate": True},
    {**TEMPORAL, "type": "temporal_ordered"},
    {"type": "value_sum", "group-by": ["u"], "condition": {"gte": 4.5, "field": "n"}},
    {"type": "value_percentile", "group-by": ["u"], "condition": {"lte": 25, "field": "h"}},
]
WITHOUT: Any = {**TEMPORAL, "condition": "one and not two"}


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("restart", [False, True])
def test_many_small_runs_find_what_one_run_and_a_hunt_find(correlation: Any, restart: bool, tmp_path: Path) -> None:
    found = rules(correlation, one={"a": 1}, two={"b": 1})
    events = strictly(a_day(3))
    expected = hunted(found, events)
    assert expected
    assert detected(found, events, tmp_path / "one", []) == expected
    assert detected(found, events, tmp_path / "many", [1, 2, 7, 20, 21, 50, 90, 119], restart=restart) == expected


@pytest.mark.parametrize("seed", range(4))
def test_events_of_the_same_instant_in_two_runs_are_told_once(seed: int, store: EmbeddedStore) -> None:
    found = rules(COUNT, one={"a": 1})
    events = [event(n, (n // 4, {"a": "1", "u": "ann"})) for n in range(12)]  # hot from the third on, without an end
    Random(seed).shuffle(events)
    events.sort(key=_time)
    for item in events:
        store.append([item], [])
        Detector(Engine(found), store).run()
    assert len(store.alerts()) == 1


def test_a_late_event_makes_no_second_alert_of_the_same_burst(store: EmbeddedStore) -> None:
    found = rules(COUNT, one={"a": 1})
    detector = Detector(Engine(found), store)
    steps: list[float] = [0, 2, 4, 1, 3]  # the last two come late
    for number, seconds in enumerate(steps):
        store.append([event(number, (seconds, {"a": "1", "u": "ann"}))], [])
        detector.run()
    assert len(store.alerts()) == 1


def test_a_late_event_can_complete_a_burst(store: EmbeddedStore) -> None:
    detector = Detector(Engine(rules(COUNT, one={"a": 1})), store)
    for number, seconds in enumerate([0, 4, 300, 2]):
        store.append([event(number, (seconds, {"a": "1", "u": "ann"}))], [])
        detector.run()
    (alert,) = store.alerts()
    assert alert.rule.id == CORRELATION
    assert alert.timestamp == START + timedelta(seconds=4)


@pytest.mark.parametrize("ordered", [True, False])
def test_looking_again_repeats_nothing(ordered: bool, store: EmbeddedStore) -> None:
    found = rules({**COUNT, "generate": True}, one={"a": 1})
    events = strictly(a_day(5)) if ordered else a_day(5)
    if not ordered:
        Random(1).shuffle(events)
    detector = Detector(Engine(found), store)
    for start in range(0, len(events), 25):
        store.append(events[start : start + 25], [])
        detector.run()
    before, cursor = [alert.id for alert in store.alerts()], store.cursor("default")
    middle = START + timedelta(seconds=60)
    for since, until in [(None, None), (middle, None), (None, middle), (START, START + timedelta(days=1))]:
        run = Detector(Engine(found), store).rerun(since, until)
        assert run.new == 0
        assert [alert.id for alert in store.alerts()] == before
    assert store.cursor("default") == cursor


def test_a_rule_added_later_is_found_by_looking_again(store: EmbeddedStore) -> None:
    events = strictly(a_day(5))
    store.append(events, [])
    Detector(Engine(rules(COUNT, one={"never": 1})), store).run()
    assert store.alerts() == []
    found = rules(COUNT, one={"a": 1})
    run = Detector(Engine(found), store).rerun(None, None)
    assert run.new == len(run.alerts) == len(hunted(found, events)) > 0


@pytest.mark.parametrize("year", [1, 1601, 9999])
def test_events_of_impossible_years_stop_no_run(year: int, store: EmbeddedStore) -> None:
    found = rules(COUNT, one={"a": 1})
    moment = datetime(year, 1, 1, tzinfo=UTC) if year < 9999 else datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    for number in range(4):
        store.append([event(number, (0, {"a": "1", "u": "ann", "@timestamp": moment}))], [])
        Detector(Engine(found), store).run()
    assert len(store.alerts()) == 1


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_logs_collected_one_after_the_other_are_correlated_as_one(
    correlation: Any, seed: int, store: EmbeddedStore
) -> None:
    """Two machines' logs lie in two segments whose times overlap: one run sees them as a hunt does."""
    found, events = rules(correlation, one={"a": 1}, two={"b": 1}), strictly(a_day(seed))
    for host in "xyz":
        part = [item for item in events if item.fields["h"] == host]
        if part:
            store.append(part, [])
    Detector(Engine(found), store).run()
    assert {alert.id for alert in store.alerts()} == hunted(found, events)


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("correlation", [COUNT, WITHOUT])
@pytest.mark.parametrize("at", range(1, 7))  # three segments, then what is waited for, the correlations, and again
def test_a_run_killed_before_it_correlated_is_made_up_for(
    at: int, correlation: Any, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, events = rules(correlation, one={"a": 1}, two={"b": 1}), strictly(a_day(5))
    for host in "xyz":
        store.append([item for item in events if item.fields["h"] == host], [])
    commits, commit = [], store.commit_run

    def killing(*words: Any, **named: Any) -> int:
        commits.append(words)
        if len(commits) == at:
            raise KilledError
        return commit(*words, **named)

    monkeypatch.setattr(store, "commit_run", killing)
    with contextlib.suppress(KilledError):
        Detector(Engine(found), store).run()
    monkeypatch.undo()
    store.append([event(999, (100_000, {}))], [])  # long after: nothing has to be waited for
    Detector(Engine(found), store).run()
    assert {alert.id for alert in store.alerts()} == hunted(found, events) != set()


def test_what_must_be_absent_is_told_once_its_time_has_passed(store: EmbeddedStore) -> None:
    found = rules(WITHOUT, one={"a": 1}, two={"b": 1})
    steps: list[Step] = [(0, {"a": "1", "u": "ann"}), (1, {"a": "1", "u": "bob"}), (4, {"b": "1", "u": "bob"})]
    told = []
    for number, step in enumerate([*steps, (9, {}), (10.5, {})]):
        store.append([event(number, step)], [])
        told.append(len(Detector(Engine(found), store).run().alerts))
    assert told == [0, 0, 0, 0, 1]
    assert store.alerts()[0].why[1].value == "ann"


def test_a_lateness_holds_alerts_back_and_makes_them_exact(store: EmbeddedStore) -> None:
    found = rules(COUNT, one={"a": 1})
    times = [
        0,
        4,
        5,
        6,
        2,
        1,
        60,
    ]  # the fifth and the sixth come late: without them the burst began at the fifth second
    events = [event(number, (seconds, {"a": "1", "u": "ann"})) for number, seconds in enumerate(times)]
    for item in events:
        store.append([item], [])
        Detector(Engine(found), store, lateness=timedelta(seconds=30)).run()
    (alert,) = store.alerts()
    assert alert.timestamp == START + timedelta(seconds=2)
    assert {alert.id} == hunted(found, events)


def test_an_event_of_the_future_is_told_at_once(store: EmbeddedStore) -> None:
    found = rules(COUNT, one={"a": 1})
    store.append([event(number, (3600, {"a": "1", "u": "ann"})) for number in range(3)], [])
    detector = Detector(Engine(found), store, lateness=timedelta(seconds=30), now=lambda: START)
    assert len(detector.run().alerts) == 1


def test_an_edited_correlation_starts_anew_and_looks_back_when_asked(store: EmbeddedStore) -> None:
    narrow, wide = rules({**COUNT, "group-by": ["u", "h"]}, one={"a": 1}), rules(COUNT, one={"a": 1})
    events = [event(number, (number, {"a": "1", "u": "ann", "h": str(number)})) for number in range(3)]
    store.append(events, [])
    assert not Detector(Engine(narrow), store).run().alerts
    assert not Detector(Engine(wide), store).run().alerts
    assert {alert.id for alert in Detector(Engine(wide), store).rerun(None, None).alerts} == hunted(wide, events)

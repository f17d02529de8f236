"""Incidents follow alerts, verdicts and decisions; a run that brings nothing new leaves them alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from engine.runs.joining import Pace, refresh_incidents
from engine.store.embedded import EmbeddedStore
from tests.engine.incidents.alerts import alert

NOW = datetime(2026, 3, 12, tzinfo=UTC)
HOST = {"host.name": "APP01"}
DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as opened:
        yield opened


def test_alerts_whose_run_was_killed_are_joined_by_the_next_run(store: EmbeddedStore) -> None:
    store.commit_run("default", cursor=1, alerts=[alert(1, HOST, level="critical")], hits=[])
    assert len(refresh_incidents(store, []).saved) == 1
    assert len(store.incidents()) == 1


def test_a_run_without_news_changes_no_incident(store: EmbeddedStore) -> None:
    old = [alert(number * DAY, HOST, rule="old") for number in range(90)]
    new = [alert(100 * DAY, HOST, rule="new", level="critical"), alert(100 * DAY + 5, HOST, rule="old")]
    store.commit_run("default", cursor=1, alerts=[*old, *new], hits=[])
    assert refresh_incidents(store, [*old, *new]).saved
    before = store.incidents()
    assert refresh_incidents(store, []).saved == ()
    assert store.incidents() == before


def test_a_verdict_is_news(store: EmbeddedStore) -> None:
    first = alert(1, HOST, level="critical")
    store.commit_run("default", cursor=1, alerts=[first], hits=[])
    refresh_incidents(store, [first])
    store.judge_alert(first.id, "false-positive", "a test of the scanner")
    changed = refresh_incidents(store, []).saved
    assert [item.score for item in changed] == [0.0]


def test_runs_that_follow_closely_leave_incidents_alone_for_a_while(store: EmbeddedStore) -> None:
    def run(number: int, after: float) -> int:
        made = alert(number * DAY, {"host.name": f"APP{number}"}, level="critical")
        store.commit_run("default", cursor=number, alerts=[made], hits=[])
        pace = Pace(now=NOW + timedelta(seconds=after), rest=timedelta(), seconds=partial(next, ticks))
        return len(refresh_incidents(store, [made], pace=pace).saved)

    ticks = iter([0.0, 2.0, 10.0, 10.5])  # the first look takes two seconds
    assert [run(1, 0), run(2, 5), run(3, 17)] == [1, 0, 0]
    assert run(4, 18) == 3  # what had to wait is joined, however old
    assert len(store.incidents()) == 4


def test_a_single_run_joins_what_had_to_wait(store: EmbeddedStore) -> None:
    first, second = (alert(number * 60 * DAY, {"host.name": f"APP{number}"}, level="critical") for number in (2, 1))
    store.commit_run("default", cursor=1, alerts=[first], hits=[])
    refresh_incidents(store, [first], pace=Pace(now=NOW, rest=timedelta(hours=1), seconds=lambda: 0.0))
    store.commit_run("default", cursor=2, alerts=[second], hits=[])
    refresh_incidents(store, [second], pace=Pace(now=NOW, rest=timedelta(hours=1), seconds=lambda: 0.0))
    assert len(store.incidents()) == 1
    refresh_incidents(store, [])
    assert len(store.incidents()) == 2
    assert refresh_incidents(store, []).saved == ()

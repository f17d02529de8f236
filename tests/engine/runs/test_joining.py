"""Incidents follow alerts, verdicts and decisions; a run that brings nothing new leaves them alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.runs.joining import refresh_incidents
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

"""Schedules: cron expressions in a zone, missed instants make one run, a wrong table says where it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.errors import ConfigurationError
from engine.runs.schedules import interval, is_due, latest, read_schedules

NOON = datetime(2026, 3, 1, 12, 7, 30, tzinfo=UTC)


def test_schedules_come_by_priority() -> None:
    found = read_schedules({"b": {"cron": "* * * * *"}, "a": {"cron": "0 * * * *", "priority": 90}}, "kulla.toml")
    assert [item.name for item in found] == ["b", "a"]


def test_the_newest_instant_is_that_of_the_zone() -> None:
    (item,) = read_schedules({"night": {"cron": "30 2 * * *", "zone": "Europe/Tirane"}}, "kulla.toml")
    assert latest(item, NOON) == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert interval(item, NOON) == timedelta(days=1)
    summer = datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert latest(item, summer) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_an_instant_runs_once_and_missed_ones_make_one_run() -> None:
    (item,) = read_schedules({"five": {"cron": "*/5 * * * *"}}, "kulla.toml")
    at = latest(item, NOON)
    assert at == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    assert latest(item, at) == at
    assert is_due(item, None, NOON)
    assert not is_due(item, at, NOON)
    assert is_due(item, at - timedelta(hours=5), NOON)
    assert is_due(item, at + timedelta(days=1), NOON)  # the clock was put back


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"a": {"cron": "* * * *"}}, "schedules.a.cron"),
        ({"a": {"cron": "0 0 31 2 *"}}, "schedules.a.cron"),
        ({"a": {}}, "schedules.a.cron"),
        ({"a": {"cron": "* * * * *", "prority": 1}}, "did you mean priority"),
        ({"A b": {"cron": "* * * * *"}}, "schedules.A b"),
        ({"a": 5}, "has to be a table"),
        ({"a": {"cron": "* * * * *", "zone": "Mars"}}, "IANA"),
        ({"a": {"cron": "* * * * *", "limit": "soon"}}, "span of time"),
    ],
)
def test_a_wrong_schedule_says_where(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_schedules(table, "kulla.toml")
    assert words in f"{raised.value} {raised.value.hint}"

"""The weekly report: promised from shares and time, given from alerts, kept within a fifth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.alerts import Alert, Level, RuleInfo, Verdict
from engine.anomaly.reporting import ALL, weeks

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def alert(model: str, days_ago: float, verdict: Verdict | None = None) -> Alert:
    rule = RuleInfo(id=model, name=model, level=Level.MEDIUM, version="1")
    moment = NOW - timedelta(days=days_ago)
    return Alert(id=f"{model}{days_ago}", timestamp=moment, rule=rule, events=(), why=(), fields={}, verdict=verdict)


def test_weeks_are_counted_back_and_rules_are_not_counted() -> None:
    alerts = [alert("model/a", 0.1 * number) for number in range(1, 13)]
    alerts += [alert("model/b", 8.0, "false-positive"), alert("some-rule", 1.0)]
    found = weeks(alerts, {"a": 2.0, "b": 1.0}, NOW - timedelta(days=10), NOW, 4)
    told = {(week.begin, week.model): week for week in found}
    assert len(found) == 6  # two weeks, the second of three days: before that nothing ran
    last = told[NOW - timedelta(days=7), "a"]
    assert (last.promised, last.given, last.kept) == (14.0, 12, True)
    assert told[NOW - timedelta(days=7), ALL].promised == 21.0
    assert not told[NOW - timedelta(days=7), ALL].kept
    before = told[NOW - timedelta(days=10), "b"]
    assert (before.promised, before.given, before.false) == (3.0, 1, 1)


def test_nothing_is_promised_before_a_model_runs() -> None:
    assert weeks([], {}, NOW, NOW, 4) == []

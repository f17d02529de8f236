"""The counts of the one-screen summary."""

from __future__ import annotations

from datetime import date

import pytest

from engine.alerts import Level
from engine.attack import TACTICS, in_order, tactics, techniques
from engine.summary import Summary
from tests.engine.incidents.alerts import alert


def test_counts_by_level_rule_day_host_and_tactic() -> None:
    summary = Summary(events=100)
    assert (summary.worst, summary.worst_day(Level.HIGH), summary.reduction) == (None, None, 1.0)
    day = 86_400
    for seconds, host, level in [(0, "a", "high"), (day, "b", "high"), (day + 1, "b", "high"), (5, "c", "low")]:
        tags = ("attack.impact", "attack.initial_access")
        summary.add(alert(seconds, {"host.name": host, "user.name": ["u", "u"]}, level=level, tags=tags))
    assert summary.alerts == {Level.HIGH: 3, Level.LOW: 1}
    assert summary.worst is Level.HIGH
    assert summary.worst_day(Level.HIGH) == (date(2026, 3, 2), 2)
    assert summary.top_hosts(5) == [("b", 2), ("a", 1)]  # low alerts name nobody
    assert summary.top_users(5) == [("u", 3)]  # once an alert
    assert summary.top_rules(Level.HIGH, 1) == [("rule r", 3)]
    assert summary.tactics() == [("initial-access", 4), ("impact", 4)]
    assert summary.reduction == pytest.approx(0.96)


def test_nothing_at_all_divides_by_nothing() -> None:
    assert Summary().reduction == 0.0


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["attack.impact", "attack.execution"], ("execution", "impact")),
        (["attack.Initial_Access", "ATTACK.initial-access"], ("initial-access",)),
        (["attack.t1059", "cve.2024-1", "impact"], ()),
        (["attack.stealth", "attack.defense-evasion"], ("defense-evasion", "stealth")),
    ],
)
def test_tactics_of_tags(tags: list[str], expected: tuple[str, ...]) -> None:
    assert tactics(tags) == expected


def test_techniques_of_tags() -> None:
    tags = ["attack.t1059.003", "attack.T1059", "attack.t10590", "attack.t1059.03", "attack.g0001", "t1001"]
    assert techniques(tags) == ("T1059", "T1059.003")


def test_the_order_is_that_of_an_intrusion() -> None:
    assert in_order(reversed(TACTICS)) == TACTICS

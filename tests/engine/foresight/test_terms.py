"""The points of foresight and of indicators in an incident's score: they are told, and more alerts never give less."""

from __future__ import annotations

from dataclasses import replace

from engine.alerts import Level
from engine.foresight.terms import POINTS, likely_impacts, next_impact
from engine.indicators.terms import intelligence
from tests.engine.incidents.alerts import alert


def test_what_comes_before_encryption_counts_as_much_as_it_led_there() -> None:
    found = list(next_impact([alert(0, {}, tags=("attack.t1490",))]))
    assert len(found) == 1
    assert (found[0].kind, found[0].alerts) == ("foresight", ("a0",))
    impact, counts = likely_impacts()["T1490"]
    assert impact == "T1486"
    assert found[0].points == round(POINTS * counts.together / counts.of, 3)
    assert "T1486 Data Encrypted for Impact" in found[0].name


def test_more_alerts_never_give_less() -> None:
    tags = ["attack.t1082", "attack.t1490", "attack.t1059.001", "attack.t1486", "attack.t1562.001"]
    held, before = [], 0.0
    for number, tag in enumerate(tags):
        held.append(alert(number, {}, tags=(tag,)))
        points = sum(term.points for term in next_impact(held))
        assert points >= before
        before = points


def test_low_alerts_and_unknown_techniques_foretell_nothing() -> None:
    assert list(next_impact([alert(0, {}, tags=("attack.t1490",), level="low")])) == []
    assert list(next_impact([alert(0, {}, tags=("attack.t9999",))])) == []


def test_each_indicator_counts_once_by_its_level() -> None:
    told = [alert(n, {}, rule=f"indicator/{n % 2}", level="high") for n in range(6)]
    found = list(intelligence([*told, alert(9, {})]))
    assert [(term.kind, len(term.alerts)) for term in found] == [("intelligence", 3), ("intelligence", 3)]
    many = [alert(n, {}, rule=f"indicator/{n}", level="high") for n in range(50)]
    assert len(list(intelligence(many))) == 5
    low = replace(many[0], rule=replace(many[0].rule, level=Level.LOW))
    assert next(iter(intelligence([low]))).points < next(iter(intelligence(many))).points

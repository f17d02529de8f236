"""Real alerts of one organisation under attack (AIT-ADS): few incidents, the attack the first of them."""

from __future__ import annotations

from pathlib import Path

from tests.bench.grouping.__main__ import by_kulla, by_rule_and_host, incidents
from tests.bench.grouping.measures import measure
from tests.bench.grouping.organisation import read


def test_four_days_of_alerts_are_a_handful_of_incidents_with_the_attack_first(shared: Path) -> None:
    organisation = read(shared / "anomaly" / "ait-ads-alerts", "russellmitchell")
    found = measure(organisation, by_kulla(organisation))
    usual = measure(organisation, by_rule_and_host(organisation))
    assert found.rank == 1
    assert found.a_day <= 5
    assert usual.a_day > 300
    assert found.f1 > 0.5
    assert usual.f1 < 0.2
    assert found.fragments["intrusion"] == 1
    assert found.phases[0] >= 7
    worst = incidents(organisation)[0]
    assert worst.score == round(sum(term.points for term in worst.terms), 6)
    assert "nowhere in 3.2 days" in worst.terms[0].name

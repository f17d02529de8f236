"""Incidents come back from a store as they were, those of an older kulla too; scores can be rebuilt from the alerts."""

from __future__ import annotations

import json

from engine.incidents.building import build
from engine.incidents.model import Incident
from engine.incidents.noise import judge
from engine.incidents.scoring import terms, total
from engine.store.documents import incident_from_text, incident_to_text
from tests.engine.incidents.alerts import alert

DAY = 86_400
USUAL = [
    alert(n * 1800, {"host.name": f"h{n % 3}"}, number=n, rule=f"usual{n % 3}", level="low") for n in range(48 * 5)
]
ATTACK = [
    alert(4 * DAY + n * 600, {"host.name": f"h{n % 2}", "source.ip": "203.0.113.9"}, number=9000 + n, rule=f"x{n}",
          level="high", tags=("attack.execution", "attack.discovery")[n % 2 : n % 2 + 1])
    for n in range(6)
]  # fmt: skip


def incidents() -> list[Incident]:
    found = build([*USUAL, *ATTACK])
    assert found[0].context
    assert {term.kind for term in found[0].terms} == {"severity", "spread", "rarity", "progress"} - {"spread"}
    return found


def test_back_as_they_were() -> None:
    for incident in incidents():
        assert incident_from_text(incident_to_text(incident)) == incident


def test_those_of_an_older_kulla_come_back_too() -> None:
    (incident, *_) = incidents()
    old = json.loads(incident_to_text(incident))
    for name in ("terms", "context", "links", "campaign"):
        del old[name]
    back = incident_from_text(json.dumps(old))
    assert (back.id, back.score_terms, back.terms, back.campaign) == (incident.id, incident.score_terms, (), "")


def test_a_score_is_rebuilt_exactly_from_the_alerts_alone() -> None:
    alerts = [*USUAL, *ATTACK]
    judged = judge(alerts)
    for incident in build(alerts):
        core = [item for item in alerts if item.id in set(incident.alerts) - set(incident.context)]
        again = terms(core, judged)
        assert again == incident.terms
        assert abs(total(again) - incident.score) < 1e-9

"""What is told with a grave incident and is no part of it, and what comes near an incident."""

from __future__ import annotations

from dataclasses import replace

from engine.alerts import Alert
from engine.incidents import albanian
from engine.incidents.building import build, leads_of, update
from engine.incidents.elsewhere import elsewhere, unusual
from engine.incidents.model import Incident
from engine.incidents.noise import Judgement
from tests.engine.incidents.alerts import alert

HOUR, DAY = 3600, 86_400
ATTACK = 5 * DAY


def usual(days: int = 6) -> list[Alert]:
    """Return a low alert each half hour on each of eight hosts: something to learn from, and held back."""
    return [
        alert(n * HOUR / 2 + host, {"host.name": f"h{host}"}, level="low", number=n * 100 + host)
        for n in range(days * 48)
        for host in range(8)
    ]


def attack(rules: int = 4, level: str = "high") -> list[Alert]:
    return [
        alert(ATTACK + n * 60, {"host.name": "web01", "source.ip": "203.0.113.9"}, rule=f"x{n}", level=level,
              number=900_000 + n)
        for n in range(rules)
    ]  # fmt: skip


def trace(seconds: float, host: str = "fs01", rule: str = "service", number: int = 950_000) -> Alert:
    return alert(seconds, {"host.name": host}, rule=rule, level="low", number=number)


def only(alerts: list[Alert]) -> Incident:
    (found,) = build(alerts)
    return found


def test_an_unusual_trace_on_another_host_is_told_with_a_grave_incident() -> None:
    lone = trace(ATTACK + 9 * HOUR)
    incident = only([*usual(), *attack(), lone])
    assert incident.score >= 30
    (told,) = incident.elsewhere
    assert (told.alert_id, told.place, told.rule_name) == (lone.id, "fs01", "rule service")
    assert told.reason.startswith("a rule that fired nowhere in ")
    assert lone.id not in incident.alerts
    assert "fs01" not in {entity.value for entity in incident.entities}
    assert incident.last_seen < lone.timestamp


def test_neither_the_usual_nor_what_came_before_or_days_later_is_told() -> None:
    before, later = trace(ATTACK - HOUR), trace(ATTACK + 30 * HOUR, "fs02", "other", 950_001)
    assert only([*usual(), *attack(), before, later]).elsewhere == ()


def test_an_incident_that_is_not_grave_tells_of_itself_alone() -> None:
    incident = only([*usual(), *attack(2, "medium"), trace(ATTACK + HOUR)])
    assert incident.score < 30
    assert incident.elsewhere == ()


def test_of_many_the_least_usual_are_told_by_time() -> None:
    incident = only([*usual(), *attack()])
    many = [trace(ATTACK + n * 60, f"n{n}", f"odd{n}", 970_000 + n) for n in range(80)]
    judged = {
        item.id: Judgement(
            rule=item.rule.name, place=f"n{n}", standing="rare", held=n == 79, bits=0.1 * (n % 40), alerts=1, days=2.0,
            windows=1, most=1, watched=5.0, places=1,
        )
        for n, item in enumerate(many)
    }  # fmt: skip
    told = elsewhere(incident, unusual(many[::-1], judged), judged)
    assert len(told) == 50
    assert [item.timestamp for item in told] == sorted(item.timestamp for item in told)
    places = {item.place for item in told}
    assert places >= {f"n{n}" for n in range(80) if n % 40 > 15 and n != 79}
    assert not places & {"n0", "n40", "n79"}


def test_what_is_told_elsewhere_is_kept_up_to_date_and_joins_nothing() -> None:
    alerts = [*usual(), *attack()]
    known = only(alerts)
    lone = trace(ATTACK + HOUR)
    (after,) = update([known], [*alerts, lone]).saved
    assert [item.alert_id for item in after.elsewhere] == [lone.id]
    assert replace(after, elsewhere=()) == known
    assert update([after], [*alerts, lone]).saved == ()


def test_it_reads_in_albanian() -> None:
    (told,) = albanian.incident(only([*usual(), *attack(), trace(ATTACK + HOUR)])).elsewhere
    assert told.reason.startswith("një rregull që nuk u ndez askund")


def test_a_single_high_alert_is_a_lead_and_a_low_one_is_none() -> None:
    high, low = alert(0, {"host.name": "a"}, rule="h", level="high"), alert(9 * DAY, {"host.name": "b"}, level="low")
    (lead,) = leads_of((), [high, low])
    assert lead.alerts == (high.id,)
    assert 9 <= lead.score < 12
    assert build([high, low]) == []


def test_what_is_an_incident_or_was_closed_is_no_lead() -> None:
    alerts = [*attack(), alert(ATTACK + 20 * HOUR, {"host.name": "b"}, rule="h", level="high")]
    incidents = build(alerts)
    (lead,) = leads_of(incidents, alerts)
    assert lead.alerts == (alerts[-1].id,)
    closed = [replace(item, status="closed") for item in incidents]
    assert [item.alerts for item in leads_of(closed, alerts)] == [(alerts[-1].id,)]
    grown = replace(incidents[0], alerts=(*incidents[0].alerts, alerts[-1].id))
    assert leads_of([grown], alerts) == []


def test_the_nearest_lead_comes_first() -> None:
    near = [alert(9 * HOUR, {"host.name": "c", "user.name": "u"}, rule="h", level="high", number=1),
            alert(9 * HOUR + 9, {"host.name": "c", "user.name": "u"}, rule="l", level="low", number=2)]  # fmt: skip
    found = leads_of((), [alert(0, {"host.name": "a"}, rule="h", level="high", number=3), *near])
    assert [len(item.alerts) for item in found] == [2, 1]

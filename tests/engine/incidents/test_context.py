"""What else happened while an incident was under way: shown with it, scoring nothing."""

from __future__ import annotations

from engine.alerts import Alert
from engine.incidents.building import build, update
from engine.incidents.model import Incident
from tests.engine.incidents.alerts import alert

HALF, DAY = 1800, 86_400
HOSTS = 20


def usual(days: int, until: int = 0) -> list[Alert]:
    """Return an alert each half hour on each of the hosts."""
    return [
        alert(n * HALF + host, {"host.name": f"h{host}"}, level="low", number=n * 100 + host)
        for n in range(days * 48 + until)
        for host in range(HOSTS)
    ]


def attack(hosts: int, start: float = 4 * DAY) -> list[Alert]:
    return [
        alert(start + n * HALF, {"host.name": f"h{n % hosts}", "source.ip": "203.0.113.9"}, rule=f"x{n}", level="high",
              number=900_000 + n)
        for n in range(6)
    ]  # fmt: skip


def only(alerts: list[Alert]) -> Incident:
    (found,) = build(alerts)
    return found


def test_what_was_held_back_on_its_host_meanwhile_is_shown_and_scores_nothing() -> None:
    incident = only([*usual(4, until=8), *attack(1)])
    inside = {item.split("-")[0] for item in incident.context}
    assert len(inside) == 6  # between its first alert and its last, on its host
    assert all(name.endswith("00") for name in inside)
    assert set(incident.context) < set(incident.alerts)
    assert list(incident.core) == [item for item in incident.alerts if item not in incident.context]
    assert not {name for term in incident.terms for name in term.alerts} & set(incident.context)
    joins = [join for join in incident.joins if join.alert_id in inside]
    assert {join.confidence for join in joins} == {0.25}
    assert joins[0].reason.startswith("context: on h0 while the incident was under way; held back, for it fires about ")


def test_an_incident_on_a_quarter_of_the_estate_concerns_all_of_it() -> None:
    few, many = only([*usual(4, until=8), *attack(4)]), only([*usual(4, until=8), *attack(6)])
    assert len(few.context) <= 6 * 4
    assert len(many.context) > 5 * (HOSTS - 1)


def test_what_is_only_shown_makes_no_incident_of_its_own_later() -> None:
    alerts = [*usual(4, until=8), *attack(1)]
    known = only(alerts)
    assert update([known], alerts).saved == ()
    assert update([known], [*alerts, *usual(4, until=20)[-HOSTS * 12 :]]).removed == ()


def test_what_becomes_usual_goes_on_in_its_incident() -> None:
    beacon = [
        alert(4 * DAY + n * 1200, {"host.name": "h0"}, rule="beacon", level="high", number=700_000 + n)
        for n in range(900)
    ]
    other = alert(4 * DAY + 60, {"host.name": "h0"}, rule="other", level="high", number=800_000)
    incident = only([*usual(4), *beacon, other])
    assert {item.id for item in beacon} <= set(incident.alerts)
    assert {item.id for item in beacon} & set(incident.context)
    assert incident.last_seen == beacon[-1].timestamp

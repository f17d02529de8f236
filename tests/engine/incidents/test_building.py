"""Incidents: what opens one, how bad it is, and what stays when alerts come and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert, Level, Verdict
from engine.incidents.building import build, update
from engine.incidents.model import Incident
from engine.incidents.scoring import OPENS_AT, POINTS, terms, total
from tests.engine.incidents.alerts import START, alert

HOST = {"host.name": "a"}


def grave(seconds: float, host: str = "a", **more: Any) -> Alert:
    return alert(seconds, {"host.name": host}, level="critical", **more)


def judged(item: Alert, verdict: Verdict) -> Alert:
    return replace(item, verdict=verdict, verdict_why="looked")


RULES = st.tuples(
    st.sampled_from(["r", "s", "t", "u"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([None, "true-positive", "false-positive"]),
)
LEVELS = {"r": "low", "s": "medium", "t": "high", "u": "informational"}
TAGS = {"r": (), "s": ("attack.execution",), "t": ("attack.impact",), "u": ("attack.discovery",)}
ALERTS = st.lists(RULES, max_size=10).map(
    lambda made: [
        alert(n, {"host.name": ["a", host]}, rule=rule, level=LEVELS[rule], tags=TAGS[rule], verdict=verdict)
        for n, (rule, host, verdict) in enumerate(made)
    ]
)


@settings(max_examples=60, deadline=None)
@given(ALERTS)
def test_a_score_is_the_sum_of_its_terms_and_opens_where_it_says(alerts: list[Alert]) -> None:
    for incident in build(alerts):
        assert incident.score == total(incident.terms) == round(sum(points for _, points in incident.score_terms), 6)
        assert incident.score >= OPENS_AT
        members = [item for item in alerts if item.id in incident.core]
        until = [item for item in members if item.timestamp <= incident.opened]
        assert total(terms(until)) >= OPENS_AT
        assert total(terms(until[:-1])) < OPENS_AT
    grown = [total(terms(alerts[:count])) for count in range(len(alerts) + 1)]
    assert grown == sorted(grown), "more evidence never lowers a score"


# building


def test_too_little_is_no_incident() -> None:
    assert build([alert(1, HOST), alert(2, HOST, rule="s")]) == []
    assert build([]) == []


def test_an_incident_opens_with_the_alert_that_was_enough() -> None:
    (incident,) = build([alert(n, HOST, rule=f"r{n}") for n in range(5)])  # 4 points each
    assert incident.opened == alert(2, HOST).timestamp
    assert (incident.first_seen, incident.last_seen) == (START, alert(4, HOST).timestamp)
    assert incident.alerts == ("a0", "a1", "a2", "a3", "a4")


def test_what_an_incident_tells() -> None:
    first = alert(1, HOST, level="high", tags=("attack.initial-access", "attack.t1190"), playbooks=("web-shell",))
    second = alert(2, {**HOST, "user.name": "ann", "source.ip": "127.0.0.1"}, rule="s", level="critical",
                   tags=("attack.impact", "attack.t1486"), playbooks=("ransomware", "web-shell"))  # fmt: skip
    (incident,) = build([second, first])
    assert incident.title == "rule s on a"
    assert incident.tactics == ("initial-access", "impact")
    assert incident.techniques == ("T1190", "T1486")
    assert incident.playbooks == ("ransomware", "web-shell")
    assert [(item.kind, item.value) for item in incident.entities] == [("host", "a"), ("user", "ann")]
    assert [moment.alert_id for moment in incident.timeline] == ["a1", "a2"]
    assert incident.timeline[1].summary == "user ann, from 127.0.0.1"
    assert incident.severity is Level.CRITICAL


def test_the_worst_comes_first() -> None:
    found = build([grave(1, "a"), grave(2, "b"), grave(3, "b", rule="s")])
    assert [item.alerts for item in found] == [("a2", "a3"), ("a1",)]


# from yesterday's to today's


def after(known: list[Incident], alerts: list[Alert]) -> dict[str, Incident]:
    """Return the incidents as they stand after an update."""
    changes = update(known, alerts)
    standing = {item.id: item for item in known} | {item.id: item for item in changes.saved}
    assert len({item.id for item in changes.saved}) == len(changes.saved), "every incident has an id of its own"
    assert not {item.id for item in changes.saved} & set(changes.removed)
    return {name: item for name, item in standing.items() if name not in changes.removed}


def test_nothing_new_changes_nothing() -> None:
    alerts = [grave(1), grave(2, "b")]
    known = build(alerts)
    assert update(known, alerts).saved == ()
    assert update(known, alerts).removed == ()


def test_an_incident_keeps_its_id_and_status_as_it_grows() -> None:
    (known,) = build([grave(10)])
    known = replace(known, status="contained", closed_why="host cut off")
    (grown,) = after([known], [grave(10), grave(20), grave(5)]).values()  # one came late and is first now
    assert (grown.id, grown.status, grown.closed_why) == (known.id, "contained", "host cut off")
    assert grown.alerts == ("a5", "a10", "a20")


def test_two_that_grow_together_are_one_under_the_older_id() -> None:
    alerts = [grave(10, "a"), grave(20, "b")]
    older, newer = sorted(build(alerts), key=lambda item: item.opened)
    bridge = alert(30, {"host.name": ["a", "b"]}, rule="s")
    changes = update([newer, older], [*alerts, bridge])
    assert changes.removed == (newer.id,)
    assert [item.id for item in changes.saved] == [older.id]
    assert changes.saved[0].alerts == ("a10", "a20", "a30")


def test_a_closed_incident_stays_closed_and_new_alerts_open_another() -> None:
    (known,) = build([grave(1), grave(2)])
    closed = replace(known, status="closed", closed_why="exercise")
    found = after([closed], [grave(1), grave(2), grave(3)])
    assert found.pop(closed.id) == closed
    (fresh,) = found.values()
    assert (fresh.alerts, fresh.status, fresh.closed_why) == (("a3",), "open", "")


def test_verdicts_lower_the_score_and_the_incident_stays() -> None:
    alerts = [grave(1), grave(2, rule="s")]
    (known,) = build(alerts)
    (lower,) = after([known], [judged(alerts[0], "false-positive"), alerts[1]]).values()
    assert (lower.id, lower.score) == (known.id, known.score - POINTS[Level.CRITICAL])
    (nothing,) = after([lower], [judged(item, "false-positive") for item in alerts]).values()
    assert (nothing.id, nothing.score, nothing.score_terms, nothing.status) == (known.id, 0, (), "open")


def test_parts_of_an_incident_that_falls_apart_have_ids_of_their_own() -> None:
    """An account that turns out to be everywhere ties no more; the part with most alerts goes on under the id."""
    ann = {"user.name": "svc"}
    alerts = [
        grave(1, "a"), alert(1.5, {"host.name": "a", **ann}, number=101),
        alert(2, {"host.name": "b", **ann}, rule="s", level="high"),
        grave(3, "b", rule="t"), grave(4, "b", rule="u"),
    ]  # fmt: skip
    (known,) = build(alerts)
    spread = [alert(100 + n, {"host.name": f"h{n}", **ann}, level="low", number=1000 + n) for n in range(60)]
    found = after([known], [*alerts, *spread])
    assert len(found) == 2
    assert found[known.id].alerts == ("a2", "a3", "a4")
    (other,) = [item for item in found.values() if item.id != known.id]
    assert other.alerts == ("a1", "a101")
    assert after(list(found.values()), [*alerts, *spread]) == found, "and so it stays"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400_000), st.sampled_from("abc"), st.sampled_from("abc")), max_size=12))
def test_alerts_that_come_one_by_one_are_never_lost_or_told_twice(made: list[tuple[int, str, str]]) -> None:
    alerts = [grave(seconds, host, number=n) for n, (seconds, host, _) in enumerate(made)]
    alerts = [
        replace(item, fields={**item.fields, "user.name": user})
        for item, (_, _, user) in zip(alerts, made, strict=True)
    ]
    known: dict[str, Incident] = {}
    for count in range(len(alerts) + 1):
        known = after(list(known.values()), alerts[:count])
    held = sorted(name for item in known.values() for name in item.alerts)
    assert held == sorted(item.id for item in alerts)
    assert sorted(item.alerts for item in known.values()) == sorted(item.alerts for item in build(alerts))


DAYS = st.lists(
    st.tuples(
        st.integers(0, 5 * 288),
        st.sampled_from("abcd"),
        st.sampled_from(["low", "low", "low", "medium", "high", "critical"]),
        st.sampled_from("rstuv"),
    ),
    max_size=80,
).map(
    lambda made: [
        alert(window * 300, {"host.name": host}, rule=rule + level, level=level, number=n,
              tags=("attack.impact",) if rule in "uv" else ("attack.discovery",))
        for n, (window, host, level, rule) in enumerate(made)
    ]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(DAYS, st.lists(st.integers(0, 5 * 288), max_size=3), st.randoms(use_true_random=False))
def test_in_one_batch_or_several_in_any_order_they_are_the_same_incidents(
    alerts: list[Alert], cuts: list[int], random: Random
) -> None:
    """Runs cut time where they like; within a run alerts come as they come."""
    known: dict[str, Incident] = {}
    for cut in [*sorted(cuts), 6 * 288]:
        arrived = [item for item in alerts if item.timestamp < START + timedelta(seconds=cut * 300)]
        random.shuffle(arrived)
        known = after(list(known.values()), arrived)
    assert sorted(core(item) for item in known.values()) == sorted(core(item) for item in build(alerts))


def core(incident: Incident) -> list[str]:
    return sorted(incident.core)

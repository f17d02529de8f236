"""Where an intrusion turns to destruction: a wave is an incident of its own, linked to what it grew out of."""

from __future__ import annotations

from engine.alerts import Alert
from engine.incidents.building import build
from engine.incidents.model import Incident
from tests.engine.incidents.alerts import alert

MINUTE, HOUR, DAY = 60, 3600, 86_400


def quiet(seconds: float, host: str) -> Alert:
    rule = f"q{seconds}"
    return alert(
        seconds, {"host.name": host, "source.ip": "203.0.113.7"}, rule=rule, level="high", tags=("attack.persistence",)
    )


def wave(seconds: float, hosts: str = "xyz", step: float = 10) -> list[Alert]:
    """Return what switches defences off and destroys, on each of the hosts."""
    rules = (("off", "defense-impairment"), ("shadow", "impact"), ("encrypt", "impact"), ("wipe", "impact"))
    found = []
    for place, host in enumerate(hosts):
        for number, (rule, tactic) in enumerate(rules):
            at = seconds + place * step + number * 2 * MINUTE
            fields = {"host.name": host, "source.ip": "10.9.9.9"}
            made = alert(at, fields, rule=rule, level="high", tags=(f"attack.{tactic}",))
            found.append(alert(at, fields, number=hash_of(made.id, host), rule=rule, level="high", tags=made.rule.tags))
    return found


def hash_of(name: str, host: str) -> int:
    return int(name.removeprefix("a")) * 1000 + ord(host)


def members(incident: Incident) -> set[str]:
    return set(incident.alerts) - set(incident.context)


INTRUSION = [quiet(0, "s"), quiet(10 * MINUTE, "s"), quiet(40 * MINUTE, "s"), quiet(50 * MINUTE, "x")]


def test_a_wave_is_apart_from_the_intrusion_it_grew_out_of_and_linked_to_it() -> None:
    struck = wave(HOUR)
    found = {len(members(item)): item for item in build([*INTRUSION, *struck])}
    assert members(found[4]) == {item.id for item in INTRUSION}
    assert members(found[12]) == {item.id for item in struck}
    assert found[4].campaign == found[12].campaign != ""
    (link,) = found[12].links
    assert link.incident == found[4].id
    assert link.reason.startswith("one grew out of the other; both have ")
    (first,) = [join for join in found[12].joins if join.alert_id == found[12].alerts[0]]
    assert first.reason.startswith("first alert of a wave of destruction; tied to what went before: same host x")


def test_what_goes_on_elsewhere_stays_with_the_intrusion() -> None:
    later = quiet(HOUR + 20 * MINUTE, "s")
    found = {len(members(item)): item for item in build([*INTRUSION, *wave(HOUR), later])}
    assert later.id in members(found[5])


def test_a_wave_with_nothing_before_it_is_one_incident_without_links() -> None:
    (only,) = build(wave(HOUR))
    assert (len(only.alerts), only.links, only.campaign) == (12, (), "")


def test_a_single_impact_is_no_wave() -> None:
    one = alert(HOUR, {"host.name": "s"}, rule="shadow", level="high", tags=("attack.impact",))
    (only,) = build([*INTRUSION, one])
    assert one.id in only.alerts


def test_a_second_wave_of_the_same_making_goes_on_the_first() -> None:
    first, second = wave(0), wave(2 * DAY, "uvw")
    (only,) = build([*first, *second])
    assert len(only.alerts) == 24
    (join,) = [item for item in only.joins if item.alert_id == second[0].id]
    assert join.reason == "the same way of working as the wave before: 4 rules fired in both"
    assert join.confidence == 1.0


def test_waves_of_other_makings_are_other_incidents() -> None:
    others = [
        alert(2 * DAY + n * 10, {"host.name": "uvw"[n % 3], "source.ip": "10.8.8.8"}, rule=f"o{n}", level="high",
              tags=("attack.impact",))
        for n in range(6)
    ]  # fmt: skip
    assert len(build([*wave(0), *others])) == 2

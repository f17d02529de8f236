"""What looks like an attack and is none stays below the threshold; the attack beside it does not."""

from __future__ import annotations

from dataclasses import replace

from engine.alerts import Alert
from engine.incidents.building import build
from tests.engine.incidents.alerts import alert

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400


def test_a_flash_crowd() -> None:
    """Thousands of citizens on the day the tax is due: one rule about load, and one about errors."""
    crowd = [
        alert(n * 7, {"host.name": f"web{n % 4}", "source.ip": f"203.0.113.{n % 250}"}, number=n, rule=f"load{n % 2}",
              level="medium" if n % 2 else "low", tags=("attack.impact", "attack.t1498"))
        for n in range(1500)
    ]  # fmt: skip
    assert build(crowd) == []


def test_upkeep_by_an_administrator() -> None:
    """He signs in to eight machines one after another."""
    tags = ("attack.lateral-movement", "attack.initial-access", "attack.t1021.001")
    upkeep = [
        alert(n * 300, {"host.name": f"app{n}", "user.name": "adm.ardit", "source.ip": "10.21.1.21"}, number=n,
              tags=tags)
        for n in range(8)
    ]  # fmt: skip
    assert build(upkeep) == []


def test_a_backup_at_night() -> None:
    """It draws whole mailboxes each night, and the first night is as ordinary as the tenth."""
    tags = ("attack.collection", "attack.exfiltration")
    nights = [
        alert(n * DAY, {"host.name": "ex01", "user.name": "svc_archive"}, number=n, level="high", tags=tags)
        for n in range(10)
    ]
    assert build(nights[:1]) == []
    usual = [alert(n * 1800, {"host.name": f"h{n % 9}"}, number=900 + n, rule="other", level="low") for n in range(480)]
    assert build([*nights, *usual]) == []


def scan(start: float, number: int) -> list[Alert]:
    """Return what a vulnerability scanner sets off on eight web servers within an hour."""
    return [
        alert(start + host * 400 + rule, {"host.name": f"web{host}", "source.ip": "10.9.9.9"},
              number=number + host * 10 + rule, rule=f"web attack {rule}")
        for host in range(8)
        for rule in range(5)
    ]  # fmt: skip


def test_a_scanner_that_was_judged_benign_a_few_times() -> None:
    usual = [alert(n * 1800, {"host.name": f"h{n % 9}"}, number=90_000 + n, rule="o", level="low") for n in range(1700)]
    weeks = [scan(week * WEEK, week * 1000) for week in range(5)]
    (first,) = build(weeks[0])
    assert first.score > 20, "the first time it is an attack for all that is known"
    judged = [replace(item, verdict="benign") for week in weeks[:4] for item in week]
    assert build([*usual, *judged, *weeks[4]]) == []
    elsewhere = [replace(item, fields={**item.fields, "host.name": "db01"}) for item in weeks[4][:5]]
    (found,) = build([*usual, *judged, *weeks[4][5:], *elsewhere])
    assert {moment.host for moment in found.timeline} == {"db01"}, "the same on another machine is another matter"

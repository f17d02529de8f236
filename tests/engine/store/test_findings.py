"""Alerts, hits, cursors, incidents and the ledger: exact, in one transaction, found by the start of their ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.alerts import Alert, EventRef, Level, Reason, RuleInfo
from engine.entities import Entity
from engine.errors import NotFoundError, StoreError
from engine.incidents.model import Incident, Join, Moment, Sighting
from engine.store.protocol import BaseHit, LedgerEntry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = RuleInfo(
    id="r-1",
    name="Web shell \ud800",
    level=Level.HIGH,
    version="v1",
    tags=("attack.t1505.003",),
    playbooks=("web-shell",),
)
ALERT = Alert(
    id="aaaa1111" * 4,
    timestamp=NOW,
    rule=RULE,
    events=(
        EventRef(id="e1", timestamp=NOW, source="/var/log/a:1", original="raw \x00 \ud83d ë"),
        EventRef(id="e2", timestamp=None, source="/var/log/a:2", original=""),
    ),
    why=(Reason(field="url.path", predicate="endswith .aspx", value="/x.aspx"),),
    fields={"host.name": "web01", "source.ip": ["192.0.2.1", "::1"], "n": 2**80, "ok": True, "f": 0.1, "seen": NOW},
)
INCIDENT = Incident(
    id="inc-0001",
    title="Web shell on web01",
    status="open",
    severity=Level.HIGH,
    score=12.5,
    score_terms=(("severity", 10.0), ("entities", 2.5)),
    first_seen=NOW,
    last_seen=NOW + timedelta(hours=1),
    opened=NOW,
    alerts=(ALERT.id,),
    joins=(Join(alert_id=ALERT.id, reason="same host", shared=(Entity("host", "web01"),), confidence=0.75),),
    entities=(Entity("host", "web01"), Entity("ip", "192.0.2.1")),
    tactics=("persistence",),
    techniques=("T1505.003",),
    playbooks=("web-shell",),
    timeline=(
        Moment(
            timestamp=NOW,
            alert_id=ALERT.id,
            rule_id="r-1",
            rule_name="Web shell",
            level=Level.HIGH,
            host="web01",
            summary="a file was asked for",
            tactics=("persistence",),
            techniques=(),
        ),
    ),
    elsewhere=(
        Sighting(
            timestamp=NOW,
            alert_id="bbbb2222",
            rule_id="r-2",
            rule_name="A service was stopped",
            level=Level.LOW,
            place="fs01",
            reason="a rule that fired nowhere in 9 days",
        ),
    ),
)


def _hit(number: int, rule: str = "base") -> BaseHit:
    group, value = ("host \ud800", str(number)), "v\x00"
    return BaseHit(
        rule_id=rule, timestamp=NOW + timedelta(seconds=number), group=group, value=value, event_id=f"e{number}"
    )


def test_alerts_come_back_exactly_and_known_ones_are_left_alone(store) -> None:
    assert store.commit_run("detect", cursor=7, alerts=[ALERT], hits=[]) == 1
    later = replace(ALERT, id="bbbb2222" * 4, timestamp=NOW + timedelta(seconds=5))
    assert store.commit_run("detect", cursor=9, alerts=[later, replace(ALERT, fields={})], hits=[]) == 1
    assert store.cursor("detect") == 9
    assert store.cursor("other") == 0
    assert store.alerts() == [ALERT, later]
    assert store.alerts(since=NOW + timedelta(seconds=1)) == [later]
    assert store.alerts(before=NOW + timedelta(seconds=5)) == [ALERT]


def test_alerts_hits_and_cursor_move_together_or_not_at_all(store) -> None:
    impossible = BaseHit(rule_id="r", timestamp=NOW, group=("g",), value="v", event_id=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.commit_run("detect", cursor=7, alerts=[ALERT], hits=[impossible])
    assert store.cursor("detect") == 0
    assert store.alerts() == []


def test_an_alert_is_found_by_the_start_of_its_id(store) -> None:
    twin = replace(ALERT, id="aaaa2222" * 4)
    store.commit_run("detect", cursor=1, alerts=[ALERT, twin], hits=[])
    assert store.alert("aaaa1") == ALERT
    assert store.alert(twin.id) == twin
    with pytest.raises(NotFoundError) as caught:
        store.alert("aaaa")
    assert ALERT.id in (caught.value.hint or "")
    assert twin.id in (caught.value.hint or "")
    for nothing in ("aaa", "cccc", "%%%%", "", "\ud800\ud800\ud800\ud800"):
        with pytest.raises(NotFoundError):
            store.alert(nothing)


def test_a_verdict_stays_with_its_alert(store) -> None:
    store.commit_run("detect", cursor=1, alerts=[ALERT], hits=[])
    store.judge_alert(ALERT.id, "false-positive", "a scanner of ours")
    judged = store.alert(ALERT.id)
    assert judged == replace(ALERT, verdict="false-positive", verdict_why="a scanner of ours")
    assert not judged.is_open
    store.commit_run("detect", cursor=2, alerts=[ALERT], hits=[])
    assert store.alert(ALERT.id) == judged
    with pytest.raises(NotFoundError):
        store.judge_alert("0" * 32, "benign", "")


def test_hits_are_kept_once_and_asked_for_by_rule_and_time(store) -> None:
    hits = [_hit(2), _hit(1), _hit(3, "other")]
    store.commit_run("detect", cursor=1, alerts=[], hits=hits)
    store.commit_run("detect", cursor=2, alerts=[], hits=hits)
    assert store.hits(["base"], since=NOW) == [_hit(1), _hit(2)]
    assert store.hits(["base"], since=NOW + timedelta(seconds=2)) == [_hit(2)]
    assert store.hits([f"r{n}" for n in range(2000)] + ["other", "base"], since=NOW) == [
        _hit(1),
        _hit(2),
        _hit(3, "other"),
    ]
    assert store.hits([], since=NOW) == []


def test_incidents_come_back_exactly_in_order_of_severity(store) -> None:
    worse = replace(INCIDENT, id="inc-0002", severity=Level.CRITICAL, last_seen=NOW, status="closed", closed_why="done")
    newer = replace(INCIDENT, id="inc-0003", last_seen=NOW + timedelta(hours=2))
    store.save_incidents([INCIDENT, worse, newer])
    assert store.incidents() == [worse, newer, INCIDENT]
    assert store.status().open_incidents == 2
    store.save_incidents([replace(newer, title="merged")], removed=["inc-0001"])
    assert [each.title for each in store.incidents()] == [worse.title, "merged"]
    assert store.incident("inc-0003").title == "merged"
    with pytest.raises(NotFoundError):
        store.incident("inc-")


def test_the_ledger_refuses_a_sequence_that_is_taken(store) -> None:
    entries = [LedgerEntry(sequence=n, body=f'{{"n":{n},"why":"ë \ud800"}}', digest=f"d{n}") for n in range(1, 2500)]
    store.append_ledger(entries)
    assert list(store.ledger()) == entries
    with pytest.raises(StoreError, match="same time"):
        store.append_ledger([LedgerEntry(sequence=2500, body="{}", digest="x"), entries[5]])
    assert list(store.ledger()) == entries

"""Erasing a person and retention on a cluster: the same promises as of the embedded store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from collectors.transports.marks import Mark, mark_of
from engine.erasing import ERASED, Subject
from engine.retention import read_retention
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from engine.store.protocol import BaseHit, LedgerEntry, Record
from engine.traces import trace_of
from tests.cli.fakes import an_alert, an_incident
from tests.engine.store.test_erasing import CODE, WORD, personal


@pytest.fixture
def subject() -> Subject:
    code = trace_of(CODE)
    assert code is not None
    return Subject(traces=(code,), pseudonyms=(WORD,))


def test_a_person_is_gone_from_every_document_but_the_ledger(store, one, many, letter, subject) -> None:
    others = many(20, identity="cd" * 16)
    mine = [personal(one, number) for number in range(3)]
    store.append([*mine, *others], [letter(1), replace(letter(2), raw=b"\xff " + CODE.encode())])
    alert, quiet = an_alert(CODE), an_alert("cmd.exe", number=2)
    hit = BaseHit(rule_id="r", timestamp=alert.timestamp, group=(CODE,), value="", event_id="e")
    store.commit_run("run", cursor=3, alerts=[alert, quiet], hits=[hit])
    store.save_incidents([an_incident(CODE, alerts=[alert])])
    store.save_records([Record(kind="outbox", key="k", state="due", body=f'{{"text": "about {CODE}"}}')])
    store.append_ledger([LedgerEntry(sequence=1, body=f"asked for {CODE}", digest="d")])
    last = store.last_sequence()
    counts = store.erase(subject).counts
    assert (counts["events"], counts["alerts"], counts["incidents"], counts["dead_letters"]) == (3, 1, 1, 1)
    assert [each.where.rpartition("-")[2] for each in store.remnants(subject)] == ["ledger"]
    assert list(store.events_by_id([each.id for each in others]).values()) == others
    erased = store.events_by_id([mine[0].id])[mine[0].id]
    assert erased.fields["user.id"] == ERASED
    assert erased.fields["host.name"] == "ss1"
    assert CODE[2:] not in str(erased)
    assert store.last_sequence() == last
    assert store.alert(quiet.id) == quiet
    assert store.incidents()[0].title == f"Attack on {ERASED}"
    record = store.record("outbox", "k")
    assert record is not None
    assert CODE not in record.body
    assert store.save_records([replace(record, state="sent")]) == frozenset()  # the next writer is not refused
    assert store.append([*mine, *others], []).duplicates == 23
    assert store.erase(subject).counts == {}


def test_sources_and_marks_are_still_read_where_a_path_named_the_person(store, subject) -> None:
    path, plain_path = f"/var/log/{CODE}/\udcff.log", "/var/log/other.log"
    for each in (path, plain_path):
        store.remember_prefix(each, 10, "ef" * 16)
    mark = Mark(key="k", path=path, identity="ef" * 16, prefix=10)
    store.save_records([Record(kind="mark", key="k", state="read", body=mark.written())])
    counts = store.erase(subject).counts
    assert (counts["state"], counts["records"]) == (1, 1)
    assert [each for each, _, _ in store.known_prefixes()] == [f"/var/log/{ERASED}/\udcff.log", plain_path]
    record = store.record("mark", "k")
    assert record is not None
    read = mark_of(record.body)
    assert read is not None
    assert (read.path, read.identity) == (f"/var/log/{ERASED}/\udcff.log", "ef" * 16)
    assert list(store.remnants(subject)) == []


def test_a_telephone_number_is_no_path_in_hexadecimal_digits() -> None:
    number = trace_of("0681234567")
    assert number is not None
    assert Subject(traces=(number,)).document({"phone": "0681234567"}) == {"phone": ERASED}


def test_whole_days_go_except_for_what_open_incidents_rest_on(node_url: str, prefix: str, many, now: datetime) -> None:
    clock = [now]
    with ElasticStore(Cluster(address(node_url, prefix=prefix)), lambda: clock[-1]) as store:
        store.install()
        old, needed = many(5, dataset="xroad.opmon"), many(5, identity="cd" * 16)
        store.append([*old, *needed], [])
        alert = replace(
            an_alert("a"),
            events=(replace(an_alert("a").events[0], id=needed[2].id),),
            timestamp=now - timedelta(days=1),
        )
        hit = BaseHit(rule_id="r", timestamp=now - timedelta(days=1), group=("x",), value="", event_id="e")
        store.commit_run("run", cursor=0, alerts=[alert], hits=[hit])
        incident = replace(an_incident("a"), alerts=(alert.id,), last_seen=alert.timestamp)
        store.save_incidents([incident])
        clock.append(now + timedelta(days=40))
        store.append(many(3, start=50, dataset="xroad.opmon"), [])
        plan = read_retention({"*": "30d", "alerts": "30d", "incidents": "30d", "dead-letters": "30d"}, "x:1")
        assert store.retain(plan, dry_run=True).events == {"xroad.opmon": 5}
        done = store.retain(plan)
        assert (done.events, done.others) == ({"xroad.opmon": 5}, {"hits": 1})
        assert [(held.dataset, held.incidents) for held in done.held] == [("nginx.access", (incident.id,))]
        assert store.status().datasets == {"nginx.access": 5, "xroad.opmon": 3}
        store.save_incidents([replace(incident, status="closed")])
        done = store.retain(plan)
        assert (done.events, done.others) == ({"nginx.access": 5}, {"incidents": 1, "alerts": 1})
        assert store.status().alerts == 0

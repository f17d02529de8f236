"""Records: found by state and due time, changed only by who has read them last, written with a run's alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.store.protocol import Record
from tests.engine.store.test_findings import ALERT, NOW


def record(key: str, state: str = "pending", *, due: int | None = 0, body: str = "{}") -> Record:
    when = None if due is None else NOW + timedelta(seconds=due)
    return Record(kind="outbox", key=key, state=state, due=when, body=body)


def test_a_record_is_written_once_and_changed_only_by_who_has_read_it_last(store) -> None:
    assert store.save_records([record("a")]) == frozenset()
    assert store.save_records([record("a", body='"other"'), record("b")]) == {"a"}
    first = store.record("outbox", "a")
    assert (first.body, first.version) == ("{}", 1)
    assert store.save_records([replace(first, state="sent")]) == frozenset()
    assert store.save_records([replace(first, state="failed")]) == {"a"}
    assert store.record("outbox", "a").state == "sent"
    assert store.record("outbox", "c") is None
    assert store.record("other", "a") is None


def test_records_are_found_by_state_time_and_key(store) -> None:
    store.save_records([record("late", due=9), record("b", due=1), record("a", due=1), record("never", due=None)])
    store.save_records([record("sent", "sent", due=0), *(record(f"k{n:04}", "many", due=n) for n in range(1200))])
    assert [each.key for each in store.records("outbox", state="pending")] == ["a", "b", "late", "never"]
    soon = NOW + timedelta(seconds=5)
    assert [each.key for each in store.records("outbox", state="pending", due_by=soon)] == ["a", "b"]
    assert [each.key for each in store.records("outbox", state="pending", due_after=soon)] == ["late"]
    assert [each.key for each in store.records("outbox", due_after=soon, keys=["a", "late", "never"])] == ["late"]
    assert [each.key for each in store.records("outbox", state="pending", limit=1)] == ["a"]
    assert len(store.records("outbox", keys=[f"k{n:04}" for n in range(5000)])) == 1200
    assert store.records("outbox", keys=[]) == []
    assert store.count_records("outbox") == {"many": 1200, "pending": 4, "sent": 1}
    assert store.forget_records("outbox", "many", before=NOW + timedelta(seconds=1000)) == 1000
    assert store.count_records("outbox")["many"] == 200


def test_records_move_with_alerts_and_cursor_or_not_at_all(store) -> None:
    store.commit_run("run", cursor=4, alerts=[ALERT], hits=[], records=[record("a \ud800")])
    assert store.record("outbox", "a \ud800").state == "pending"
    store.save_incidents([], records=[record("i")])
    assert store.record("outbox", "i") is not None

"""Retention in the embedded store: by day and dataset, never what an open incident rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.alerts import Alert, EventRef
from engine.errors import ConfigurationError
from engine.events import Event
from engine.retention import Retention, read_retention
from engine.runs.retention import is_due, retain
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import BaseHit
from engine.store.segments import SegmentReader
from tests.cli.fakes import an_alert, an_incident

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(tmp_path: Path, clock: Clock):
    with EmbeddedStore(tmp_path / "store", clock, patience=0.05) as store:
        yield store


def plan(**spans: str) -> Retention:
    return read_retention({name.replace("__", ".").replace("any", "*"): span for name, span in spans.items()}, "x:1")


def alert_on(event: Event, number: int = 1) -> Alert:
    ref = EventRef(id=event.id, timestamp=START, source="x", original="y")
    return replace(an_alert("a", number=number), id=f"{number:032x}", timestamp=START, events=(ref,))


def test_whole_days_go_by_dataset_and_the_rest_stays(kept, many, clock: Clock) -> None:
    kept.append(many(1500, dataset="xroad.opmon"), [])
    kept.append(many(1500, identity="cd" * 16), [])
    clock.now += timedelta(days=31)
    kept.append(many(10, start=2000, dataset="xroad.opmon"), [])
    rules = plan(xroad__any="30d", any="400d")
    assert kept.retain(rules, dry_run=True).events == {"xroad.opmon": 1500}
    assert kept.status().events == 3010
    done = kept.retain(rules)
    assert (done.events, done.others, done.held) == ({"xroad.opmon": 1500}, {}, ())
    assert kept.status().datasets == {"nginx.access": 1500, "xroad.opmon": 10}
    assert kept.retain(rules).gone == 0


def test_the_day_of_storing_counts_and_has_to_be_over(kept, many, clock: Clock) -> None:
    kept.append(many(3), [])
    for days, gone in ((0, 0), (1, 0), (2, 3)):
        clock.now = START + timedelta(days=days)
        assert kept.retain(plan(any="1d"), dry_run=True).events.get("nginx.access", 0) == gone


@pytest.mark.parametrize("joined", [False, True])
def test_a_file_of_several_datasets_loses_those_whose_time_has_passed(kept, many, clock: Clock, joined: bool) -> None:
    others = many(20, start=50, identity="cd" * 16)
    kept.append([*many(30, dataset="xroad.opmon"), *others], [])
    if joined:
        kept.append([*many(5, start=100, identity="cd" * 16), *many(5, start=200, dataset="xroad.opmon")], [])
        kept.compact()
    before = kept.last_sequence()
    clock.now += timedelta(days=40)
    kept.retain(plan(xroad__any="30d"))
    assert kept.status().datasets == {"nginx.access": 25 if joined else 20}
    assert list(kept.events_by_id([each.id for each in others]).values()) == others
    assert kept.last_sequence() == before
    sequences = [n for part in kept.scan(columns=["kulla.sequence"]) for n in part.table["kulla.sequence"].to_pylist()]
    assert set(range(31, 51)) <= set(sequences)
    assert kept.append(others, []).duplicates == 20
    assert kept.append(many(30, dataset="xroad.opmon"), []).stored == 30  # what is gone is not known any more


def test_no_value_of_what_is_gone_stays_in_a_file(kept, many, one, clock: Clock) -> None:
    citizens = [one({"event.dataset": "xroad.opmon", "user.name": f"citizen-{n // 3}"}, number=n) for n in range(30)]
    others = many(100, start=50, identity="cd" * 16)
    kept.append([*citizens, *(replace(each, fields={**each.fields, "user.name": "clerk"}) for each in others)], [])
    clock.now += timedelta(days=40)
    kept.retain(plan(xroad__any="30d"))
    clock.now += timedelta(hours=2)
    kept.retain(plan(xroad__any="30d"))
    (path,) = kept.folder.glob("events/*/*/*.parquet")
    with SegmentReader(path) as reader:
        names = reader.read(0, ["user.name"]).column(0).chunk(0)
    assert set(names.to_pylist()) == {"clerk"}
    assert names.dictionary.to_pylist() == ["clerk"]


def test_files_go_an_hour_later_for_the_sake_of_readers(kept, many, clock: Clock) -> None:
    kept.append(many(3), [])
    slices = kept.scan()
    clock.now += timedelta(days=40)
    kept.retain(plan(any="30d"))
    assert sum(part.table.num_rows for part in slices) in {0, 3}
    assert list(kept.folder.glob("events/*/*/*.parquet"))
    clock.now += timedelta(hours=2)
    kept.retain(plan(any="30d"))
    assert not list(kept.folder.glob("events/*/*/*.parquet"))


def test_what_an_open_incident_rests_on_is_kept_and_told(kept, many, clock: Clock) -> None:
    events = many(10)
    kept.append(events, [])
    alert = alert_on(events[4])
    kept.commit_run("run", cursor=10, alerts=[alert], hits=[])
    incident = replace(an_incident("a"), alerts=(alert.id,))
    kept.save_incidents([incident])
    clock.now += timedelta(days=100)
    rules = plan(any="30d", alerts="30d", incidents="30d")
    done = kept.retain(rules)
    assert (done.events, done.others) == ({}, {})
    assert [(held.dataset, held.events, held.incidents) for held in done.held] == [("nginx.access", 10, (incident.id,))]
    kept.save_incidents([replace(incident, status="closed")])
    done = kept.retain(rules)
    assert (done.events, done.held) == ({"nginx.access": 10}, ())
    assert done.others == {"incidents": 1, "alerts": 1}
    assert kept.status().alerts == 0


def test_an_alert_that_an_incident_still_names_stays_with_it(kept, many, clock: Clock) -> None:
    events = many(2)
    alone, named = alert_on(events[0], 1), alert_on(events[1], 2)
    kept.commit_run("run", cursor=0, alerts=[alone, named], hits=[])
    kept.save_incidents([replace(an_incident("a"), alerts=(named.id,), status="closed")])
    clock.now += timedelta(days=100)
    assert kept.retain(plan(alerts="30d", incidents="400d")).others == {"alerts": 1}
    assert [each.id for each in kept.alerts()] == [named.id]


def test_kept_matches_and_dead_letters_go_too(kept, letter, clock: Clock) -> None:
    kept.append([], [letter(1)])
    hit = BaseHit(rule_id="r", timestamp=START, group=("x",), value="", event_id="e")
    kept.commit_run("run", cursor=0, alerts=[], hits=[hit])
    clock.now += timedelta(days=20)
    kept.append([], [letter(2)])
    done = kept.retain(plan(alerts="10d", **{"dead-letters": "10d"}))
    assert done.others == {"hits": 1, "dead_letters": 1}
    assert [each.id for each in kept.dead_letters()] == [letter(2).id]


def test_runs_remove_once_a_day(kept, many, clock: Clock) -> None:
    kept.append(many(3), [])
    clock.now += timedelta(days=40)
    assert is_due(kept, clock.now)
    retain(kept, plan(any="30d"), clock.now, dry_run=True)
    assert is_due(kept, clock.now)
    assert retain(kept, plan(any="30d"), clock.now).gone == 3
    assert not is_due(kept, clock.now + timedelta(hours=10))
    assert is_due(kept, clock.now + timedelta(hours=21))
    assert is_due(kept, clock.now - timedelta(days=2))  # a clock that was put back


def test_the_longest_pattern_holds_and_nothing_is_removed_unless_said() -> None:
    found = read_retention({"*": "400d", "xroad.*": "90d", "xroad.opmon": "30d"}, "x:1")
    spans = [found.of(name) for name in ("xroad.opmon", "xroad.proxy", "nginx.access")]
    assert [span.days if span else None for span in spans] == [30, 90, 400]
    assert read_retention({"xroad.*": "30d"}, "x:1").of("nginx.access") is None
    assert not read_retention({}, "x:1")


@pytest.mark.parametrize("values", [{"*": "a month"}, {"*": "5h"}, {"alerts": 30}])
def test_a_span_that_is_none_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        read_retention(values, "kulla.toml:1")

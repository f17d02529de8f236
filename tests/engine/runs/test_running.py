"""Scheduled runs: what could not be read is a gap, is filled later, and the alerts are those of an undisturbed run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.runs.freshness import observe
from engine.runs.gaps import GAP, Gap, gap_of, gap_record, joined, tried, waiting
from engine.runs.history import changed_rules, last_run, remember_versions
from engine.runs.running import Runner, Setting
from engine.sigma.engine import Engine
from engine.store import walking
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Missing
from tests.engine.sigma.test_correlation import COUNT, START, event, rules

RULES = rules({**COUNT, "generate": True}, one={"a": 1})


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", clock) as opened:
        yield opened


def runner(store: EmbeddedStore, clock: Clock, **words: object) -> Runner:
    return Runner(store, Engine(RULES), "night", Setting(now=clock, **words))  # type: ignore[arg-type]


def gaps(store: EmbeddedStore, state: str = "open") -> list[Gap]:
    return [gap_of(record) for record in store.records(GAP, state=state)]


def _four(store: EmbeddedStore) -> list[Path]:
    """Store four batches, one segment each, with an alert in each; return the files."""
    for number in range(4):
        store.append([event(number, (number * 100, {"a": "1", "u": "ann"}))], [])
    return sorted(store.folder.glob("events/**/*.parquet"))


def test_a_part_that_cannot_be_read_is_a_gap_and_is_filled_when_it_can(store: EmbeddedStore, clock: Clock) -> None:
    second = _four(store)[1]
    hidden = second.with_suffix(".away")
    second.rename(hidden)
    run = runner(store, clock)
    outcome = run.run()
    assert len(outcome.run.alerts) == 3
    assert store.cursor("night") == 4
    (gap,) = gaps(store)
    assert (gap.first, gap.last, gap.kind) == (2, 2, "unreadable")
    assert "cannot be read" in gap.reason
    assert outcome.open_gaps == 1
    clock.go(seconds=1)
    assert run.run().open_gaps == 1
    hidden.rename(second)
    assert run.run().open_gaps == 1  # it is tried again after a pause
    clock.go(seconds=40)
    outcome = run.run()
    assert [each.key for each in outcome.filled] == [gap.key]
    assert len(outcome.found_in_gaps) == 1
    assert outcome.open_gaps == 0
    assert len(store.alerts()) == 4
    (closed,) = gaps(store, "closed")
    assert closed.attempts == 2


def test_a_gap_that_a_clock_of_tomorrow_put_off_is_filled_today(store: EmbeddedStore, clock: Clock) -> None:
    second = _four(store)[1]
    hidden = second.with_suffix(".away")
    second.rename(hidden)
    clock.go(days=1)
    run = runner(store, clock)
    run.run()
    clock.go(seconds=40)
    assert run.run().open_gaps == 1  # tried once more, in vain
    hidden.rename(second)
    clock.go(days=-1)
    assert run.run().open_gaps == 0
    assert len(store.alerts()) == 4


def test_gaps_that_rest_are_not_read_at_each_run(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = [(path, path.with_suffix(".away")) for path in _four(store)]
    for path, away in hidden:
        path.rename(away)
    run = runner(store, clock)
    run.run()
    clock.go(seconds=1)
    run.run()  # some were tried again, and all rest now
    read: list[str] = []
    monkeypatch.setattr("engine.runs.gaps.gap_of", lambda record: read.append(record.key) or gap_of(record))
    while waiting(store, "night", clock()):
        run.run()
    read.clear()
    assert run.run().open_gaps == 4
    assert read == []
    assert len(waiting(store, "night", None)) == 4


def test_the_last_part_missing_moves_the_cursor_as_well(store: EmbeddedStore, clock: Clock) -> None:
    last = _four(store)[3]
    content = last.read_bytes()
    last.write_bytes(content[:100])
    runner(store, clock).run()
    assert store.cursor("night") == 4
    last.write_bytes(content)
    runner(store, clock).fill()
    assert len(store.alerts()) == 4
    assert not gaps(store)


def test_damage_inside_a_file_is_a_gap_as_well(store: EmbeddedStore, clock: Clock) -> None:
    first = _four(store)[0]
    content = bytearray(first.read_bytes())
    content[4:400] = bytes(396)
    first.write_bytes(bytes(content))
    outcome = runner(store, clock).run()
    assert len(outcome.run.alerts) == 3
    assert [(gap.first, gap.last) for gap in gaps(store)] == [(1, 1)]


def test_damage_of_a_small_file_whose_parts_are_known_is_a_gap_as_well(store: EmbeddedStore, clock: Clock) -> None:
    second = _four(store)[1]
    list(store.blocks())
    for block in store.blocks(after=1, until=2):
        assert block.rows == 1  # looked at alone, which keeps what its parts are
    content = second.read_bytes()
    second.write_bytes(content[:-40] + bytes(40))
    outcome = runner(store, clock).run()
    assert len(outcome.run.alerts) == 3
    assert [(gap.first, gap.last) for gap in gaps(store)] == [(2, 2)]
    second.write_bytes(content)
    runner(store, clock).fill()
    assert len(store.alerts()) == 4


def test_without_records_of_gaps_a_run_refuses_to_pass_over(store: EmbeddedStore) -> None:
    from engine.detecting import Detector

    _four(store)[1].unlink()
    with pytest.raises(StoreError):
        Detector(Engine(RULES), store).run()
    assert store.cursor("default") <= 1


def test_a_run_over_its_limit_ends_early_and_the_next_goes_on(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_ROWS", 1)
    _four(store)
    ticks = iter(range(1000))
    slow = runner(store, clock, limit=timedelta(seconds=3), elapsed=lambda: float(next(ticks)))
    runs = 0
    while store.cursor("night") < 4:
        outcome = slow.run()
        runs += 1
        assert runs < 10
    assert runs > 1
    assert outcome.last.state in {"ok", "unfinished"}
    slow.run()
    assert len(store.alerts()) == 4


def test_an_absence_is_a_gap_that_the_next_run_closes(store: EmbeddedStore, clock: Clock) -> None:
    run = runner(store, clock, every=timedelta(minutes=5))
    run.run()
    clock.go(minutes=6)
    run.run()
    assert not gaps(store, "closed")
    clock.go(hours=7)
    run.run()
    (gap,) = gaps(store, "closed")
    assert gap.kind == "not running"
    assert gap.until is not None
    assert gap.since is not None
    assert gap.until - gap.since == timedelta(hours=7)


def test_a_failed_run_is_on_record(store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    run = runner(store, clock)
    run.run()

    def broken(*_: object, **__: object) -> int:
        raise StoreError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(store, "last_sequence", broken)
        for failures in (1, 2):
            with pytest.raises(StoreError):
                run.run()
            last = last_run(store, "night")
            assert last is not None
            assert (last.state, last.failures, last.error) == ("failed", failures, "no answer")
            assert last.ok_at == START
    run.run()
    last = last_run(store, "night")
    assert last is not None
    assert (last.state, last.failures) == ("ok", 0)


def test_a_source_that_falls_silent_is_a_gap_until_it_speaks(store: EmbeddedStore, clock: Clock) -> None:
    expected = {"test": timedelta(minutes=15), "never": timedelta(hours=1)}
    store.append([event(1, (0, {"event.dataset": "test"}))], [])
    observe(store, expected, clock.at)
    clock.go(minutes=10)
    observe(store, expected, clock.at)
    assert not gaps(store)
    clock.go(minutes=10)
    observe(store, expected, clock.at)
    observe(store, expected, clock.at)
    (gap,) = gaps(store)
    assert (gap.kind, gap.subject, gap.since) == ("silent source", "test", START)
    store.append([event(2, (1, {"event.dataset": "test"}))], [])
    clock.go(minutes=1)
    observe(store, expected, clock.at)
    assert not gaps(store)
    clock.go(hours=1)
    observe(store, expected, clock.at)
    assert sorted(gap.subject for gap in gaps(store)) == ["never", "test"]


def test_rules_that_were_added_are_known_until_they_have_looked_back(store: EmbeddedStore, clock: Clock) -> None:
    runner(store, clock).run()
    assert changed_rules(store, "night", RULES) == ()
    more = rules({**COUNT, "generate": True}, one={"a": 1}, two={"b": 1})
    added = changed_rules(store, "night", more)
    assert added
    remember_versions(store, "night", more, only=frozenset(added))
    assert changed_rules(store, "night", more) == ()


def test_gaps_are_read_back_as_they_were_and_neighbours_joined() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    one, two, far = (
        Gap(name="n", kind="unreadable", reason="r", noticed=now, first=first, last=last, retry=now)
        for first, last in ((1, 5), (6, 9), (20, 30))
    )
    assert gap_of(gap_record(one)) == one
    assert [(first, last, len(held)) for first, last, held in joined([far, two, one])] == [(1, 9, 2), (20, 30, 1)]
    lost = Missing(first_sequence=5, last_sequence=5, reason="still")
    after = tried(one, [lost], now)
    assert after.is_open
    assert after.reason == "still"
    assert not tried(two, [lost], now).is_open


def test_a_rule_over_its_limit_is_a_gap_that_is_filled_bit_by_bit(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_ROWS", 1)
    _four(store)
    limited = runner(store, clock, rule_alerts=1)
    outcome = limited.run()
    assert (len(outcome.run.alerts), len(store.alerts()), store.cursor("night")) == (1, 1, 4)
    left = gaps(store)
    assert [(gap.kind, gap.first, gap.last) for gap in left] == [("rule limit", number, number) for number in (2, 3, 4)]
    assert {gap.subject for gap in left} == {store.alerts()[0].rule.id}
    assert "more than 1 alerts" in left[0].reason
    runs = 0
    while gaps(store):
        clock.go(minutes=1)
        limited.run()
        runs += 1
        assert runs < 10
    assert len({alert.id for alert in store.alerts()}) == len(store.alerts()) == 4


def test_gaps_of_a_limit_are_filled_at_once_where_somebody_asks(
    store: EmbeddedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_ROWS", 1)
    _four(store)
    runner(store, clock, rule_alerts=1).run()
    runner(store, clock, rule_alerts=1).fill()
    assert (len(store.alerts()), gaps(store)) == (4, [])

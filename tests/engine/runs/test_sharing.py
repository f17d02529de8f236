"""Shared runs: what a killed run leaves is taken up where it is whole, and never stands in the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.detecting import Detector
from engine.runs.processes import this_process
from engine.runs.running import Runner, Setting
from engine.runs.sharing import RESULT, SLICE, Board, Result, SharedDetector, Sharing, SliceLostError
from engine.sigma.engine import Engine
from engine.sigma.predicates import Predicate
from engine.sigma.rules import RuleSet
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.rules import compiled, document
from tests.engine.sigma.test_correlation import event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZE, EVENTS = 10, 60


def rules(value: int) -> RuleSet:
    return compiled(document({"s": {"a": value}, "condition": "s"}))


RULES = rules(1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as opened:
        opened.append([event(number, (number, {"a": str(number % 3)})) for number in range(EVENTS)], [])
        yield opened


def sharing() -> Sharing:
    return Sharing(holder=this_process(), now=lambda: NOW, pause=lambda: None, size=SIZE)


def shared(store: EmbeddedStore) -> SharedDetector:
    return SharedDetector(Engine(RULES), store, "night", sharing())


def holds(store: EmbeddedStore) -> None:
    """Run, and look for every alert and for nothing left behind."""
    run = shared(store).run()
    assert (run.cursor, run.events) == (EVENTS, EVENTS)
    assert sorted(run.alerts.ids) == sorted(alert.id for alert in store.alerts())
    assert len(run.alerts) == EVENTS // 3
    assert store.records(SLICE) == store.records(RESULT) == []


def test_what_a_killed_run_did_is_taken_over(store: EmbeddedStore) -> None:
    killed = shared(store)
    killed.board.post(0, 40)
    assert killed.help()
    holds(store)


def hole(board: Board, store: EmbeddedStore) -> None:
    board.post(0, 20)
    board.post(40, EVENTS)


def half_cleared(board: Board, store: EmbeddedStore) -> None:
    board.post(0, EVENTS)
    store.save_records([replace(record, state="done", due=NOW) for record in store.records(SLICE)])


def later(board: Board, store: EmbeddedStore) -> None:
    board.post(30, EVENTS)


@pytest.mark.parametrize("leave", [hole, half_cleared, later])
def test_slices_that_are_not_whole_are_cleared_away(
    store: EmbeddedStore, leave: Callable[[Board, EmbeddedStore], None]
) -> None:
    leave(shared(store).board, store)
    holds(store)


def test_slices_that_meant_something_else_are_cleared_away(store: EmbeddedStore) -> None:
    """The same text of rules, compiled to something else: by other placeholders, say."""
    other = RuleSet(
        predicates=[Predicate(item.field, item.operator, "nothing") for item in RULES.predicates], rules=RULES.rules
    )
    before = SharedDetector(Engine(other), store, "night", sharing())
    before.board.post(0, EVENTS)
    while before.help():
        pass
    assert not store.alerts()
    holds(store)


def test_the_digest_of_rules_is_that_of_their_meaning() -> None:
    assert Engine(rules(1)).digest == Engine(RULES).digest
    assert Engine(rules(2)).digest != Engine(RULES).digest


def test_a_helper_asks_for_open_slices_only(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    board = shared(store).board
    board.post(0, EVENTS)
    read = store.records
    asked: list[object] = []
    monkeypatch.setattr(store, "records", lambda kind, **how: asked.append(how.get("state")) or read(kind, **how))
    assert board.take() is not None
    assert asked == ["open"]


def test_a_helper_keeps_its_detector_and_knows_no_limit(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Detector] = []
    begun = Detector.__init__
    monkeypatch.setattr(Detector, "__init__", lambda self, *a, **k: made.append(self) or begun(self, *a, **k))
    shared(store).board.post(0, EVENTS)
    made.clear()
    ticks = iter(range(0, 10_000, 100))
    setting = Setting(
        now=lambda: NOW, sharing=sharing(), limit=timedelta(seconds=1), elapsed=lambda: float(next(ticks))
    )
    helper = Runner(store, Engine(RULES), "night", setting)
    while helper.help():
        pass
    assert len(made) == 1
    assert {record.state for record in store.records(SLICE)} == {"done"}


def test_who_lost_a_slice_leaves_its_result_alone(store: EmbeddedStore) -> None:
    late, other = shared(store).board, shared(store).board
    late.post(0, EVENTS)
    held = late.take()
    assert held is not None
    store.save_records([replace(held.record, state="open", due=None)])  # its lease lapsed
    taken = other.take()
    assert taken is not None
    assert taken.record.key == held.record.key
    other.finish(taken, Result(events=10, new=4))
    with pytest.raises(SliceLostError):
        late.finish(held, Result(events=10, new=0))
    assert [json.loads(record.body)["new"] for record in store.records(RESULT)] == [4]

"""Several processes share a run over a cluster: no alert is missed or doubled, whoever is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml

from engine.detecting import Detector, Run
from engine.runs.sharing import SLICE, SharedDetector, SliceLostError
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.store import ElasticStore
from engine.store.embedded import EmbeddedStore
from tests.conftest import ROOT
from tests.elasticsearch.worker import SIZE, sharing
from tests.engine.store.conftest import NOW

EVENTS = 600
LOG = {"category": "webserver"}
BASE = {
    "title": "status",
    "name": "status",
    "id": "11111111-2222-4333-8444-555555555555",
    "level": "low",
    "logsource": LOG,
    "detection": {"selection": {"http.response.status_code": 204}, "condition": "selection"},
}
OFTEN = {
    "title": "often",
    "id": "11111111-2222-4333-8444-666666666666",
    "level": "high",
    "correlation": {
        "type": "event_count",
        "rules": ["status"],
        "group-by": ["host.name"],
        "timespan": "5m",
        "condition": {"gte": 10},
        "generate": True,
    },
}


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(yaml.safe_dump_all([BASE, OFTEN]))
    return path


@contextmanager
def _helper(url: str, prefix: str, rule: Path, slices: int, *words: str) -> Iterator[subprocess.Popen[str]]:
    words = (sys.executable, "-m", "tests.elasticsearch.worker", url, prefix, str(rule), str(slices), *words)
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert _line(child) == "ready"
            yield child
        finally:
            child.kill()


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def _shared(store: ElasticStore, rule: Path) -> SharedDetector:
    return SharedDetector(Engine(load_rules([rule])), store, "night", sharing())


def _holds(store: ElasticStore, run: Run, rule: Path) -> None:
    """Compare with a run of one process over the same events in a store of its own."""
    assert (run.events, run.new, run.cursor, run.unfinished) == (EVENTS, len(run.alerts), EVENTS, False)
    with EmbeddedStore(rule.parent / "store", lambda: NOW) as embedded:
        embedded.append([event for block in store.blocks() for event in block.events(np.arange(block.rows))], [])
        alone = Detector(Engine(load_rules([rule])), embedded).run()
    assert sorted(alone.alerts.ids) == sorted(run.alerts.ids) == sorted(each.id for each in store.alerts())
    names = [each.rule.name for each in store.alerts()]
    assert names.count("status") == EVENTS // 5
    assert names.count("often") > 1
    assert store.records(SLICE) == []
    again = _shared(store, rule).run()
    assert (again.events, again.new) == (0, 0)


def test_two_processes_share_a_run(store: ElasticStore, node_url: str, many, rule: Path) -> None:
    store.append(many(EVENTS), [])
    slices = EVENTS // SIZE
    with _helper(node_url, store.names.prefix, rule, slices // 2) as child:
        leader = _shared(store, rule)
        leader.board.post(0, EVENTS)
        assert _line(child) == "done"  # half of the slices, before the leader begins
        assert leader.board.results(0, EVENTS) is None
        _holds(store, leader.run(), rule)


def test_two_processes_at_once(store: ElasticStore, node_url: str, many, rule: Path) -> None:
    store.append(many(EVENTS), [])
    with _helper(node_url, store.names.prefix, rule, EVENTS):
        _holds(store, _shared(store, rule).run(), rule)


def test_a_helper_that_was_killed_is_replaced(store: ElasticStore, node_url: str, many, rule: Path) -> None:
    store.append(many(EVENTS), [])
    with _helper(node_url, store.names.prefix, rule, 1, "hold") as child:
        leader = _shared(store, rule)
        leader.board.post(0, EVENTS)
        assert _line(child) == "held"
        child.kill()
        child.wait()
        _holds(store, leader.run(), rule)


def test_a_leader_that_was_killed_is_continued(store: ElasticStore, many, rule: Path) -> None:
    store.append(many(EVENTS), [])
    killed = _shared(store, rule)
    killed.board.post(0, EVENTS // 2)
    assert killed.help()
    assert store.cursor("night") == 0
    _holds(store, _shared(store, rule).run(), rule)


def test_slices_of_other_rules_are_no_work(store: ElasticStore, many, rule: Path, tmp_path: Path) -> None:
    store.append(many(EVENTS), [])
    other = tmp_path / "other.yml"
    other.write_text(yaml.safe_dump(BASE | {"title": "another"}))
    _shared(store, other).board.post(0, EVENTS)
    assert not _shared(store, rule).help()
    _holds(store, _shared(store, rule).run(), rule)


def test_a_run_that_another_one_took_over_moves_no_cursor(store: ElasticStore, many, rule: Path) -> None:
    store.append(many(EVENTS), [])
    leader = _shared(store, rule)
    leader.board.post(0, EVENTS)
    leader.board.clear()
    with pytest.raises(SliceLostError):
        leader.board.results(0, EVENTS)

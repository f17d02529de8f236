"""The node is killed and started anew in the middle: no event is lost or doubled, no alert missed or doubled.

Each fault is seeded: which request it hits, and whether the node ends before the request or after it, with the answer
lost. One fault of each kind by default; `KULLA_FAULTS=N` tries N seeds (a restart takes some seconds).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import datetime

import pytest

from engine import unwritten
from engine.detecting import Detector
from engine.errors import StoreError
from engine.sigma.engine import Engine
from engine.store.elastic import reading
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Answer, Cluster
from engine.store.elastic.store import ElasticStore
from tests.elasticsearch.artifacts import UnavailableError
from tests.elasticsearch.conftest import remove
from tests.elasticsearch.node import Node, make_node

SEEDS = range(int(os.environ.get("KULLA_FAULTS", "2")))
_REQUESTS = 12  # about as many as collecting takes
_PAGE, _COMMIT = 40, 100  # events of a page, and of a commit of what was found in pages
_DETECTING = 30  # about as many requests as detecting takes in pages and commits so small


class _Failing(Cluster):
    """A cluster whose node ends at the request of this number; `late` loses the answer, else the request."""

    node: Node
    at = 0
    late = False

    def _once(self, method: str, target: str, content: bytes | None, media: str) -> tuple[StoreError, Answer | None]:
        self.at -= 1
        if self.at != 0:
            return super()._once(method, target, content, media)
        if self.late:
            super()._once(method, target, content, media)
        self.node.kill()
        self.node.start()
        return StoreError("the connection was lost"), None


@pytest.fixture(scope="module")
def own_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Start a node that may be killed."""
    owner = os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()
    try:
        node = make_node(tmp_path_factory.mktemp("faults"), owner, starts_often=True)
        node.start()
    except UnavailableError as error:
        if os.environ.get("KULLA_REQUIRE_ELASTICSEARCH") == "1":
            pytest.fail(f"no Elasticsearch: {error}")
        pytest.skip(f"no Elasticsearch: {error}")
    yield node
    node.end()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a run of few events one of several pages and commits, so that faults fall between them."""
    for name in ("_FIRST_PAGE", "_SMALLEST_PAGE", "_LARGEST_PAGE"):
        monkeypatch.setattr(reading, name, _PAGE)
    monkeypatch.setattr(unwritten, "_EVENTS", _COMMIT)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("small_pages")
def test_a_node_that_is_killed(seed: int, own_node: Node, engine: Engine, many, now: datetime) -> None:
    chance = random.Random(seed)
    cluster = _Failing(
        address(own_node.url, prefix=f"fault{seed}", patience=1200)
    )  # a restart on a busy machine takes minutes
    cluster.node = own_node
    store = ElasticStore(cluster, lambda: now)
    store.install()
    events = many(300)
    cluster.at, cluster.late = chance.randrange(1, _REQUESTS), bool(seed % 2)
    stored = 0
    for start in range(0, 300, 150):
        done = store.append(events[start : start + 150], [])
        stored += done.stored
        assert done.duplicates == 0, "what a lost answer had stored is stored, not known before"
    assert stored == 300
    cluster.at, cluster.late = chance.randrange(1, _DETECTING), not cluster.late
    run = Detector(engine, store).run()
    assert (run.events, run.new) == (300, 60)
    assert store.status().events == 300
    assert sorted(alert.events[0].id for alert in store.alerts()) == sorted(each.id for each in events[4::5])
    assert Detector(engine, store).run().new == 0
    store.close()
    remove(own_node.url, f"fault{seed}")  # else each restart would recover the indices of all seeds before

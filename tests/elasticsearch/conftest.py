"""A store on a real node for each test, under a prefix of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from tests.elasticsearch.artifacts import UnavailableError
from tests.elasticsearch.node import shared_url
from tests.engine.store.conftest import NOW, letter, many, one

__all__ = ["letter", "many", "now", "one"]


@pytest.fixture(scope="session")
def node_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a real node: a given one, or the run's own; skip, or fail where one is required."""
    given = os.environ.get("KULLA_TEST_ELASTICSEARCH_URL")
    if given:
        return given
    base = tmp_path_factory.getbasetemp()
    try:
        return shared_url(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    except UnavailableError as error:
        if os.environ.get("KULLA_REQUIRE_ELASTICSEARCH") == "1":
            pytest.fail(f"no Elasticsearch: {error}")
        pytest.skip(f"no Elasticsearch: {error}")


@pytest.fixture
def prefix(node_url: str) -> Iterator[str]:
    """Return a prefix that no other test has; its indices are removed afterwards."""
    name = f"kt{uuid.uuid4().hex[:10]}"
    yield name
    remove(node_url, name)


def remove(url: str, name: str) -> None:
    """Remove the indices and templates that begin with a prefix."""
    cluster = Cluster(address(url))
    found = cluster.ask("GET", f"/{name}-*/_settings/index.uuid", accept=(404,)).body
    for index in found if "error" not in found else ():
        cluster.ask("DELETE", f"/{index}", accept=(404,))
    cluster.ask("DELETE", f"/_index_template/{name}-*", accept=(404,))
    cluster.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Load one rule, which every fifth of `many` events fulfils."""
    rule = {
        "title": "status",
        "id": "11111111-2222-4333-8444-555555555555",
        "level": "low",
        "logsource": {"category": "webserver"},
        "detection": {"selection": {"http.response.status_code": 204}, "condition": "selection"},
    }
    path = tmp_path_factory.mktemp("rules") / "rule.yml"
    path.write_text(yaml.safe_dump(rule), encoding="utf-8")
    return Engine(load_rules([path]))


@pytest.fixture
def now() -> datetime:
    """Return the instant at which the clock stands."""
    return NOW


@pytest.fixture
def store(node_url: str, prefix: str, now: datetime) -> Iterator[ElasticStore]:
    """Return a new store on the node."""
    made = ElasticStore(Cluster(address(node_url, prefix=prefix)), lambda: now)
    made.install()
    with made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for what a test writes beside the cluster."""
    return tmp_path

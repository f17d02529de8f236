"""Every rule does in Elasticsearch what its tests say, all tests in one run."""

from __future__ import annotations

import pytest

from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from tests.detections.stores import NOW, wrong


@pytest.mark.timeout(900)
def test_rules_do_in_elasticsearch_what_their_tests_say(node_url: str, prefix: str) -> None:
    store = ElasticStore(Cluster(address(node_url, prefix=prefix)), lambda: NOW)
    store.install()
    with store:
        tests, faults = wrong(store)
    assert faults == []
    assert tests > 900
    print(f"{tests} tests, 0 that differ")

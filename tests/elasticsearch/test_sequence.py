"""Leases of reserved sequences: renewed as often as they need it, and set aside where nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import pytest

from engine.store.elastic.address import address
from engine.store.elastic.cluster import Answer, Cluster
from engine.store.elastic.names import Names
from engine.store.elastic.sequence import LEASE, Sequences
from tests.engine.store.conftest import NOW


class _OneDocument(Cluster):
    """Keeps one document, as Elasticsearch does; counts how often it was written."""

    def __init__(self) -> None:
        super().__init__(address("http://127.0.0.1:9"))
        self.document = b""
        self.version = 0

    def ask(self, method, path, body=None, *, if_seq_no=None, **_: object) -> Answer:
        if method == "GET":
            if not self.version:
                return Answer(status=404, body={}, unsure=False)
            found = {"_seq_no": self.version, "_primary_term": 1, "_source": orjson.loads(self.document)}
            return Answer(status=200, body=found, unsure=False)
        if self.version != (if_seq_no or 0):
            return Answer(status=409, body={}, unsure=False)
        self.document, self.version = orjson.dumps(body), self.version + 1
        return Answer(status=200, body={}, unsure=False)


class _Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, share: float) -> None:
        """Let a share of a lease pass."""
        self.now += timedelta(seconds=share * LEASE)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _sequences(cluster: Cluster, clock: _Clock, name: str) -> Sequences:
    return Sequences(cluster, Names("k"), clock=clock, token=lambda: name, sleep=lambda _: None)


def test_a_lease_is_renewed_as_often_as_it_needs_it(clock: _Clock) -> None:
    cluster = _OneDocument()
    writer, reader = (_sequences(cluster, clock, name) for name in ("writer", "reader"))
    with writer.reserved(10, {"log"}) as held:
        written = cluster.version
        writer.renew(held)
        assert cluster.version == written, "it is fresh"
        for _ in range(9):
            clock.passes(0.3)
            writer.renew(held)
            assert reader.settled() == 0
        assert cluster.version == written + 9
        assert writer.commit(held, held.last)
    assert reader.settled() == 10
    assert reader.abandoned() == []


def test_a_lease_that_nobody_renews_is_set_aside(clock: _Clock) -> None:
    cluster = _OneDocument()
    writer, reader = (_sequences(cluster, clock, name) for name in ("writer", "reader"))
    with writer.reserved(10, {"log"}) as held:
        clock.passes(1.1)
        assert reader.settled() == 10
        assert reader.abandoned() == [(1, 10)]
        assert not writer.commit(held, held.last)

"""A cluster that answers 429 and 503: no event is lost or doubled, no alert missed or doubled, gaps are filled."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from engine.errors import StoreError
from engine.runs.gaps import GAP
from engine.runs.leases import Holder, Lease
from engine.runs.running import Runner, Setting
from engine.sigma.engine import Engine
from engine.store.elastic.address import address
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.store import ElasticStore
from engine.store.protocol import Store
from tests.elasticsearch.refusing import Refusing

SEEDS = range(int(os.environ.get("KULLA_FAULTS", "1")))
Done = TypeVar("Done")


class Clock:
    """A clock that goes on only where something has failed: as long as a writer may be silent, and more."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def again(self, work: Callable[[], Done]) -> Done:
        """Do what a collector or a watch does with a store that does not answer: try again, some minutes later."""
        for _ in range(200):
            try:
                return work()
            except StoreError:
                self.at += timedelta(minutes=3)
        raise AssertionError("never came through")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("patience", "share"), [(300.0, 0.25), (0.0, 0.03)], ids=["asked again", "each refusal ends what was done"]
)
def test_a_cluster_that_refuses(  # noqa: PLR0917 # fixtures
    patience: float, share: float, seed: int, node_url: str, prefix: str, engine: Engine, many, now: datetime
) -> None:
    with Refusing(node_url, seed, share=0.0) as proxy:
        clock = Clock(now)
        cluster = Cluster(address(proxy.url, prefix=prefix, patience=patience), sleep=lambda _: None)
        store = ElasticStore(cluster, clock)
        store.install()
        proxy.share = share
        events = many(200)
        for start in range(0, 200, 50):
            clock.again(lambda part=events[start : start + 50]: store.append(part, []))
            clock.again(lambda: _run(store, engine, clock))
        proxy.share = 0.0
        for _ in range(3):  # gaps that refusals have left
            clock.at += timedelta(hours=1)
            _run(store, engine, clock)
        assert proxy.refused.total() > 5
        assert store.status().events == 200
        told = sorted(alert.events[0].id for alert in store.alerts())
        assert told == sorted(event.id for event in events[4::5])
        assert not store.count_records(GAP).get("open")
        store.close()


def _run(store: Store, engine: Engine, clock: Clock) -> None:
    holder = Holder(host="lab", boot="b", process=1, started="1")
    lease = Lease(store, "detection", holder, now=clock)
    assert lease.take() is None
    Runner(store, engine, "refused", Setting(now=clock), lease=lease).run()
    lease.give_back()

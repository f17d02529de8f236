"""The real servers of these tests, one for a worker's whole run, and a kulla for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.pulling.broker import Broker
from tests.collectors.pulling.storage import KEYS, Storage, free_port, need, unavailable
from tests.collectors.pulling.world import World
from tests.elasticsearch.artifacts import UnavailableError


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    """Return running object storage; skip, or fail where it is required, when there is none."""
    need("botocore", "moto", "flask", "boto3")
    made = Storage()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bucket(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """Return a client that writes, and the name of a new bucket."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    client = storage.client()
    name = f"bucket-{len(client.list_buckets()['Buckets'])}"
    client.create_bucket(Bucket=name)
    yield client, name
    client.close()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a real broker; skip, or fail where it is required, when there is none."""
    need("confluent_kafka")
    given = os.environ.get("KULLA_TEST_KAFKA")
    if given:
        yield given
        return
    broker = Broker(folder=tmp_path_factory.mktemp("kafka"), port=free_port())
    try:
        broker.start()
    except UnavailableError as error:
        unavailable(f"no Kafka: {error}")
    yield broker.address
    broker.kill()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)

"""The real servers of these tests, one for a worker's whole run, and a kulla for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.pulling.storage import KEYS, Storage, need
from tests.collectors.pulling.world import World


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


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)

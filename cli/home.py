"""What stands under KULLA_HOME, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.config import Settings

if TYPE_CHECKING:
    from engine.store.elastic.address import Address
    from engine.store.elastic.store import ElasticStore
    from engine.store.protocol import Store


def store_folder(settings: Settings) -> Path:
    """Return the folder of the embedded store."""
    return settings.home / "store"


def head_path(settings: Settings) -> Path:
    """Return the file that remembers the ledger's newest entry outside the store."""
    return settings.home / "ledger.head"


def open_store(settings: Settings, clock: Callable[[], datetime]) -> Store:
    """Open the store: the cluster that the settings name, else the embedded one, which is made at its first use."""
    if settings.store:
        return open_cluster(settings, clock)
    from engine.store.embedded import EmbeddedStore

    return EmbeddedStore(store_folder(settings), clock)


def open_cluster(settings: Settings, clock: Callable[[], datetime]) -> ElasticStore:
    """Open the store on the cluster that the settings name."""
    from cli.memory import keep_freed_memory
    from engine.store.elastic.cluster import Cluster
    from engine.store.elastic.store import ElasticStore

    keep_freed_memory()
    found = cluster_address(settings)
    pattern = settings.elastic("index")
    if pattern:
        from engine.store.elastic.foreign import ForeignStore

        return ForeignStore(Cluster(found), clock, str(pattern))
    return ElasticStore(Cluster(found), clock)


def cluster_address(settings: Settings) -> Address:
    """Return where the cluster of the settings is, with its key; raise `ConfigurationError` where they are wrong."""
    from engine.store.elastic.address import address

    key_file, ca_file = settings.elastic("api_key_file"), settings.elastic("ca_file")
    return address(
        settings.store,
        api_key=str(settings.elastic("api_key") or ""),
        api_key_file=key_file if isinstance(key_file, Path) else None,
        ca_file=ca_file if isinstance(ca_file, Path) else None,
        prefix=str(settings.elastic("prefix")),
    )

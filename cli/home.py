"""What stands under KULLA_HOME, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.config import Settings

if TYPE_CHECKING:
    from engine.store.protocol import Store


def store_folder(settings: Settings) -> Path:
    """Return the folder of the embedded store."""
    return settings.home / "store"


def head_path(settings: Settings) -> Path:
    """Return the file that remembers the ledger's newest entry outside the store."""
    return settings.home / "ledger.head"


def open_store(settings: Settings, clock: Callable[[], datetime]) -> Store:
    """Open the embedded store, which is made at its first use."""
    from engine.store.embedded import EmbeddedStore

    return EmbeddedStore(store_folder(settings), clock)

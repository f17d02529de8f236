"""The figures of the store in use, for whoever watches kulla: Prometheus, an OpenTelemetry collector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.session import Session

if TYPE_CHECKING:
    from engine.runs.metrics import Family
    from engine.store.protocol import Store


def figures(session: Session, store: Store) -> Sequence[Family]:
    """Return every figure of an open store."""
    from cli.detecting import expected_sources
    from engine.runs.metrics import families

    return families(store, session.now(), expected_sources(session))


def down() -> Sequence[Family]:
    """Return what is known of a store that does not answer: just that."""
    from engine.runs.metrics import Family

    return [Family(name="kulla_up", kind="gauge", purpose="Whether the store answers.", samples=(({}, 0.0),))]

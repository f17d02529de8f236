"""Looking back on a cluster: what the planner chose, told with `--explain`, and done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.options import Window
from cli.session import Session

if TYPE_CHECKING:
    from engine.sigma.engine import Engine
    from engine.store.protocol import Store


@contextmanager
def narrowed(session: Session, store: Store, engine: Engine, span: Window, *, explain: bool) -> Iterator[None]:
    """Have the store give only events that can match, where that is cheaper than reading the whole window."""
    tell = session.say if explain else session.detail
    if not session.settings.store or session.settings.elastic("index"):
        tell("full scan: only kulla's own store on Elasticsearch narrows a look back")
        yield
        return
    from engine.narrowing.planning import plan
    from engine.store.elastic.store import ElasticStore

    assert isinstance(store, ElasticStore)  # noqa: S101 - what the settings open
    found = plan(store, engine, since=span.since, before=span.before)
    tell(*found.why)
    with store.narrowed(found.narrowing):
        yield
    if found.narrowing is not None:
        session.say(f"of {found.events:,} events in the window only those that can match were read (--explain)")

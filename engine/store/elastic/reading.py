"""Reading events in the order of their sequences, page by page, as columns.

Below the settled sequence nothing changes any more, so each page is a question of its own: nothing is kept open on the
cluster, and a page that failed is asked for again, also after a node was started anew. Pages are as large as
an answer of some megabytes allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson

from engine.events import Event, instant, moved
from engine.store.columns import ORIGINAL
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.documents import event_of, stamp_of
from engine.store.elastic.mappings import SEQUENCE
from engine.store.elastic.page import PageBlock
from engine.store.elastic.records import searched

_LARGEST_PAGE = 10_000  # what Elasticsearch gives at once by default
_SMALLEST_PAGE = 100
_FIRST_PAGE = 1000
_WANTED_BYTES = 16 * 1024 * 1024  # of an answer, about: the cluster and this process hold it in memory as a whole
_WEIGHED = 50  # documents of a page by which the next one's size is told
_IDS_AT_ONCE = 1000
_MILLISECOND = timedelta(milliseconds=1)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which events are wanted: `after < sequence <= until`, optionally by event time."""

    after: int
    until: int
    since: datetime | None
    before: datetime | None
    narrowing: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """A query that finds at least what is looked for, among the events with sequences up to `until`."""

    query: Json
    until: int


def pages(cluster: Cluster, index: str, window: Window, now: datetime) -> Iterator[PageBlock]:
    """Yield the window's events as blocks, in order of their sequences.

    Where sequences follow one another without a hole, the next page is asked for by both of its ends: of what lies
    beyond, the cluster then need not find out that it is not the lowest.
    """
    after, size, is_dense = window.after, _FIRST_PAGE, False
    while after < window.until:
        until = min(window.until, after + size) if is_dense else window.until
        documents = _page(cluster, index, replace(window, after=after, until=until), size)
        seen = until if len(documents) < size else int(documents[-1][SEQUENCE])
        is_dense = len(documents) == seen - after
        after = seen
        if not documents:
            continue
        size = min(_LARGEST_PAGE, max(_SMALLEST_PAGE, _WANTED_BYTES // _weight(documents)))
        kept = [document for document in documents if _is_in_time(document, window)]
        if kept:
            sequences = np.array([document[SEQUENCE] for document in kept], dtype=np.int64)
            yield PageBlock(kept, sequences, seen, now)


def _weight(documents: Sequence[Json]) -> int:
    """Return about how many bytes a document has: raw texts differ most, so all of these are counted."""
    raw = sum(len(document[ORIGINAL]) for document in documents) // len(documents)
    some = documents[:: 1 + len(documents) // _WEIGHED]
    return max(raw, sum(len(orjson.dumps(document)) for document in some) // len(some))


def _is_in_time(document: Json, window: Window) -> bool:
    """Tell exactly what the cluster tells to the millisecond."""
    if window.since is None and window.before is None:
        return True
    stamp = stamp_of(document)
    if stamp is None:
        return False
    return (window.since is None or stamp >= window.since) and (window.before is None or stamp < window.before)


def _page(cluster: Cluster, index: str, window: Window, size: int) -> list[Json]:
    body = {
        "query": {"bool": {"filter": list(filters_of(window, window.after))}},
        "sort": [{SEQUENCE: "asc"}],
        "size": size,
        "track_total_hits": False,
    }
    found = searched(cluster, index, body)  # with a filter on the answer, the cluster writes each document anew
    return [hit["_source"] for hit in found["hits"]["hits"]]


def filters_of(window: Window, after: int) -> Iterator[Json]:
    """Yield the queries that all events of a window pass; those of event time to the millisecond only."""
    yield {"range": {SEQUENCE: {"gt": after, "lte": window.until}}}
    bounds: Json = {}
    if window.since is not None:
        bounds["gte"] = instant(moved(window.since, -_MILLISECOND))
    if window.before is not None:
        bounds["lte"] = instant(moved(window.before, _MILLISECOND))
    if bounds:
        yield {"range": {"@timestamp": bounds}}
    if window.narrowing is not None:
        yield window.narrowing


def events_by_id(cluster: Cluster, index: str, ids: Sequence[str]) -> dict[str, Event]:
    """Return the events with these ids."""
    found: dict[str, Event] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = list(ids[start : start + _IDS_AT_ONCE])
        body = {"query": {"ids": {"values": part}}, "size": len(part), "track_total_hits": False}
        for hit in searched(cluster, index, body)["hits"]["hits"]:
            event = event_of(hit["_source"])
            found[event.id] = event
    return found

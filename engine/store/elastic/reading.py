"""Reading events in the order of their sequences, page by page, as columns.

Below the settled sequence nothing changes any more, so each page is a question of its own: nothing is kept open on the
cluster, and a page that failed is asked for again, also after a node was started anew. Pages are as large as
an answer of some megabytes allows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.events import Event, instant, moved
from engine.store.columns import ENVELOPE, GIVEN, MANY, MISTYPED, REST, table_of
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.documents import event_of
from engine.store.elastic.mappings import SEQUENCE
from engine.store.elastic.records import searched
from engine.store.scan import folded, with_rest
from engine.store.values import from_json

_LARGEST_PAGE = 10_000  # what Elasticsearch gives at once by default
_SMALLEST_PAGE = 100
_FIRST_PAGE = 1000
_WANTED_BYTES = 16 * 1024 * 1024  # characters of raw text in a page, about
_IDS_AT_ONCE = 1000
_MILLISECOND = timedelta(milliseconds=1)
_HEADS = "took,timed_out,_shards,hits.hits._source,hits.hits.sort"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which events are wanted: `after < sequence <= until`, optionally by event time."""

    after: int
    until: int
    since: datetime | None
    before: datetime | None


class PageBlock:
    """One page of events in memory; see `engine.store.protocol.Block`."""

    def __init__(self, events: Sequence[Event], sequences: NDArray[np.int64], settled: int, now: datetime) -> None:
        self._events = events
        self.rows = len(events)
        self.sequences = sequences
        self.first_sequence, self.last_sequence = int(sequences[0]), int(sequences[-1])
        self.settled = settled
        self.selected: NDArray[np.bool_] | None = None
        self._table = table_of(events, now)
        self._rest: set[str] = set()
        if REST in self._table.column_names:
            for text in self._table.column(REST).to_pylist():
                self._rest.update(from_json(text) if text else ())
        names = {_field(name) for name in self._table.column_names} - ENVELOPE.keys()
        names |= {name for name in ENVELOPE if GIVEN + name in self._table.column_names}
        self._names = sorted(names | self._rest | ENVELOPE.keys())

    @property
    def names(self) -> Sequence[str]:
        """The fields that any of the events has."""
        return self._names

    @property
    def table(self) -> pa.Table:
        """All columns."""
        return self._table

    def read(self, names: Collection[str]) -> pa.Table:
        """Return these columns for all rows, with their companions; names that no row has are left out."""
        there = frozenset(self._table.column_names)
        wanted = [each for name in names for each in (name, name + MANY, MISTYPED + name) if each in there]
        table = self._table.select(wanted)
        missing = self._rest.intersection(names) - there
        if missing:
            table = with_rest(table, pa.chunked_array([self._table.column(REST).combine_chunks()]), frozenset(missing))
        table = folded(table)
        return table.append_column(SEQUENCE, pa.array(self.sequences)) if SEQUENCE in names else table

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of the events in these rows."""
        return [self._events[row].id for row in rows.tolist()]

    def events(self, rows: NDArray[np.int64]) -> Iterator[Event]:
        """Yield the events in these rows, whole."""
        for row in rows.tolist():
            yield self._events[row]

    def recall(self, key: str) -> bytes | None:  # noqa: ARG002 - see `Block`
        """Return nothing: what was worked out from a page is not kept."""
        return None

    def keep(self, key: str, content: bytes) -> None:
        """Forget it."""


def pages(cluster: Cluster, index: str, window: Window, now: datetime) -> Iterator[PageBlock]:
    """Yield the window's events as blocks, in order of their sequences."""
    after, size = window.after, _FIRST_PAGE
    while after < window.until:
        documents = _page(cluster, index, window, after, size)
        if not documents:
            return
        sequences = np.array([document[SEQUENCE] for document in documents], dtype=np.int64)
        is_last = len(documents) < size
        after = int(sequences[-1])
        events = [event_of(document) for document in documents]
        weight = sum(len(event.original) for event in events) // len(events) + 200
        size = min(_LARGEST_PAGE, max(_SMALLEST_PAGE, _WANTED_BYTES // weight))
        kept = [place for place, event in enumerate(events) if _is_in_time(event, window)]
        if kept:
            chosen = [events[place] for place in kept]
            yield PageBlock(chosen, sequences[kept], window.until if is_last else after, now)
        if is_last:
            return


def _is_in_time(event: Event, window: Window) -> bool:
    """Tell exactly what the cluster tells to the millisecond."""
    if window.since is None and window.before is None:
        return True
    stamp = event.fields.get("@timestamp")
    if not isinstance(stamp, datetime):
        return False
    return (window.since is None or stamp >= window.since) and (window.before is None or stamp < window.before)


def _page(cluster: Cluster, index: str, window: Window, after: int, size: int) -> list[Json]:
    body = {
        "query": {"bool": {"filter": list(_filters(window, after))}},
        "sort": [{SEQUENCE: "asc"}],
        "size": size,
        "track_total_hits": False,
    }
    found = searched(cluster, index, body, filter_path=_HEADS)
    return [hit["_source"] for hit in found.get("hits", {}).get("hits", ())]


def _filters(window: Window, after: int) -> Iterator[Json]:
    yield {"range": {SEQUENCE: {"gt": after, "lte": window.until}}}
    bounds: Json = {}
    if window.since is not None:
        bounds["gte"] = instant(moved(window.since, -_MILLISECOND))
    if window.before is not None:
        bounds["lte"] = instant(moved(window.before, _MILLISECOND))
    if bounds:
        yield {"range": {"@timestamp": bounds}}


def events_by_id(cluster: Cluster, index: str, ids: Sequence[str]) -> dict[str, Event]:
    """Return the events with these ids."""
    found: dict[str, Event] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = list(ids[start : start + _IDS_AT_ONCE])
        body = {"query": {"ids": {"values": part}}, "size": len(part), "track_total_hits": False}
        for hit in searched(cluster, index, body, filter_path=_HEADS).get("hits", {}).get("hits", ()):
            event = event_of(hit["_source"])
            found[event.id] = event
    return found


def _field(column: str) -> str:
    return column.removeprefix(MISTYPED).removeprefix(GIVEN).removesuffix(MANY)

"""Detecting on documents that others wrote with ECS names (Filebeat, winlogbeat, Elastic Agent), as they are.

The documents have no sequence of kulla's: the time of their ingestion (`event.ingested`, else `@timestamp`), in
milliseconds, takes its place. As clocks differ and documents come late, each run looks again at the last minutes before
its cursor; alerts have ids of their own, so none is told twice. Findings go into kulla's store on the same cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from engine.alerts import Alert
from engine.ecs_types import DATE
from engine.errors import StoreError, UnreadableError
from engine.events import Event, Fields, Origin, Scalar, event_id
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.page import EventPage
from engine.store.elastic.records import searched
from engine.store.elastic.store import ElasticStore
from engine.store.protocol import BaseHit, Missing, Record, Status

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVERLAP = 5 * 60_000  # milliseconds before the cursor that are looked at again
_SETTLING = timedelta(seconds=30)  # until a document can be found for certain
_PAGE = 1000
_KEPT = "5m"  # how long a point in time is kept between two pages
_DEEPEST = 20
Json = dict[str, Any]


class ForeignStore(ElasticStore):
    """A store whose events are the documents of other indices; everything else is kulla's own store."""

    def __init__(self, cluster: Cluster, clock: Callable[[], datetime], pattern: str) -> None:
        super().__init__(cluster, clock)
        self._pattern = pattern
        self._now = clock
        self._field = ""

    def last_sequence(self) -> int:
        """Return the millisecond up to which documents are looked at."""
        return _millis(self._now() - _SETTLING)

    def cursor(self, name: str) -> int:
        """Return the cursor that the run has for these indices."""
        return super().cursor(self._named(name))

    def commit_run(
        self,
        name: str,
        *,
        cursor: int,
        alerts: Sequence[Alert],
        hits: Sequence[BaseHit],
        records: Sequence[Record] = (),
    ) -> int:
        """Write what was found, then the cursor that the run has for these indices."""
        return super().commit_run(self._named(name), cursor=cursor, alerts=alerts, hits=hits, records=records)

    def _named(self, name: str) -> str:
        return f"{self._pattern} {name}"

    def blocks(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        missing: Callable[[Missing], None] | None = None,
    ) -> Iterator[EventPage]:
        """Yield the documents of a window of ingestion, or of event time, as blocks."""
        last = self.last_sequence() if until is None else until
        query: Json = {"range": {"@timestamp": _bounds(since, before)}}
        if since is None and before is None:
            first = max(0, after - _OVERLAP) if after else 0
            query = {"range": {self._time_field(): {"gt": first, "lte": last, "format": "epoch_millis"}}}
        seen = after
        try:
            for block in self._pages(query, last):
                yield block
                seen = max(seen, block.settled)
        except UnreadableError as error:
            if missing is None:
                raise
            missing(Missing(first_sequence=seen + 1, last_sequence=last, reason=str(error)))

    def _pages(self, query: Json, last: int) -> Iterator[EventPage]:
        opened = self.cluster.ask("POST", f"/{part(self._pattern)}/_pit", keep_alive=_KEPT, accept=(404,))
        if not opened.good:
            raise StoreError(
                f"no index is called {self._pattern}",
                where=self.cluster.address.location,
                hint="GET _cat/indices lists them; the API key needs `read` and `view_index_metadata` on them",
            )
        field, after = self._time_field(), None
        try:
            while True:
                body: Json = {
                    "pit": {"id": opened.body["id"], "keep_alive": _KEPT},
                    "query": query,
                    "sort": [{field: "asc"}, {"_shard_doc": "asc"}],
                    "size": _PAGE,
                    "track_total_hits": False,
                } | ({} if after is None else {"search_after": after})
                hits = _whole(self.cluster, body)
                if not hits:
                    return
                after = hits[-1]["sort"]
                times = np.array([hit["sort"][0] for hit in hits], dtype=np.int64)
                settled = last if len(hits) < _PAGE else int(times[-1]) - 1
                yield EventPage([event_in(hit) for hit in hits], times, settled, self._now())
                if len(hits) < _PAGE:
                    return
        finally:
            self.cluster.ask("DELETE", "/_pit", {"id": opened.body["id"]}, accept=(404,))

    def _time_field(self) -> str:
        if not self._field:
            path = f"/{part(self._pattern)}/_field_caps"
            answer = self.cluster.ask("GET", path, fields="event.ingested", accept=(404,))
            found = answer.body.get("fields", {}).get("event.ingested", {})
            self._field = "event.ingested" if "date" in found and "unmapped" not in found else "@timestamp"
        return self._field

    def events_by_id(self, ids: Sequence[str], *, within: tuple[int, int] | None = None) -> Mapping[str, Event]:
        """Return the events that correlations tell of: looked for among the documents of the last day."""
        wanted = set(ids)
        found: dict[str, Event] = {}
        last = self.last_sequence()
        first = last - 86_400_000 if within is None else within[0] - 1
        for block in self.blocks(after=max(0, first), until=last):
            for event in block.events(np.arange(block.rows)):
                if event.id in wanted:
                    found[event.id] = event
            if len(found) == len(wanted):
                break
        return found

    def status(self) -> Status:
        """Return what kulla's store holds; the newest instant is that of the foreign documents."""
        body = {"size": 0, "aggs": {"newest": {"max": {"field": "@timestamp"}}}}
        newest = searched(self.cluster, self._pattern, body)["aggregations"].get("newest", {}).get("value")
        stamp = None if newest is None else _EPOCH + timedelta(milliseconds=newest)
        return replace(super().status(), last_timestamp=stamp)


def event_in(hit: Mapping[str, Any]) -> Event:
    """Return a search hit as an event; its id follows from the index and the document's id."""
    index, number = str(hit["_index"]), str(hit["_id"])
    fields: Fields = {}
    for name, values in _leaves(hit["_source"], "", 0):
        known = fields.get(name)
        before = known if isinstance(known, list) else [] if known is None else [known]
        together = [*before, *values]
        fields[name] = together[0] if len(together) == 1 else together
    for name in DATE.intersection(fields):
        fields[name] = _moment(fields[name])
    original = fields.get("event.original") or fields.get("message")
    text = original if isinstance(original, str) else orjson.dumps(hit["_source"]).decode()
    identity = event_id(index, 0, b"")
    origin = Origin(path=f"{index}/{number}", identity=identity, offset=0, number=1)
    return Event(id=event_id(identity, 0, number.encode()), origin=origin, original=text, fields=fields)


def _leaves(value: object, name: str, depth: int) -> Iterator[tuple[str, list[Scalar]]]:
    """Yield each leaf of a document under its dotted name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if depth < _DEEPEST:
                yield from _leaves(inner, f"{name}.{key}" if name else str(key), depth + 1)
            else:
                yield f"{name}.{key}", [orjson.dumps(inner).decode()]
    elif isinstance(value, list):
        plain: list[Scalar] = [item for item in value if isinstance(item, (str, int, float, bool))]
        if plain or not value:
            yield name, plain
        for item in value:
            if isinstance(item, (dict, list)):
                yield from _leaves(item, name, depth + 1)
    elif isinstance(value, (str, int, float, bool)):
        yield name, [value]


def _whole(cluster: Cluster, body: Json) -> list[Json]:
    answer = cluster.ask("POST", "/_search", body)
    found = answer.body
    if found.get("timed_out") or found["_shards"]["failed"]:
        raise UnreadableError(
            "the cluster gave a part of an answer only, which is not used",
            where=cluster.address.location,
            hint="run the same command again; GET _cluster/health?level=indices tells which index is not well",
        )
    hits: list[Json] = found["hits"]["hits"]
    return hits


def _bounds(since: datetime | None, before: datetime | None) -> Json:
    bounds: Json = {"format": "epoch_millis"}
    if since is not None:
        bounds["gte"] = _millis(since)
    if before is not None:
        bounds["lt"] = _millis(before)
    return bounds


def _moment(value: object) -> Scalar:
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return value  # type: ignore[return-value] # a scalar of another form


def _millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)

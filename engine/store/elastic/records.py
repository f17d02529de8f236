"""Small records behind one alias each: alerts, hits, dead letters and the rest, by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from engine.errors import StoreError, UnreadableError
from engine.store.elastic.bulk import Item, Outcome, Verb, write
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.failures import refused
from engine.store.elastic.names import Names

Json = dict[str, Any]
PAGE = 2000
_IDS_AT_ONCE = 1000


class Records:
    """Reads and writes records. What anybody has written is seen by what is read next."""

    def __init__(self, cluster: Cluster, names: Names, token: Callable[[], str]) -> None:
        self._cluster = cluster
        self._names = names
        self._token = token

    def create(self, kind: str, records: Mapping[str, Json]) -> set[str]:
        """Write records whose ids are not there yet; return the ids of those that this call wrote."""
        if not records:
            return set()
        writer = self._token()
        ids = list(records)
        items = [Item(id=number, content=_json({**records[number], "writer": writer})) for number in ids]
        outcome = self._write(kind, items, "create")
        made = {ids[place] for place in outcome.done}
        if outcome.unsure and outcome.known:
            known = self.get(kind, [ids[place] for place in outcome.known])
            made |= {number for number, found in known.items() if found.get("writer") == writer}
        return made

    def put(self, kind: str, records: Mapping[str, Json], *, removed: Sequence[str] = ()) -> None:
        """Insert or replace records, and remove others."""
        self._write(kind, [Item(id=number, content=_json(record)) for number, record in records.items()], "index")
        self._write(kind, [Item(id=number, content=b"") for number in removed], "delete")

    def change(self, kind: str, records: Mapping[str, tuple[int, Json]]) -> set[str]:
        """Write records that carry versions where a lower one, or none, is there; return the ids of the others."""
        writer = self._token()
        ids = list(records)
        items = [
            Item(id=number, content=_json({**records[number][1], "writer": writer}), version=records[number][0])
            for number in ids
        ]
        outcome = self._write(kind, items, "index")
        refused = {ids[place] for place in outcome.known}
        if outcome.unsure and refused:
            found = self.get(kind, sorted(refused))
            refused -= {number for number, each in found.items() if each.get("writer") == writer}
        return refused

    def _write(self, kind: str, items: Sequence[Item], verb: Verb) -> Outcome:
        outcome = write(self._cluster, self._names.of(kind), items, verb=verb)
        if outcome.rejected:
            raise StoreError(
                f"the cluster refuses a record of {kind}: {outcome.rejected[0][1]}",
                where=self._cluster.address.location,
                hint="kulla store init brings the indices' mappings up to date",
            )
        return outcome

    def get(self, kind: str, ids: Sequence[str]) -> dict[str, Json]:
        """Return the records with these ids, as they are at this moment."""
        return {each["_id"]: each["_source"] for each in self._found(kind, ids, whole=True)}

    def known(self, kind: str, ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids under which there is a record at this moment; the cluster reads none for it."""
        return frozenset(each["_id"] for each in self._found(kind, ids, whole=False))

    def _found(self, kind: str, ids: Sequence[str], *, whole: bool) -> Iterator[Mapping[str, Any]]:
        path = f"/{part(self._names.of(kind))}/_mget"
        for start in range(0, len(ids), _IDS_AT_ONCE):
            body = {"ids": list(ids[start : start + _IDS_AT_ONCE])}
            for each in self._cluster.ask("POST", path, body, _source=whole).body["docs"]:
                if each.get("found"):
                    yield each
                elif "error" in each:
                    raise refused(404, each, self._cluster.address.location)

    def search(
        self, kind: str, query: Json, sort: Sequence[Json], *, limit: int | None = None
    ) -> Iterator[tuple[str, Json]]:
        """Yield (id, record) of those that a query finds, in this order; `sort` must leave no two equal."""
        self._cluster.ask("POST", f"/{part(self._names.of(kind))}/_refresh", accept=(404,))
        after: list[Any] | None = None
        left = limit
        while left is None or left > 0:
            body: Json = {"query": query, "sort": list(sort), "size": PAGE if left is None else min(PAGE, left)}
            body["track_total_hits"] = False
            if after is not None:
                body["search_after"] = after
            hits = searched(self._cluster, self._names.of(kind), body, made=True)["hits"]["hits"]
            for hit in hits:
                yield hit["_id"], hit["_source"]
            if len(hits) < body["size"]:
                return
            after = hits[-1]["sort"]
            left = None if left is None else left - len(hits)

    def count(self, kind: str, query: Json | None = None) -> int:
        """Return how many records there are."""
        self._cluster.ask("POST", f"/{part(self._names.of(kind))}/_refresh", accept=(404,))
        body = {"query": query or {"match_all": {}}, "size": 0, "track_total_hits": True}
        return int(searched(self._cluster, self._names.of(kind), body, made=True)["hits"]["total"]["value"])


def searched(
    cluster: Cluster, index: str, body: Json, *, filter_path: str | None = None, made: bool = False
) -> Mapping[str, Any]:
    """Search, and return an answer only where it is whole: no shard missing, nothing cut short.

    `made` says that the index was made with the store: where it is not there, somebody removed it. Raise `StoreError`
    where the cluster cannot give a whole answer.
    """
    answer = cluster.ask(
        "POST",
        f"/{part(index)}/_search",
        body,
        accept=(404,),
        allow_partial_search_results=False,
        ignore_unavailable=True,
        filter_path=filter_path,
    )
    found = answer.body
    if answer.status == 404 or found.get("_shards", {}).get("total") == 0:
        _demand(cluster, index)
        if made:
            _be_there(cluster, index)
        return {"hits": {"hits": [], "total": {"value": 0}}, "aggregations": {}}
    if found.get("timed_out") or found["_shards"]["failed"]:
        raise UnreadableError(
            "the cluster gave a part of an answer only, which is not used",
            where=cluster.address.location,
            hint="run the same command again; GET _cluster/health?level=indices tells which index is not well",
        )
    return found


def _demand(cluster: Cluster, index: str) -> None:
    """Tell a store without events from a cluster without a store."""
    state = f"/_index_template/{part(index)}"
    if "-" in index and not cluster.ask("GET", state, accept=(404,)).good:
        raise StoreError(
            "there is no kulla store on this cluster yet", where=cluster.address.location, hint="kulla store init"
        )


def _be_there(cluster: Cluster, index: str) -> None:
    """Tell records of which there are none yet from those whose index is gone."""
    answer = cluster.ask("GET", f"/{part(index)}/_mapping", accept=(404,))
    if not answer.good:
        raise refused(404, answer.body, cluster.address.location)


def _json(record: Json) -> bytes:
    return orjson.dumps(record)

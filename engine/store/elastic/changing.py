"""Leases, gaps, runs and the outbox on a cluster: records that change, each only by who has read it last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import blake2b

from engine.store.database import from_micros, to_micros
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.names import Names
from engine.store.elastic.records import Json, Records, searched
from engine.store.protocol import Record
from engine.store.values import plain

_KIND = "records"
_ORDER: list[Json] = [{"due": {"order": "asc", "missing": "_last"}}, {"kind": "asc"}, {"key": "asc"}]
_WORDS = 1000


class ChangingRecords:
    """The index of records. A version is that of the document: the cluster itself refuses who comes second."""

    def __init__(self, cluster: Cluster, names: Names, records: Records) -> None:
        self._cluster = cluster
        self._index = names.of(_KIND)
        self._records = records

    def one(self, kind: str, key: str) -> Record | None:
        """Return one record as it is at this moment, None where there is none."""
        number = _number(kind, key)
        found = self._records.get(_KIND, [number]).get(number)
        return None if found is None else record_of(found)

    def find(
        self,
        kind: str,
        *,
        state: str | None = None,
        due_by: datetime | None = None,
        due_after: datetime | None = None,
        keys: Collection[str] | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Return records of a kind, by due time (those without one last) and key."""
        if keys is not None:
            wanted = self._records.get(_KIND, sorted({_number(kind, key) for key in keys}))
            known = [record_of(found) for found in wanted.values()]
            due = [None if moment is None else to_micros(moment) for moment in (due_after, due_by)]
            chosen = [each for each in known if _fits(each, state, *due)]
            return sorted(chosen, key=_place)[:limit]
        filters: list[Json] = [{"term": {"kind": plain(kind)}}]
        if state is not None:
            filters.append({"term": {"state": plain(state)}})
        if due_by is not None:
            filters.append({"range": {"due": {"lte": to_micros(due_by)}}})
        if due_after is not None:
            filters.append({"range": {"due": {"gt": to_micros(due_after)}}})
        found = self._records.search(_KIND, {"bool": {"filter": filters}}, _ORDER, limit=limit)
        return [record_of(each) for _, each in found]

    def kinds(self) -> list[str]:
        """Return the kinds of which there are records, in order."""
        return sorted(self._words("kind", {"match_all": {}}))

    def count(self, kind: str) -> dict[str, int]:
        """Return how many records of a kind there are, by state."""
        return dict(sorted(self._words("state", {"term": {"kind": plain(kind)}}).items()))

    def _words(self, field: str, query: Json) -> dict[str, int]:
        """Return how many records have each word in a field."""
        self._cluster.ask("POST", f"/{part(self._index)}/_refresh")
        body = {"query": query, "size": 0, "aggs": {"words": {"terms": {"field": field, "size": _WORDS}}}}
        buckets = searched(self._cluster, self._index, body)["aggregations"]["words"]["buckets"]
        return {str(each["key"]): int(each["doc_count"]) for each in buckets}

    def save(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records; return the keys of those that somebody else changed first."""
        if not records:
            return frozenset()
        keys = {_number(each.kind, each.key): each.key for each in records}
        written = {_number(each.kind, each.key): (each.version + 1, _document(each)) for each in records}
        return frozenset(keys[number] for number in self._records.change(_KIND, written))

    def forget(self, kind: str, state: str, before: datetime) -> int:
        """Remove records of this state that were due before then; return how many."""
        due = {"range": {"due": {"lt": to_micros(before)}}}
        filters = [{"term": {"kind": plain(kind)}}, {"term": {"state": plain(state)}}, due]
        found = [number for number, _ in self._records.search(_KIND, {"bool": {"filter": filters}}, _ORDER)]
        self._records.put(_KIND, {}, removed=found)
        return len(found)


def _fits(record: Record, state: str | None, after: int | None, latest: int | None) -> bool:
    if state is not None and record.state != plain(state):
        return False
    if record.due is None:
        return after is None and latest is None
    due = to_micros(record.due)
    return (after is None or due > after) and (latest is None or due <= latest)


def _place(record: Record) -> tuple[bool, int, str]:
    return record.due is None, 0 if record.due is None else to_micros(record.due), record.key


def _number(kind: str, key: str) -> str:
    name = f"{len(kind)} {kind} {key}".encode("utf-8", "surrogatepass")
    return blake2b(name, digest_size=16).hexdigest()


def _document(record: Record) -> Json:
    return {
        "kind": plain(record.kind),
        "key": plain(record.key),
        "state": plain(record.state),
        "due": None if record.due is None else to_micros(record.due),
        "version": record.version + 1,
        "body": plain(record.body),
    }


def record_of(found: Json) -> Record:
    """Return the record that a document holds."""
    due = found["due"]
    return Record(
        kind=found["kind"],
        key=found["key"],
        state=found["state"],
        body=found["body"],
        due=None if due is None else from_micros(due),
        version=found["version"],
    )

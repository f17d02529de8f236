"""The distinct values of a field in a window, told by the cluster and tested by kulla's own engine, each once.

Values are told from doc values, so what is not indexed is not among them; `beyond` finds the documents that hold such
things. Whole numbers and addresses come back in one form, whatever their documents say; `variants` are the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.ecs_types import BOOLEAN, DATE, FLOAT, IP, LONG
from engine.sigma.matching import ValueTester
from engine.sigma.predicates import Predicate
from engine.store.elastic.cluster import Cluster
from engine.store.elastic.documents import is_plain_name
from engine.store.elastic.mappings import AWKWARD, REST
from engine.store.elastic.records import searched

Json = dict[str, Any]
Numbered = tuple[int, Predicate]
_BUCKETS = 40_000  # of one answer; a cluster allows 65,536 by default
_UNTOLD = DATE | BOOLEAN | FLOAT  # fields whose values do not come back as rules see them


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where values are asked for: the documents of an index that pass all filters."""

    cluster: Cluster
    index: str
    filters: Sequence[Json]

    def aggregated(self, aggregations: Json) -> Json:
        """Return what aggregations come to."""
        body = {"size": 0, "query": {"bool": {"filter": list(self.filters)}}, "aggs": aggregations}
        found: Json = searched(self.cluster, self.index, body)["aggregations"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A field's values by the predicates that they make true (by number), and how many documents have each."""

    field: str
    values: int
    docs: Mapping[str, int]
    true: Mapping[int, Sequence[str]]


def is_told(field: str) -> bool:
    """Tell whether the cluster can list what rules see of this field."""
    return is_plain_name(field) and field not in _UNTOLD


def beyond(fields: Iterable[str]) -> list[Json]:
    """Return queries for the documents in which one of these fields may hold more than is indexed."""
    ignored = sorted({name for field in fields for name in (field, f"{field}.folded")} | {REST})
    return [{"term": {AWKWARD: True}}, {"terms": {"_ignored": ignored}}]


def cardinalities(source: Source, fields: Sequence[str]) -> dict[str, int]:
    """Return about how many distinct values each field has."""
    if not fields:
        return {}
    found = source.aggregated({str(place): {"cardinality": {"field": field}} for place, field in enumerate(fields)})
    return {field: int(found.get(str(place), {}).get("value", 0)) for place, field in enumerate(fields)}


def tested(source: Source, field: str, expected: int, items: Sequence[Numbered]) -> Tested:
    """List the field's values (about so many are `expected`) and test each."""
    tester = ValueTester(items)
    docs: dict[str, int] = {}
    true: defaultdict[int, list[str]] = defaultdict(list)
    values = _distinct(source, field, expected)
    for value, documents in values.items():
        found = frozenset[int]().union(*(tester.test(variant) for variant in variants(field, value)))
        if found:
            docs[value] = documents
        for number in found:
            true[number].append(value)
    return Tested(field=field, values=len(values), docs=docs, true=dict(true))


def variants(field: str, value: str) -> tuple[str, ...]:
    """Return the texts that a document may have where the cluster tells this value."""
    if field in LONG:
        return value, f"{value}.0"
    return (value, f"::ffff:{value}") if field in IP else (value,)


def unlike(field: str) -> list[Json]:
    """Return queries for documents whose values cannot be recognised in those that the cluster tells."""
    return [{"wildcard": {f"{field}.folded": "*:*"}}] if field in IP else []  # IPv6 can be written in many ways


def _distinct(source: Source, field: str, expected: int) -> dict[str, int]:
    """Return every value with the number of its documents; asked for in several parts where there are many."""
    parts = 1 + expected * 5 // 4 // _BUCKETS
    while (found := _in_parts(source, field, parts)) is None:
        parts *= 2
    return found


def _in_parts(source: Source, field: str, parts: int) -> dict[str, int] | None:
    """Return the values in so many parts; None where a part was too large for one answer."""
    values: dict[str, int] = {}
    for part in range(parts):
        terms: Json = {"field": field, "size": _BUCKETS, "shard_size": _BUCKETS, "order": {"_key": "asc"}}
        if parts > 1:
            terms["include"] = {"partition": part, "num_partitions": parts}
        found = source.aggregated({"values": {"terms": terms}}).get("values", {"buckets": ()})
        if found.get("sum_other_doc_count") or len(found["buckets"]) >= _BUCKETS:
            return None
        values.update({str(bucket["key"]): bucket["doc_count"] for bucket in found["buckets"]})
    return values

"""Which kinds of events a window holds: one aggregation over the fields that decide which rules see an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from engine.narrowing.values import Source
from engine.sigma.logsources import Kind, kind_from, kinds_of
from engine.sigma.mapping.hosts import ECS_CATEGORIES, HOST_MODULES, SYSTEMS
from engine.sigma.rules import LogSource

Json = dict[str, Any]
FIELDS = ("winlog.channel", "event.code", "event.dataset", "event.module")
_PAGE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events with the same values of `FIELDS` (None where absent), and how many there are."""

    values: tuple[str | None, ...]
    docs: int

    @property
    def query(self) -> Json:
        """The group's events as a query."""
        there = [{"term": {name: value}} for name, value in zip(FIELDS, self.values, strict=True) if value is not None]
        gone = [{"exists": {"field": name}} for name, value in zip(FIELDS, self.values, strict=True) if value is None]
        return {"bool": {"filter": there, "must_not": gone}}

    def kinds(self) -> frozenset[Kind]:
        """Return every kind that an event of the group can be of, whatever its other fields say."""
        channel, code, dataset, module = (value or "" for value in self.values)
        told = kind_from((channel, code, dataset, module, "", "", "", "", ""))
        if channel:
            return frozenset({told})
        found = {told, *_known().get(dataset, ())}
        if (dataset.partition(".")[0] or module) in HOST_MODULES:
            for system, (category, kind) in product(SYSTEMS, ECS_CATEGORIES):
                found.add(kind_from(("", code, dataset, module, "", "", system, category, kind)))
        return frozenset(found)


@lru_cache(maxsize=1)
def _known() -> Mapping[str, frozenset[Kind]]:
    """Return the kinds of those datasets of Linux in which a program or a record type makes a kind of its own."""
    found: dict[str, set[Kind]] = {}
    for kind in kinds_of(LogSource(product="linux", category="", service="")):
        found.setdefault(kind.dataset, set()).add(kind)
    return {dataset: frozenset(kinds) for dataset, kinds in found.items()}


def groups(source: Source) -> Iterator[Group]:
    """Yield the groups of the source's events; one with several values of a field is in several."""
    sources = [{name: {"terms": {"field": name, "missing_bucket": True}}} for name in FIELDS]
    after: Json | None = None
    while True:
        composite = {"size": _PAGE, "sources": sources} | ({"after": after} if after else {})
        found = source.aggregated({"kinds": {"composite": composite}}).get("kinds", {})
        for bucket in found.get("buckets", ()):
            yield Group(values=tuple(bucket["key"][name] for name in FIELDS), docs=bucket["doc_count"])
        after = found.get("after_key")
        if after is None:
            return

"""Removing from a store on a cluster what is past its time: whole indices by their date, and records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.events import moved
from engine.incidents.model import Incident
from engine.retention import Held, Retained, Retention, expired_incidents, is_past
from engine.store.database import to_micros
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.names import Names
from engine.store.elastic.records import Json, Records, searched

_DATED: Final = re.compile(r".*-(\d{4})\.(\d{2})\.(\d{2})")
_DATASETS: Final = 1000
_IDS: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    """One store on a cluster, and the present."""

    cluster: Cluster
    names: Names
    records: Records
    now: datetime

    def events(self, plan: Retention, needed: Mapping[str, str], *, dry_run: bool) -> Retained:
        """Remove the indices of days that are past their time; return what went and what was kept."""
        gone: Counter[str] = Counter()
        held: list[Held] = []
        for index, day in self._indices():
            inside = self._datasets(index)
            if not inside or not all(is_past(day, plan.of(dataset), self.now) for dataset in inside):
                continue
            if incidents := self._incidents_in(index, needed):
                names = ", ".join(sorted(inside))
                held.append(Held(where=index, dataset=names, events=sum(inside.values()), incidents=incidents))
                continue
            if not dry_run:
                self.cluster.ask("DELETE", f"/{part(index)}", accept=(404,))
            gone.update(inside)
        return Retained(events=dict(sorted(gone.items())), others={}, held=tuple(held))

    def _indices(self) -> Iterator[tuple[str, str]]:
        """Yield the indices of events and the day (ISO 8601) that each is of."""
        answer = self.cluster.ask("GET", f"/{part(self.names.events)}/_alias", accept=(404,))
        for index in sorted(answer.body if answer.good else ()):
            if found := _DATED.fullmatch(index):
                yield index, "-".join(found.groups())

    def _datasets(self, index: str) -> dict[str, int]:
        terms = {"datasets": {"terms": {"field": "event.dataset", "size": _DATASETS, "missing": ""}}}
        found = searched(self.cluster, index, {"size": 0, "track_total_hits": False, "aggs": terms})
        buckets = found["aggregations"].get("datasets", {}).get("buckets", ())
        return {str(each["key"]): int(each["doc_count"]) for each in buckets}

    def _incidents_in(self, index: str, needed: Mapping[str, str]) -> tuple[str, ...]:
        found: set[str] = set()
        ids = sorted(needed)
        for start in range(0, len(ids), _IDS):
            query = {"ids": {"values": ids[start : start + _IDS]}}
            body = {"query": query, "size": _IDS, "_source": False, "track_total_hits": False}
            found.update(needed[hit["_id"]] for hit in searched(self.cluster, index, body)["hits"]["hits"])
        return tuple(sorted(found))

    def findings(self, plan: Retention, incidents: Sequence[Incident], *, dry_run: bool) -> dict[str, int]:
        """Remove incidents, alerts, kept matches and dead letters past their time; return how many, by kind."""
        past = expired_incidents(incidents, plan.incidents, self.now)
        kept = {number for each in incidents if each.id not in set(past) for number in each.alerts}
        gone: dict[str, list[str]] = {"incidents": past}
        if plan.alerts is not None:
            limit = to_micros(moved(self.now, -plan.alerts))
            gone["alerts"] = [each for each in self._older("alerts", "micros", limit) if each not in kept]
            gone["hits"] = self._older("hits", "micros", limit)
        if plan.dead_letters is not None:
            limit = to_micros(moved(self.now, -plan.dead_letters))
            gone["dead-letters"] = self._older("dead-letters", "order", limit)
        for kind, ids in gone.items():
            if ids and not dry_run:
                self.records.put(kind, {}, removed=ids)
        return {kind.replace("-", "_"): len(ids) for kind, ids in gone.items() if ids}

    def _older(self, kind: str, field: str, limit: int) -> list[str]:
        order: list[Json] = [{field: "asc"}, {"key": "asc"}]
        return [number for number, _ in self.records.search(kind, {"range": {field: {"lt": limit}}}, order)]

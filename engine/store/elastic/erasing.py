"""Erasing a person from a store on a cluster: documents written anew under their ids, and the old ones merged away.

What is deleted stays in Lucene's segments until they are merged, which is asked for at the end; what stands in
snapshots, and on disks that were replicas, belongs to the cluster's keepers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from engine.erasing import Erased, Remnant, Subject, cleaned_event
from engine.store.columns import INGESTED
from engine.store.elastic.bulk import Item, write
from engine.store.elastic.changing import ChangingRecords, record_of
from engine.store.elastic.cluster import Cluster, part
from engine.store.elastic.documents import Writer, event_of
from engine.store.elastic.intake import letter_of, letter_record
from engine.store.elastic.mappings import SEQUENCE
from engine.store.elastic.names import Names
from engine.store.elastic.records import Json, Records, searched
from engine.store.protocol import Record

_PAGE: Final = 500
_AT_ONCE: Final = 500
_KINDS: Final = ("alerts", "incidents", "hits", "state")  # whose documents are JSON alone
_ORDER: Final[list[Json]] = [
    {"key": {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}},
    {"_doc": "asc"},
]
_OURS: Final = frozenset({"kind", "key", "@timestamp", "micros", "order", "place", "writer", "rule_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """One store on a cluster, for an erasure."""

    cluster: Cluster
    names: Names
    records: Records
    changing: ChangingRecords
    refresh: Callable[[], None]

    def erase(self, subject: Subject) -> Erased:
        """Take a person out of everything but the ledger."""
        counts: Counter[str] = Counter()
        self.refresh()
        counts["events"] = self._erase_events(subject)
        for kind in _KINDS:
            found = {number: new for number, record in self._all(kind) if (new := _without(record, subject)) != record}
            self.records.put(kind, found)
            counts[kind] = len(found)
        counts["dead_letters"] = self._erase_letters(subject)
        counts["records"] = self._erase_records(subject)
        self._merge_away()
        return Erased(counts={name: count for name, count in counts.items() if count})

    def _erase_events(self, subject: Subject) -> int:
        changed = 0
        waiting: dict[str, list[Item]] = {}
        for index, number, document in self._events():
            sequence, ingested = int(document[SEQUENCE]), datetime.fromisoformat(document[INGESTED]).astimezone(UTC)
            event = event_of(document)
            new = cleaned_event(event, subject)
            if new is event:
                continue
            changed += 1
            content = Writer(new.fields, budget=len(new.fields)).write(new, sequence, ingested)
            waiting.setdefault(index, []).append(Item(id=number, content=content))
            if len(waiting[index]) >= _AT_ONCE:
                write(self.cluster, index, waiting.pop(index), verb="index")
        for index, items in waiting.items():
            write(self.cluster, index, items, verb="index")
        return changed

    def _events(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield index, id and document of every event, by sequence."""
        after = -1
        while True:
            body = {
                "query": {"range": {SEQUENCE: {"gt": after}}},
                "sort": [{SEQUENCE: "asc"}],
                "size": _PAGE,
                "track_total_hits": False,
            }
            hits = searched(self.cluster, self.names.events, body)["hits"]["hits"]
            if not hits:
                return
            after = int(hits[-1]["_source"][SEQUENCE])
            for hit in hits:
                yield hit["_index"], hit["_id"], hit["_source"]

    def _all(self, kind: str) -> list[tuple[str, Json]]:
        return list(self.records.search(kind, {"match_all": {}}, _ORDER))

    def _erase_letters(self, subject: Subject) -> int:
        found: dict[str, Json] = {}
        for number, record in self._all("dead-letters"):
            letter = letter_of(record)
            origin = replace(letter.origin, path=subject.clean(letter.origin.path))
            raw, reason = subject.clean_bytes(letter.raw), subject.clean(letter.reason)
            new = replace(letter, origin=origin, raw=raw, reason=reason)
            if new != letter:
                found[number] = letter_record(new, int(record["order"]), int(record["place"]))
        self.records.put("dead-letters", found)
        return len(found)

    def _erase_records(self, subject: Subject) -> int:
        changed: list[Record] = []
        renamed: list[str] = []
        for number, found in self._all("records"):
            record = record_of(found)
            new = replace(record, key=subject.clean(record.key), body=subject.clean_json(record.body))
            if new.key != record.key:
                renamed.append(number)
                changed.append(replace(new, version=0))
            elif new != record:
                changed.append(new)
        self.changing.save(changed)
        self.records.put("records", {}, removed=renamed)
        return len(changed)

    def _merge_away(self) -> None:
        """Have Lucene drop what was replaced: it keeps it until its segments are merged."""
        pattern = f"{part(self.names.prefix)}-*"
        # not waited for: it may take hours
        path = f"/{pattern}/_forcemerge"
        self.cluster.ask("POST", path, only_expunge_deletes=True, flush=True, wait_for_completion=False)
        self.cluster.ask("POST", f"/{pattern}/_flush", accept=(409,), force=True)

    def remnants(self, subject: Subject) -> Iterator[Remnant]:
        """Yield every document that still holds the person; the ledger's too."""
        self.refresh()
        for index, number, document in self._events():
            event = event_of(document)
            if cleaned_event(event, subject) is not event:
                yield Remnant(where=index, what=f"event {number}")
        for kind in (*_KINDS, "ledger", "records"):
            for number, record in self._all(kind):
                if subject.found_in(str(record)) or _without(record, subject) != record:
                    yield Remnant(where=self.names.of(kind), what=f"document {number}")
        for number, record in self._all("dead-letters"):
            letter = letter_of(record)
            texts: Sequence[str] = (letter.raw.decode("utf-8", "surrogateescape"), letter.origin.path, letter.reason)
            if any(map(subject.found_in, texts)):
                yield Remnant(where=self.names.of("dead-letters"), what=f"document {number}")


def _without(record: Json, subject: Subject) -> Json:
    """Return a document without the person; what kulla names and counts by stays as it is."""
    return {name: value if name in _OURS else subject.document(value) for name, value in record.items()}

"""How fresh each source is: when its events last came in, and which sources have fallen silent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.events import instant
from engine.runs.gaps import GAP, Gap, gap_of, gap_record
from engine.store.protocol import Record, Store

SOURCE = "source"
EVERY = "*"  # in the table of expectations: every source that was ever seen
_NAME = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """One dataset: how many of its events are stored, since when that number has stood, and what is expected.

    `limit` is how long it may be silent, None where nothing is expected; `seen` is false for a source that was
    expected and never came.
    """

    dataset: str
    events: int
    changed: datetime
    limit: timedelta | None
    seen: bool = True
    version: int = 0

    def age(self, now: datetime) -> timedelta:
        """Return how long no event has come."""
        return max(now - self.changed, timedelta())

    def silent(self, now: datetime) -> bool:
        """Tell whether it is silent for longer than expected."""
        return self.limit is not None and self.age(now) > self.limit


def freshness(store: Store, expected: Mapping[str, timedelta]) -> list[Freshness]:
    """Return what is known of every source, by name."""
    found = [_of(record, expected) for record in store.records(SOURCE)]
    return sorted(found, key=lambda item: item.dataset)


def observe(store: Store, expected: Mapping[str, timedelta], now: datetime) -> list[Freshness]:
    """Note which sources have new events; open a gap for each that fell silent, and close it when it speaks again."""
    counts = store.status().datasets
    known = {item.dataset: item for item in freshness(store, expected)}
    changed: list[Record] = []
    for dataset in sorted({*counts, *known, *(name for name in expected if name != EVERY)}):
        before, count = known.get(dataset), counts.get(dataset, 0)
        if before is None or before.events != count or before.changed > now:
            item = Freshness(
                dataset=dataset,
                events=count,
                changed=now,
                limit=_limit(dataset, expected),
                seen=count > 0,
                version=before.version if before else 0,
            )
            known[dataset] = item
            changed.append(_record(item))
    gaps = {gap.subject: gap for gap in map(gap_of, store.records(GAP, state="open")) if gap.kind == "silent source"}
    changed += _gap_records(known.values(), gaps, now)
    if changed:
        store.save_records(changed)
    return [known[name] for name in sorted(known)]


def _gap_records(sources: Iterable[Freshness], gaps: Mapping[str, Gap], now: datetime) -> list[Record]:
    records = []
    for item in sources:
        gap = gaps.get(item.dataset)
        if item.silent(now) and gap is None:
            minutes = int(item.age(now).total_seconds() // 60)
            reason = (
                f"no event for {minutes:,} minutes" if item.seen else f"never seen, expected for {minutes:,} minutes"
            )
            opened = Gap(
                name=_NAME,
                kind="silent source",
                reason=reason,
                subject=item.dataset,
                noticed=now,
                since=item.changed,
            )
            records.append(gap_record(opened))
        elif gap is not None and not item.silent(now):
            records.append(gap_record(replace(gap, closed=now, until=now)))
    return records


def _limit(dataset: str, expected: Mapping[str, timedelta]) -> timedelta | None:
    return expected.get(dataset, expected.get(EVERY))


def _record(item: Freshness) -> Record:
    body = json.dumps({"events": item.events, "changed": instant(item.changed), "seen": item.seen})
    return Record(kind=SOURCE, key=item.dataset, state="kept", due=item.changed, body=body, version=item.version)


def _of(record: Record, expected: Mapping[str, timedelta]) -> Freshness:
    body = json.loads(record.body)
    return Freshness(
        dataset=record.key,
        events=body["events"],
        changed=datetime.fromisoformat(body["changed"]),
        limit=_limit(record.key, expected),
        seen=body["seen"],
        version=record.version,
    )

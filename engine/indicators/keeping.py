"""Indicators as the store keeps them: records, of which a new one still has to be matched back in time."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from engine.alerts import Level
from engine.events import instant
from engine.indicators.model import Indicator, Trait
from engine.store.protocol import Record, Store

KIND = "indicator"
State = Literal["new", "watched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An indicator in the store: `new` until all that is stored was matched against it, then `watched`."""

    indicator: Indicator
    state: State
    version: int


def keep(store: Store, indicators: Sequence[Indicator]) -> tuple[int, int]:
    """Keep indicators; return how many are new, and how many were there, of which names and ends are renewed."""
    known = {item.indicator.id: item for item in kept(store, ids=[item.id for item in indicators])}
    fresh = [item for item in indicators if item.id not in known]
    changed = [
        _record(item, _after(known[item.id], item), known[item.id].version)
        for item in indicators
        if item.id in known and item != known[item.id].indicator
    ]
    store.save_records([*(_record(item, "new", 0) for item in fresh), *changed])
    return len(fresh), len(indicators) - len(fresh)


def _after(before: Kept, now: Indicator) -> State:
    """Return the state of an indicator that was changed: one that is valid for longer looks back again."""
    until = before.indicator.until
    longer = until is not None and (now.until is None or now.until > until)
    return "new" if longer else before.state


def kept(store: Store, *, state: State | None = None, ids: Collection[str] | None = None) -> list[Kept]:
    """Return the indicators of a store, by id."""
    return [_kept(record) for record in store.records(KIND, state=state, keys=ids) if record.state != "removed"]


def watched(store: Store, done: Sequence[Kept]) -> None:
    """Note that all that is stored was matched against these."""
    store.save_records([_record(item.indicator, "watched", item.version) for item in done])


def remove(store: Store, gone: Sequence[Kept], now: datetime) -> int:
    """Remove indicators; return how many. Their alerts stay."""
    records = [replace(_record(item.indicator, "watched", item.version), state="removed", due=now) for item in gone]
    lost = store.save_records(records)
    store.forget_records(KIND, "removed", before=now + timedelta(seconds=1))
    return len(records) - len(lost)


def _record(item: Indicator, state: State, version: int) -> Record:
    body = {
        "source": item.source,
        "name": item.name,
        "alternatives": [
            [[trait.kind, trait.operator, trait.value, trait.side] for trait in traits] for traits in item.alternatives
        ],
        "level": item.level.label,
        "tlp": item.tlp,
        "since": instant(item.since) if item.since else None,
        "until": instant(item.until) if item.until else None,
        "tags": list(item.tags),
        "references": list(item.references),
    }
    return Record(kind=KIND, key=item.id, state=state, body=json.dumps(body, sort_keys=True), version=version)


def _kept(record: Record) -> Kept:
    body: dict[str, Any] = json.loads(record.body)
    moments = {name: datetime.fromisoformat(body[name]) if body[name] else None for name in ("since", "until")}
    indicator = Indicator(
        source=body["source"],
        name=body["name"],
        alternatives=tuple(tuple(Trait(*trait) for trait in traits) for traits in body["alternatives"]),
        level=Level.parse(body["level"]),
        tlp=body["tlp"],
        tags=tuple(body["tags"]),
        references=tuple(body["references"]),
        **moments,
    )
    return Kept(indicator=indicator, state="new" if record.state == "new" else "watched", version=record.version)

"""Cases as the store keeps them: one record each, changed only by who has read it last."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from engine.casework.model import Case, Evidence, Note, Task, joined
from engine.errors import StoreError
from engine.events import instant
from engine.incidents.model import Incident
from engine.store.protocol import Record, Store

KIND = "case"
_STANDING, _MERGED = "standing", "merged"
_TRIES = 8


def case_of(store: Store, incident: Incident) -> Case:
    """Return what analysts put on record for an incident, with what they did for those that were merged into it."""
    return _case_of(store, incident)[0]


def cases(store: Store, incidents: Sequence[Incident]) -> Mapping[str, Case]:
    """Return the cases of these incidents, which are all there are, by id; incidents without one are left out."""
    found = {case.incident: case for case in map(_case, store.records(KIND, state=_STANDING))}
    holders = {alert: item.id for item in incidents for alert in item.alerts}
    known = {item.id for item in incidents}
    merged: defaultdict[str, list[Case]] = defaultdict(list)
    for case in found.values():
        if case.incident not in known:
            for number in {holders[alert] for alert in case.alerts if alert in holders}:
                merged[number].append(case)
    held = [item.id for item in incidents if item.id in found or item.id in merged]
    return {number: joined(found.get(number) or Case(incident=number), tuple(merged[number])) for number in held}


def change(store: Store, incident: Incident, how: Callable[[Case], Case]) -> Case:
    """Change a case and return it; where somebody else is first, their change stays and this one is made upon it."""
    for _ in range(_TRIES):
        before, record, merged = _case_of(store, incident)
        after = replace(how(before), alerts=incident.alerts)
        own = Record(
            kind=KIND,
            key=incident.id,
            state=_STANDING,
            body=_text(after),
            version=record.version if record else 0,
        )
        if incident.id not in store.save_records([own]):
            store.save_records([replace(item, state=_MERGED) for item in merged])
            return after
    raise StoreError("others change this case all the time", where=f"incident {incident.id}", hint="try again")


def _case_of(store: Store, incident: Incident) -> tuple[Case, Record | None, list[Record]]:
    """Return the case with those merged into it, its own record, and the records of the others."""
    record = store.record(KIND, incident.id)
    own = _case(record) if record else Case(incident=incident.id)
    held = set(incident.alerts)
    known = {item.id for item in store.incidents()}
    merged = [
        other
        for other in store.records(KIND, state=_STANDING)
        if other.key not in known and held.intersection(_case(other).alerts)
    ]
    return joined(own, tuple(_case(other) for other in merged)), record, merged


def _text(case: Case) -> str:
    return json.dumps(asdict(case), sort_keys=True, ensure_ascii=False, default=_written)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"not to be written: {value!r}")


def _case(record: Record) -> Case:
    try:
        body: dict[str, Any] = json.loads(record.body)
        return Case(
            incident=body["incident"],
            owner=body["owner"],
            tags=tuple(body["tags"]),
            notes=tuple(Note(**_timed(item)) for item in body["notes"]),
            tasks=tuple(Task(**_timed(item)) for item in body["tasks"]),
            evidence=tuple(Evidence(**_timed(item)) for item in body["evidence"]),
            alerts=tuple(body["alerts"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("a case cannot be read", where=f"record {record.key}", hint="kulla store status") from error


def _timed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in {"at", "done_at"} and value else value
        for name, value in entry.items()
    }

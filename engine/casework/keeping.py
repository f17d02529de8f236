"""Cases as the store keeps them: one record each, changed only by who has read it last."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    found = {record.key: record for record in store.records(KIND)}
    merged = _merged(found.values(), incidents)
    held = [item.id for item in incidents if item.id in found or item.id in merged]
    return {number: _whole(number, found.get(number), merged.get(number, ())) for number in held}


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


def _case_of(store: Store, incident: Incident) -> tuple[Case, Record | None, Sequence[Record]]:
    """Return the case with those merged into it, its own record, and the records of the others."""
    own = store.record(KIND, incident.id)
    others = [item for item in store.incidents() if item.id != incident.id]
    merged = _merged(store.records(KIND, state=_STANDING), [*others, incident]).get(incident.id, ())
    return _whole(incident.id, own, merged), own, merged


def _merged(records: Iterable[Record], incidents: Sequence[Incident]) -> Mapping[str, Sequence[Record]]:
    """Return by incident which standing cases of incidents that are gone are its own: those whose alerts it has."""
    holders = {alert: item.id for item in incidents for alert in item.alerts}
    known = {item.id for item in incidents}
    merged: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.state == _STANDING and record.key not in known:
            for number in {holders[alert] for alert in _case(record).alerts if alert in holders}:
                merged[number].append(record)
    return merged


def _whole(incident: str, own: Record | None, merged: Sequence[Record]) -> Case:
    return joined(_case(own) if own else Case(incident=incident), tuple(map(_case, merged)))


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

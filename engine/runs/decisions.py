"""What people decided about incidents, as records of the store; a decision that is taken back stays on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from engine.errors import NotFoundError, StoreError
from engine.incidents.byhand import Decision, decision_from_text, decision_to_text
from engine.store.protocol import Record, Store

KIND = "incident-decision"
_STANDING, _TAKEN_BACK = "standing", "taken back"


def standing(store: Store) -> Sequence[Decision]:
    """Return the decisions that hold, oldest first; raise `StoreError` where one cannot be read."""
    found = [_read(record) for record in store.records(KIND, state=_STANDING)]
    return sorted(found, key=lambda item: (item.at, sorted(item.left)))


def key_of(decision: Decision) -> str:
    """Return the key of a decision: `DEC-` and the beginning of a hash of all it says."""
    return "DEC-" + sha256(decision_to_text(decision).encode()).hexdigest()[:10]


def record_of(decision: Decision) -> Record:
    """Return the record of a new decision."""
    return Record(kind=KIND, key=key_of(decision), state=_STANDING, body=decision_to_text(decision))


def taken_back(store: Store, key: str) -> Record:
    """Return the record of a decision once it is taken back; raise `NotFoundError` where none stands under the key."""
    record = store.record(KIND, key)
    if record is None or record.state != _STANDING:
        raise NotFoundError("no such decision about incidents stands", where=key, hint="kulla incidents decisions")
    return replace(record, state=_TAKEN_BACK)


def _read(record: Record) -> Decision:
    try:
        return decision_from_text(record.body)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            "a decision about incidents cannot be read", where=f"record {record.key}", hint="kulla store status"
        ) from error

"""The restoration that is under way, as records of the store: what it began with, and one record for each event."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from engine.errors import StoreError, UsageError
from engine.events import instant
from engine.store.protocol import Record
from playbooks.restoration.building import Weigh
from playbooks.restoration.progress import Event

KIND = "restoration"
EVENTS = "restoration-event"
_TRIES = 8


class RecordStore(Protocol):
    """The part of a store that is needed here (see `engine.store.protocol.Store`)."""

    def records(self, kind: str, *, state: str | None = None) -> Sequence[Record]:
        """Return records of a kind."""
        ...

    def save_records(self, records: Sequence[Record]) -> frozenset[str]:
        """Write records; return the keys of those that somebody else wrote first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a restoration began with: the files as they were, and the instant from which minutes count.

    `urgency` is that of its first plan's tasks, by id (see `planning.Plan`).
    """

    id: str
    start: datetime
    weigh: Weigh
    catalogue: bytes
    catalogue_name: str
    crews: bytes
    crews_name: str
    urgency: Mapping[str, float] = field(default_factory=dict)
    version: int = 0

    @property
    def digest(self) -> str:
        """Return the SHA-256 of catalogue and crews, for the ledger."""
        return sha256(sha256(self.catalogue).digest() + sha256(self.crews).digest()).hexdigest()


def current(store: RecordStore) -> Begun | None:
    """Return the restoration that is under way, None where there is none."""
    found = store.records(KIND, state="open")
    if not found:
        return None
    body = json.loads(found[-1].body)
    return Begun(
        id=found[-1].key,
        start=datetime.fromisoformat(body["start"]),
        weigh=body["weigh"],
        catalogue=_unpacked(body["catalogue"]),
        catalogue_name=body["catalogue_name"],
        crews=_unpacked(body["crews"]),
        crews_name=body["crews_name"],
        urgency=json.loads(_unpacked(body["urgency"])) if "urgency" in body else {},
        version=found[-1].version,
    )


def need_current(store: RecordStore) -> Begun:
    """Return the restoration that is under way; raise `UsageError` where there is none."""
    found = current(store)
    if found is None:
        raise UsageError("no restoration is under way", hint="kulla services plan FILE --crews FILE --begin")
    return found


def need_none(store: RecordStore) -> None:
    """Raise `UsageError` where a restoration is under way."""
    other = current(store)
    if other is not None:
        raise UsageError(f"the restoration {other.id} is under way", hint="kulla services end --why TEXT")


def begin(store: RecordStore, begun: Begun) -> None:
    """Keep a restoration as the one that is under way; raise `UsageError` where another one is."""
    need_none(store)
    if store.save_records([_record(begun, "open")]):
        raise UsageError(f"a restoration {begun.id} was begun before", hint="kulla services status")


def finish(store: RecordStore, begun: Begun) -> None:
    """End a restoration; raise `StoreError` where somebody else has changed it meanwhile."""
    if store.save_records([replace(_record(begun, "ended"), version=begun.version)]):
        raise StoreError("the restoration was changed meanwhile", where=begun.id, hint="kulla services status")


def _record(begun: Begun, state: str) -> Record:
    body = {
        "start": instant(begun.start),
        "weigh": begun.weigh,
        "catalogue": _packed(begun.catalogue),
        "catalogue_name": begun.catalogue_name,
        "crews": _packed(begun.crews),
        "crews_name": begun.crews_name,
        "urgency": _packed(json.dumps(dict(begun.urgency), sort_keys=True).encode()),
    }
    return Record(kind=KIND, key=begun.id, state=state, body=json.dumps(body, sort_keys=True), due=begun.start)


def _packed(content: bytes) -> str:
    return b64encode(zlib.compress(content, 9)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(b64decode(text))


def events(store: RecordStore, begun: Begun) -> list[Event]:
    """Return the events of a restoration in the order in which they were kept."""
    found = sorted((item for item in store.records(EVENTS, state=begun.id)), key=lambda item: item.key)
    return [Event(**json.loads(item.body)) for item in found]


def keep(store: RecordStore, begun: Begun, event: Event) -> None:
    """Keep one more event, after all that are there; raise `StoreError` where others are always first."""
    body = {"kind": event.kind, "task": event.task, "at": event.at, "person": event.person}
    for _ in range(_TRIES):
        number = len(store.records(EVENTS, state=begun.id)) + 1
        key = f"{begun.id}/{number:08}"
        if not store.save_records([Record(kind=EVENTS, key=key, state=begun.id, body=json.dumps(body))]):
            return
    raise StoreError("others keep events at the same time", where=begun.id, hint="try again")

"""The outbox: one row for each (alert or incident, channel), from the moment it is known until it has been told.

States: `pending` (to be sent, from `due` on), `sending` (claimed; pending again when the claim runs out), `sent`,
`held` (told to nobody, with the reason), `digested` (told within a digest), `dead` (given up), `cancelled`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from engine.alerts import Level
from engine.events import instant
from engine.store.protocol import Record

OUTBOX = "outbox"
State = Literal["pending", "sending", "sent", "held", "digested", "dead", "cancelled"]
_FIRST_PAUSE, _LONGEST_PAUSE = 20.0, 900.0  # seconds between attempts
_LONGEST_WISH = 3600.0  # seconds; what a receiver asks for beyond is asked again
_APART = timedelta(minutes=1)  # by which the clocks of two machines may differ
_LONGEST_QUIET = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `key` is the idempotency key of its message; `note` is said in it or why it is held.

    `unless_acknowledged` rows are escalations: they are sent only where nobody has acknowledged the subject by then.
    `by` is the process that claimed it, `told` are the channels of a roster that have it already, `members` the keys
    of a digest, and `count` is the number that is told.
    """

    key: str
    state: State
    about: str
    subject: str
    channel: str
    level: Level
    created: datetime
    due: datetime
    route: str = ""
    note: str = ""
    attempts: int = 0
    error: str = ""
    unless_acknowledged: bool = False
    told: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    count: int = 0
    by: str = ""
    version: int = 0


def row_key(about: str, subject: str, channel: str, part: str = "") -> str:
    """Return the idempotency key: 32 hex digits over what is told to whom."""
    digest = sha256()
    for each in (about, subject, channel, part):
        encoded = each.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.hexdigest()[:32]


_TEXTS = ("about", "subject", "channel", "route", "note", "attempts", "error", "unless_acknowledged", "count", "by")


def to_record(row: Row) -> Record:
    """Write a row as a record."""
    body = {
        **{name: getattr(row, name) for name in _TEXTS},
        "level": int(row.level),
        "created": instant(row.created),
        "told": list(row.told),
        "members": list(row.members),
    }
    return Record(kind=OUTBOX, key=row.key, state=row.state, due=row.due, body=json.dumps(body), version=row.version)


def to_row(record: Record) -> Row:
    """Read a row back."""
    body = json.loads(record.body)
    created = datetime.fromisoformat(body["created"])
    lists = {name: tuple(body[name]) for name in ("told", "members")}
    return Row(
        **{**body, **lists, "level": Level(body["level"]), "created": created},
        key=record.key,
        state=record.state,  # type: ignore[arg-type] # written by to_record
        due=record.due or created,
        version=record.version,
    )


def failed(row: Row, now: datetime, error: str, *, again: bool, after: float, give_up: timedelta) -> Row:
    """Return the row after a failed attempt: pending, later each time, or dead."""
    attempts = row.attempts + 1
    if not again or now - row.created >= give_up:
        return replace(row, state="dead", attempts=attempts, error=error, due=now)
    pause = min(_FIRST_PAUSE * 2 ** min(attempts - 1, 10), _LONGEST_PAUSE)
    spread = 1 + int(row.key[:2], 16) / 1024  # so that rows that failed together do not all come back together
    return replace(
        row,
        state="pending",
        attempts=attempts,
        error=error,
        due=now + timedelta(seconds=max(min(after, _LONGEST_WISH), pause * spread)),
    )


def put_right(row: Row, now: datetime, morning: datetime | None = None) -> Row:
    """Return a pending row as it would be, had the clock that wrote it never been wrong; most rows as they are.

    A row of the future was written by a clock that has since been put back: it waits as long as it was meant to. One
    that would wait longer than any does was put off by such a clock: whatever it waited for is looked at again.
    `morning` is the end of the quiet hours that it may be waiting for, None outside of them.
    """
    if row.due == morning:
        return row
    if row.created > now + _APART:
        return replace(row, created=now, due=now + max(row.due - row.created, timedelta()))
    longest = timedelta(seconds=_LONGEST_WISH) if row.attempts else _LONGEST_QUIET
    return replace(row, due=now) if not row.unless_acknowledged and row.due > now + longest + _APART else row

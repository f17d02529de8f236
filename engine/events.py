"""Events: the records that flow through kulla, under their Elastic Common Schema (ECS) names.

An event's fields are one flat mapping from a dotted ECS name to a value:

    {"@timestamp": datetime(..., tzinfo=UTC), "event.dataset": "nginx.access", "source.ip": "192.0.2.1",
     "http.response.status_code": 404, "event.category": ["web"]}

Dates are aware `datetime` values in UTC, numbers are numbers where ECS says so, and everything ECS does not name is
kept under the name its source gives it (`winlog.event_data.*`, `auditd.data.*`, `nginx.error.*`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | datetime
Value: TypeAlias = Scalar | Sequence[Scalar]
Fields: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a record was read: enough to find it again by hand.

    `identity` is a content hash of the source (see `collectors.files`), so that a renamed, copied or compressed log
    is still the same log; `offset` is in bytes of the uncompressed stream; `number` counts records from 1.
    """

    path: str
    identity: str
    offset: int
    number: int

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One normalised record: its fields, the text it was made from, and where that stood."""

    id: str
    origin: Origin
    original: str
    fields: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be parsed, with the reason. `raw` holds at least its first 64 KiB of `size` bytes."""

    id: str
    origin: Origin
    source: str
    reason: str
    raw: bytes
    size: int


def event_id(identity: str, offset: int, raw: bytes) -> str:
    """Return the stable id of a record: 32 hex digits of BLAKE2b over source identity, offset and raw bytes."""
    digest = blake2b(raw, digest_size=16, key=identity.encode("ascii")[:64])
    digest.update(offset.to_bytes(8, "big"))
    return digest.hexdigest()


def instant(value: datetime) -> str:
    """Write an instant as ISO 8601 in UTC: milliseconds, or microseconds where it has them."""
    moment = value.astimezone(UTC)
    spec = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def moved(moment: datetime, by: timedelta) -> datetime:
    """Return an instant earlier or later, within what a `datetime` can hold: events may claim the year 1 or 9999."""
    try:
        return moment + by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if by < timedelta() else datetime.max.replace(tzinfo=UTC)


def texts(value: Value | None) -> tuple[str, ...]:
    """Return the value's elements as the text that rules, tables and queries see.

    Booleans become `true` and `false`, instants ISO 8601; an absent value has no element.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(text(item) for item in value)
    return (text(value),)  # type: ignore[arg-type] # a Value that is no sequence is a Scalar


def text(value: Scalar) -> str:
    """Return one scalar as text (see `texts`)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant(value)
    return str(value)

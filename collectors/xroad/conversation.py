"""The two halves of one exchange under one id: what the client's security server saw, and what the producer's saw.

Both halves carry the message id, which is the client's own and may be used twice, and since X-Road 6.22 the request id,
which is not. With a request id the conversation is told by the two together, wherever the halves stand. Without one,
the first half with a message id (and caller and service) gives the id; a half that cannot belong to that exchange (the
same role again, or stamps that do not overlap) opens a conversation of its own, told by its request's instant.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from engine.events import Fields

REMEMBERED: Final = 100_000  # exchanges without a request id whose halves are looked for
_SKEW: Final = timedelta(seconds=60)  # by which the clocks of two security servers may differ
_PARTS: Final = (
    *("xroad.client.instance", "xroad.client.member_class", "xroad.client.member_code", "xroad.client.subsystem"),
    *("xroad.service.instance", "xroad.service.member_class", "xroad.service.member_code", "xroad.service.subsystem"),
    "xroad.service.code",
)


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """An exchange whose halves are looked for: its id, the roles seen, and the span of its first half."""

    id: str
    roles: set[str]
    start: datetime | None
    end: datetime | None


class Conversations:
    """Tells which records are halves of one exchange, in one stream, in bounded memory."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._open: OrderedDict[str, _Exchange] = OrderedDict()
        self._remembered = remembered

    def id_of(self, fields: Fields) -> str | None:
        """Return the id of the exchange of a record; None where it has no message id and no request id."""
        message, request = fields.get("xroad.message_id"), fields.get("trace.id")
        if request:
            return _digest("request", str(request), str(message or ""))
        if not message:
            return None
        key = _digest("message", str(message), *(str(fields.get(part, "")) for part in _PARTS))
        role = str(fields.get("xroad.role", "")).lower()
        start, end = _moment(fields, "event.start"), _moment(fields, "event.end")
        known = self._open.get(key)
        if known is not None and role not in known.roles and _overlap(known, start, end):
            known.roles.add(role)
            return known.id
        again = known is not None
        opened = _digest("again", key, str(start), role) if again else key
        self._open[key] = _Exchange(id=opened, roles={role}, start=start, end=end)
        self._open.move_to_end(key)
        if len(self._open) > self._remembered:
            self._open.popitem(last=False)
        return opened


def _moment(fields: Fields, name: str) -> datetime | None:
    value = fields.get(name)
    return value if isinstance(value, datetime) else None


def _overlap(known: _Exchange, start: datetime | None, end: datetime | None) -> bool:
    """Tell whether two spans can be of one exchange; where a stamp is absent, nothing speaks against it."""
    begun = start is None or known.end is None or start - known.end <= _SKEW
    ended = end is None or known.start is None or known.start - end <= _SKEW
    return begun and ended


def _digest(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()

"""Stamps as Entra writes them: ISO 8601, and for risk events the American `3/24/2022 2:42:35 PM` in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from collectors.json_fields import Json, to_instant

_AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?:\.\d{1,9})? ?([AP]M)?(?: [+]00:00)?", re.ASCII
)


def stamp(value: Json, zone: tzinfo) -> datetime | None:
    """Return an instant in UTC, None where the value is none."""
    if (moment := to_instant(value, zone)) is not None or not isinstance(value, str):
        return moment
    match = _AMERICAN.fullmatch(value.strip()[:40])
    if match is None:
        return None
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    if match[7]:
        hour = hour % 12 + 12 * (match[7] == "PM")
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None

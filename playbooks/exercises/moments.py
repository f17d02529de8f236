"""Instants of an exercise: integers of milliseconds since 1970 (UTC), and how a working day spreads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from random import Random

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Weight of each hour of the day (UTC; the ministry's own clock is an hour or two ahead).
OFFICE = (0, 0, 0, 0, 0, 2, 14, 30, 34, 32, 28, 18, 24, 28, 20, 8, 3, 2, 1, 1, 0, 0, 0, 0)
PUBLIC = (2, 1, 1, 1, 2, 5, 14, 26, 32, 32, 29, 26, 27, 26, 22, 18, 15, 14, 14, 13, 12, 9, 6, 3)
PHONES = (3, 2, 2, 2, 3, 8, 14, 16, 16, 15, 15, 14, 14, 15, 14, 13, 11, 10, 10, 9, 8, 7, 5, 4)
MACHINES = (1,) * 24


def milliseconds(moment: datetime) -> int:
    """Return an aware instant as milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def as_datetime(ms: int) -> datetime:
    """Return milliseconds since 1970 as an aware instant in UTC."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def spread(rng: Random, day: int, weights: Sequence[int], count: int) -> list[int]:
    """Return `count` instants of the day that starts at `day`, as thick in each hour as its weight says."""
    if count <= 0:
        return []
    hours = rng.choices(range(24), weights=weights, k=count)
    return [day + hour * HOUR + int(rng.random() * HOUR) for hour in hours]


def clock(ms: int) -> str:
    """Return the time of day, `08:03:59`."""
    second = ms // SECOND % 86_400
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def iso_day(ms: int) -> str:
    """Return the day, `2026-03-10`."""
    return _date(ms // DAY).isoformat()


def iso(ms: int) -> str:
    """Return `2026-03-10T08:03:59.120Z`."""
    return f"{iso_day(ms)}T{clock(ms)}.{ms % 1000:03}Z"


def spaced(ms: int) -> str:
    """Return `2026-03-10 08:03:59`, as IIS and NXLog write it."""
    return f"{iso_day(ms)} {clock(ms)}"


def syslog_stamp(ms: int) -> str:
    """Return `Mar  5 08:03:59`, the stamp of RFC 3164."""
    day = _date(ms // DAY)
    return f"{_MONTHS[day.month - 1]} {day.day:2} {clock(ms)}"


def web_stamp(ms: int) -> str:
    """Return `05/Mar/2026:08:03:59 +0000`, the stamp of the common log format."""
    day = _date(ms // DAY)
    return f"{day.day:02}/{_MONTHS[day.month - 1]}/{day.year}:{clock(ms)} +0000"


@cache
def _date(days: int) -> date:
    return date.fromordinal(_EPOCH + days)

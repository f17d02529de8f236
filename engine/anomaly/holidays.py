"""Albanian public holidays and working days, for models that know the week and for the simulator.

Source: Law 7651/1992 on official holidays as amended (Mother Teresa's day on 5 September since 2017, Alphabet day on
22 November since 2024); a holiday that falls on a weekly rest day is taken on the next working day. The two Bajrams
follow the moon; the table holds the days announced or expected, which may shift by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Europe/Tirane")
_FIXED = ((1, 1), (1, 2), (3, 14), (3, 22), (5, 1), (9, 5), (11, 22), (11, 28), (11, 29), (12, 8), (12, 25))
_LUNAR = {
    2024: ((4, 10), (6, 16)),
    2025: ((3, 30), (6, 6)),
    2026: ((3, 20), (5, 27)),
    2027: ((3, 10), (5, 16)),
    2028: ((2, 27), (5, 5)),
    2029: ((2, 15), (4, 24)),
    2030: ((2, 5), (4, 13)),
}


def western_easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + weekday - 7 * ((a + 11 * h + 22 * weekday) // 451) + 114, 31)
    return date(year, month, day + 1)


def orthodox_easter(year: int) -> date:
    """Return Orthodox Easter Sunday as a Gregorian date (Meeus's Julian computus; right from 1900 to 2099)."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Return the days off of a year beside Saturdays and Sundays, moved ones included."""
    named = [date(year, month, day) for month, day in (*_FIXED, *_LUNAR.get(year, ()))]
    taken = {day for day in (*named, western_easter(year), orthodox_easter(year)) if day.weekday() < 5}
    for day in sorted({*named, western_easter(year), orthodox_easter(year)} - taken):
        taken.add(_next_working_day(day, taken))
    return frozenset(taken)


def _next_working_day(day: date, taken: Iterable[date]) -> date:
    while day.weekday() >= 5 or day in taken:
        day += timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    """Tell whether offices are open on this day."""
    return day.weekday() < 5 and day not in public_holidays(day.year)


@lru_cache(maxsize=50_000)
def hour_cell(hour: int) -> int:
    """Return the cell of an hour that is counted since 1970 in UTC: 0 to 23 by local time, 24 more on a day off."""
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_ZONE)
    return local.hour + (0 if is_working_day(local.date()) else 24)

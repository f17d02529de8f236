"""When each person is on duty: their shifts as minutes from the plan's start, the rest between two shifts kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playbooks.restoration.model import Crews, Person, Shift


def windows(person: Person, crews: Crews, start: datetime, days: int) -> tuple[tuple[int, int], ...]:
    """Return the spans of duty `(from, to)` from `start` on, in minutes, over `days` days, ascending.

    Shifts are local times of the crews' zone (a shift over a change of the clocks is an hour shorter or longer). Spans
    that touch are one where no rest is wanted; else one that begins too soon after the last is left out.
    """
    zone = ZoneInfo(crews.timezone)
    first = start.astimezone(zone).date()
    spans: list[tuple[int, int]] = []
    for ahead in range(-1, days + 1):
        day = first + timedelta(days=ahead)
        if day.weekday() in person.days:
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            spans.extend(_span(crews.shifts[name], midnight, start) for name in person.shifts)
    kept: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if kept and crews.rest == 0 and begin <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        elif not kept or begin >= kept[-1][1] + crews.rest:
            kept.append((begin, end))
    return tuple((max(begin, 0), end) for begin, end in kept if end > 0)


def _span(shift: Shift, midnight: datetime, start: datetime) -> tuple[int, int]:
    later = 1440 if shift.end <= shift.start else 0
    return _minutes(midnight, shift.start, start), _minutes(midnight, shift.end + later, start)


def _minutes(midnight: datetime, after: int, start: datetime) -> int:
    """Return a local time of day in minutes from `start` (wall clock first, so that shifts keep their hours)."""
    local = midnight + timedelta(minutes=after)
    return int((local.astimezone(UTC) - start.astimezone(UTC)).total_seconds() // 60)

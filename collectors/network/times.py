"""Stamps that devices write inside their messages, read into UTC instants; None where it is no stamp.

`Mar 01 2021 20:48:21[.123][ GMT]`, `Mon Aug  1 06:40:30 2022`, `2025/01/21 11:57:22`, `10Dec2019 23:44:49`,
`9/16/19 10:00`, `12/07/2023:10:58:42 GMT`, `2023/07/04:09:03:39`, ISO 8601, and epochs in s, ms, us or ns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from collectors.json_fields import to_instant
from collectors.source import Options
from collectors.syslog import year_of

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?:\ ?(?P<zone>Z|[+-]\d\d:?\d\d|[A-Za-z]{1,5}))?"
_SHAPES = tuple(
    re.compile(shape + _ZONE, re.VERBOSE | re.ASCII)
    for shape in (
        rf"(?P<month>[A-Za-z]{{3}})[a-z]{{0,6}}\ {{1,2}}(?P<day>\d{{1,2}}),?\ (?P<year>\d{{4}})\ {_TIME}",
        rf"[A-Za-z]{{3}},?\ (?P<month>[A-Za-z]{{3}})\ {{1,2}}(?P<day>\d{{1,2}})\ {_TIME}\ (?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})[\ \-/]?(?P<month>[A-Za-z]{{3}})[\ \-/]?(?P<year>\d{{4}})[\ :T]{_TIME}",
        rf"(?P<year>\d{{4}})[/\-](?P<month>\d{{1,2}})[/\-](?P<day>\d{{1,2}})[\ :T]\ ?{_TIME}",
        rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}}|\d\d)[\ :]{_TIME}",
    )
)
# Names of zones in use, as IOS, NetScaler and others print them. Where a name means two zones, the commoner one.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "BST": 60, "IST": 330, "CET": 60, "MET": 60, "CEST": 120,
    "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "SAST": 120, "GST": 240, "PKT": 300, "SGT": 480, "HKT": 480,
    "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
    "AST": -240, "ADT": -180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "BRT": -180, "BRST": -120, "ART": -180,
    "CLT": -240, "COT": -300, "PET": -300,
}  # fmt: skip
_LONGEST = 48
_YEARLESS = re.compile(
    r"(?P<month>[A-Za-z]{3})[a-z]{0,6}\ {1,2}(?P<day>\d{1,2})(?P<rest>\ \d{1,2}:\d\d:\d\d.{0,16})", re.ASCII
)
_PLACE = re.compile(r"[A-Z][A-Za-z]{1,15}(?:/[A-Z][A-Za-z_\-]{1,31}){1,2}", re.ASCII)


def instant_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the instant that a text names; stamps without a zone, or of an unknown one, are in `zone`."""
    text = text.strip().strip("\"'[]")
    return _instant_of(text, zone) if 8 <= len(text) <= _LONGEST else None


def with_year(text: str, options: Options) -> str:
    """Return a stamp without a year (`Mar 01 20:48:21`) with the year that it is of; any other text as it is."""
    found = _YEARLESS.fullmatch(text.strip())
    month = _MONTHS.get(found["month"].lower()) if found is not None else None
    if found is None or month is None:
        return text
    year = year_of(month, int(found["day"]), options.reference, options.zone)
    return text if year is None else f"{found['month']} {found['day']} {year}{found['rest']}"


def zone_named(name: str) -> tzinfo | None:
    """Return the zone that a name or an offset stands for (`CEST`, `Europe/Tirane`, `+0200`, `-03:30`), else None."""
    name = name.strip().strip('"')
    if _PLACE.fullmatch(name):
        return _zone_of_place(name)
    if name[:1] in {"+", "-"} and (digits := name[1:].replace(":", "")).isdecimal() and len(digits) == 4:
        minutes = int(digits[:2]) * 60 + int(digits[2:])
        if minutes >= 24 * 60:
            return None
        return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
    offset = _ZONES.get(name.upper())
    return None if offset is None else UTC if offset == 0 else timezone(timedelta(minutes=offset))


@lru_cache(maxsize=1024)
def _zone_of_place(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


@lru_cache(maxsize=8192)
def _instant_of(text: str, zone: tzinfo) -> datetime | None:
    for shape in _SHAPES:
        found = shape.fullmatch(text)
        if found is not None and (moment := _moment(found, zone)) is not None:
            return moment
    digits = text.isascii() and text.isdecimal()
    return to_instant(int(text) if digits and len(text) <= 19 else text, zone)


def _moment(found: re.Match[str], zone: tzinfo) -> datetime | None:
    month = found["month"]
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
    year = int(found["year"])
    where = (zone_named(found["zone"]) if found["zone"] else None) or zone
    fraction = (found["fraction"] or "").ljust(6, "0")[:6]
    clock = (int(found["hour"]), int(found["minute"]), min(int(found["second"] or 0), 59), int(fraction))
    return _built(year + 2000 if year < 100 else year, number, int(found["day"]), clock, where)


def _built(year: int, month: int, day: int, clock: tuple[int, int, int, int], zone: tzinfo) -> datetime | None:
    built: Callable[..., datetime] = datetime
    try:
        return built(year, month, day, *clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

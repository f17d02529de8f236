"""The stamps of web server logs, read into aware UTC instants.

Formats: Apache `%t` and nginx `$time_local` (`10/Oct/2000:13:55:36 -0700`), nginx `$time_iso8601` and `$msec`, Apache
error logs (`Wed Oct 11 14:32:52.123456 2000`), nginx error logs (`2019/08/25 23:59:53`), W3C (`2021-04-01 00:00:21`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from engine.errors import MalformedRecordError

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_CLF = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?([+-])(\d\d):?(\d\d))?", re.ASCII
)
_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(?:(Z)|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_CTIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\d{4})", re.ASCII
)
_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?|(\d{13})|(\d{16})", re.ASCII)


@lru_cache(maxsize=4096)
def clf_instant(text: str, zone: tzinfo) -> datetime:
    """Read `10/Oct/2000:13:55:36 -0700`; `zone` holds where the stamp has none. Raise `MalformedRecordError`."""
    found = _CLF.fullmatch(text)
    month = MONTHS.get(found[2]) if found else None
    if found is None or month is None:
        raise MalformedRecordError(f"unreadable time stamp [{text[:60]}]")
    day, _, year, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    offset = _offset(sign, hours, minutes) or zone
    return _instant(text, (year, month, day, hour, minute, second), fraction, offset)


@lru_cache(maxsize=4096)
def w3c_instant(text: str) -> datetime:
    """Read `2021-04-01 00:00:21`, which is UTC. Raise `MalformedRecordError`."""
    if len(text) != 19 or text[10] != " ":
        return iso_instant(text, UTC)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return iso_instant(text, UTC)


@lru_cache(maxsize=4096)
def iso_instant(text: str, zone: tzinfo) -> datetime:
    """Read ISO 8601 (also with `/` in the date); `zone` holds where it has none. Raise `MalformedRecordError`."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise MalformedRecordError(f"unreadable time stamp [{text[:60]}]")
    year, month, day, hour, minute, second, fraction, zulu, sign, hours, minutes = found.groups()
    offset = UTC if zulu else _offset(sign, hours, minutes) or zone
    return _instant(text, (year, month, day, hour, minute, second), fraction, offset)


@lru_cache(maxsize=4096)
def ctime_instant(text: str, zone: tzinfo) -> datetime:
    """Read `Wed Oct 11 14:32:52.123456 2000` of Apache's error log. Raise `MalformedRecordError`."""
    found = _CTIME.fullmatch(text)
    month = MONTHS.get(found[1]) if found else None
    if found is None or month is None:
        raise MalformedRecordError(f"unreadable time stamp [{text[:60]}]")
    _, day, hour, minute, second, fraction, year = found.groups()
    return _instant(text, (year, month, day, hour, minute, second), fraction, zone)


def any_instant(text: str, zone: tzinfo) -> datetime:
    """Read a stamp in whichever of the forms above it is. Raise `MalformedRecordError`."""
    text = text.strip("[]")
    if _CLF.fullmatch(text):
        return clf_instant(text, zone)
    if _CTIME.fullmatch(text):
        return ctime_instant(text, zone)
    found = _EPOCH.fullmatch(text)
    if found is None:
        return iso_instant(text, zone)
    seconds, fraction, millis, micros = found.groups()
    if seconds is not None:
        micro = int(seconds) * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])
    else:
        micro = int(millis) * 1000 if millis else int(micros)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)


def _offset(sign: str | None, hours: str, minutes: str) -> tzinfo | None:
    if sign is None:
        return None
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    if delta >= timedelta(hours=24):
        raise MalformedRecordError(f"a time zone of {sign}{hours}{minutes} does not exist")
    return timezone(-delta if sign == "-" else delta)


def _instant(text: str, parts: tuple[str | int, ...], fraction: str | None, zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = (int(part) for part in parts)
    micro = int(fraction.ljust(6, "0")[:6]) if fraction else 0
    leap = 1 if second == 60 else 0  # a leap second is the first instant of the next minute
    try:
        moment = datetime(year, month, day, hour, minute, second - leap, micro, zone)
        return moment.astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError) as error:
        raise MalformedRecordError(f"a time stamp that does not exist [{text[:60]}]") from error

"""The header in front of a syslog message: who said it, when, and where; whatever wrote the file.

Read are the shapes that syslog daemons put on disk or on the wire: RFC 5424 (`<34>1 2023-...`), RFC 3164 (`<34>Mar 11
11:26:54 host sshd[3]: ...`, with or without the priority, with a year in two places or without one), the ISO 8601
stamps of rsyslog, syslog-ng and `journalctl -o short-iso`, the epoch of `-o short-unix`, and no header at all.
Everything here is a pure function of the text and the options.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal

from collectors.source import Options
from engine.events import Fields

Kind = Literal["rfc5424", "rfc3164", "iso", "bare"]

FACILITIES = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
]
SEVERITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"]
_MONTHS = {
    month: i
    for i, month in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_SKEW = timedelta(days=1)  # a log may be a day ahead of its reference: clocks and zones differ
_LONGEST_LEAP_GAP = 8  # years between two 29 February around 1900 and 2100


@dataclass(slots=True, kw_only=True)
class Header:
    """What stands before a message, and the message. Absent parts are None.

    `timestamp` is in UTC; None also where the stamp is no real date, or has no year and the options no reference.
    `priority` is facility * 8 + severity. `message` has no surrounding blanks. `kind` is `bare` without any header.
    """

    kind: Kind
    message: str
    timestamp: datetime | None = None
    host: str | None = None
    program: str | None = None
    pid: int | None = None
    priority: int | None = None
    message_id: str | None = None
    structured_data: str | None = None


_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)

# RFC 5424, 6: VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]
_RFC5424 = re.compile(
    r"""[1-9]\d?\ (?P<stamp>-|\d{4}-\d\d-\d\dT\S{8,27})
    \ (?P<host>\S{1,255})\ (?P<program>\S{1,255})\ (?P<pid>\S{1,128})\ (?P<id>\S{1,128})
    \ (?P<data>-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*+")*+\])++)
    (?:\ \ ?(?P<message>.*))?$""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)

# RFC 5424 as far as the host, and then a message of another form: `<5>1 2024-03-05T09:12:44Z VAULT1 CEF:0|...`
_CUT_5424 = re.compile(r"1 (?=\d{4}-\d\d-\d\dT)", re.ASCII)

# The stamp and its end: `Mar 11 11:26:54`, `Mar 11 2023 11:26:54`, `Mar 11 11:26:54 2023`, `Mar 11 11:26:54.12:`
_BSD_STAMP = re.compile(
    r"""(?P<month>[A-Z][a-z]{2})\ {1,2}(?P<day>\d{1,2})\ (?:(?P<year>\d{4})\ )?
    (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?
    (?:\ (?P<year_after>(?:19|20)\d\d)(?=[ :]))?(?P<hostless>:)?(?:\ |$)""",
    re.VERBOSE | re.ASCII,
)

# `2023-11-14T00:20:42.738197+01:00 `, with a blank for the T, a comma for the dot, `+0100`, `Z`, or no zone
_ISO_STAMP = re.compile(
    r"""(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T ](?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)
    (?:[.,](?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:?\d\d)?(?P<hostless>:)?(?:\ |$)""",
    re.VERBOSE | re.ASCII,
)
_EPOCH_STAMP = re.compile(r"(?P<epoch>1\d{9})\.(?P<fraction>\d{6}) ", re.ASCII)

# `sshd[312]: `, `postfix/smtpd[9]: `, `sshd(pam_unix)[1]: `, `sudo: `, `gdm-password]: ` (a cut tag), `app[1] <Info>: `
_TAG = re.compile(
    r"""(?P<program>[^\s\[\]:]{1,255})
    (?:\[(?P<pid>\d{1,10})(?:[^\]\s]{0,64})\](?:\ <[A-Za-z]{1,16}>)?:|\]?:(?=\s|$))\s*""",
    re.VERBOSE | re.ASCII,
)
_HOST = re.compile(r"(?!---)(?P<host>[^\s:]{1,255}|[0-9A-Fa-f:.]{2,45})\s+", re.ASCII)
_LEVEL = re.compile(r"(?:EMERG|ALERT|CRIT|ERR|WARNING|NOTICE|INFO|DEBUG) ")  # ChromeOS writes it where the host stands


# The two shapes nearly every line has, in one step each; what they do not match is taken apart below
_USUAL_BSD = re.compile(
    r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?!---|(?:19|20)\d\d )([^\s:]{1,255}) ([^\s\[\]:]{1,255})"
    r"(?:\[(\d{1,10})\]:\s*|:(?=\s)\s*)",
    re.ASCII,
)
_USUAL_ISO = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)) ([^\s:]{1,255}) ([^\s\[\]:]{1,255})"
    r"(?:\[(\d{1,10})\]:\s*|:(?=\s)\s*)",
    re.ASCII,
)


def _usual(text: str, options: Options) -> Header | None:
    if match := _USUAL_BSD.match(text):
        kind: Kind = "rfc3164"
        moment = _bsd_instant(match[1], options.reference, options.zone)
    elif match := _USUAL_ISO.match(text):
        kind, moment = "iso", _iso_instant(match[1])
    else:
        return None
    if moment is None:
        return None
    pid = match[4]
    return Header(
        kind=kind,
        message=text[match.end() :].rstrip(),
        timestamp=moment,
        host=match[2],
        program=match[3],
        pid=int(pid) if pid else None,
    )


@lru_cache(maxsize=8192)
def _bsd_instant(stamp: str, reference: datetime | None, zone: tzinfo) -> datetime | None:
    match = _BSD_STAMP.match(stamp)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    return _bsd_moment(match, Options(zone=zone, reference=reference))


def _iso_instant(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_header(text: str, options: Options) -> Header:
    """Take a line apart. What is not a header is message; nothing of the line is lost.

    Stamps without a zone are in `options.zone`, stamps without a year get the latest one that is not after
    `options.reference` (see `year_of`). `options.host` stands in for an absent host.
    """
    if usual := _usual(text, options):
        return usual
    priority, start = None, 0
    if text.startswith("<") and (match := _PRIORITY.match(text)) and int(match[1]) <= 191:
        priority, start = int(match[1]), match.end()
        if whole := _RFC5424.match(text, start):
            return _rfc5424(whole, priority, options)
        if short := _CUT_5424.match(text, start):
            start = short.end()
    elif text[:1].isdigit() and (whole := _RFC5424.match(text)):
        return _rfc5424(whole, None, options)
    header = _stamped(text, start, options)
    if header is None:
        rest = _tagged(text[start:].strip(), Header(kind="bare", message="")) if priority is not None else None
        header = rest or Header(kind="bare", message=text.strip())
    header.priority = priority
    if header.host is None:
        header.host = options.host
    return header


def _stamped(text: str, start: int, options: Options) -> Header | None:
    match = _BSD_STAMP.match(text, start)
    kind: Kind = "rfc3164"
    if match is not None and match["month"].lower() in _MONTHS:
        moment = _bsd_moment(match, options)
    elif match := _ISO_STAMP.match(text, start):
        kind, moment = "iso", _iso_moment(match, options.zone)
        again = _BSD_STAMP.match(text, match.end())
        if again is not None and again["month"].lower() in _MONTHS:  # who shipped the line put the first stamp there
            return _hosted(text, again.end(), Header(kind="rfc3164", message="", timestamp=moment))
    elif match := _EPOCH_STAMP.match(text, start):
        kind = "iso"
        moment = datetime.fromtimestamp(int(match["epoch"]), UTC).replace(microsecond=int(match["fraction"]))
    else:
        return None
    header = Header(kind=kind, message="", timestamp=moment)
    end = match.end()
    if "hostless" in match.re.groupindex and match["hostless"]:
        return _tagged(text[end:].strip(), header)
    if kind == "iso" and (level := _LEVEL.match(text, end)):
        return _tagged(text[level.end() :].strip(), header)
    return _hosted(text, end, header)


def _hosted(text: str, start: int, header: Header) -> Header:
    """Read `host tag: message`; a first word that ends in a colon is a tag without a host (`kernel: ...`)."""
    match = _HOST.match(text, start)
    if match is None:
        return _tagged(text[start:].strip(), header)
    header.host = match["host"]
    return _tagged(text[match.end() :].rstrip(), header)


def _tagged(rest: str, header: Header) -> Header:
    match = _TAG.match(rest)
    if match is None:
        header.message = rest
        return header
    header.program = match["program"]
    if match["pid"]:
        header.pid = int(match["pid"])
    header.message = rest[match.end() :]
    return header


def _rfc5424(match: re.Match[str], priority: int | None, options: Options) -> Header:
    def part(name: str) -> str | None:
        value: str | None = match[name]
        return None if value in ("-", "") else value

    stamp = _ISO_STAMP.match(match["stamp"])
    pid, data = part("pid"), part("data")
    message = (match["message"] or "").removeprefix("\ufeff").strip()
    return Header(
        kind="rfc5424",
        message=message,
        timestamp=_iso_moment(stamp, options.zone) if stamp else None,
        host=part("host") or options.host,
        program=part("program"),
        pid=int(pid) if pid and pid.isdecimal() and pid.isascii() and len(pid) <= 10 else None,
        priority=priority,
        message_id=part("id"),
        structured_data=data,
    )


def _bsd_moment(match: re.Match[str], options: Options) -> datetime | None:
    month, day = _MONTHS[match["month"].lower()], int(match["day"])
    written = match["year"] or match["year_after"]
    year = int(written) if written else year_of(month, day, options.reference, options.zone)
    if year is None:
        return None
    return _moment(match, year, month, day, options.zone)


def _iso_moment(match: re.Match[str], zone: tzinfo) -> datetime | None:
    written = match["zone"]
    where = _offset(written) if written else zone
    if where is None:
        return None
    return _moment(match, int(match["year"]), int(match["month"]), int(match["day"]), where)


def _moment(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> datetime | None:
    fraction = match["fraction"]
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    second = min(int(match["second"]), 59)  # a leap second is written :60
    try:
        moment = datetime(year, month, day, int(match["hour"]), int(match["minute"]), second, micro, zone)
        return moment if zone is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def _offset(written: str) -> tzinfo | None:
    if written == "Z":
        return UTC
    minutes = int(written[1:3]) * 60 + int(written[-2:])
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=minutes if written[0] == "+" else -minutes))


@lru_cache(maxsize=4096)
def year_of(month: int, day: int, reference: datetime | None, zone: tzinfo) -> int | None:
    """Return the latest year in which this day was not after `reference` (a day of clock skew is allowed).

    So a log of December read in January is of the year before, and 29 February is of a leap year. None without a
    reference, or where no year has such a day.
    """
    if reference is None:
        return None
    try:
        newest = (reference.astimezone(zone) + _SKEW).date()
    except OverflowError:  # the end of the calendar, year 9999
        newest = reference.date()
    for year in range(newest.year, max(newest.year - _LONGEST_LEAP_GAP - 1, 0), -1):
        try:
            if newest.replace(year=year, month=month, day=day) <= newest:
                return year
        except ValueError:
            continue
    return None


def syslog_fields(header: Header) -> Fields:
    """Return the header's `log.syslog.*` fields (ECS), for completing an event."""
    fields: Fields = {}
    if header.priority is not None:
        facility, severity = divmod(header.priority, 8)
        fields["log.syslog.priority"] = header.priority
        fields["log.syslog.facility.code"] = facility
        fields["log.syslog.facility.name"] = FACILITIES[facility]
        fields["log.syslog.severity.code"] = severity
        fields["log.syslog.severity.name"] = SEVERITIES[severity]
    if header.message_id is not None:
        fields["log.syslog.msgid"] = header.message_id
    if header.structured_data is not None:
        fields["log.syslog.structured_data"] = header.structured_data
    return fields

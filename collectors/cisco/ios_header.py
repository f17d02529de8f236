"""What stands in front of an IOS message: relay's stamp and host, sequence number, the device's stamp and zone,
mnemonic.

`[<189>][relay stamp] [host[:]] [sequence:] [*|.]stamp[ zone]: %FACILITY[-SUB]-level-MNEMONIC: text`, from "Cisco IOS
System Message Logging" (service timestamps, service sequence-numbers, logging origin-id). IOS XR writes the process
behind the stamp, NX-OS the year in front of it. `*` and `.` say that the clock was not set or not synchronised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.network.times import zone_named
from collectors.source import Options
from collectors.syslog import parse_header

MARK = re.compile(
    r"%(?P<facility>[A-Z][A-Z0-9_]{0,40}(?:-[A-Z0-9_]{1,40}){0,3}?)-(?P<level>[0-7])-(?P<mnemonic>[A-Z0-9_]{1,64})\s?:\s?",
    re.ASCII,
)
_STAMP = re.compile(
    r"""(?P<clock>[*.])?(?:(?P<year_first>\d{4})\ )?
    (?P<stamp>[A-Z][a-z]{2}\ {1,2}\d{1,2}\ (?:\d{4}\ )?\d\d:\d\d:\d\d(?:\.\d{1,9})?)
    (?:\ (?!AM|PM)(?P<zone>[A-Z][A-Za-z]{1,4}))?(?:\ (?P<half>AM|PM))?\ {0,2}:?(?:\ (?P<host>[\w.\-:]{1,255}))?
    (?:\ :?\ ?(?P<process>[\w.\-]{1,64})\[(?P<pid>\d{1,10})\])?:?\ {0,3}$""",
    re.VERBOSE | re.ASCII,
)
_SEQUENCE = re.compile(r"(?:^|[\s>])(?P<sequence>\d{1,12}):\ {0,2}$", re.ASCII)
_PRIORITY = re.compile(r"<(?P<priority>\d{1,3})>", re.ASCII)
_NODE = re.compile(r"(?P<node>R?P/[\w/]{1,40}|LC/[\w/]{1,40}):\s?$", re.ASCII)
_UPTIME = re.compile(r"(?:\d{1,3}[ywdh]){1,3}\d{0,2}:?$|\d{1,2}:\d\d:\d\d:?$", re.ASCII)
# Wireless controllers (AireOS) name the task that speaks: `WLC1: *Dot1x_NW_MsgTask_0: Aug 20 11:25:50.157: %...`
_TASK = re.compile(r"(?:^|[\s>])\*(?P<task>[A-Za-z][\w .\-]{0,63}): {0,2}$", re.ASCII)
LONGEST = 400  # characters in front of the mark


@dataclass(frozen=True, slots=True, kw_only=True)
class IosHeader:
    """The header's parts; what it does not have is None. `is_unset` tells a clock that was not set."""

    timestamp: datetime | None
    host: str | None
    sequence: int | None
    priority: int | None
    process: str | None
    pid: int | None
    is_unset: bool


def read_prefix(text: str, options: Options) -> IosHeader:
    """Read what stands in front of the mark."""
    priority = _PRIORITY.match(text)
    rest = text[priority.end() :] if priority is not None else text
    found = _STAMP.search(rest, max(0, len(rest) - 160))
    moment, host = None, None
    if found is not None:
        moment = _moment(found, options)
        host = found["host"]
        rest = rest[: found.start()]
    task = _TASK.search(rest)
    if task is not None:
        rest = rest[: task.start()]
    node = _NODE.search(rest)
    if node is not None:
        rest = rest[: node.start()]
    sequence = _SEQUENCE.search(rest)
    if sequence is not None:
        rest = rest[: sequence.start()]
    outer = _relay(rest, options)
    return IosHeader(
        timestamp=moment or (outer[0] if found is None else None),
        host=outer[1] or host,
        sequence=int(sequence["sequence"]) if sequence is not None else None,
        priority=int(priority["priority"]) if priority is not None and int(priority["priority"]) <= 191 else None,
        process=task["task"] if task is not None else found["process"] if found is not None else None,
        pid=int(found["pid"]) if found is not None and found["pid"] else None,
        is_unset=found is not None and found["clock"] is not None,
    )


def _moment(found: re.Match[str], options: Options) -> datetime | None:
    zone = zone_named(found["zone"]) if found["zone"] else None
    stamp = found["stamp"]
    if found["year_first"]:
        month, _, rest = stamp.partition(" ")
        day, _, clock = rest.strip().partition(" ")
        stamp = f"{month} {day} {found['year_first']} {clock}"
    return parse_header(f"{stamp}: x", replace(options, zone=zone or options.zone)).timestamp


def _relay(text: str, options: Options) -> tuple[datetime | None, str | None]:
    """Return the stamp and the host that a relay wrote; of `HOSTNAME: ` only the host."""
    text = text.strip()
    if not text or _UPTIME.search(text):
        return None, None
    header = parse_header(text + " x", options)
    if header.timestamp is None and header.kind != "rfc5424":
        word = text.split()[-1].rstrip(":")
        return None, word if len(word) <= 255 else None
    return header.timestamp, (header.host or "").rstrip(":") or None

"""What Fortinet's appliances beside FortiOS (FortiMail, FortiWeb) write alike: keys, stamps, and who logged in.

Format: "FortiMail Log Reference", "FortiWeb Log Message Reference": `date=2024-03-05 time=09:12:44 device_id=FE100
log_id=0001 type=event subtype=admin pri=alert user=admin ui=GUI(192.0.2.1) action=login status=failure msg="..."`.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.times import instant_of, zone_named
from collectors.network.values import put
from collectors.source import Options
from engine.events import Fields

_FIRST = re.compile(r'(?:^|(?<=[\s>]))(?:date=\d|time="?\d\d:|devname=|device_id=|log_id=|v\d{2,4}xx?date=)', re.ASCII)
_UI = re.compile(r"(?P<ui>[\w\-/ ]{1,32})\((?P<ip>[0-9A-Fa-f.:]{2,45})\)$", re.ASCII)
_OFFSET = re.compile(r"\((?:GMT|UTC)(?P<sign>[+-])(?P<hours>\d{1,2}):(?P<minutes>\d\d)\)", re.ASCII)
_LOG_IN = re.compile(r"\blog(?:in|on|ged in)\b|\bauthenticat", re.IGNORECASE)
_LOG_OUT = re.compile(r"\blog(?:out|off|ged out)\b", re.IGNORECASE)
_FAILED = re.compile(r"\bfail|denied|invalid|\berror\b|refused|locked|incorrect", re.IGNORECASE)
_SUCCEEDED = re.compile(r"success|\bok\b|\bdone\b|logged in|logs? in", re.IGNORECASE)


def read_keys(line: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the keys of a line with their first values, and those that it says twice. See `firsts_and_doubts`."""
    first = _FIRST.search(line)
    return firsts_and_doubts((key.lower(), text) for key, text in pairs(line[first.start() :] if first else ""))


def put_header(line: str, values: dict[str, str], fields: Fields, options: Options) -> None:
    """Set the instant, the host, the device and the codes that every record has."""
    moment = _instant(values, options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    for key, name in (
        ("pri", "log.level"),
        ("log_id", "event.code"),
        ("device_id", "observer.serial_number"),
        ("devname", "observer.name"),
        ("msg", "message"),
    ):
        put(fields, name, values.get(key, ""), options.zone)
    first = _FIRST.search(line)
    if first is not None and first.start() > 2:
        prefix_fields(prefix_header(line, first.start(), options), fields, options)
    elif options.host:
        fields["host.name"] = options.host


def _instant(values: dict[str, str], zone: tzinfo) -> datetime | None:
    offset = _OFFSET.match(values.get("timezone", ""))
    own = zone_named(f"{offset['sign']}{offset['hours'].zfill(2)}{offset['minutes']}") if offset else None
    date, time = values.get("date", ""), values.get("time", "")
    return instant_of(f"{date} {time}", own or zone) if date and time else None


def put_log_in(values: dict[str, str], doubtful: frozenset[str], fields: Fields, options: Options) -> bool:
    """Read a log-in or log-out at the appliance; tell whether the record is one."""
    said = f"{values.get('action', '')} {values.get('msg', '')}"
    ended = _LOG_OUT.search(said) is not None
    if not (ended or _LOG_IN.search(said)):
        return False
    fields["event.category"], fields["event.type"] = ["authentication"], ["end" if ended else "start"]
    status = values.get("status", "")
    if _FAILED.search(status) or (not _SUCCEEDED.search(status) and _FAILED.search(said)):
        fields["event.outcome"] = "failure"
    elif _SUCCEEDED.search(f"{status} {said}") or ended:
        fields["event.outcome"] = "success"
    if "user" not in doubtful:
        put(fields, "user.name", values.get("user", ""), options.zone)
    ui = _UI.search(values.get("ui", "").strip())
    if ui is not None and "ui" not in doubtful:
        put(fields, "source.ip", ui["ip"], options.zone)
    return True

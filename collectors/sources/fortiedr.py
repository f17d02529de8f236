"""Fortinet FortiEDR (enSilo): security events, audits and system events over syslog.

Format: "FortiEDR administration guide", syslog: `Organization: x;Event ID: 1; Device Name: pc;Process Path: ...;Action:
Blocked;...;Rules List: ...`. Names: Elastic's `fortinet_fortiedr`. First and last seen are the console's local time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts
from collectors.network.times import instant_of
from collectors.network.values import Table, keep, put_all, split_account
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_START = re.compile(r"(?:^|(?<=\s))(?:Organization|Message Type|Component Type|Event ID): ?")
_PAIR = re.compile(r"(?:^|(?<=;))\s*(?P<key>[A-Z][A-Za-z ]{1,32}): ?(?P<text>[^;]*+)")
_OWN = re.compile(
    r"\bOrganization: ?[^;]{0,256};.{0,512}\b(?:Raw Data ID|Event ID|Component Type|User Name): ?", re.DOTALL
)
_TABLE: Table = {
    "event_id": ("event.id",),
    "device_name": ("host.name", "host.hostname"),
    "operating_system": ("host.os.full",),
    "process_name": ("process.name",),
    "process_path": ("process.executable",),
    "script_path": ("file.path",),
    "organization": ("organization.name",),
    "organization_id": ("organization.id",),
    "rules_list": ("rule.name",),
    "classification": ("rule.category",),
    "first_seen": ("event.start",),
    "last_seen": ("event.end",),
    "mac_address": ("host.mac",),
    "source_ip": ("source.ip",),
    "process_hash": ("process.hash.sha1",),
    "message": ("message",),
    "description": ("event.reason",),
}
_LOG_IN = re.compile(r"\blog(?:ged)? ?-?(?:in|on)\b", re.IGNORECASE)
_FAILED = re.compile(r"fail|denied|invalid|wrong|lock", re.IGNORECASE)


def _own(line: str) -> bool:
    return _OWN.search(line[:2048]) is not None


def _read(line: str, options: Options) -> Fields:
    first = _START.search(line, 0, 1024)
    said, doubtful = firsts_and_doubts(_pairs(line[first.start() :] if first is not None else ""))
    if first is None or len(said) < 3:
        raise MalformedRecordError("no record of FortiEDR: no `Organization: ...;Key: text;...`")
    values = {key: text for key, text in said.items() if key not in doubtful}
    fields: Fields = {
        "event.dataset": "fortinet_fortiedr.log",
        "event.module": "fortinet",
        "event.kind": "event",
        "observer.vendor": "Fortinet",
        "observer.product": "FortiEDR",
        "observer.type": "edr",
    }
    header = prefix_header(line, first.start(), options)
    prefix_fields(header, fields, options)
    for name, value in (("log.syslog.appname", header.program), ("log.syslog.hostname", header.host)):
        if value and header.kind != "bare":
            fields[name] = value
    for name in ("first_seen", "last_seen"):
        values[name] = values.get(name, "").replace(",", "")
    if "@timestamp" not in fields and (moment := instant_of(values["last_seen"], options.zone)) is not None:
        fields["@timestamp"] = moment
    if values.get("device_name"):
        fields.pop("host.name", None)
    put_all(fields, values, _TABLE, options.zone)
    _users(values, fields)
    _meaning(values, fields)
    keep(fields, "fortiedr.", said.items())
    return fields


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    return ((found["key"].strip().lower().replace(" ", "_"), found["text"].strip()) for found in _PAIR.finditer(text))


def _users(values: dict[str, str], fields: Fields) -> None:
    first = (values.get("users") or values.get("user_name") or "").partition(",")[0].strip()
    if first and first != "N/A":
        domain, name = split_account(first)
        fields["user.name"] = name
        if domain:
            fields["user.domain"] = domain


def _meaning(values: dict[str, str], fields: Fields) -> None:
    action = values.get("action", "")
    if action:
        fields["event.action"] = action.lower()
    said = f"{action} {values.get('message', '')} {values.get('description', '')}"
    if "process_name" in values or "raw_data_id" in values:
        fields["event.kind"], fields["event.category"] = "alert", ["malware"]
        fields["event.type"] = ["denied" if action.lower() == "blocked" else "info"]
    elif _LOG_IN.search(said):
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.outcome"] = "failure" if _FAILED.search(said) else "success"
    else:
        fields["event.category"], fields["event.type"] = ["host"], ["info"]


SOURCE = LineSource(
    name="fortiedr",
    aliases=("fortinet_fortiedr", "ensilo", "fortinet_fortiedr.log"),
    title="Fortinet FortiEDR (enSilo)",
    datasets=("fortinet_fortiedr.log",),
    own=_own,
    read=_read,
    weight=97,
)

"""CylancePROTECT and CylanceOPTICS by syslog: threats, exploits, scripts, devices, memory, and what administrators did.

Format: BlackBerry, "Cylance Endpoint Security, Syslog Guide": `CylancePROTECT - - - [GUID] Event Type: Threat, Event
Name: threat_found, Device Name: PC7, IP Address: (192.0.2.7), ...`, behind any header. A file's or a person's name may
hold what looks like another field: what a record says twice, it does not say. Field names: Elastic's
`cylance.protect`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from collectors.network.keyvalue import firsts_and_doubts
from collectors.network.times import instant_of
from collectors.network.values import keep, put
from collectors.sensors.addresses import known_ip
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_START: Final = re.compile(r"Event Type: [A-Za-z]{1,64}, Event Name: ", re.ASCII)
_KEY: Final = re.compile(r"(?:^|, {1,2}|; )(?P<key>[A-Z][A-Za-z0-9]{0,24}(?: [A-Za-z0-9]{1,24}){0,4}): ?", re.ASCII)
_DEVICE: Final = re.compile(r"\[(?P<id>[0-9A-Fa-f\-]{8,36})\] $", re.ASCII)
_PERSON: Final = re.compile(r"(?P<name>.{1,200}?) ?\((?P<account>[^()\s]{1,255})\)", re.DOTALL)
_STAMP: Final = re.compile(
    r"(?P<day>\d{1,2})-(?P<month>[A-Z][a-z]{2})[a-z]{0,6}-(?P<rest>\d{4} \d\d:\d\d:\d\d)", re.ASCII
)

_NATURES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "threat": ("alert", ("malware", "file")),
    "threatclassification": ("event", ("malware",)),
    "exploitattempt": ("alert", ("intrusion_detection", "process")),
    "memoryprotection": ("alert", ("intrusion_detection", "process")),
    "scriptcontrol": ("alert", ("intrusion_detection", "process")),
    "appcontrol": ("event", ("file",)),
    "devicecontrol": ("event", ("host",)),
    "device": ("event", ("host",)),
    "auditlog": ("event", ("configuration",)),
}
_OPTICS: Final = ("alert", ("intrusion_detection",))
_DENIED: Final = ("block", "deny", "denied", "quarantin", "terminat", "threat_removed")
_ALLOWED: Final = ("allow", "waived", "fullaccess")
_TEXTS: Final = (
    ("host.name", ("Device Name",)),
    ("file.name", ("File Name",)),
    ("file.owner", ("File Owner",)),
    ("file.hash.sha256", ("SHA256",)),
    ("file.hash.md5", ("MD5",)),
    ("file.type", ("File Type",)),
    ("user.name", ("User Name", "Logged On Users")),
    ("process.executable", ("Process Name", "Instigating Process Name", "Target Process Name")),
    ("process.pid", ("Process ID",)),
    ("process.command_line", ("Instigating Process Command Line", "Target Process Command Line")),
    ("rule.name", ("Violation Type", "Threat Classification", "Description", "Detected By")),
    ("threat.software.name", ("Threat Subclass",)),
    ("log.level", ("Severity",)),
    ("event.reason", ("Message",)),
    ("source.ip", ("Source IP",)),
)


def _own(line: str) -> bool:
    found = _START.search(line)
    return found is not None and ("Cylance" in line[: found.start()] or "Device Name: " in line)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    marks = list(_KEY.finditer(text[:65536]))
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        yield mark["key"], text[mark.end() : end].strip()


def _read(line: str, options: Options) -> Fields:
    start = _START.search(line)
    if start is None:
        raise MalformedRecordError("no `Event Type: ..., Event Name: ...` of Cylance")
    values, doubtful = firsts_and_doubts(_pairs(line[start.start() :]))
    kind, name = values.get("Event Type", ""), values.get("Event Name", "")
    header = headed(
        line[: start.start()].rstrip(), options, lambda text: text[:1].isdigit() and bool(_STAMP.match(text))
    )
    told, categories = _NATURES.get(kind.lower(), _OPTICS if kind.startswith("Optics") else ("event", ("host",)))
    fields = begun("cylance.protect", header, options, categories=categories)
    for part in ("log.syslog.appname", "log.syslog.procid"):
        fields.pop(part, None)
    if (stamp := _STAMP.match(line)) is not None:
        moment = instant_of(f"{stamp['day']} {stamp['month']} {stamp['rest']}", options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
    fields["event.kind"], fields["event.action"] = told, name
    fields["event.code"] = kind
    fields["observer.vendor"], fields["observer.product"] = "Cylance", "Protect"
    if device := _DEVICE.search(line[: start.start()]):
        fields["host.id"] = device["id"]
    sure = {key: text for key, text in values.items() if key not in doubtful}
    if "Device Name" in sure:
        fields.pop("host.name", None)
    for field, keys in _TEXTS:
        put(fields, field, next((found for key in keys if (found := sure.get(key, ""))), ""), options.zone)
    if addresses := [part for part in re.split(r"[(), ]+", sure.get("IP Address", "")[:1024]) if known_ip(part)]:
        fields["host.ip"] = addresses
    _path(sure, fields)
    _verdict(f"{name} {sure.get('Action', '')} {sure.get('Action Type', '')}".lower(), fields)
    if kind == "AuditLog":
        _audit(name, sure.get("User", ""), fields)
    keep(fields, "cylance.protect.", ((key.lower().replace(" ", "_"), text) for key, text in values.items()))
    return fields


def _path(values: Mapping[str, str], fields: Fields) -> None:
    """Set the path of a file, whose folder and name stand apart."""
    folder, name = values.get("Path", ""), values.get("File Name", "")
    path = values.get("File Path", "") or (f"{folder.rstrip(chr(92))}\\{name}" if folder and name else folder)
    if path:
        fields["file.path"] = path
        fields.setdefault("file.name", path.rpartition("\\")[2] or path)


def _verdict(said: str, fields: Fields) -> None:
    refused = any(word in said for word in _DENIED)
    allowed = not refused and any(word in said for word in _ALLOWED)
    fields["event.type"] = ["denied" if refused else "allowed" if allowed else "info"]


def _audit(name: str, person: str, fields: Fields) -> None:
    """Read who did what in the console: `User: Ana Hoxha (ana@example.org)`."""
    small = name.lower()
    if "login" in small or "logon" in small:
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.outcome"] = "failure" if "fail" in small else "success"
    else:
        gone, made = ("delete", "remove"), ("add", "create")
        change = "deletion" if small.endswith(gone) else "creation" if small.endswith(made) else "change"
        fields["event.type"] = [change]
    if (found := _PERSON.fullmatch(person)) is not None:
        fields["user.full_name"], fields["user.name"] = found["name"].strip(), found["account"]
        if "@" in found["account"]:
            fields["user.email"] = found["account"]
    elif person:
        fields["user.name"] = person


SOURCE = LineSource(
    name="cylance",
    aliases=("cylance_protect", "cylanceprotect", "cylance_optics"),
    title="CylancePROTECT and OPTICS by syslog",
    datasets=("cylance.protect",),
    own=_own,
    read=_read,
)

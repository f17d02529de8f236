"""ISC Kea: the messages of kea-dhcp4, kea-dhcp6, kea-dhcp-ddns and kea-ctrl-agent, and the forensic log of leases.

Format: "Kea Messages Manual" and "Kea Administrator Reference Manual", 18.1 (the default pattern `%D{%Y-%m-%d
%H:%M:%S.%q} %-5p [%c/%i.%t] %m`: stamp, severity, [logger/process.thread], identifier, text) and the legal_log hook
(`Address: 192.0.2.9 has been assigned for 1 hrs to a device with hardware address: hwtype=1 00:..`).
"""

from __future__ import annotations

import re

from collectors.json_fields import to_instant
from collectors.network.times import zone_named
from collectors.network.values import mac_of
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.syslog import Header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"""(?:(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d(?:\.\d{1,6})?)\ )?
    (?P<level>DEBUG|INFO|WARN|ERROR|FATAL)\ {1,2}
    (?:\[(?P<logger>[\w.\-]{1,64})(?:/(?P<pid>\d{1,10})(?:\.[\w]{1,24})?)?\]\ )?
    (?P<id>[A-Z][A-Z0-9_]{3,80})(?:\ (?P<text>.*))?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_LEGAL = re.compile(
    r"""(?:(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)\ (?P<zone>[A-Z]{1,5}|[+-]\d{4})\ )?
    (?P<kind>Address|Prefix):\ ?(?P<ip>[0-9A-Fa-f.:]{2,45})(?:/\d{1,3})?
    \ has\ been\ (?P<verb>assigned|renewed|released|declined|rebound|allocated)(?P<text>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_HARDWARE = re.compile(r"hwtype=\d{1,3} (?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})(?![0-9A-Fa-f:])", re.ASCII)
_LEASE = re.compile(
    r"(?:lease|address|prefix|ip-address|for)[ :=]{1,3}(?P<ip>[0-9A-Fa-f.:]{2,45})(?=[\s,/\].;]|$)", re.ASCII
)
_TID = re.compile(r"tid=(?P<id>0x[0-9A-Fa-f]{1,8})", re.ASCII)
_CID = re.compile(r"(?:cid|client-id|duid)[=:] ?\[?(?P<id>[0-9A-Fa-f:]{2,400})\]?", re.ASCII)
_NAME = re.compile(r"hostname[=:] ?'?(?P<name>[A-Za-z0-9_.\-]{1,253})", re.ASCII)
_RELAY = re.compile(r"relay at address: (?P<ip>[0-9A-Fa-f.:]{2,45})", re.ASCII)
_LEVELS = {"WARN": "warning"}
_FAILED = ("FAIL", "ERROR", "NO_SUBNET", "DECLINE", "CONFLICT", "REJECT", "DROP", "NAK", "NO_LEASE", "INVALID", "_BAD")


def _bare(line: str) -> bool:
    found = _LINE.match(line)
    return _LEGAL.match(line) is not None or (found is not None and bool(found["logger"]))


def _own(line: str) -> bool:
    found = _LINE.match(line)
    if found is not None and (found["logger"] or "").startswith("kea"):
        return True
    at = line.find("kea-", 0, 400)
    return _LEGAL.match(line) is not None or (at >= 0 and _LINE.search(line, at) is not None)


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    text = header.message
    fields = begun("kea.log", header, options)
    fields["message"], fields["network.protocol"] = text, "dhcp"
    if (legal := _LEGAL.match(text)) is not None:
        _legal(legal, fields, options)
        return fields
    found = _LINE.match(text)
    if found is None:
        if not (header.program or "").startswith("kea"):
            raise MalformedRecordError("no message of Kea: severity, logger and message identifier are missing")
        fields["event.type"] = ["info"]
        return fields
    _message(found, header, fields, options)
    return fields


def _message(found: re.Match[str], header: Header, fields: Fields, options: Options) -> None:
    if found["stamp"] and (moment := to_instant(found["stamp"], options.zone)):
        fields["@timestamp"] = moment
    elif header.timestamp is None:
        fields.pop("@timestamp", None)
    fields["log.level"] = _LEVELS.get(found["level"], found["level"].lower())
    fields["log.logger"] = found["logger"] or "kea"
    if found["pid"]:
        fields["log.syslog.procid"] = found["pid"]
    fields["event.code"], fields["event.action"] = found["id"], found["id"].lower()
    _client(found["text"] or "", fields)
    failed = any(word in found["id"] for word in _FAILED) or found["level"] in {"ERROR", "FATAL"}
    about = "source.ip" in fields or "source.mac" in fields
    fields["event.type"] = ["connection", "protocol"] if about else ["info"]
    if failed:
        fields["event.outcome"] = "failure"
    elif about:
        fields["event.outcome"] = "success"


def _legal(found: re.Match[str], fields: Fields, options: Options) -> None:
    zone = (zone_named(found["zone"]) if found["zone"] else None) or options.zone
    if found["stamp"] and (moment := to_instant(found["stamp"], zone)):
        fields["@timestamp"] = moment
    _client(found["text"], fields)
    if is_ip(found["ip"]):
        fields["source.ip"] = found["ip"]
    fields["event.action"], fields["event.type"] = f"lease-{found['verb']}", ["connection", "protocol"]
    fields["event.outcome"] = "failure" if found["verb"] == "declined" else "success"
    if (relay := _RELAY.search(found["text"])) and is_ip(relay["ip"].rstrip(".")):
        fields["destination.ip"] = relay["ip"].rstrip(".")


def _client(text: str, fields: Fields) -> None:
    text = text[:8192]
    if (hardware := _HARDWARE.search(text)) and (mac := mac_of(hardware["mac"])):
        fields["source.mac"] = mac
    for found in _LEASE.finditer(text):
        if is_ip(address := found["ip"].rstrip(".:")):
            fields["source.ip"] = address
            break
    for name, pattern in (("dhcp.transaction_id", _TID), ("dhcp.client.id", _CID), ("source.domain", _NAME)):
        if found_one := pattern.search(text):
            fields[name] = found_one[1]


SOURCE = LineSource(
    name="kea",
    aliases=("kea_dhcp", "kea-dhcp4", "kea-dhcp6", "kea.log"),
    title="ISC Kea: DHCP servers' messages and the forensic log of leases",
    datasets=("kea.log",),
    own=_own,
    read=_read,
    weight=96,
)

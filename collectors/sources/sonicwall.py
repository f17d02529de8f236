"""SonicWall firewalls: connections, detections, log-ins and the appliance's own messages over syslog.

Format: "SonicOS Log Events Reference Guide", enhanced syslog: `id=firewall sn=... time="..." fw=... pri=6 c=1024 m=537
msg="Connection Closed" src=192.0.2.5:50000:X0:host dst=...:443:X1 proto=tcp/https ...`. An end is address, port,
interface and name. Names: Elastic's integration `sonicwall_firewall`.
"""

from __future__ import annotations

import re

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.protocols import transport_fields
from collectors.network.times import instant_of
from collectors.network.values import Table, keep, put, put_all, put_port
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint, is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_START = re.compile(r"(?:^|(?<=[\s>]))id=\S{1,64} sn=\S{1,32} ")
_NUMBER = re.compile(r"\bm=\d{1,5}(?=\s|$)")
_END = re.compile(
    r"(?P<ip>\[[0-9A-Fa-f:]{2,45}\]|[0-9.]{7,15}|[0-9A-Fa-f:]{2,45}?)(?::(?P<port>\d{1,5})(?::(?P<rest>.*))?)?"
)
_TABLE: Table = {
    "m": ("event.code",),
    "fw": ("observer.ip",),
    "sn": ("observer.serial_number",),
    "srcMac": ("source.mac",),
    "dstMac": ("destination.mac",),
    "natSrc": ("source.nat.ip",),
    "natDst": ("destination.nat.ip",),
    "sent": ("source.bytes",),
    "rcvd": ("destination.bytes",),
    "spkt": ("source.packets",),
    "rpkt": ("destination.packets",),
    "usr": ("user.name",),
    "user": ("user.name",),
    "dstname": ("url.domain",),
    "arg": ("url.original",),
    "code": ("http.response.status_code",),
    "rule": ("rule.name",),
    "sid": ("rule.id",),
    "ipscat": ("rule.category",),
    "spycat": ("rule.category",),
    "appName": ("network.application",),
    "fw_action": ("event.action",),
    "msg": ("message", "event.reason"),
    "note": ("event.reason",),
}
_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
_METHODS = {"1": "GET", "2": "POST", "3": "HEAD", "4": "PUT", "5": "CONNECT"}
_LOG_IN = re.compile(r"\blog ?in\b|\blogged in\b|authentication (?:fail|succe|allow|den)", re.IGNORECASE)
_LOG_OUT = re.compile(r"\blogged ?out\b|\blog ?out\b|session (?:ended|expired|timed)", re.IGNORECASE)
_FAILED = re.compile(r"denied|fail|bad credentials|not allowed|locked|invalid|mismatch|timed? ?out", re.IGNORECASE)
_DETECTED = re.compile(
    r"\bIPS\b|intrusion|anti-virus|anti-spyware|\battack|port scan|\bflood|spoof|botnet|malform|virus|exploit",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"drop|den(?:y|ied)|reject|block|prevent", re.IGNORECASE)
_PASSED = frozenset(("forward", "allow", "mgmt", "log"))


def _own(line: str) -> bool:
    head = line[:2048]
    return _START.search(head) is not None and _NUMBER.search(head) is not None and " fw=" in head and " pri=" in head


def _read(line: str, options: Options) -> Fields:
    first = _START.search(line, 0, 1024)
    values, doubtful = firsts_and_doubts(pairs(line[first.start() :])) if first is not None else ({}, frozenset())
    if first is None or "m" not in values:
        raise MalformedRecordError("no record of SonicWall: no id= and sn=, or no number of the message (m=)")
    fields: Fields = {
        "event.dataset": "sonicwall.firewall",
        "event.module": "sonicwall",
        "event.kind": "event",
        "event.category": ["network"],
        "event.type": ["info"],
        "observer.vendor": "Sonicwall",
        "observer.product": "Firewalls",
        "observer.type": "Firewall",
    }
    if (moment := instant_of(values.get("time", ""), options.zone)) is not None:
        fields["@timestamp"] = moment
    sure = {key: text for key, text in values.items() if key not in doubtful and text not in {"", "NA", "n/a"}}
    put_all(fields, sure, _TABLE, options.zone)
    for key, side, way in (("src", "source", "ingress"), ("dst", "destination", "egress")):
        _end(sure.get(key, ""), side, way, fields)
    _protocol(sure.get("proto", ""), fields)
    if (level := values.get("pri", "")) in {"0", "1", "2", "3", "4", "5", "6", "7"}:
        fields["log.level"], fields["event.severity"] = _LEVELS[int(level)], int(level)
    put(fields, "http.request.method", _METHODS.get(sure.get("op", ""), ""), options.zone)
    _meaning(sure.get("msg", ""), sure.get("fw_action", ""), fields)
    keep(fields, "sonicwall.firewall.", values.items())
    prefix_fields(prefix_header(line, first.start(), options), fields, options)
    return fields


def _end(text: str, side: str, way: str, fields: Fields) -> None:
    """Read `address:port:interface:name`; whichever is missing is empty."""
    found = _END.fullmatch(text)
    if found is None or not is_ip(address := found["ip"].strip("[]")):
        return
    fields[f"{side}.ip"] = address
    put_port(fields, f"{side}.port", found["port"] or "")
    interface, _, name = (found["rest"] or "").partition(":")
    if interface:
        fields[f"observer.{way}.interface.name"] = interface
    if (end := endpoint(name)).domain:
        fields[f"{side}.domain"] = end.domain


def _protocol(text: str, fields: Fields) -> None:
    transport, _, protocol = text.lower().partition("/")
    if transport:
        fields.update(transport_fields(transport))
        fields["network.protocol"] = protocol if transport in {"tcp", "udp"} and protocol else transport


def _meaning(message: str, action: str, fields: Fields) -> None:
    """Tell log-ins, detections and connections apart by the message's words."""
    ended = _LOG_OUT.search(message) is not None
    if ended or _LOG_IN.search(message):
        fields["event.category"], fields["event.type"] = ["authentication"], ["end" if ended else "start"]
        fields["event.outcome"] = "failure" if not ended and _FAILED.search(message) else "success"
        return
    if _DETECTED.search(message):
        fields["event.kind"], fields["event.category"] = "alert", ["network", "intrusion_detection"]
    if _REFUSED.search(f"{action} {message}"):
        fields["event.type"] = ["connection", "denied"]
    elif action.lower() in _PASSED or message.startswith("Connection "):
        fields["event.type"] = ["connection", *(["end"] if "Closed" in message else []), "allowed"]


SOURCE = LineSource(
    name="sonicwall",
    aliases=("sonicwall_firewall", "sonicos", "sonicwall.firewall"),
    title="SonicWall firewalls (SonicOS enhanced syslog)",
    datasets=("sonicwall.firewall",),
    own=_own,
    read=_read,
    weight=99,
)

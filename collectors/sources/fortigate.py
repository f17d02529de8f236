"""Fortinet FortiGate: traffic, UTM, event and DNS logs of FortiOS, as key=value, CSV, CEF or LEEF.

Format: "FortiOS Log Message Reference". The instant is `eventtime` (an epoch in seconds or nanoseconds), else date and
time
in the record's `tz` or in `Options.zone`. Field names are those of Elastic's integration `fortinet_fortigate`.
"""

from __future__ import annotations

import re

from collectors.fortinet.ecs import fortios_fields
from collectors.fortinet.forms import FIRST_KEYS, read_forms
from collectors.fortinet.meaning import classify
from collectors.network.device import DeviceSource
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_CEF = re.compile(r"(?:CEF:\s?)?\d\|Fortinet\|Forti(?:gate|OS)", re.IGNORECASE)
_LEEF = re.compile(r"LEEF:[12](?:\.\d)?\|Fortinet\|", re.IGNORECASE)
_FORTI = re.compile(r"\b(?:logid|log_id|devid|device_id)=|\beventtime=\d{10}|\blogdesc=|\b(?:subtype|policyid|vd)=")
_KEYS = re.compile(r"(?:^|[ ,>])[a-z_]{2,24}=")
_OLD = re.compile(r"[A-Z][a-z]{2,8} \d{1,2} \d\d:\d\d:\d\d (?P<host>\S{1,255}) (?=\w{1,24}=)", re.ASCII)


def _read(line: str, options: Options) -> Fields:
    values, cef = read_forms(line)
    if len(values) < 3 or not (_known(line) or {"proto", "srcip", "dstip", "src"} & values.keys()):
        raise MalformedRecordError("no record of FortiOS: none of its keys (type, logid, devid, srcip) is there")
    fields: Fields = {
        "event.dataset": "fortinet_fortigate.log",
        "event.module": "fortinet",
        "observer.vendor": "Fortinet",
        "observer.product": "Fortigate",
        "observer.type": "firewall",
    }
    fields |= fortios_fields(values, options)
    classify(values, fields)
    if cef is not None:
        fields["observer.version"] = cef.version
        fields["event.severity"] = int(cef.severity) if cef.severity.isdecimal() and len(cef.severity) < 4 else 0
    _header(line, fields, options)
    return fields


def _header(line: str, fields: Fields, options: Options) -> None:
    """Take the host, the priority and, where the record has none, the stamp from the header of syslog."""
    old = _OLD.match(line)
    if old is not None:
        fields.setdefault("host.name", old["host"])
        return
    first = FIRST_KEYS.search(line)
    mark = _CEF.search(line)
    start = min((found.start() for found in (first, mark) if found is not None), default=0)
    key = _KEYS.search(line)
    if key is not None and mark is None:
        start = min(start, key.start())
    if start > 2:
        header = parse_header(line[:start].rstrip() + " x", options)
        fields.update(syslog_fields(header))
        if header.timestamp is not None:
            fields.setdefault("@timestamp", header.timestamp)
        if header.host and header.kind != "bare":
            fields.setdefault("host.name", header.host.rstrip(":"))
    name = fields.get("observer.name") or options.host
    if isinstance(name, str):
        fields.setdefault("host.name", name)


def _known(line: str) -> bool:
    head = line[:4096]
    return _CEF.search(head) is not None or _LEEF.search(head) is not None or FIRST_KEYS.search(head) is not None


def _own(line: str) -> bool:
    head = line[:4096]
    if 'device="SFW' in head or "device_model=" in head:  # Sophos, which uses many of the same keys
        return False
    if _CEF.search(head) or _LEEF.search(head):
        return True
    return FIRST_KEYS.search(head) is not None and len(_FORTI.findall(head)) >= 2


SOURCE = DeviceSource(
    name="fortigate",
    aliases=(
        *("fortinet", "fortios", "fortinet_fortigate", "fortinet_fortigate.log", "fortinet_firewall"),
        *("fortimanager", "fortianalyzer", "fortinet_fortimanager"),
    ),
    title="Fortinet FortiGate (FortiOS key=value, CSV, CEF, LEEF)",
    own=_own,
    read=_read,
    weight=99,
)

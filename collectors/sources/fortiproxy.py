"""Fortinet FortiProxy: traffic, HTTP transactions, UTM and event logs of the web proxy.

Format: "FortiProxy Log Message Reference". Keys are FortiOS' (see `collectors.fortinet`), and HTTP transactions' own:
`clientip`, `reqlength`, `resplength`, `scheme`, `statuscode`. Its serial numbers begin with FPX.
"""

from __future__ import annotations

import re

from collectors.fortinet.ecs import fortios_fields
from collectors.fortinet.forms import FIRST_KEYS, read_forms
from collectors.fortinet.meaning import classify
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.values import Table, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN = re.compile(
    r"""\b(?:devid|device_id)="?FPX|\|Fortinet\|FortiProxy|\bdevname="?[\w\-]{0,40}forti-?proxy|
    \bsubtype="?http-transaction""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NO_GATE = re.compile(r'\b(?:devid|device_id)="?(?:FG|FW|F[5-9]|F1)', re.ASCII)
_TABLE: Table = {
    "reqlength": ("http.request.bytes",),
    "resplength": ("http.response.bytes",),
    "statuscode": ("http.response.status_code",),
    "referralurl": ("http.request.referrer",),
    "clientip": ("client.ip",),
    "remotename": ("destination.domain",),
}


def _own(line: str) -> bool:
    head = line[:4096]
    return _OWN.search(head) is not None and _NO_GATE.search(head) is None and FIRST_KEYS.search(head) is not None


def _read(line: str, options: Options) -> Fields:
    values, cef = read_forms(line)
    if len(values) < 3 or not {"type", "logid", "devid", "srcip"} & values.keys():
        raise MalformedRecordError("no record of FortiProxy: none of its keys (type, logid, devid, srcip) is there")
    fields: Fields = {
        "event.dataset": "fortinet_fortiproxy.log",
        "event.module": "fortinet",
        "observer.vendor": "Fortinet",
        "observer.product": "FortiProxy",
        "observer.type": "proxy",
    }
    if values.get("utmevent") == "webfilter" and "remotename" in values:  # of an endpoint: what stands there is its own
        values = {key: text for key, text in values.items() if key not in {"hostname", "srcname"}}
    fields |= fortios_fields(values, options)
    put_all(fields, values, _TABLE, options.zone)
    if category := values.get("catdesc"):
        fields["rule.category"] = category
    classify(values, fields)
    if values.get("subtype") in {"http-transaction", "webfilter"}:
        fields["event.category"] = ["network", "web"]
    if cef is not None:
        fields["observer.version"] = cef.version
    first = FIRST_KEYS.search(line)
    if first is not None and first.start() > 4:
        start = line.rfind("date=", 0, first.start()) if "date=" in line[: first.start()] else first.start()
        prefix_fields(prefix_header(line, start, options), fields, options)
    put(fields, "host.name", values.get("devname", "") or options.host or "", options.zone)
    return fields


SOURCE = LineSource(
    name="fortiproxy",
    aliases=("fortinet_fortiproxy", "fortinet_fortiproxy.log"),
    title="Fortinet FortiProxy: traffic, HTTP transactions, UTM, events",
    datasets=("fortinet_fortiproxy.log",),
    own=_own,
    read=_read,
    weight=100,
)

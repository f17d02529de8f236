"""The formats that FortiGates write, brought to one: FortiOS' own keys and their values.

FortiOS' `key=value` (blanks or, with `set format csv`, commas between), CEF (`FTNTFGT` or `FortinetFortiGate` before
keys
that CEF does not name; FortiAnalyzer forwards without a prefix), and LEEF. Keys: "FortiOS Log Message Reference" 5.6 to
7.6 and its chapter "FortiOS to CEF log field mapping".
"""

from __future__ import annotations

import re

from collectors.network.cef import Cef, find_cef, read_cef
from collectors.network.keyvalue import firsts, pairs
from collectors.network.leef import find_leef, read_leef

_PREFIX = re.compile(r"(?:ad\.)?(?:FTNTFGT|FortinetFortiGate|FTNTFGT)(?=\w)")
_FROM_CEF = {
    "src": "srcip",
    "spt": "srcport",
    "dst": "dstip",
    "dpt": "dstport",
    "shost": "srcname",
    "dhost": "hostname",
    "act": "action",
    "app": "service",
    "in": "rcvdbyte",
    "out": "sentbyte",
    "deviceInboundInterface": "srcintf",
    "deviceOutboundInterface": "dstintf",
    "deviceExternalId": "devid",
    "dvchost": "devname",
    "externalId": "sessionid",
    "request": "url",
    "requestClientApplication": "agent",
    "requestMethod": "httpmethod",
    "fname": "filename",
    "fsize": "filesize",
    "sourceTranslatedAddress": "transip",
    "sourceTranslatedPort": "transport",
    "destinationTranslatedAddress": "tranip",
    "destinationTranslatedPort": "tranport",
    "outcome": "status",
    "sproc": "ui",
    "suser": "user",
    "duser": "dstuser",
    "deviceSeverity": "level",
    "smac": "srcmac",
    "dmac": "dstmac",
    "rt": "rt",
    "cnt": "count",
    "fileHash": "filehash",
    "deviceAddress": "devip",
    "dvc": "devip",
}
_LABELS = {"Virus": "virus", "Reference": "ref"}
FIRST_KEYS = re.compile(
    r"\b(?:logid|log_id|devid|device_id|devname|logver|eventtime|logdesc)=|\bdate=\d{4}-\d{1,2}-\d{1,2}["
    ' ,]+time=|\btype="?(?:traffic|event|utm|anomaly|dns|voip)"?',
)


def read_forms(text: str) -> tuple[dict[str, str], Cef | None]:
    """Return FortiOS' keys with their values, and the CEF message where it came as one. No key: not FortiOS'."""
    if (at := find_cef(text)) is not None and (cef := read_cef(text[at:])) is not None:
        return _from_cef(cef), cef
    if (at := find_leef(text)) is not None and (leef := read_leef(text[at:])) is not None:
        return {_FROM_CEF.get(key, key): value for key, value in leef.attributes.items()}, None
    found = firsts(pairs(text))
    return {key.lower(): value for key, value in found.items()}, None


def _from_cef(cef: Cef) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, text in cef.extension.items():
        own = _PREFIX.sub("", key)
        is_own = own != key
        name = own if is_own else _FROM_CEF.get(key, key)
        if is_own or name not in values:
            if is_own and own == "app":  # CEF's `app` is the service; FortiOS' own is the application
                values["app"] = text
            else:
                values[name] = values.get(name) or text if not is_own else text
    for label, name in _LABELS.items():
        if label in cef.labelled:
            values.setdefault(name, cef.labelled[label])
    kind, mark, subkind = values.pop("cat", "").partition(":")
    if kind and not kind.isdecimal():
        values.setdefault("type", kind)
        if mark:
            values.setdefault("subtype", subkind)
    values.setdefault("type", cef.name.partition(":")[0].partition(" ")[0])
    if len(cef.event_class) >= 8:
        values.setdefault("logid", cef.event_class)
    return values

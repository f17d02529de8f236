"""The formats of Check Point's logs, brought to one: Check Point's own field names and their values.

Log Exporter (sk122323) writes `[action:"Accept"; ifname:"eth0"; ...]` (syslog), CEF, LEEF, `key=value` (generic)
and JSON; `fw log` and SmartView export quoted columns. Field names: "Log Fields Description" (sk144192).
"""

from __future__ import annotations

import re

from collectors.network.cef import Cef, find_cef, read_cef
from collectors.network.keyvalue import colon_pairs, firsts, json_pairs, pairs
from collectors.network.leef import find_leef, read_leef

BRACKETED = re.compile(
    r'\[(?:flags|action|Fields|ifdir|time|loguid|origin)@?[^\s:\[\]]{0,24}:?\s?"|\[\w{1,40}:"[^"]{0,200}"; '
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"(?:\s|,|#|$)', re.DOTALL)
_EXPORTED = re.compile(r'"?\d{1,12}"? "?\d{1,2}[A-Z][a-z]{2}\d{4}"? "?\s?\d{1,2}:\d\d:\d\d"? "')
_NAMED = re.compile(r"(?P<key>[A-Za-z][\w .\-]{0,60}):\s(?P<text>[^;]*)(?:;|$)")
_FROM_CEF = {
    "act": "action",
    "spt": "s_port",
    "dpt": "service",
    "src": "src",
    "dst": "dst",
    "shost": "src_machine_name",
    "dhost": "dst_machine_name",
    "suser": "src_user_name",
    "duser": "dst_user_name",
    "sourceTranslatedAddress": "xlatesrc",
    "sourceTranslatedPort": "xlatesport",
    "destinationTranslatedAddress": "xlatedst",
    "destinationTranslatedPort": "xlatedport",
    "request": "resource",
    "requestMethod": "method",
    "requestClientApplication": "user_agent_name",
    "app": "app_protocol",
    "rt": "time",
    "in": "received_bytes",
    "out": "sent_bytes",
    "fname": "file_name",
    "fsize": "file_size",
    "fileHash": "file_md5",
    "msg": "message_info",
    "cp_severity": "severity",
    "cp_app_risk": "app_risk",
    "originsicname": "origin_sic_name",
}
_FROM_LEEF = {
    "srcPort": "s_port",
    "dstPort": "service",
    "usrName": "src_user_name",
    "devTime": "time",
    "cat": "product",
}
_LABELS = {
    "Rule Name": "rule_name",
    "Threat Prevention Rule Name": "rule_name",
    "Application Name": "appi_name",
    "Matched Category": "matched_category",
    "Protection ID": "protection_id",
    "Protection Name": "protection_name",
    "Protection Type": "protection_type",
    "Attack Information": "attack_info",
    "Confidence": "confidence_level",
    "Email Subject": "email_subject",
}
_COLUMNS = (
    "number", "date", "clock", "ifname", "origin", "kind", "action", "service", "s_port", "src", "dst", "proto", "rule",
    "rule_name", "current_rule", "user", "information", "product", "source_machine", "source_user",
)  # fmt: skip


def recognised(line: str) -> bool:
    """Tell a line of one of the formats."""
    head = line[:4096]
    if "|Check Point|" in head[:512]:
        return True
    if BRACKETED.search(head) and ("loguid" in head or "origin" in head or "product" in head):
        return True
    if _EXPORTED.match(head):
        return True
    known = sum(
        key in head for key in ("loguid=", "originsicname=", "origin_sic_name", "ifdir", '"loguid"', "__policy_id_tag")
    )
    return known >= 2


def read_forms(line: str) -> tuple[dict[str, str], Cef | None]:
    """Return Check Point's names with their values, and the CEF message where it came as one; empty where none fits."""
    if (at := find_cef(line)) is not None and (cef := read_cef(line[at:])) is not None:
        values = {_FROM_CEF.get(key, key): text for key, text in cef.extension.items() if text}
        return values | {name: cef.labelled[label] for label, name in _LABELS.items() if label in cef.labelled}, cef
    if (at := find_leef(line)) is not None and (leef := read_leef(line[at:])) is not None:
        return {_FROM_LEEF.get(key, key): text for key, text in leef.attributes.items() if text}, None
    if _EXPORTED.match(line):
        return _exported(line), None
    if line.lstrip()[:1] == "{":
        return json_pairs(line), None
    found = firsts(colon_pairs(line))
    return (found if len(found) >= 3 else firsts(pairs(line))), None


def _exported(line: str) -> dict[str, str]:
    values = dict(zip(_COLUMNS, _QUOTED.findall(line), strict=False))
    values["time"] = f"{values.get('date', '')} {values.get('clock', '').strip()}"
    for found in _NAMED.finditer(values.get("information", "")):
        values.setdefault(found["key"].strip().lower().replace(" ", "_"), found["text"].strip())
    return {key: text for key, text in values.items() if text.strip()}

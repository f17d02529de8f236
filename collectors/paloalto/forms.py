"""The formats of PAN-OS' logs, brought to one: the columns' names and their values.

Comma-separated lines (the firewall's own), CEF, LEEF, and the JSON that Strata Logging Service forwards.
"""

from __future__ import annotations

import csv
import re

from collectors.network.cef import find_cef, read_cef
from collectors.network.keyvalue import json_pairs
from collectors.network.leef import find_leef, read_leef
from collectors.paloalto.columns import COLUMNS, named, type_of
from collectors.paloalto.keys import canonical

_STAMP = r"\d{1,4}/\d{1,2}/\d{1,4} \d{1,2}:\d\d(?::\d\d)?"
# `1,2024/08/12 15:57:12,012345678910,THREAT,url,`; a header of syslog may stand in front
CSV = re.compile(
    rf"(?:^|(?<=[\s:>]))(?P<line>\"?\d{{0,4}},(?:{_STAMP}|\d{{4}}-\d\d-\d\dT[\d:.Z+\-]{{8,32}}),[^,]{{0,64}},(?P<type>[A-Za-z\-]{{2,20}}),)",
    re.ASCII,
)
_VENDOR = re.compile(r"\d\|Palo Alto Networks\||LEEF:[12](?:\.\d)?\|Palo Alto Networks\|")
_JSON_KEYS = re.compile(r'"(?:LogType|DeviceSN|LogSourceID|ConfigVersion|VendorSeverity|PanOSLogType)"\s?:')


def recognised(line: str) -> bool:
    """Tell a line of one of the formats."""
    found = CSV.search(line, 0, 1024)
    if found is not None:
        return type_of(found["type"]) in COLUMNS
    if line.lstrip()[:1] == "{":
        return len(_JSON_KEYS.findall(line[:8192])) >= 2
    return _VENDOR.search(line, 0, 1024) is not None


def read_forms(line: str) -> tuple[dict[str, str], int, str]:
    """Return the values by column name, where the header of syslog ends, and the form; no values: none of the forms."""
    if line.lstrip()[:1] == "{":
        return canonical(json_pairs(line)), 0, "json"
    found = CSV.search(line, 0, 1024)
    if found is not None:
        columns = _columns(line[found.start() :])
        return named(type_of(found["type"]), columns) | _high_resolution(columns), found.start(), "csv"
    if (at := find_cef(line)) is not None and (cef := read_cef(line[at:])) is not None:
        pairs = {"type": cef.event_class, "subtype": cef.name, **cef.labelled, **cef.extension}
        if cef.product != "LF":  # the firewall's own CEF profile writes them the other way round
            pairs |= {"type": cef.name, "subtype": cef.event_class}
        return _of_profile(canonical(pairs)), at, "cef"
    if (at := find_leef(line)) is not None and (leef := read_leef(line[at:])) is not None:
        return canonical(dict(leef.attributes)), at, "leef"
    return {}, 0, "none"


def _of_profile(values: dict[str, str]) -> dict[str, str]:
    """Bring what the firewall's CEF profile means by a key in one type of log alone to its column.

    `cat` is a threat's name and number, `reason` why a session ended, and the time that it took stands by its label.
    """
    kind = values.get("type", "").upper()
    if kind == "THREAT" and "cat" in values:
        values.setdefault("threatid", values["cat"])
    if kind == "TRAFFIC" and "reason" in values:
        values.setdefault("session_end_reason", values["reason"])
    if "Elapsed time in seconds" in values:
        values.setdefault("elapsed", values["Elapsed time in seconds"])
    return values


def _columns(text: str) -> list[str]:
    """Cut a line at its commas; a text that is not proper CSV (an open quote) is cut as it is."""
    if text.startswith('"') and text.rstrip().endswith('"') and text.count('"') == 2:
        text = text.strip().strip('"')
    try:
        return next(csv.reader([text.replace("\n", " ").replace("\r", " ")]), [])
    except csv.Error:
        return text.split(",")


def _high_resolution(columns: list[str]) -> dict[str, str]:
    """Find the stamp with a zone: its column moved between versions."""
    for text in reversed(columns):
        if len(text) > 22 and text[10:11] == "T" and text[:4].isdecimal() and text[4] == "-":
            return {"high_res_timestamp": text}
    return {}

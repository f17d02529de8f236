"""Veeam Backup & Replication: jobs, restore points, what administrators change, malware that it finds, over syslog.

Format: "Veeam Backup & Replication event reference": the structured data of its syslog messages, `[categoryId=0
instanceId=23010 JobID="..." JobName="..." UserName="TAX\\ana" ... Description="..."]`, behind syslog's header or bare.
Quotes within `ChangesXML` are not escaped. Kinds are told by the words of the description, as most ids have no other
meaning than these. Field names: Sekoia's intake `veeam-backup`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts_and_doubts
from collectors.network.values import keep, split_account
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_START = re.compile(r"\[categoryId=\d{1,9} instanceId=(?P<id>\d{1,9})(?=[ \]])", re.ASCII)
_PAIR = re.compile(r'(?:^|(?<= ))(?P<key>[A-Za-z]\w{0,63}+)="(?P<text>(?:[^"\\]|\\.)*+)"', re.ASCII)
_CHANGES, _CHANGED = 'ChangesXML="<changes>', '</changes>"'
_SAID = ' Description="'  # the last of the keys
_LOOKED_AT = 1024  # characters of a description that tell its kind
_MONTH_FIRST = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d", re.ASCII)
_KINDS = (  # what the description says, category and type of ECS; the first fits
    (re.compile(r"malware|ransom|infected|suspicious|encrypted data", re.IGNORECASE), "malware", "info"),
    (re.compile(r"\blog(?:ged)? ?(?:in|on)\b|authenticat", re.IGNORECASE), "authentication", "start"),
    (re.compile(r"restore point\b.* has been created", re.IGNORECASE), "file", "creation"),
    (re.compile(r"(?:restore point|backup file)\b.* (?:removed|deleted)", re.IGNORECASE), "file", "deletion"),
    (re.compile(r"\bhas been started\b|\bstarted by\b", re.IGNORECASE), "process", "start"),
    (re.compile(r"\b(?:has )?(?:finished|completed|stopped)\b", re.IGNORECASE), "process", "end"),
    (re.compile(r"\b(?:deleted|removed)\b", re.IGNORECASE), "configuration", "deletion"),
    (re.compile(r"\b(?:created|added)\b", re.IGNORECASE), "configuration", "creation"),
    (
        re.compile(r"\b(?:updated|changed|modified|edited|enabled|disabled|installed|renamed)\b", re.IGNORECASE),
        "configuration",
        "change",
    ),
)
_FOUND = re.compile(r"detected|infected|marked as", re.IGNORECASE)
_FAILED = re.compile(r"\bfail(?:ed|ure)?\b|\bdenied\b|with error", re.IGNORECASE)
_PASSED = re.compile(r"\bsuccess(?:fully)?\b", re.IGNORECASE)


def _own(line: str) -> bool:
    return _START.search(line, 0, 1024) is not None


def _read(line: str, options: Options) -> Fields:
    found = _START.search(line, 0, 1024)
    text = line.rstrip().removesuffix("]").rstrip()
    place = text.find(_SAID, found.end()) if found is not None else -1
    if found is None or place < 0 or not text.endswith('"') or len(text) <= place + len(_SAID):
        raise MalformedRecordError('no record of Veeam: no `[categoryId=... instanceId=... Description="..."]`')
    said = text[place + len(_SAID) : -1]
    values, doubtful = firsts_and_doubts(_pairs(text[found.end() : place]))
    sure = {key: text for key, text in values.items() if key not in doubtful and text}
    fields: Fields = {
        "event.dataset": "veeam.backup",
        "event.module": "veeam",
        "event.kind": "event",
        "event.code": found["id"],
        "event.reason": said,
        "message": said,
        "observer.vendor": "Veeam",
        "observer.product": "Veeam Backup & Replication",
    }
    front = f"{line[: found.start()].rstrip()} - " if found.start() else ""  # the record is the structured data itself
    prefix_fields(prefix_header(front, len(front), options), fields, options)
    if "@timestamp" not in fields and (moment := _moment(sure.get("DateTime", ""), options.zone)) is not None:
        fields["@timestamp"] = moment
    _names(sure, fields)
    _meaning(said, fields)
    keep(fields, "veeam.", values.items())
    return fields


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    begun = text.find(_CHANGES)
    ended = text.find(_CHANGED, begun) if begun >= 0 else -1
    if ended >= 0:
        key, _, value = text[begun : ended + len(_CHANGED) - 1].partition('="')
        yield key, value
        text = text[:begun] + text[ended + len(_CHANGED) :]
    for found in _PAIR.finditer(text):
        yield found["key"], found["text"]


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """Read a stamp as the server writes it in English (month first), in its own zone."""
    if _MONTH_FIRST.fullmatch(text) is None:
        return None
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None


def _names(values: dict[str, str], fields: Fields) -> None:
    if account := values.get("UserName", "").strip():
        domain, name = split_account(account)
        fields["user.name"] = name
        if domain:
            fields["user.domain"] = domain
    machine = values.get("VmName") or values.get("HostName") or ""
    if machine:
        fields.pop("host.name", None)
        fields["host.ip" if is_ip(machine) else "host.name"] = machine
    for key, name in (("ServerName", "observer.name"), ("VbrHostName", "observer.hostname")):
        if key in values:
            fields[name] = values[key]


def _meaning(said: str, fields: Fields) -> None:
    said = said[:_LOOKED_AT]
    category, kind = next(((c, k) for words, c, k in _KINDS if words.search(said)), ("host", "info"))
    fields["event.category"], fields["event.type"] = [category], [kind]
    if category == "malware" and _FOUND.search(said):
        fields["event.kind"] = "alert"
    if category == "authentication" or (category == "process" and kind == "end"):
        _judge(said, fields)


def _judge(said: str, fields: Fields) -> None:
    if _FAILED.search(said):
        fields["event.outcome"] = "failure"
    elif _PASSED.search(said):
        fields["event.outcome"] = "success"


SOURCE = LineSource(
    name="veeam",
    aliases=("veeam_backup", "veeam.backup"),
    title="Veeam Backup & Replication",
    datasets=("veeam.backup",),
    own=_own,
    read=_read,
    weight=98,
)

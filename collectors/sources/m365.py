"""Microsoft 365 unified audit log: Exchange, SharePoint, OneDrive, Teams, Entra ID, Defender, Purview.

Forms: records of the Office 365 Management Activity API (one object, or an array), and exports of Purview and
`Search-UnifiedAuditLog` that carry the record as text in `AuditData`.
Format: Microsoft Learn, "Office 365 Management Activity API schema". Field names: Elastic's `o365.audit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import put, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, number, objects, put_source, put_text, text
from collectors.json_fields import Json, as_json, to_instant
from collectors.m365.alerts import data_of, read_account, read_alert, read_investigation
from collectors.m365.kinds import ALERTS, INVESTIGATION, MAIL_THREAT, MAILBOX_BY_SID, classify
from collectors.m365.mail import read_items, read_labelled, read_stopped
from collectors.source import Options
from engine.events import Fields, texts

_P = "o365.audit."
_ADDRESSES = ("ClientIP", "ClientIPAddress", "ActorIpAddress")
_PAIRS = frozenset({"ExtendedProperties", "Parameters", "DeviceProperties", "OperationProperties", "ExtraProperties"})
_SEARCHED = frozenset({"Parameters", "OperationProperties"})  # rules look for names in the list's text
_LISTS = _PAIRS | {"ModifiedProperties"}
_FAILED = frozenset({"failed", "false", "failure", "partiallysucceeded"})
_LABELLED = 43  # MipLabel
_FILE_FIELDS = (
    ("SourceFileName", "file.name"),
    ("FileName", "file.name"),
    ("SourceRelativeUrl", "file.directory"),
    ("SourceFileExtension", "file.extension"),
    ("MD5Hash", "file.hash.md5"),
    ("SHA256Hash", "file.hash.sha256"),
)
_DIRECTORY = "AzureActiveDirectory"
_WEB = ("https://", "http://")


def _owns(document: Mapping[str, Json]) -> bool:
    return "Operation" in document and "RecordType" in document and "CreationTime" in document


def read(document: Document, fields: Fields, _options: Options) -> None:
    """Read one audit record; its stamp is in UTC, with or without a `Z`."""
    moment = to_instant(document.get("CreationTime"))
    if moment is not None:
        fields["@timestamp"] = moment
    record_type = number(document.get("RecordType"))
    kind = -1 if record_type is None else record_type
    operation = text(document.get("Operation")).rstrip(".")
    put_text("event.action", operation, fields)
    put_text("event.code", document.get("RecordType"), fields)
    put_text("event.provider", document.get("Workload"), fields)
    put_text("service.name", document.get("Workload"), fields)
    put_text("organization.id", document.get("OrganizationId"), fields)
    fields["event.category"], fields["event.type"] = classify(kind, operation)
    _outcome(document, operation, fields)
    put_source(first(document, _ADDRESSES), fields, names=False)
    _read_account(document, kind, fields)
    _read_agent(document, fields)
    _read_by_kind(document, kind, fields)
    _read_file(document, fields)
    _vendor(document, fields)


def _outcome(document: Document, operation: str, fields: Fields) -> None:
    status = text(document.get("ResultStatus")).lower()
    if status in _FAILED or operation == "UserLoginFailed" or document.get("IsSuccess") is False:
        fields["event.outcome"] = "failure"
        put_text("event.reason", document.get("LogonError") or document.get("ResultStatusDetail"), fields)
    else:
        fields["event.outcome"] = "success"


def _read_account(document: Document, kind: int, fields: Fields) -> None:
    """Read who did it: `UserKey` is the account's lasting id, except where it is a claim or a mailbox has a SID.

    Alerts of Security & Compliance name their own service here; the account is in their data.
    """
    if kind == 40:
        return
    account = text(document.get("UserId"))
    key = text(document.get("UserKey"))
    identifier = text(document.get("LogonUserSid")) if kind in MAILBOX_BY_SID else ""
    put_text("user.id", identifier or (account if key.startswith("i:0") else key) or account, fields)
    read_account(account, fields)
    target = text(document.get("TargetUserOrGroupName"))
    if target:
        name = (
            "group.name" if document.get("TargetUserOrGroupType") in {"SecurityGroup", "Group"} else "user.target.name"
        )
        fields[name] = target
    elif document.get("Workload") == _DIRECTORY and "iam" in texts(fields.get("event.category")):
        named = text(document.get("ObjectId"))  # the account that a role, a password or a group was changed for
        if "@" in named and " " not in named and named != account:
            fields["user.target.name"] = named


def _read_agent(document: Document, fields: Fields) -> None:
    put_text("user_agent.original", document.get("UserAgent"), fields)
    for pair in objects(document.get("ExtendedProperties")):
        if pair.get("Name") == "UserAgent":
            put_text("user_agent.original", pair.get("Value"), fields)


def _read_by_kind(document: Document, kind: int, fields: Fields) -> None:
    if kind in ALERTS:
        fields["event.kind"] = "alert"
        read_alert(document, data_of(document), fields)
    elif kind == INVESTIGATION:
        read_investigation(document, data_of(document), fields)
    elif kind == MAIL_THREAT:
        read_stopped(document, fields)
    elif kind == _LABELLED:
        read_labelled(document, fields)
    elif "AffectedItems" in document or "Item" in document or "ClientProcessName" in document:
        read_items(document, fields)
    put_text("event.reason", document.get("ActionName"), fields)


def _read_file(document: Document, fields: Fields) -> None:
    target = document.get("ObjectId")
    if isinstance(target, str) and target.startswith(_WEB):
        put_text("url.original", target, fields)
    for name, field in _FILE_FIELDS:
        put_text(field, document.get(name), fields)
    size = number(document.get("FileSizeBytes"))
    if size is not None:
        fields["file.size"] = size


def _vendor(document: Document, fields: Fields) -> None:
    """Keep every field of the record; lists of names and values become fields by these names."""
    spread(_P, document, fields, skip=_LISTS)
    for name in _PAIRS & document.keys():
        value = document[name]
        if not isinstance(value, list):
            spread(_P, {name: value}, fields)
            continue
        if name in _SEARCHED and value:
            put(f"{_P}{name}Text", as_json(value), fields)
        for pair in value:
            _keep_pair(f"{_P}{name}.", pair, fields)
    for changed in objects(document.get("ModifiedProperties")):
        prefix = f"{_P}ModifiedProperties.{text(changed.get('Name')) or 'unnamed'}."
        spread(prefix, {key: part for key, part in changed.items() if key != "Name"}, fields)


def _keep_pair(prefix: str, pair: Json, fields: Fields) -> None:
    """Keep one `{"Name": ..., "Value": ...}` under its name, and what is none as it stands."""
    name = text(pair.get("Name")) or text(pair.get("Key")) if isinstance(pair, dict) else ""
    if isinstance(pair, dict) and name:
        value = pair.get("Value")
        if value not in (None, ""):
            put(prefix + name, value if isinstance(value, str) else as_json(value), fields)
    elif pair is not None:
        put(prefix + "unnamed", as_json(pair), fields)


SOURCE: Final = JsonSource(
    name="m365",
    aliases=("o365", "o365_audit", "o365.audit", "office365", "unified_audit"),
    title="Microsoft 365 unified audit log",
    dataset="o365.audit",
    owns=_owns,
    marks=((b'"Operation"', b'"RecordType"', b'"CreationTime"'), (b'"Operation"', b'"OrganizationId"', b'"Workload"')),
    read=read,
)

"""Microsoft Intune's diagnostic logs: what administrators change, devices that enrol, devices that do not comply.

Format: Microsoft Learn, "Send log data to storage, Event Hubs, or log analytics in Intune": one JSON object a record
with `category` (AuditLogs, OperationalLogs, DeviceComplianceOrg, Devices) and `properties`. The account that an audit
record names is who did it; in all others it is who uses the device. Fields of the log: `intune.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, objects, put_text, split_account, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_CATEGORIES: Final = frozenset(("AuditLogs", "OperationalLogs", "DeviceComplianceOrg", "Devices"))
_OWN: Final = frozenset(("IntuneAccountId", "AuditEventId", "IntuneDeviceId", "ActivityResultStatus"))
_VERBS: Final = {  # the first word of an audit record's operation
    "create": "creation",
    "add": "creation",
    "delete": "deletion",
    "remove": "deletion",
    "wipe": "deletion",
    "retire": "deletion",
    "get": "access",
    "read": "access",
}
_OUTCOMES: Final = {"success": "success", "failure": "failure", "failed": "failure", "fail": "failure"}
_PLACEHOLDERS: Final = frozenset(("None", "<null>", "See Actor details in properties"))
_PERSONS: Final = frozenset(("role", "user", "group"))


def _said(value: Json) -> str:
    found = text(value)
    return "" if found in _PLACEHOLDERS else found


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any category."""
    details = inner(document, "properties")
    fields["cloud.provider"] = "azure"
    fields["observer.vendor"], fields["observer.product"] = "Microsoft", "Intune"
    moment = to_instant(document.get("time"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("event.action", _said(document.get("operationName")), fields)
    outcome = _OUTCOMES.get(text(document.get("resultType")).lower())
    if outcome is not None:
        fields["event.outcome"] = outcome
    if text(document.get("category")) == "AuditLogs":
        fields["event.dataset"] = "intune.audit"
        _read_change(document, details, fields)
    else:
        _read_device(document, details, fields)
    spread("intune.", document, fields, snaked=True)


def _read_change(document: Document, details: Document, fields: Fields) -> None:
    """Read what somebody, or a program, changed."""
    verb, _, thing = text(document.get("operationName")).partition(" ")
    is_person = any(word in thing.lower() for word in _PERSONS)
    fields["event.category"] = ("iam",) if is_person else ("configuration",)
    fields["event.type"] = (_VERBS.get(verb.lower(), "change"), "info")
    put_text("event.id", details.get("AuditEventId"), fields)
    actor = inner(details, "Actor")
    account = _said(actor.get("UPN")) or _said(document.get("identity"))
    put_text("user.name", account, fields)
    put_text("user.email", account if "@" in account else None, fields)
    put_text("user.id", _said(actor.get("ObjectId")), fields)
    put_text("network.application", _said(actor.get("ApplicationName")), fields)
    roles = actor.get("UserPermissions")
    if isinstance(roles, list) and (found := [role for each in roles if (role := _said(each))]):
        fields["user.roles"] = found
    if names := [name for each in objects(details.get("Targets")) if (name := _said(each.get("Name")))]:
        fields["event.reason"] = f"{text(document.get('operationName'))}: {', '.join(names)}"


def _read_device(document: Document, details: Document, fields: Fields) -> None:
    """Read how a device is, and whose it is."""
    kind = text(document.get("category"))
    fields["event.dataset"] = "intune.operational" if kind == "OperationalLogs" else "intune.device"
    fields["event.category"], fields["event.type"] = ("host",), ("info",)
    alert = text(details.get("AlertType"))
    if alert:
        fields["event.kind"] = "alert"
        put_text("rule.name", alert, fields)
    put_text("event.reason", first(details, ("Description", "AlertDisplayName", "FailureReason")), fields)
    put_text("host.id", first(details, ("IntuneDeviceId", "DeviceId")), fields)
    put_text("host.name", first(details, ("DeviceHostName", "DeviceNetBiosName", "DeviceName")), fields)
    put_text("host.domain", details.get("DeviceDnsDomain"), fields)
    system = first(details, ("DeviceOperatingSystem", "OSDescription", "OS", "Os"))
    put_text("host.os.full", system, fields)
    version = first(details, ("OSVersion", "OsVersion"))
    name, _, after = system.rpartition(" ")
    is_version = bool(name) and after[:1].isdigit()
    put_text("host.os.version", version or (after if is_version else None), fields)
    put_text("host.os.name", name if is_version else system, fields)
    _read_owner(details, fields)
    if kind == "OperationalLogs" and text(document.get("operationName")) == "Enrollment":
        fields["event.category"], fields["event.type"] = ("host", "configuration"), ("creation", "info")
        if number(details.get("FailureCategory")) or text(details.get("FailureReason")):
            fields.setdefault("event.outcome", "failure")


def _read_owner(details: Document, fields: Fields) -> None:
    mail = first(details, ("UserEmail", "UPN"))
    put_text("user.name", details.get("UserName") or split_account(mail)[0], fields)
    put_text("user.email", mail if "@" in mail else None, fields)
    put_text("user.domain", details.get("UPNSuffix"), fields)
    put_text("user.full_name", details.get("UserDisplayName"), fields)
    put_text("user.id", first(details, ("IntuneUserId", "UserId")), fields)


def _owns(document: Mapping[str, Json]) -> bool:
    details = document.get("properties")
    return (
        isinstance(details, dict)
        and text(document.get("category")) in _CATEGORIES
        and "tenantId" in document
        and "resourceId" not in document
        and not _OWN.isdisjoint(details)
    )


SOURCE: Final = JsonSource(
    name="intune",
    aliases=("microsoft_intune",),
    title="Microsoft Intune: audit, operational and device logs",
    dataset="intune.audit",
    owns=_owns,
    marks=(
        (b'"IntuneAccountId"', b'"category"', b'"operationName"'),
        (b'"AuditEventId"', b'"ActivityResultStatus"', b'"operationName"'),
    ),
    read=read,
)

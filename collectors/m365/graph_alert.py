"""Security alerts of Microsoft Graph (`security/alerts_v2`, `security/incidents`) and of the older incidents interface.

Format: Microsoft Learn, Graph resources `alert`, `incident` and `alertEvidence` with its kinds; Microsoft Defender XDR
"List incidents". An alert names what it is about by pieces of evidence, each of a kind: device, user, process, file,
address, URL, registry key, mailbox and others. The first piece of a kind fills the ECS fields; all of them stay under
`m365_defender.alert.*`. Field names and severities: Elastic's `m365_defender`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.values import first, inner, number, objects, put_text, text
from collectors.json_fields import to_instant
from collectors.sensors.addresses import known_ip
from collectors.web.request import read_target
from engine.events import Fields

_SEVERITIES: Final[Mapping[str, int]] = {"informational": 1, "low": 2, "medium": 3, "high": 4}
_TIMES = (
    ("firstActivityDateTime", "firstActivity", "event.start"),
    ("lastActivityDateTime", "lastActivity", "event.end"),
)
_CHANGED = ("lastUpdateDateTime", "lastUpdatedTime", "lastUpdateTime", "createdDateTime", "creationTime", "createdTime")
_HASHES = ("md5", "sha1", "sha256")
_NETWORK = frozenset({"CommandAndControl", "Exfiltration", "LateralMovement"})
_EVIDENCE = "#microsoft.graph.security."

_Reader = Callable[[Document, Fields], None]


def is_alert(document: Mapping[str, object]) -> bool:
    """Tell an alert of Graph, or of the older interface, by the fields that only these have together."""
    graph = "providerAlertId" in document or "alertWebUrl" in document or "detectorId" in document
    older = "alertId" in document and "investigationState" in document
    return (
        (graph and "evidence" in document)
        or (older and "entities" in document)
        or ("serviceSource" in document and "detectionSource" in document and ("title" in document))
    )


def is_incident(document: Mapping[str, object]) -> bool:
    """Tell an incident, with its alerts or without."""
    if "incidentWebUrl" in document and "displayName" in document:
        return True
    return "incidentId" in document and "incidentName" in document


def read_incident(document: Document, fields: Fields) -> None:
    """Read an incident: its own facts, and those of its first alert."""
    fields["event.dataset"] = "m365_defender.incident"
    put_text("event.url", document.get("incidentWebUrl") or document.get("incidentUri"), fields)
    put_text("message", document.get("displayName") or document.get("incidentName"), fields)
    put_text("cloud.account.id", document.get("tenantId"), fields)
    put_text("source.user.name", document.get("assignedTo"), fields)
    _read_severity(document, fields)
    _put_time(document, fields)
    for alert in objects(document.get("alerts")):
        read_alert(alert, fields)


def read_alert(alert: Document, fields: Fields) -> None:
    """Read an alert; what an incident has said already stays as it is."""
    fields.setdefault("event.dataset", "m365_defender.alert")
    fields["event.kind"] = "alert"
    _put_time(alert, fields)
    for name, older, field in _TIMES:
        moment = to_instant(alert.get(name)) or to_instant(alert.get(older))
        if moment is not None:
            fields.setdefault(field, moment)
    _read_severity(alert, fields)
    put_text("event.provider", alert.get("serviceSource"), fields)
    put_text("event.url", alert.get("alertWebUrl"), fields)
    put_text("message", alert.get("title"), fields)
    put_text("rule.name", alert.get("title"), fields)
    put_text("rule.description", alert.get("description"), fields)
    put_text("rule.id", alert.get("detectorId"), fields)
    put_text("cloud.account.id", alert.get("tenantId"), fields)
    tactic = text(alert.get("category"))
    put_text("event.action", "detected" if "evidence" in alert else tactic, fields)
    put_text("threat.tactic.name", tactic, fields)
    _read_techniques(alert, fields)
    categories = ["malware" if tactic == "Malware" else "intrusion_detection"]
    fields["event.category"] = (*categories, *(("network",) if tactic in _NETWORK else ()))
    fields["event.type"] = ("info", "indicator") if tactic == "Malware" else ("info",)
    for piece in objects(alert.get("evidence")):
        reader = _READERS.get(text(piece.get("@odata.type")).removeprefix(_EVIDENCE))
        if reader is not None:
            reader(piece, fields)
    for entity in objects(alert.get("entities")):
        _read_entity(entity, fields)
    for device in objects(alert.get("devices")):
        _read_device(device, fields)


def _put_time(document: Document, fields: Fields) -> None:
    moment = next((found for name in _CHANGED if (found := to_instant(document.get(name)))), None)
    if moment is not None:
        fields.setdefault("@timestamp", moment)


def _read_severity(document: Document, fields: Fields) -> None:
    level = text(document.get("severity"))
    put_text("log.level", level, fields)
    if level.lower() in _SEVERITIES:
        fields.setdefault("event.severity", _SEVERITIES[level.lower()])


def _read_techniques(alert: Document, fields: Fields) -> None:
    found = alert.get("mitreTechniques")
    names = [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
    whole = [name for name in names if "." not in name]
    parts = [name for name in names if "." in name]
    if whole:
        fields.setdefault("threat.technique.id", whole)
    if parts:
        fields.setdefault("threat.technique.subtechnique.id", parts)
    if names:
        fields.setdefault("threat.framework", "MITRE ATT&CK")


def _put_all(document: Document, names: Sequence[tuple[str, str]], fields: Fields) -> None:
    for key, name in names:
        put_text(name, document.get(key), fields)


def _put_number(name: str, document: Document, key: str, fields: Fields) -> None:
    if (found := number(document.get(key))) is not None:
        fields.setdefault(name, found)


def _put_moment(name: str, document: Document, key: str, fields: Fields) -> None:
    if (moment := to_instant(document.get(key))) is not None:
        fields.setdefault(name, moment)


def _put_address(name: str, value: str, fields: Fields) -> None:
    if known_ip(value):
        fields.setdefault(name, value)


def _read_device(device: Document, fields: Fields) -> None:
    _put_all(
        device,
        (
            ("deviceDnsName", "host.name"),
            ("hostName", "host.name"),
            ("mdeDeviceId", "host.id"),
            ("deviceId", "host.id"),
            ("osPlatform", "host.os.name"),
            ("version", "host.os.version"),
        ),
        fields,
    )
    addresses = device.get("ipInterfaces")
    found = (
        [item for item in addresses if isinstance(item, str) and known_ip(item)] if isinstance(addresses, list) else []
    )
    if found:
        fields.setdefault("host.ip", found)
    for person in objects(device.get("loggedOnUsers")):
        _put_all(person, (("accountName", "user.name"), ("domainName", "user.domain")), fields)


def _read_user(piece: Document, fields: Fields) -> None:
    account = inner(piece, "userAccount")
    _put_all(
        account,
        (
            ("accountName", "user.name"),
            ("domainName", "user.domain"),
            ("azureAdUserId", "user.id"),
            ("userSid", "user.id"),
            ("userPrincipalName", "user.email"),
            ("displayName", "user.full_name"),
        ),
        fields,
    )


def _read_file_details(prefix: str, details: Document, fields: Fields) -> None:
    for kind in _HASHES:
        put_text(f"{prefix}.hash.{kind}", details.get(kind), fields)


def _read_file(piece: Document, fields: Fields) -> None:
    details = inner(piece, "fileDetails")
    _put_all(details, (("fileName", "file.name"), ("filePath", "file.path")), fields)
    _put_number("file.size", details, "fileSize", fields)
    _read_file_details("file", details, fields)


def _read_process(piece: Document, fields: Fields) -> None:
    if "process.pid" in fields or "process.command_line" in fields:
        return
    _put_number("process.pid", piece, "processId", fields)
    _put_number("process.parent.pid", piece, "parentProcessId", fields)
    put_text("process.command_line", piece.get("processCommandLine"), fields)
    _put_moment("process.start", piece, "processCreationDateTime", fields)
    _put_moment("process.parent.start", piece, "parentProcessCreationDateTime", fields)
    image, parent = inner(piece, "imageFile"), inner(piece, "parentProcessImageFile")
    for prefix, file in (("process", image), ("process.parent", parent)):
        put_text(f"{prefix}.name", file.get("fileName"), fields)
        folder, name = text(file.get("filePath")), text(file.get("fileName"))
        if folder and name:
            slash = "\\" if "\\" in folder else "/"
            fields.setdefault(f"{prefix}.executable", folder.rstrip("\\/") + slash + name)
        _read_file_details(prefix, file, fields)
    account = inner(piece, "userAccount")
    put_text("process.user.name", account.get("accountName"), fields)
    put_text("process.user.id", account.get("userSid"), fields)


def _read_address(piece: Document, fields: Fields) -> None:
    _put_address("source.ip", text(piece.get("ipAddress")), fields)


def _read_connection(piece: Document, fields: Fields) -> None:
    for side, key in (("source", "sourceAddress"), ("destination", "destinationAddress")):
        _put_address(f"{side}.ip", text(inner(piece, key).get("ipAddress")), fields)
        _put_number(f"{side}.port", piece, key.replace("Address", "Port"), fields)
    put_text("network.transport", text(piece.get("protocol")).lower(), fields)


def _read_url(piece: Document, fields: Fields) -> None:
    url = text(piece.get("url"))
    if url and "url.original" not in fields:
        read_target(url, fields)
        if "://" in url:
            fields["url.full"] = url


def _read_registry(piece: Document, fields: Fields) -> None:
    names = (
        ("registryHive", "registry.hive"),
        ("registryKey", "registry.key"),
        ("registryValueName", "registry.value"),
    )
    _put_all(piece, names, fields)
    put_text("registry.data.type", piece.get("registryValueType"), fields)


def _read_mailbox(piece: Document, fields: Fields) -> None:
    put_text("user.email", piece.get("primaryAddress") or piece.get("upn"), fields)
    put_text("user.full_name", piece.get("displayName"), fields)


def _read_message(piece: Document, fields: Fields) -> None:
    put_text("email.subject", piece.get("subject"), fields)
    put_text("email.message_id", piece.get("internetMessageId"), fields)
    put_text("email.local_id", piece.get("networkMessageId"), fields)
    sender = first(inner(piece, "p2Sender"), ("emailAddress",)) or first(inner(piece, "p1Sender"), ("emailAddress",))
    for name, address in (
        ("email.from.address", sender),
        ("email.to.address", text(piece.get("recipientEmailAddress"))),
    ):
        if address:
            fields.setdefault(name, [address])
    _put_address("source.ip", text(piece.get("senderIp")), fields)


def _read_application(piece: Document, fields: Fields) -> None:
    put_text("service.name", piece.get("displayName"), fields)
    put_text("service.id", piece.get("appId"), fields)


def _read_entity(entity: Document, fields: Fields) -> None:
    """Read an entity of the older interface, where all kinds share one set of keys."""
    _put_all(
        entity,
        (
            ("accountName", "user.name"),
            ("userPrincipalName", "user.name"),
            ("mailboxAddress", "user.email"),
            ("domainName", "user.domain"),
            ("fileName", "file.name"),
            ("filePath", "file.path"),
            ("processCommandLine", "process.command_line"),
            ("registryHive", "registry.hive"),
            ("registryKey", "registry.key"),
            ("subject", "email.subject"),
        ),
        fields,
    )
    _put_number("process.pid", entity, "processId", fields)
    _put_number("process.parent.pid", entity, "parentProcessId", fields)
    _put_moment("process.start", entity, "processCreationTime", fields)
    _put_moment("process.parent.start", entity, "parentProcessCreationTime", fields)
    _read_file_details("file", entity, fields)
    _put_address("source.ip", text(entity.get("ipAddress")), fields)
    _read_url(entity, fields)


_READERS: Final[Mapping[str, _Reader]] = {
    "deviceEvidence": _read_device,
    "userEvidence": _read_user,
    "fileEvidence": _read_file,
    "processEvidence": _read_process,
    "ipEvidence": _read_address,
    "networkConnectionEvidence": _read_connection,
    "urlEvidence": _read_url,
    "registryKeyEvidence": _read_registry,
    "registryValueEvidence": _read_registry,
    "mailboxEvidence": _read_mailbox,
    "analyzedMessageEvidence": _read_message,
    "cloudApplicationEvidence": _read_application,
    "oauthApplicationEvidence": _read_application,
}

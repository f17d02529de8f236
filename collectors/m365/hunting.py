"""Advanced-hunting tables that Defender XDR streams: devices, identities, mail, cloud applications, alerts' evidence.

Format: Microsoft Learn, "Advanced hunting schema tables" and "Microsoft Defender XDR streaming API": `category` is
`AdvancedHunting-` and the table, `properties` the row. In `DeviceProcessEvents` the row's own columns are the process
that was started and `InitiatingProcess...` its parent; everywhere else the latter acts and the row's own columns are
the file that it acts on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from collectors.cloud.documents import Document, text_document
from collectors.cloud.flatten import snake
from collectors.cloud.values import inner, number, put_text, text
from collectors.json_fields import to_instant
from collectors.network.values import mac_of
from collectors.sensors.addresses import known_ip
from collectors.web.request import read_target
from engine.events import Fields

PREFIX: Final = "AdvancedHunting-"

_Names = Sequence[tuple[str, str]]
_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "AlertEvidence": ("threat",),
    "AlertInfo": ("threat",),
    "CloudAppEvents": ("network",),
    "CloudAuditEvents": ("network",),
    "CloudProcessEvents": ("process",),
    "DeviceFileEvents": ("file",),
    "DeviceImageLoadEvents": ("process",),
    "DeviceLogonEvents": ("authentication",),
    "DeviceNetworkEvents": ("network",),
    "DeviceProcessEvents": ("process",),
    "DeviceRegistryEvents": ("registry",),
    "EmailAttachmentInfo": ("email",),
    "EmailEvents": ("email",),
    "EmailPostDeliveryEvents": ("email",),
    "EmailUrlInfo": ("email",),
    "IdentityDirectoryEvents": ("iam",),
    "IdentityInfo": ("iam",),
    "IdentityLogonEvents": ("authentication",),
    "IdentityQueryEvents": ("iam",),
    "UrlClickEvents": ("web",),
}
_TYPES: Final[Mapping[str, str]] = {  # what an action's name begins or ends with
    "ProcessCreated": "start",
    "FileCreated": "creation",
    "FileModified": "change",
    "FileRenamed": "change",
    "FileDeleted": "deletion",
    "RegistryKeyCreated": "creation",
    "RegistryKeyDeleted": "deletion",
    "RegistryKeyRenamed": "change",
    "RegistryValueSet": "change",
    "RegistryValueDeleted": "deletion",
    "ConnectionSuccess": "connection",
    "ConnectionAttempt": "connection",
    "ConnectionFailed": "connection",
    "InboundConnectionAccepted": "connection",
    "ListeningConnectionCreated": "connection",
    "LogonSuccess": "start",
    "LogonFailed": "start",
    "LogonAttempted": "start",
    "ClickAllowed": "allowed",
    "ClickBlocked": "denied",
}
_FAILED = ("Failed", "Blocked", "Denied")
_FILE: _Names = (
    ("FileName", "file.name"),
    ("FolderPath", "file.directory"),
    ("MD5", "file.hash.md5"),
    ("SHA1", "file.hash.sha1"),
    ("SHA256", "file.hash.sha256"),
)
_STARTED: _Names = (
    ("FileName", "process.name"),
    ("FolderPath", "process.executable"),
    ("ProcessCommandLine", "process.command_line"),
    ("MD5", "process.hash.md5"),
    ("SHA1", "process.hash.sha1"),
    ("SHA256", "process.hash.sha256"),
    ("AccountName", "process.user.name"),
    ("AccountSid", "process.user.id"),
)
_INITIATING: _Names = (
    ("FileName", "name"),
    ("FolderPath", "executable"),
    ("CommandLine", "command_line"),
    ("MD5", "hash.md5"),
    ("SHA1", "hash.sha1"),
    ("SHA256", "hash.sha256"),
    ("AccountName", "user.name"),
    ("AccountSid", "user.id"),
)
_TEXTS: _Names = (
    ("DeviceId", "host.id"),
    ("DeviceName", "host.name"),
    ("AccountName", "user.name"),
    ("AccountDomain", "user.domain"),
    ("AccountObjectId", "user.id"),
    ("AccountDisplayName", "user.full_name"),
    ("AccountUpn", "user.email"),
    ("RegistryKey", "registry.key"),
    ("RegistryValueName", "registry.value"),
    ("RegistryValueData", "registry.data.strings"),
    ("UserAgent", "user_agent.original"),
    ("ServiceSource", "service.name"),
    ("DetectionSource", "service.type"),
    ("NetworkMessageId", "email.local_id"),
    ("InternetMessageId", "email.message_id"),
    ("Subject", "email.subject"),
    ("EmailSubject", "email.subject"),
    ("Title", "rule.name"),
    ("FailureReason", "event.reason"),
)
_MAILBOXES: _Names = (
    ("SenderFromAddress", "email.from.address"),
    ("SenderMailFromAddress", "email.sender.address"),
    ("RecipientEmailAddress", "email.to.address"),
)
_ENDS: _Names = (
    ("LocalIP", "source"),
    ("RemoteIP", "destination"),
    ("SenderIPv4", "source"),
    ("SenderIPv6", "source"),
    ("IPAddress", "source"),
)
_PORTS: _Names = (("LocalPort", "source.port"), ("RemotePort", "destination.port"))


def read_row(document: Document, row: Document, fields: Fields) -> None:
    """Read one row of any table."""
    table = text(document.get("category")).removeprefix(PREFIX)
    fields["event.dataset"] = f"m365_defender.{snake(table)}"
    moment = to_instant(row.get("Timestamp")) or to_instant(document.get("time"))
    if moment is not None:
        fields["@timestamp"] = moment
    _classify(table, row, fields)
    for names in (_TEXTS, _STARTED if table == "DeviceProcessEvents" else _FILE):
        for key, name in names:
            put_text(name, row.get(key), fields)
    _read_processes(table, row, fields)
    _read_ends(table, row, fields)
    _read_mail(row, fields)
    if url := text(row.get("RemoteUrl")) or text(row.get("Url")):
        _read_url(url, fields)


def _classify(table: str, row: Document, fields: Fields) -> None:
    action = text(row.get("ActionType"))
    put_text("event.action", row.get("DeliveryAction") or row.get("Action") or action, fields)
    fields["event.category"] = _CATEGORIES.get(table, ("host",) if table.startswith("Device") else ())
    kind = "start" if table == "DeviceImageLoadEvents" else _TYPES.get(action, "")
    fields["event.type"] = tuple(part for part in (kind, "info") if part)
    if table == "AlertEvidence":
        fields["event.kind"], fields["event.type"] = "enrichment", ("indicator",)
    elif table == "AlertInfo":
        fields["event.kind"] = "alert"
    elif action.endswith(_FAILED):
        fields["event.outcome"] = "failure"
    elif kind and not action.endswith(("Attempt", "Attempted")):
        fields["event.outcome"] = "success"
    if table == "IdentityDirectoryEvents" and text(row.get("TargetAccountUpn")):
        put_text("user.target.email", row.get("TargetAccountUpn"), fields)


def _read_processes(table: str, row: Document, fields: Fields) -> None:
    is_start = table == "DeviceProcessEvents"
    actor = "process.parent." if is_start else "process."
    for key, name in _INITIATING:
        put_text(actor + name, row.get("InitiatingProcess" + key), fields)
    _put_process(actor, row, "InitiatingProcessId", "InitiatingProcessCreationTime", fields)
    if is_start or "InitiatingProcessId" not in row:
        _put_process("process.", row, "ProcessId", "ProcessCreationTime", fields)
        put_text("process.command_line", row.get("ProcessCommandLine"), fields)
    if not is_start:
        put_text("process.parent.name", row.get("InitiatingProcessParentFileName"), fields)
        parent = "InitiatingProcessParent"
        _put_process("process.parent.", row, parent + "Id", parent + "CreationTime", fields)
    if table == "AlertEvidence" and text(row.get("EntityType")) == "Process":
        put_text("process.name", row.get("FileName"), fields)
        _read_entity(text_document(text(row.get("AdditionalFields"))) or {}, fields)
    if (size := number(row.get("FileSize"))) is not None and not is_start:
        fields["file.size"] = size


def _read_entity(entity: Document, fields: Fields) -> None:
    """Read the process that a piece of evidence is: its number and its parent stand in JSON of their own."""
    parent = inner(entity, "ParentProcess")
    for prefix, process in (("process.", entity), ("process.parent.", parent)):
        _put_process(prefix, process, "ProcessId", "CreationTimeUtc", fields)
        put_text(prefix + "command_line", process.get("CommandLine"), fields)
        put_text(prefix + "name", inner(process, "ImageFile").get("Name"), fields)


def _put_process(prefix: str, row: Document, pid: str, start: str, fields: Fields) -> None:
    found = number(row.get(pid))
    if found:  # the tables write 0 where they do not know it
        fields[prefix + "pid"] = found
    if (moment := to_instant(row.get(start))) is not None:
        fields[prefix + "start"] = moment


def _read_ends(table: str, row: Document, fields: Fields) -> None:
    """Read both ends: the device is the source, except of a connection that it accepted or a log-on to it."""
    is_inbound = text(row.get("ActionType")).startswith("Inbound") or table == "DeviceLogonEvents"
    turned = {"source": "destination", "destination": "source"} if is_inbound else {}
    for key, side in _ENDS:
        address = text(row.get(key))
        if known_ip(address):
            fields.setdefault(f"{turned.get(side, side)}.ip", address)
    for key, name in _PORTS:
        side, _, leaf = name.partition(".")
        port = number(row.get(key))
        if port is not None and 0 < port < 65536:
            fields[f"{turned.get(side, side)}.{leaf}"] = port
    protocol = text(row.get("Protocol"))
    if protocol:
        name = "network.transport" if protocol.lower() in {"tcp", "udp", "icmp"} else "network.protocol"
        fields[name] = protocol.lower()
    if mac := mac_of(text(row.get("MacAddress"))):
        fields["host.mac"] = [mac]


def _read_mail(row: Document, fields: Fields) -> None:
    for key, name in _MAILBOXES:
        if address := text(row.get(key)):
            fields[name] = [address]
    if direction := text(row.get("EmailDirection")):
        fields["email.direction"] = direction.lower()


def _read_url(url: str, fields: Fields) -> None:
    """Read an address of the web; a connection's may be a bare host's name."""
    if "://" in url:
        read_target(url, fields)
        fields["url.full"] = url
    elif "/" not in url:
        fields["url.domain"] = url
        fields["destination.domain"] = url

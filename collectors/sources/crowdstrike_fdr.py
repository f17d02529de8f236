"""CrowdStrike Falcon Data Replicator: what the sensors on hosts saw, and the hosts themselves.

Format: CrowdStrike, "Falcon Data Replicator" and its events data dictionary: one JSON object a line, flat, every value
a text, the kind in `event_simpleName`; lines of `aidmaster` say what a host is. (What people did in Falcon, the
secondary feed, is the event stream's: see `crowdstrike`.) Field names: Elastic's `crowdstrike.fdr` (`crowdstrike.*`).

Sensors name a parent by its file name alone, and so the process that opened a connection: `crowdstrike.image_end` and
`crowdstrike.parent_image_end` are that name after a separator, for Sigma's rules that ask how a path ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_text, put_texts, split_account, text
from collectors.dns.question import answer, ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_Nature = tuple[tuple[str, ...], tuple[str, ...]]  # ECS categories and types

_STARTED: Final[_Nature] = (("process",), ("start",))
_LOGON: Final[_Nature] = (("authentication",), ("start",))
_SETTING: Final[_Nature] = (("configuration",), ("change",))
_INFO: Final[_Nature] = ((), ("info",))
_NATURES: Final[Mapping[str, _Nature]] = {
    "ProcessRollup2": _STARTED,
    "SyntheticProcessRollup2": _STARTED,
    "EndOfProcess": (("process",), ("end",)),
    "TerminateProcess": (("process",), ("end",)),
    "ProcessBlocked": (("process",), ("denied",)),
    "InjectedThread": (("process",), ("change",)),
    "CommandHistory": (("process",), ("info",)),
    "ClassifiedModuleLoad": (("library",), ("start",)),
    "UnsignedModuleLoad": (("library",), ("start",)),
    "ImageHash": (("library",), ("start",)),
    "DriverLoad": (("driver",), ("start",)),
    "DnsRequest": (("network",), ("protocol",)),
    "SuspiciousDnsRequest": (("network",), ("protocol",)),
    "FileCreateInfo": (("file",), ("creation",)),
    "DirectoryCreate": (("file",), ("creation",)),
    "RansomwareCreateFile": (("file",), ("creation",)),
    "FileOpenInfo": (("file",), ("access",)),
    "RansomwareOpenFile": (("file",), ("access",)),
    "FileDeleteInfo": (("file",), ("deletion",)),
    "ExecutableDeleted": (("file",), ("deletion",)),
    "UserLogon": _LOGON,
    "UserLogonFailed": _LOGON,
    "UserLogonFailed2": _LOGON,
    "SsoUserLogon": _LOGON,
    "UserLogoff": (("authentication",), ("end",)),
    "SsoUserLogoff": (("authentication",), ("end",)),
    "UserIdentity": (("iam",), ("user", "info")),
    "UserAccountCreated": (("iam",), ("user", "creation")),
    "UserAccountDeleted": (("iam",), ("user", "deletion")),
    "UserAccountAddedToGroup": (("iam",), ("group", "change")),
    "CreateService": (("configuration",), ("creation",)),
    "ModifyServiceBinary": _SETTING,
    "ScheduledTaskRegistered": (("configuration",), ("creation",)),
    "ScheduledTaskModified": _SETTING,
    "ScheduledTaskDeleted": (("configuration",), ("deletion",)),
    "FirewallSetRule": _SETTING,
    "FirewallDeleteRule": (("configuration",), ("deletion",)),
    "SensorHeartbeat": (("host",), ("info",)),
    "AgentOnline": (("host",), ("info",)),
    "OsVersionInfo": (("host",), ("info",)),
}
_BY_PREFIX: Final[tuple[tuple[str, _Nature], ...]] = (
    ("NetworkConnect", (("network",), ("connection", "start"))),
    ("NetworkReceiveAccept", (("network",), ("connection", "start"))),
    ("NetworkListen", (("network",), ("connection", "info"))),
    ("NetworkClose", (("network",), ("connection", "end"))),
    ("Asep", (("registry",), ("change",))),
    ("Reg", (("registry",), ("change",))),
)
_BY_END: Final[tuple[tuple[str, _Nature], ...]] = (
    ("Written", (("file",), ("creation",))),
    ("Rename", (("file",), ("change",))),
    ("Renamed", (("file",), ("change",))),
    ("RenameFile", (("file",), ("change",))),
)
_REGISTRY_KINDS: Final = {"1": "creation", "2": "creation", "3": "deletion", "4": "deletion"}  # `RegOperationType`
_ALERTS: Final = (
    "Ransomware",
    "Suspicious",
    "Detect",
    "Exploit",
)  # in the names of what the sensor holds for an attack
_LIBRARIES: Final = ("ClassifiedModuleLoad", "UnsignedModuleLoad", "ImageHash")
_SYSTEMS: Final = {"Win": "windows", "Lin": "linux", "Mac": "macos", "iOS": "ios", "Android": "android"}
_HIVES: Final = (("\\REGISTRY\\MACHINE", "HKLM"), ("\\REGISTRY\\USER", "HKU"))
_RECORDS: Final = {"1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "28": "AAAA",
                   "33": "SRV", "65": "HTTPS", "255": "ANY"}  # fmt: skip
_HASHES: Final = (("md5", "MD5HashData"), ("sha1", "SHA1HashData"), ("sha256", "SHA256HashData"))
_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("event.id", ("id",)),
    ("host.name", ("ComputerName", "aid")),
    ("host.id", ("aid",)),
    ("host.domain", ("MachineDomain",)),
    ("host.os.version", ("OSVersionString", "Version")),
    ("observer.serial_number", ("aid",)),
    ("observer.version", ("AgentVersion", "ConfigBuild")),
    ("user.id", ("UserSid", "UID")),
    ("user.domain", ("LogonDomain",)),
    ("user.email", ("UserPrincipal",)),
    ("process.command_line", ("CommandLine",)),
    ("process.entity_id", ("TargetProcessId", "ContextProcessId")),
    ("process.parent.name", ("ParentBaseFileName",)),
    ("process.parent.executable", ("ParentImageFileName",)),
    ("process.parent.entity_id", ("ParentProcessId",)),
    ("process.parent.command_line", ("ParentCommandLine",)),
    ("process.working_directory", ("WorkingDirectory",)),
    ("process.pe.original_file_name", ("OriginalFilename",)),
    ("process.title", ("WindowTitle",)),
    ("service.name", ("ServiceDisplayName", "ServiceName")),
    ("file.inode", ("FileIdentifier",)),
    ("group.id", ("GroupRid",)),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of what a sensor saw, or a host's description."""
    fields["observer.vendor"], fields["observer.product"] = "CrowdStrike", "Falcon"
    kind = text(document.get("event_simpleName"))
    fields["observer.type"] = "agent"
    put_text("event.action", kind, fields)
    if kind and any(word in kind for word in _ALERTS):
        fields["event.kind"] = "alert"
    categories, types = _nature(kind, document)
    fields["event.category"], fields["event.type"] = categories, types
    _read_times(document, fields, options)
    put_texts(_TEXTS, document, fields)
    put_text("host.os.type", _SYSTEMS.get(text(document.get("event_platform"))), fields)
    if known_ip(address := text(document.get("aip"))):
        fields["observer.ip"] = [address]
    _read_account(document, fields)
    _read_process(kind, document, fields)
    _read_outcome(kind, document, fields)
    _READERS.get(categories[0] if categories else "", _read_nothing)(kind, document, fields)
    spread("crowdstrike.", document, fields)


def _nature(kind: str, document: Document) -> _Nature:
    if not kind:  # `aidmaster`
        return ("host",), ("info",)
    found = _NATURES.get(kind)
    if found is None:
        found = next((nature for start, nature in _BY_PREFIX if kind.startswith(start)), None)
    if found is None:
        found = next((nature for end, nature in _BY_END if kind.endswith(end)), _INFO)
    if found[0] == ("registry",) and (told := _REGISTRY_KINDS.get(text(document.get("RegOperationType")))):
        return found[0], (told,) if told == "deletion" else found[1]
    return found


def _read_times(document: Document, fields: Fields, options: Options) -> None:
    """Read when it happened: as the sensor saw it, else as the cloud received it."""
    for name, keys in (
        ("@timestamp", ("ContextTimeStamp", "timestamp", "Time")),
        ("process.start", ("ProcessStartTime",)),
        ("process.end", ("ProcessEndTime",)),
    ):
        moment = next((found for key in keys if (found := to_instant(document.get(key), options.zone))), None)
        if moment is not None:
            fields[name] = moment


def _read_account(document: Document, fields: Fields) -> None:
    name, domain = split_account(text(document.get("UserName")))
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)


def _base(path: str) -> str:
    return path.rpartition("/" if path.startswith("/") else "\\")[2]


def _read_process(kind: str, document: Document, fields: Fields) -> None:
    """Read the process that began, or the one that did it."""
    path = text(document.get("ContextImageFileName"))
    if fields["event.category"] == ("process",):
        path = text(document.get("ImageFileName")) or path
        for name, key in _HASHES:
            if (value := text(document.get(key))).strip("0"):
                fields[f"process.hash.{name}"] = value
    elif kind in _LIBRARIES:
        path = text(document.get("TargetImageFileName")) or path
    name = text(document.get("ContextBaseFileName"))
    if path:
        fields["process.executable"] = path
        put_text("process.name", _base(path), fields)
    elif name:
        fields["process.name"], fields["crowdstrike.image_end"] = name, _ending(name, document)
    if parent := text(document.get("ParentBaseFileName")):
        fields["crowdstrike.parent_image_end"] = _ending(parent, document)
    for field, key in (
        ("process.pid", "RawProcessId"),
        ("process.thread.id", "ContextThreadId"),
        ("process.exit_code", "ExitCode"),
    ):
        put_count(fields, field, document.get(key))


def _ending(name: str, document: Document) -> str:
    """Return how a path ends: a separator and the file's name; a whole path as it is."""
    if _base(name) != name:
        return name
    return ("\\" if document.get("event_platform") == "Win" else "/") + name


def _read_outcome(kind: str, document: Document, fields: Fields) -> None:
    status = text(document.get("Status"))
    if kind.startswith("UserLogon"):
        fields["event.outcome"] = "failure" if "Failed" in kind else "success"
    elif status:
        fields["event.outcome"] = "success" if status == "0" else "failure"


def _read_connection(kind: str, document: Document, fields: Fields) -> None:
    if "DomainName" in document:
        _read_question(document, fields)
        return
    is_inbound = "Accept" in kind or text(document.get("ConnectionDirection")) == "1"
    ends = [
        (first(document, (f"{side}AddressIP4", f"{side}AddressIP6")), document.get(f"{side}Port"))
        for side in ("Local", "Remote")
    ]
    if is_inbound:
        ends.reverse()
    for side, (address, port) in zip(("source", "destination"), ends, strict=True):
        put_end(fields, side, address, port)
    fields.update(transport_fields(text(document.get("Protocol"))))
    if "Listen" not in kind:
        fields["network.direction"] = "ingress" if is_inbound else "egress"


def _read_question(document: Document, fields: Fields) -> None:
    kind = text(document.get("RequestType"))
    ask(fields, text(document.get("DomainName")), _RECORDS.get(kind, f"TYPE{kind}" if kind.isdecimal() else ""))
    for record, key in (("A", "IP4Records"), ("AAAA", "IP6Records"), ("CNAME", "CNAMERecords")):
        for each in text(document.get(key)).split(";"):
            if found := each.strip():
                answer(fields, name="", record_type=record, data=found)
    fields["network.protocol"] = "dns"


def _read_file(_: str, document: Document, fields: Fields) -> None:
    fields["file.type"] = "dir" if document.get("event_simpleName") == "DirectoryCreate" else "file"
    _put_path(first(document, ("TargetFileName", "ImageFileName")), fields)
    put_text("file.Ext.original.path", document.get("SourceFileName"), fields)
    put_count(fields, "file.size", document.get("Size"))
    for name, key in _HASHES:
        if (value := text(document.get(key))).strip("0"):
            fields[f"file.hash.{name}"] = value


def _put_path(path: str, fields: Fields) -> None:
    name = _base(path)
    put_text("file.path", path, fields)
    put_text("file.name", name, fields)
    put_text("file.directory", path[: -len(name) - 1] if name else "", fields)
    stem, dot, extension = name.rpartition(".")
    if stem and dot and extension.isalnum() and len(extension) <= 16:
        fields["file.extension"] = extension.lower()


def _read_library(kind: str, document: Document, fields: Fields) -> None:
    _read_file(kind, document, fields)
    if kind in _LIBRARIES:
        for part in ("path", "name", "hash.md5", "hash.sha1", "hash.sha256"):
            if (value := fields.get(f"file.{part}")) is not None:
                fields[f"dll.{part}"] = value


def _read_registry(_: str, document: Document, fields: Fields) -> None:
    """Read a value of the registry; hives are named as people name them, `HKLM` and `HKU`."""
    key, value = text(document.get("RegObjectName")), text(document.get("RegValueName"))
    hive = ""
    for start, short in _HIVES:
        if key.upper().startswith(start):
            hive, key = short, key[len(start) :].strip("\\")
    put_text("registry.hive", hive, fields)
    put_text("registry.key", key, fields)
    put_text("registry.value", value, fields)
    put_text("registry.path", "\\".join(part for part in (hive, key, value) if part), fields)
    if found := first(document, ("RegStringValue", "RegNumericValue", "RegBinaryValue")):
        fields["registry.data.strings"] = [found]
    if file := text(document.get("TargetFileName")):
        _put_path(file, fields)


def _read_logon(_: str, document: Document, fields: Fields) -> None:
    put_end(fields, "source", first(document, ("RemoteAddressIP4", "RemoteAddressIP6", "RemoteIP")))


def _read_nothing(_: str, document: Document, fields: Fields) -> None:
    """Leave what has no fields of its own."""


_READERS: Final = {
    "network": _read_connection,
    "file": _read_file,
    "library": _read_library,
    "driver": _read_library,
    "registry": _read_registry,
    "authentication": _read_logon,
}


def _owns(document: Mapping[str, Json]) -> bool:
    if "event_simpleName" in document:
        return "aid" in document or "cid" in document
    return {"aid", "cid", "AgentVersion"} <= document.keys()


SOURCE: Final = JsonSource(
    name="crowdstrike_fdr",
    aliases=("crowdstrike.fdr", "falcon_data_replicator"),
    title="CrowdStrike Falcon Data Replicator: what sensors saw",
    dataset="crowdstrike.fdr",
    owns=_owns,
    marks=((b'"event_simpleName"', b'"aid"', b'"cid"'),),
    read=read,
    finish=finish,
)

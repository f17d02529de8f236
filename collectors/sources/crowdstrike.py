"""CrowdStrike Falcon's event stream: detections, incidents of identities, mobile detections, what people did in Falcon.

Format: CrowdStrike's "Streaming API event dictionary" (`{"metadata": {...}, "event": {...}}`, as the SIEM connector
writes it); what its threat graph knows of a detection's users, processes and devices comes beside it, in the same form
(`"eventType": "Vertex"`). The Data Replicator's secondary feed holds the same records without their envelope
(`"EventType": "Event_ExternalApiEvent"`). Field names: Elastic's `crowdstrike.falcon` (`crowdstrike.*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, objects, put_source, put_text, put_texts, split_account, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_INDICATORS: Final[Mapping[str, tuple[str, str]]] = {
    "hash_md5": ("file", "threat.indicator.file.hash.md5"),
    "hash_sha256": ("file", "threat.indicator.file.hash.sha256"),
    "domain": ("domain-name", "threat.indicator.url.domain"),
    "ipv4": ("ipv4-addr", "threat.indicator.ip"),
    "ipv6": ("ipv6-addr", "threat.indicator.ip"),
}
_OF_VERTEX: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("user.name", ("UserName",)),
    ("user.id", ("UserSid",)),
    ("user.domain", ("LogonDomain",)),
    ("host.name", ("ComputerName",)),
    ("host.ip", ("LocalAddressIP4", "LocalAddressIP6")),
    ("host.mac", ("PhysicalAddress",)),
    ("process.command_line", ("CommandLine",)),
    ("process.executable", ("ImageFileName",)),
    ("process.title", ("WindowTitle",)),
    ("file.hash.md5", ("MD5HashData",)),
    ("file.hash.sha256", ("SHA256HashData",)),
    ("file.name", ("TargetFileName",)),
    ("cloud.account.id", ("accountId",)),
    ("cloud.instance.id", ("instanceId",)),
    ("cloud.region", ("zone_group",)),
)
_ABOUT: Final = {"user": "iam", "process": "process", "device": "host"}  # category by what a vertex is
_ENDS = frozenset({"streamStopped", "userLogout", "sessionEnded"})
_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("event.reason", ("DetectDescription", "Description", "IncidentDescription")),
    ("event.url", ("FalconHostLink",)),
    ("host.name", ("ComputerName", "Hostname", "HostnameField", "EndpointName")),
    ("host.id", ("AgentId", "SensorId", "AgentIdString")),
    ("rule.name", ("DetectName", "IncidentType", "Name")),
    ("rule.id", ("PatternId",)),
    ("process.command_line", ("CommandLine",)),
    ("process.name", ("FileName",)),
    ("process.parent.command_line", ("ParentCommandLine",)),
    ("file.hash.md5", ("MD5String",)),
    ("file.hash.sha1", ("SHA1String",)),
    ("file.hash.sha256", ("SHA256String",)),
    ("host.ip", ("LocalIP", "EndpointIp")),
    ("host.mac", ("MACAddress",)),
    ("threat.tactic.name", ("Tactic",)),
    ("threat.tactic.id", ("TacticId",)),
    ("threat.technique.name", ("Technique",)),
    ("threat.technique.id", ("TechniqueId",)),
    ("threat.indicator.description", ("PatternDispositionDescription",)),
    ("service.name", ("ServiceName",)),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event of the stream, with its envelope or without."""
    if "ExternalApiType" in document:
        told = text(document.get("ExternalApiType")).removeprefix("Event_")
        envelope: Document = {"eventType": told, "eventCreationTime": document.get("UTCTimestamp")}
        document = {"metadata": envelope, "event": document}
    metadata, event = inner(document, "metadata"), inner(document, "event")
    kind = text(metadata.get("eventType"))
    fields["observer.vendor"], fields["observer.product"] = "CrowdStrike", "Falcon"
    if kind == "Vertex":
        _read_vertex(metadata, event, fields, options)
        spread("crowdstrike.", document, fields)
        return
    _read_times(metadata, event, fields, options)
    put_text("event.action", first(event, ("OperationName", "NetworkDetectionType")), fields)
    put_texts(_TEXTS, event, fields)
    severity = number(event.get("Severity"))
    if severity is not None:
        fields["event.severity"] = severity
    if kind.endswith("AuditEvent"):
        _read_audit(kind, event, fields)
    else:
        fields["event.kind"] = "alert"
        fields["event.category"], fields["event.type"] = ("intrusion_detection",), ("info",)
        _read_account(text(event.get("UserName")), fields)
        _read_process(event, fields)
        _read_indicator(event, fields)
        _read_tactics(event, fields)
    spread("crowdstrike.", document, fields)


def _read_vertex(metadata: Document, event: Document, fields: Fields, options: Options) -> None:
    """Read what the threat graph knows of one user, process or device that a detection is about."""
    known = inner(event, "properties")
    if (moment := to_instant(event.get("timestamp"), options.zone)) is not None:
        fields["@timestamp"] = moment
    about = _ABOUT.get(text(event.get("vertex_type")))
    fields["event.kind"] = "event"
    if about is not None:
        fields["event.category"], fields["event.type"] = (about,), ("info",)
    put_texts(_OF_VERTEX, known, fields)
    put_text("host.id", event.get("device_id"), fields)
    if path := text(known.get("ImageFileName")):
        put_text("process.name", path.rpartition(_slash(path))[2], fields)
    for name, key in (
        ("process.pid", "RawProcessId"),
        ("process.parent.pid", "ParentProcessId"),
        ("process.exit_code", "ExitCode"),
    ):
        if (found := number(known.get(key))) is not None:
            fields[name] = found
    if (level := number(inner(metadata, "severity").get("code"))) is not None:
        fields["event.severity"] = level
    for name, key in (
        ("process.start", "ProcessStartTime_formatted"),
        ("process.end", "ProcessEndTime_formatted"),
    ):
        if (moment := to_instant(known.get(key), options.zone)) is not None:
            fields[name] = moment


def _read_times(metadata: Document, event: Document, fields: Fields, options: Options) -> None:
    for name, value in (
        ("@timestamp", metadata.get("eventCreationTime")),
        ("process.start", event.get("ProcessStartTime")),
        ("process.end", event.get("ProcessEndTime")),
        ("event.start", event.get("StartTime") or event.get("SignalStartTimestamp")),
        ("event.end", event.get("EndTime") or event.get("SignalEndTimestamp")),
    ):
        moment = to_instant(value, options.zone) if value else None
        if moment is not None:
            fields[name] = moment


def _read_audit(kind: str, event: Document, fields: Fields) -> None:
    """Read what a person or a program did in Falcon."""
    action = text(event.get("OperationName"))
    success = event.get("Success")
    if isinstance(success, bool):
        fields["event.outcome"] = "success" if success else "failure"
    if kind == "AuthActivityAuditEvent":
        fields["event.category"] = ("authentication", "session")
        fields["event.type"] = ("end",) if action in _ENDS else ("start",)
    elif kind == "APIActivityAuditEvent":
        fields["event.category"], fields["event.type"] = ("api",), ("access",)
    else:
        fields["event.category"], fields["event.type"] = ("configuration",), ("change",)
    put_source(event.get("UserIp"), fields, names=False)
    account = text(event.get("UserId"))
    put_text("user.id", account, fields)
    if "@" in account:
        _read_account(account, fields)
    request = inner(event, "Attributes")
    put_text("http.request.method", request.get("request_method"), fields)
    put_text("url.path", request.get("request_path"), fields)
    put_text("url.query", request.get("request_query"), fields)
    put_text("user_agent.original", request.get("user_agent"), fields)
    put_text("trace.id", request.get("trace_id"), fields)
    put_text("http.request.mime_type", request.get("request_content_type"), fields)
    put_text("http.response.mime_type", text(request.get("produces")).strip("[]"), fields)
    status = number(request.get("status_code"))
    if status is not None:
        fields["http.response.status_code"] = status


def _read_account(account: str, fields: Fields) -> None:
    name, domain = split_account(account)
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)
    if "@" in account and domain:
        put_text("user.email", account, fields)


def _read_process(event: Document, fields: Fields) -> None:
    for name, key in (("process.pid", "ProcessId"), ("process.parent.pid", "ParentProcessId")):
        found = number(event.get(key))
        if found is not None:
            fields[name] = found
    place, name = text(event.get("FilePath")), text(event.get("FileName"))
    if place:
        fields["process.executable"] = place if not name or place.endswith(name) else f"{place}{_slash(place)}{name}"
    parent = first(event, ("ParentImageFilePath", "ParentImageFileName"))
    if parent:
        put_text("process.parent.name", parent.rpartition(_slash(parent))[2], fields)
        if _slash(parent) in parent:
            fields["process.parent.executable"] = parent
    file = text(event.get("AssociatedFile"))
    if file:
        folder, _, base = file.rpartition(_slash(file))
        fields["file.path"] = file
        put_text("file.name", base, fields)
        put_text("file.directory", folder, fields)


def _slash(path: str) -> str:
    return "/" if path.startswith("/") else "\\"


def _read_indicator(event: Document, fields: Fields) -> None:
    value = text(event.get("IOCValue"))
    known = _INDICATORS.get(text(event.get("IOCType")))
    if not value or known is None:
        return
    fields["threat.indicator.name"], fields["threat.indicator.type"] = value, known[0]
    found = [each for each in value.split(",") if each]
    fields[known[1]] = found if len(found) > 1 else value


def _read_tactics(event: Document, fields: Fields) -> None:
    """Read the techniques of a lead, which has several, and the hosts that it is about."""
    for name, key in (
        ("threat.tactic.name", "Tactic"),
        ("threat.tactic.id", "TacticID"),
        ("threat.technique.name", "Technique"),
        ("threat.technique.id", "TechniqueID"),
    ):
        found = list(
            dict.fromkeys(value for each in objects(event.get("MitreAttack")) if (value := text(each.get(key))))
        )
        if found:
            fields.setdefault(name, found)
    hosts = [value for each in objects(event.get("ThreatgraphIndicators")) if (value := text(each.get("Hostname")))]
    if hosts:
        fields.setdefault("host.name", hosts[0])


def _owns(document: Mapping[str, Json]) -> bool:
    if "ExternalApiType" in document:
        return document.get("EventType") == "Event_ExternalApiEvent"
    metadata = document.get("metadata")
    return (
        isinstance(document.get("event"), dict)
        and isinstance(metadata, dict)
        and "eventType" in metadata
        and ({"eventCreationTime", "customerIDString"} <= metadata.keys() or "detectionIdString" in metadata)
    )


SOURCE: Final = JsonSource(
    name="crowdstrike",
    aliases=("crowdstrike_falcon", "crowdstrike.falcon"),
    title="CrowdStrike Falcon event stream",
    dataset="crowdstrike.falcon",
    owns=_owns,
    marks=(
        (b'"metadata"', b'"customerIDString"', b'"eventCreationTime"', b'"event"'),
        (b'"metadata"', b'"detectionIdString"', b'"Vertex"', b'"event"'),
        (b'"Event_ExternalApiEvent"', b'"ExternalApiType"'),
    ),
    read=read,
)

"""AWS GuardDuty findings: from the API, EventBridge or S3 export; one object a record.

Format: Amazon GuardDuty user guide, "GuardDuty findings" and "Finding types" (`Purpose:Resource/Family.Mechanism`);
API reference, `Finding` (names in small letters as exported, or with capitals as the API gives them). Field names:
Elastic's `aws.guardduty`. The remote end is the source, whoever began the connection: the finding is about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text
from collectors.dns.question import ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.source import Options
from engine.events import Fields

_P = "aws.guardduty."
_STAMPS = ("updatedAt", "createdAt")
_ACTIONS = ("networkConnectionAction", "awsApiCallAction", "kubernetesApiCallAction", "rdsLoginAttemptAction")


def _owns(document: Mapping[str, Json]) -> bool:
    kind = document.get("type") or document.get("Type")
    if not isinstance(kind, str) or ":" not in kind or "/" not in kind:
        return False
    return {"service", "resource"} <= document.keys() or {"Service", "Resource"} <= document.keys()


def _small(value: Json, depth: int = 0) -> Json:
    """Return a document with names that begin with a small letter, as exports have them."""
    if isinstance(value, dict) and depth < 12:
        return {key[:1].lower() + key[1:]: _small(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and depth < 12:
        return [_small(item, depth + 1) for item in value]
    return value


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one finding."""
    found = document if "service" in document else _small(document)
    finding = found if isinstance(found, dict) else {}
    service, resource = inner(finding, "service"), inner(finding, "resource")
    moment = next((seen for name in _STAMPS if (seen := to_instant(finding.get(name), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.kind"], fields["event.category"], fields["event.type"] = "alert", ("threat",), ("indicator",)
    fields["cloud.provider"], fields["cloud.service.name"] = "aws", "guardduty"
    put_text("cloud.account.id", finding.get("accountId"), fields)
    put_text("cloud.region", finding.get("region"), fields)
    put_text("rule.name", finding.get("title"), fields)
    _read_type(text(finding.get("type")), fields)
    put_text("threat.indicator.description", finding.get("description"), fields)
    for name, field in (("eventFirstSeen", "event.start"), ("eventLastSeen", "event.end")):
        if (seen := to_instant(service.get(name), options.zone)) is not None:
            fields[field] = seen
    severity = finding.get("severity")
    if isinstance(severity, int | float) and not isinstance(severity, bool) and 0 <= severity <= 10:
        fields["event.severity"] = int(severity)
    _read_action(inner(service, "action"), fields)
    _read_resource(resource, fields)
    _read_malware(service, fields)
    spread(_P, finding, fields, snaked=True)


def _read_type(kind: str, fields: Fields) -> None:
    """Read `UnauthorizedAccess:EC2/SSHBruteForce`: what for, on what, and by whom or how."""
    purpose, _, rest = kind.partition(":")
    family = rest.partition("/")[2]
    put_text("event.action", purpose, fields)
    put_text("event.code", kind, fields)
    put_text("rule.category", purpose, fields)
    put_text("threat.group.name", family.partition(".")[0].partition("!")[0], fields)


def _read_action(action: Document, fields: Fields) -> None:
    for name in _ACTIONS:
        part = inner(action, name)
        if part:
            _read_remote(part, fields)
            put_text("error.code", part.get("errorCode"), fields)
            put_text("service.name", part.get("serviceName"), fields)
            put_text("user_agent.original", part.get("userAgent"), fields)
            for attempt in objects(part.get("loginAttributes")):
                put_text("user.name", attempt.get("user"), fields)
    connection = inner(action, "networkConnectionAction")
    if connection:
        local = inner(connection, "localIpDetails")
        put_end(fields, "destination", local.get("ipAddressV4"), inner(connection, "localPortDetails").get("port"))
        put_text("network.direction", text(connection.get("connectionDirection")).lower(), fields)
        fields.update(transport_fields(text(connection.get("protocol"))))
    for probe in objects(inner(action, "portProbeAction").get("portProbeDetails")):
        if "source.ip" not in fields:
            _read_remote(probe, fields)
            put_end(fields, "destination", None, inner(probe, "localPortDetails").get("port"))
    asked = inner(action, "dnsRequestAction")
    if asked:
        ask(fields, text(asked.get("domain")))
        fields["network.protocol"] = "dns"
        fields.update(transport_fields(text(asked.get("protocol"))))


def _read_remote(part: Document, fields: Fields) -> None:
    remote = inner(part, "remoteIpDetails")
    address = first(remote, ("ipAddressV4", "ipAddressV6"))
    put_end(fields, "source", address, inner(part, "remotePortDetails").get("port"))


def _read_resource(resource: Document, fields: Fields) -> None:
    instance, key = inner(resource, "instanceDetails"), inner(resource, "accessKeyDetails")
    put_text("cloud.instance.id", instance.get("instanceId"), fields)
    put_text("cloud.machine.type", instance.get("instanceType"), fields)
    put_text("cloud.availability_zone", instance.get("availabilityZone"), fields)
    put_text("user.name", key.get("userName"), fields)
    put_text("user.id", key.get("principalId"), fields)
    cluster = inner(resource, "eksClusterDetails")
    put_text("orchestrator.cluster.name", cluster.get("name"), fields)
    kubernetes = inner(resource, "kubernetesDetails", "kubernetesUserDetails")
    put_text("user.name", kubernetes.get("username"), fields)


def _read_malware(service: Document, fields: Fields) -> None:
    found = inner(service, "ebsVolumeScanDetails", "scanDetections", "threatDetectedByName")
    for threat in objects(found.get("threatNames")):
        for file in objects(threat.get("filePaths")):
            put_text("file.name", file.get("fileName"), fields)
            put_text("file.path", file.get("filePath"), fields)
            put_text("file.hash.sha256", file.get("hash"), fields)
    process = inner(service, "runtimeDetails", "process")
    for key, name in (
        ("name", "process.name"),
        ("executablePath", "process.executable"),
        ("user", "process.user.name"),
    ):
        put_text(name, process.get(key), fields)
    pid = process.get("pid")
    if isinstance(pid, int) and not isinstance(pid, bool) and 0 < pid < 2**32:
        fields["process.pid"] = pid
    put_text("process.hash.sha256", process.get("executableSha256"), fields)


SOURCE: Final = JsonSource(
    name="aws_guardduty",
    aliases=("guardduty", "aws.guardduty"),
    title="AWS GuardDuty findings",
    dataset="aws.guardduty",
    owns=_owns,
    marks=((b'"schemaVersion"', b'"resource"', b"guardduty"), (b'"SchemaVersion"', b'"Resource"', b"guardduty")),
    read=read,
    finish=finish,
)

"""SentinelOne: threats, alerts of custom rules, what people and agents did in the console, agents and their groups.

Format: the management console's API 2.1 (`/threats`, `/cloud-detection/alerts`, `/activities`, `/agents`, `/groups`),
one JSON object a record. Field names: Elastic's `sentinel_one.*`. A group's token, with which anybody registers agents,
is not taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, the fields that its records have, and of which they have one at least
    ("threat", {"threatInfo"}, {"agentRealtimeInfo", "agentDetectionInfo"}),
    ("alert", {"alertInfo"}, {"ruleInfo", "agentDetectionInfo", "sourceProcessInfo"}),
    ("activity", {"activityType"}, {"primaryDescription", "secondaryDescription"}),
    ("agent", {"computerName", "agentVersion"}, {"networkInterfaces", "mitigationMode", "isDecommissioned"}),
    ("group", {"registrationToken", "totalAgents"}, {"inherits", "isDefault", "filterId"}),
)
_SECRET = frozenset(("registrationToken",))
_LOG_INS: Final = {
    27: ("start", "success"),
    33: ("end", "success"),
    133: ("start", "failure"),
    134: ("start", "failure"),
}
_LOG_IN_WORDS: Final = (  # in an activity's description: a failure is told before a success, whatever a name says
    ("failed to log in", ("start", "failure")),
    ("failed to login", ("start", "failure")),
    ("logged in", ("start", "success")),
    ("logged out", ("end", "success")),
)
_CHANGE_WORDS: Final = (
    ("deleted", "deletion"),
    ("removed", "deletion"),
    ("created", "creation"),
    ("added", "creation"),
    ("edited", "change"),
    ("updated", "change"),
    ("modified", "change"),
    ("changed", "change"),
    ("enabled", "change"),
    ("disabled", "change"),
)
_MALWARE = frozenset(("malware", "ransomware", "trojan", "downloader", "virus", "worm", "rootkit", "backdoor"))
_SEVERITIES: Final = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_DIRECTIONS: Final = {"outgoing": "outbound", "incoming": "inbound"}


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    for kind, all_of, any_of in _KINDS:
        if all_of <= keys and not keys.isdisjoint(any_of):
            return kind
    return ""


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    fields["event.dataset"] = f"sentinel_one.{kind}"
    fields["observer.vendor"], fields["observer.product"] = "SentinelOne", "Singularity"
    moment = to_instant(_stamp(kind, document), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"sentinel_one.{kind}.", document, fields, snaked=True, skip=_SECRET)


def _stamp(kind: str, document: Document) -> Json:
    """Return when it happened; for what is a state, when that was."""
    if kind == "alert":
        return inner(document, "alertInfo").get("createdAt")
    if kind == "activity":
        return document.get("createdAt")
    return first(inner(document, "threatInfo") if kind == "threat" else document, ("updatedAt", "createdAt"))


def _read_threat(document: Document, fields: Fields) -> None:
    threat, agent, found = (
        inner(document, "threatInfo"),
        inner(document, "agentRealtimeInfo"),
        inner(document, "agentDetectionInfo"),
    )
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ("malware",), ("info",)
    put_text("event.id", threat.get("threatId"), fields)
    engines = [name for each in objects(threat.get("detectionEngines")) if (name := text(each.get("title")))]
    put_text("event.action", engines[0] if engines else None, fields)
    put_text("event.reason", threat.get("threatName"), fields)
    put_text("process.name", threat.get("originatorProcess"), fields)
    put_text("process.command_line", threat.get("maliciousProcessArguments"), fields)
    put_text("threat.indicator.file.path", threat.get("filePath"), fields)
    put_text("threat.indicator.file.extension", threat.get("fileExtension"), fields)
    put_count(fields, "threat.indicator.file.size", threat.get("fileSize"))
    hashes = _put_hashes("threat.indicator.file.hash", threat, ("md5", "sha1", "sha256"), fields)
    put_text("host.id", agent.get("agentId"), fields)
    put_text("host.name", agent.get("agentComputerName"), fields)
    put_text("host.domain", first(agent, ("agentDomain",)) or found.get("agentDomain"), fields)
    put_text("host.os.name", agent.get("agentOsName"), fields)
    put_text("host.os.type", agent.get("agentOsType"), fields)
    put_text("observer.version", first(agent, ("agentVersion",)) or found.get("agentVersion"), fields)
    _put_interfaces(agent, (found.get("externalIp"), found.get("agentIpV4"), found.get("agentIpV6")), fields)
    _relate("related.hash", hashes, fields)
    _relate("related.user", (threat.get("processUser"), threat.get("initiatingUsername")), fields)


def _read_alert(document: Document, fields: Fields) -> None:
    alert, agent, rule = (
        inner(document, "alertInfo"),
        inner(document, "agentDetectionInfo"),
        inner(document, "ruleInfo"),
    )
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ("malware",), ("info",)
    put_text("event.id", alert.get("alertId"), fields)
    severity = _SEVERITIES.get(text(rule.get("severity")).lower())
    if severity is not None:
        fields["event.severity"] = severity
    for name in ("id", "name", "description"):
        put_text(f"rule.{name}", rule.get(name), fields)
    put_end(fields, "source", alert.get("srcIp"), alert.get("srcPort"))
    put_end(fields, "destination", alert.get("dstIp"), alert.get("dstPort"))
    put_text("network.direction", _DIRECTIONS.get(text(alert.get("netEventDirection")).lower()), fields)
    put_text("dns.question.name", alert.get("dnsRequest"), fields)
    put_text("user.name", alert.get("loginsUserName"), fields)
    put_text("user.domain", alert.get("loginAccountDomain"), fields)
    put_text("dll.path", alert.get("modulePath"), fields)
    for name, key in (("key", "registryKeyPath"), ("path", "registryPath"), ("value", "registryValue")):
        put_text(f"registry.{name}", alert.get(key), fields)
    target = inner(document, "targetProcessInfo")
    hashes = [
        *_put_hashes("dll.hash", alert, ("moduleMd5", "moduleSha1"), fields),
        *_read_process("process", inner(document, "sourceProcessInfo"), fields),
        *_read_process("process.parent", inner(document, "sourceParentProcessInfo"), fields),
        *(text(target.get(name)).lower() for name in ("tgtFileHashSha1", "tgtFileHashSha256")),
    ]
    _put_instant("file.created", target.get("tgtFileCreatedAt"), fields)
    _put_instant("file.mtime", target.get("tgtFileModifiedAt"), fields)
    _read_places(document, fields)
    put_text("host.name", agent.get("name"), fields)
    put_text("host.type", agent.get("machineType"), fields)
    for name, key in (("name", "osName"), ("family", "osFamily"), ("version", "osRevision")):
        put_text(f"host.os.{name}", agent.get(key), fields)
    put_text("observer.serial_number", agent.get("uuid"), fields)
    put_text("observer.version", agent.get("version"), fields)
    if known_ip(machine := text(alert.get("srcMachineIp"))):
        fields["host.ip"] = machine
    _relate("related.hash", hashes, fields)
    names = ("user.name", "process.user.name", "process.parent.user.name")
    _relate("related.user", (fields.get(name) for name in names), fields)


def _read_process(prefix: str, process: Document, fields: Fields) -> list[str]:
    """Read a process, and return the hashes of its file."""
    put_text(f"{prefix}.name", process.get("name"), fields)
    put_text(f"{prefix}.executable", process.get("filePath"), fields)
    put_text(f"{prefix}.command_line", process.get("commandline"), fields)
    put_text(f"{prefix}.entity_id", process.get("uniqueId"), fields)
    put_text(f"{prefix}.user.name", process.get("user"), fields)
    put_text(f"{prefix}.code_signature.signing_id", process.get("fileSignerIdentity"), fields)
    put_count(fields, f"{prefix}.pid", process.get("pid"))
    _put_instant(f"{prefix}.start", process.get("pidStarttime"), fields)
    return _put_hashes(f"{prefix}.hash", process, ("fileHashMd5", "fileHashSha1", "fileHashSha256"), fields)


def _read_places(document: Document, fields: Fields) -> None:
    container, cluster = inner(document, "containerInfo"), inner(document, "kubernetesInfo")
    put_text("container.id", container.get("id"), fields)
    put_text("container.name", container.get("name"), fields)
    put_text("container.image.name", container.get("image"), fields)
    put_text("orchestrator.cluster.name", cluster.get("cluster"), fields)
    put_text("orchestrator.namespace", cluster.get("namespace"), fields)


def _read_activity(document: Document, fields: Fields) -> None:
    data, said = inner(document, "data"), text(document.get("primaryDescription"))
    put_text("message", said, fields)
    put_text("event.id", document.get("id"), fields)
    put_text("event.code", document.get("activityType"), fields)
    if text(data.get("confidenceLevel")).lower() in {"suspicious", "malicious"}:
        fields["event.kind"] = "alert"
    put_text("user.id", document.get("userId"), fields)
    put_text("user.full_name", data.get("username"), fields)
    put_end(fields, "source", data.get("ipAddress"))
    put_text("host.id", document.get("agentId"), fields)
    put_text("host.name", data.get("computerName"), fields)
    put_text("observer.version", document.get("agentUpdatedVersion"), fields)
    put_text("observer.os.family", document.get("osFamily"), fields)
    for prefix in ("group", "user.group"):
        put_text(f"{prefix}.id", document.get("groupId"), fields)
        put_text(f"{prefix}.name", document.get("groupName"), fields)
    _classify(document, data, said.lower(), fields)
    _relate("related.hash", _put_hashes("process.hash", {"sha1": document.get("hash")}, ("sha1",), fields), fields)
    _relate("related.user", (data.get("username"), data.get("byUser"), fields.get("user.email")), fields)


def _classify(document: Document, data: Document, said: str, fields: Fields) -> None:
    """Tell what an activity is: of a threat, a log-in to the console, or a change; its number goes before its words."""
    if text(document.get("threatId")):
        kind = text(data.get("threatClassification")).lower()
        malware = kind in _MALWARE
        fields["event.category"] = ("malware",) if malware else ("threat",)
        fields["event.type"] = ("info",) if malware else ("indicator",)
        return
    number = document.get("activityType")
    log_in = _LOG_INS.get(number) if isinstance(number, int) else None
    log_in = log_in or next((found for words, found in _LOG_IN_WORDS if words in said), None)
    if log_in is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in[0],)
        fields["event.outcome"] = log_in[1]
        put_text("user.name", first(data, ("username", "email", "byUser")), fields)
        account = fields.get("user.name")
        put_text("user.email", account if isinstance(account, str) and "@" in account else None, fields)
        return
    change = next((kind for word, kind in _CHANGE_WORDS if word in said), None)
    fields["event.category"], fields["event.type"] = (("configuration",) if change else (), (change or "info",))


def _read_agent(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("host",), ("info",)
    put_text("host.id", document.get("id"), fields)
    put_text("host.name", document.get("computerName"), fields)
    put_text("host.domain", document.get("domain"), fields)
    for name, key in (("name", "osName"), ("type", "osType"), ("version", "osRevision")):
        put_text(f"host.os.{name}", document.get(key), fields)
    put_text("group.id", document.get("groupId"), fields)
    put_text("group.name", document.get("groupName"), fields)
    put_text("observer.version", document.get("agentVersion"), fields)
    _put_interfaces(document, (document.get("externalIp"), document.get("lastIpToMgmt")), fields)
    _relate("related.hosts", (document.get("computerName"), document.get("domain")), fields)
    _relate("related.user", (document.get("lastLoggedInUserName"), document.get("osUsername")), fields)


def _read_group(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("iam",), ("info",)
    put_text("group.id", document.get("id"), fields)
    put_text("group.name", document.get("name"), fields)
    put_text("user.full_name", document.get("creator"), fields)
    _relate("related.user", (document.get("creator"),), fields)


def _put_interfaces(agent: Document, told: Iterable[Json], fields: Fields) -> None:
    """Put a host's addresses, those that the console saw and those of its interfaces."""
    addresses, macs = [text(each) for each in told], []
    for interface in objects(agent.get("networkInterfaces")):
        for key in ("gatewayIp", "inet", "inet6"):
            value = interface.get(key)
            addresses += [text(each) for each in value] if isinstance(value, list) else [text(value)]
        macs.append(text(interface.get("physical")).upper().replace(":", "-"))
    gateways = {text(each.get("gatewayIp")) for each in objects(agent.get("networkInterfaces"))}
    known = [address for address in dict.fromkeys(addresses) if known_ip(address)]
    if own := [address for address in known if address not in gateways]:
        fields["host.ip"] = own
    if named := [mac for mac in dict.fromkeys(macs) if mac]:
        fields["host.mac"] = named
    _relate("related.ip", known, fields)


def _put_hashes(prefix: str, document: Mapping[str, Json], keys: Iterable[str], fields: Fields) -> list[str]:
    """Put the hashes under these keys, each of which ends in the hash's name, and return them."""
    found = []
    for key in keys:
        if value := text(document.get(key)).lower():
            name = next(name for name in ("md5", "sha1", "sha256") if key.lower().endswith(name))
            fields[f"{prefix}.{name}"] = value
            found.append(value)
    return found


def _put_instant(name: str, value: Json, fields: Fields) -> None:
    moment = to_instant(value)
    if moment is not None:
        fields[name] = moment


def _relate(name: str, values: Iterable[object], fields: Fields) -> None:
    """Set one of `related.*` to the texts among the values."""
    if known := dict.fromkeys(each for each in values if isinstance(each, str) and each):
        fields[name] = list(known)


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "activity": _read_activity,
    "agent": _read_agent,
    "alert": _read_alert,
    "group": _read_group,
    "threat": _read_threat,
}

SOURCE: Final = JsonSource(
    name="sentinel_one",
    aliases=("sentinelone",),
    title="SentinelOne: threats, alerts, activities in the console, agents",
    dataset="sentinel_one.activity",
    owns=_owns,
    marks=(
        (b'"threatInfo"', b'"agentRealtimeInfo"'),
        (b'"alertInfo"', b'"agentDetectionInfo"'),
        (b'"activityType"', b'"primaryDescription"'),
        (b'"computerName"', b'"agentVersion"', b'"mitigationMode"'),
    ),
    read=read,
    finish=finish,
)

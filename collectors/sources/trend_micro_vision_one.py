"""Trend Micro Vision One: workbench alerts, detections of its products, and what people did in the console.

Format: Trend Vision One Automation Center, API 3.0: "Get alerts list", "Get detection data", "Get audit logs", one JSON
object a record. Field names: Elastic's `trend_micro_vision_one.*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_text, put_texts, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_STAMPS: Final = {
    "alert": ("updatedDateTime", "createdDateTime"),
    "audit": ("loggedDateTime",),
    "detection": ("eventTime", "rt_utc", "rt", "eventTimeDT"),
}
_DETECTION: Final = (
    ("event.id", ("eventId", "uuid")),
    ("event.reason", ("threatName", "malName", "ruleName", "eventSubName")),
    ("rule.name", ("ruleName",)),
    ("rule.id", ("ruleId",)),
    ("destination.domain", ("domainName", "dhost")),
    ("file.hash.md5", ("objectFileHashMd5", "fileHashMd5")),
    ("file.hash.sha1", ("objectFileHashSha1", "fileHash")),
    ("file.hash.sha256", ("objectFileHashSha256", "fileHashSha256")),
    ("file.path", ("filePathName", "fullPath", "objectFilePath")),
    ("host.name", ("endpointHostName", "hostName", "dvchost")),
    ("host.hostname", ("hostName", "endpointHostName")),
    ("host.id", ("endpointGUID",)),
    ("host.mac", ("endpointMacAddress",)),
    ("observer.mac", ("deviceMacAddress",)),
    ("observer.hostname", ("dvchost", "hostName")),
    ("http.request.referrer", ("httpReferer",)),
    ("network.protocol", ("app",)),
    ("network.direction", ("deviceDirection",)),
    ("process.command_line", ("processCmd",)),
    ("process.name", ("processName",)),
    ("process.executable", ("processFilePath",)),
    ("process.hash.sha256", ("processFileHashSha256",)),
    ("process.hash.sha1", ("processFileHashSha1",)),
    ("process.hash.md5", ("processFileHashMd5",)),
    ("process.parent.command_line", ("parentCmd",)),
    ("process.parent.executable", ("parentFilePath",)),
    ("user_agent.original", ("requestClientApplication",)),
    ("user.name", ("suser", "processUser", "logonUser")),
    ("email.subject", ("mailMsgSubject",)),
)
_LISTED: Final = (
    ("threat.tactic.id", "tacticId"),
    ("file.name", "fileName"),
    ("email.from.address", "mailFromAddresses"),
    ("email.to.address", "mailToAddresses"),
)
_AUDIT: Final = (  # a word of an audit record's category, and categories and type of ECS
    ("logon", ("authentication",), "info"),
    ("account", ("iam",), "change"),
    ("role", ("iam",), "change"),
    ("user", ("iam",), "change"),
)
_OUTCOMES: Final = {"successful": "success", "success": "success", "unsuccessful": "failure", "failure": "failure"}
_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b", re.ASCII)


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    if {"workbenchLink", "severity"} <= keys:
        return "alert"
    if {"loggedDateTime", "loggedUser", "activity"} <= keys:
        return "audit"
    return "detection" if {"eventName", "productCode", "eventTime"} <= keys else ""


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    fields["event.dataset"] = f"trend_micro_vision_one.{kind}"
    fields["observer.vendor"], fields["observer.product"] = "Trend Micro", "Vision One"
    moment = next((found for key in _STAMPS[kind] if (found := to_instant(document.get(key), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"trend_micro_vision_one.{kind}.", document, fields, snaked=True)


def _read_alert(document: Document, fields: Fields) -> None:
    """Read an alert of the workbench: what matched, and the people and computers that it is about."""
    fields["event.kind"] = "alert"
    put_text("event.id", document.get("id"), fields)
    put_text("event.reason", document.get("description"), fields)
    put_text("rule.name", document.get("model"), fields)
    put_text("log.level", document.get("severity"), fields)
    put_count(fields, "event.severity", document.get("score"))
    put_text("url.original", document.get("workbenchLink"), fields)
    scope = inner(document, "impactScope")
    entities = list(objects(scope.get("entities")))
    is_mail = bool(number(scope.get("emailAddressCount"))) or "mail" in text(document.get("description")).lower()
    fields["event.category"], fields["event.type"] = (("email",) if is_mail else ("intrusion_detection",)), ("info",)
    for entity in entities:
        value = inner(entity, "entityValue")
        if text(entity.get("entityType")) == "host" and value:
            put_text("host.name", value.get("name"), fields)
            put_text("host.id", value.get("guid"), fields)
            if known := [address for address in texts(value.get("ips")) if known_ip(address)]:
                fields["host.ip"] = known
        elif text(entity.get("entityType")) == "account":
            put_text("user.name", entity.get("entityValue"), fields)
    filters = [each for rule in objects(document.get("matchedRules")) for each in objects(rule.get("matchedFilters"))]
    if techniques := list(dict.fromkeys(found for each in filters for found in texts(each.get("mitreTechniqueIds")))):
        fields["threat.technique.id"] = techniques


def _read_audit(document: Document, fields: Fields) -> None:
    said = f"{text(document.get('category'))} {text(document.get('activity'))}".lower()
    found = next(((category, kind) for word, category, kind in _AUDIT if word in said), (("configuration",), "change"))
    fields["event.category"], fields["event.type"] = found[0], (found[1],)
    outcome = _OUTCOMES.get(text(document.get("result")).lower())
    if outcome is not None:
        fields["event.outcome"] = outcome
    put_text("event.action", text(document.get("activity")).lower(), fields)
    for prefix in ("user", "source.user"):
        put_text(f"{prefix}.name", document.get("loggedUser"), fields)
        put_text(f"{prefix}.roles", document.get("loggedRole"), fields)


def _read_detection(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("intrusion_detection",), ("info",)
    put_texts(_DETECTION, document, fields)
    put_text("event.action", " ".join(texts(document.get("act"))).lower(), fields)
    protocol = fields.get("network.protocol")
    if isinstance(protocol, str):
        fields["network.protocol"] = protocol.lower()
    for name, key in (("event.severity", "cat"), ("file.size", "fileSize"), ("process.pid", "processPid")):
        put_count(fields, name, document.get(key))
    for name, key in _LISTED:
        if values := texts(document.get(key)):
            fields[name] = values
    if techniques := _TECHNIQUE.findall(" ".join(texts(document.get("mitreMapping")))):
        fields["threat.technique.id"] = techniques
    for side, key, port in (("source", "src", "spt"), ("destination", "dst", "dpt")):
        for address in texts(document.get(key))[:1]:
            put_end(fields, side, address, document.get(port))
    if known := [address for address in texts(document.get("endpointIp")) if known_ip(address)]:
        fields["host.ip"] = known
    if url := text(document.get("request")):
        fields["url.original"] = url
        read_target(url, fields)


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "alert": _read_alert,
    "audit": _read_audit,
    "detection": _read_detection,
}

SOURCE: Final = JsonSource(
    name="trend_micro_vision_one",
    aliases=("trend_vision_one", "trendmicro_vision_one"),
    title="Trend Micro Vision One: alerts, detections, audit",
    dataset="trend_micro_vision_one.detection",
    owns=_owns,
    marks=((b'"workbenchLink"', b'"impactScope"'), (b'"productCode"', b'"eventName"', b'"endpointGUID"')),
    read=read,
    finish=finish,
)

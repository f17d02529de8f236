"""Azure activity log: administrative, policy, security, service health and alert events of a subscription.

Forms: the REST and portal form (`operationName: {value, localizedValue}`, `eventTimestamp`) and the diagnostic-settings
form of Event Hubs and storage accounts (`{"records": [...]}`, `time`, `identity`, `callerIpAddress`).
Format: Microsoft Learn, "Azure activity log event schema". Field names: Elastic's `azure.activitylogs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document, text_document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_P = "azure.activitylogs."
_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_CATEGORIES = frozenset(
    (
        *("administrative", "security", "servicehealth", "alert", "recommendation", "policy", "autoscale"),
        *("resourcehealth", "action", "write", "delete"),
    )
)
_VERBS = {"write": "change", "delete": "deletion", "read": "access"}
_SUCCEEDED = frozenset({"succeeded", "success", "accepted", "started", "start", "resolved", "active"})
_FAILED = frozenset({"failed", "failure", "denied", "rejected", "canceled"})
_LEFT = frozenset({"claims", "authorization", "eventTimestamp", "time"})


def _owns(document: Mapping[str, Json]) -> bool:
    category = _value(document.get("category")).lower()
    if "eventDataId" in document and "eventTimestamp" in document:
        return True
    if "operationName" not in document or category not in _CATEGORIES:
        return False
    return "resourceId" in document and ("time" in document or "eventTimestamp" in document)


def _value(part: Json) -> str:
    """Return the value of `{"value": ..., "localizedValue": ...}`, or the text that stands in its place."""
    return text(part.get("value")) if isinstance(part, dict) else text(part)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one activity."""
    moment = to_instant(document.get("eventTimestamp"), options.zone) or to_instant(document.get("time"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    identity = inner(document, "identity")
    action = _value(document.get("operationName"))
    category = _value(document.get("category"))
    resource = text(document.get("resourceId"))
    put_text("event.action", action, fields)
    put_text("event.provider", _value(document.get("resourceProviderName")) or action.partition("/")[0], fields)
    put_text("event.reason", document.get("description") or document.get("resultDescription"), fields)
    put_text("log.level", document.get("level"), fields)
    fields["cloud.provider"] = "azure"
    put_text("cloud.account.id", document.get("subscriptionId") or _subscription(resource), fields)
    _classify(action, category, fields)
    _outcome(document, fields)
    claims = inner(document, "claims") or inner(identity, "claims")
    _caller(document, claims, fields)
    _properties(document, category, fields)
    spread(_P + "identity.claims.", {key.rpartition("/")[2]: value for key, value in claims.items()}, fields)
    authorization = inner(document, "authorization") or inner(identity, "authorization")
    spread(_P + "identity.authorization.", authorization, fields, snaked=True)
    spread(_P, {key: _plain(value) for key, value in document.items() if key not in _LEFT}, fields, snaked=True)


def _plain(part: Json) -> Json:
    return part.get("value") if isinstance(part, dict) and part.keys() == {"value", "localizedValue"} else part


def _subscription(resource: str) -> str:
    parts = resource.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def _classify(action: str, category: str, fields: Fields) -> None:
    """Security records are alerts about malware; everything else is a call over the network to the control plane."""
    verb = _VERBS.get(action.rpartition("/")[2].lower(), "")
    if category == "Security":
        fields["event.category"], fields["event.type"] = ("malware",), ("info",)
        fields["event.kind"] = "alert"
        return
    is_iam = action.lower().startswith("microsoft.authorization/")
    fields["event.category"] = ("iam", "network") if is_iam else ("configuration", "network")
    fields["event.type"] = (verb, "info") if verb else ("info",)


def _outcome(document: Document, fields: Fields) -> None:
    status = (_value(document.get("status")) or text(document.get("resultType"))).lower()
    if status in _FAILED:
        fields["event.outcome"] = "failure"
    elif status in _SUCCEEDED:
        fields["event.outcome"] = "success"
    if text(document.get("resultSignature")).lower().startswith("failed"):
        fields["event.outcome"] = "failure"
    put_text("event.code", document.get("resultSignature"), fields)


def _caller(document: Document, claims: Document, fields: Fields) -> None:
    """Read who asked and whence: the claims of the caller's token, and the connection's address."""
    account = claims.get(_CLAIM + "upn") or claims.get(_CLAIM + "name") or document.get("caller")
    put_text("source.user.name", account, fields)
    put_text("source.user.full_name", claims.get("name"), fields)
    address = first(inner(document, "httpRequest"), ("clientIpAddress",))
    put_source(text(document.get("callerIpAddress")) or address or text(claims.get("ipaddr")), fields, names=False)


def _properties(document: Document, category: str, fields: Fields) -> None:
    """Read what a security alert says of the process that it is about."""
    properties = document.get("properties")
    details = text_document(properties) if isinstance(properties, str) else properties
    if category != "Security" or not isinstance(details, dict):
        return
    put_text("process.command_line", details.get("commandLine"), fields)
    put_text("process.name", details.get("processName"), fields)
    put_text("process.parent.name", details.get("parentProcess"), fields)
    if not fields.get("process.parent.name") and details.get("parentProcess") == "unknown":
        fields["process.parent.name"] = "unknown"
    put_text("process.user.name", details.get("userName"), fields)
    for name, field in (("processId", "process.pid"), ("parentProcess id", "process.parent.pid")):
        pid = number(details.get(name))
        if pid is not None:
            fields[field] = pid


SOURCE: Final = JsonSource(
    name="azure_activity",
    aliases=("azure_activitylogs", "azure.activitylogs"),
    title="Azure activity log (REST form and diagnostic settings)",
    dataset="azure.activitylogs",
    owns=_owns,
    marks=(
        (b'"eventDataId"', b'"eventTimestamp"'),
        (b'"resourceId"', b'"operationName"', b'"authorization"', b'"claims"'),
    ),
    read=read,
)

"""Entra's logs as diagnostic settings ship them: `time`, `category`, `operationName` and `properties`."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from collectors.cloud.documents import Document, text_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import inner, number, objects, put_source, put_text, text
from collectors.identity.entra_directory import read_directory_audit
from collectors.identity.entra_stamps import stamp
from collectors.json_fields import Json
from collectors.source import Options
from engine.events import Fields

_SIGN_INS = frozenset(
    (
        *("SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"),
        *("ADFSSignInLogs", "MicrosoftServicePrincipalSignInLogs"),
    )
)
_USER_SIGN_INS = frozenset({"SignInLogs", "NonInteractiveUserSignInLogs", "ADFSSignInLogs"})
_RISKS = frozenset(
    {
        "UserRiskEvents",
        "RiskyUsers",
        "RiskyServicePrincipals",
        "ServicePrincipalRiskEvents",
        "RiskyAgents",
        "AgentRiskEvents",
    }
)
_OTHERS = frozenset(
    (
        *("AuditLogs", "MicrosoftGraphActivityLogs", "ProvisioningLogs", "NetworkAccessTrafficLogs"),
        *("EnrichedOffice365AuditLogs", "RemoteNetworkHealthLogs", "AzureADGraphActivityLogs", "B2CRequestLogs"),
    )
)
_CATEGORIES = {name.lower(): name for name in (*_SIGN_INS, *_RISKS, *_OTHERS)}
_DIRECTORY = frozenset({"initiatedBy", "activityDisplayName", "loggedByService", "targetResources"})
_LEFT = frozenset({"properties", "time", "tenantId", "correlationId", "resourceId", "callerIpAddress"})


def is_diagnostic(document: Mapping[str, Json]) -> bool:
    """Tell a record by its category, which only Entra's have."""
    category = document.get("category")
    if not isinstance(category, str) or category.lower() not in _CATEGORIES:
        return False
    if category.lower() == "auditlogs":  # Intune's records have this category too, and other properties
        properties = document.get("properties")
        return isinstance(properties, str) or (isinstance(properties, dict) and not _DIRECTORY.isdisjoint(properties))
    return "operationName" in document or "properties" in document


def read_diagnostic(document: Document, fields: Fields, options: Options) -> None:
    """Read one record."""
    category = _CATEGORIES[text(document.get("category")).lower()]
    properties = document.get("properties")
    details = text_document(properties) if isinstance(properties, str) else properties
    details = details if isinstance(details, dict) else {}
    moment = stamp(document.get("time"), options.zone) or stamp(details.get("createdDateTime"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("event.action", document.get("operationName") or details.get("activityDisplayName"), fields)
    put_text("log.level", document.get("Level") or document.get("level"), fields)
    put_text("error.code", document.get("resultType"), fields)
    put_text("event.reason", document.get("resultDescription"), fields)
    put_source(document.get("callerIpAddress"), fields, names=False)
    if "source.ip" not in fields:
        put_source(details.get("ipAddress"), fields, names=False)
    prefix = _read_category(category, document, details, fields)
    put_text("azure.tenant_id", document.get("tenantId"), fields)
    put_text("azure.correlation_id", document.get("correlationId"), fields)
    put_text("azure.resource.id", document.get("resourceId"), fields)
    spread(prefix, document, fields, snaked=True, skip=_LEFT)
    spread(prefix + "properties.", details, fields, snaked=True)


def _read_category(category: str, document: Document, details: Document, fields: Fields) -> str:
    """Read what records of this category have; return the prefix of the vendor's fields."""
    name = "auditlogs"
    if category in _SIGN_INS:
        name = "signinlogs"
        _read_sign_in(category, document, details, fields)
    elif category == "AuditLogs":
        read_directory_audit(details, fields, is_graph=False)
        put_text("service.name", details.get("loggedByService"), fields)
        put_text("user_agent.original", details.get("userAgent"), fields)
    elif category in _RISKS:
        name = "identity_protection"
        _read_risk(details, fields)
    elif category == "MicrosoftGraphActivityLogs":
        name = "graphactivitylogs"
        _read_graph_activity(details, fields)
    else:
        fields["event.category"], fields["event.type"] = ("iam",), ("info",)
        _read_user(details, fields)
    fields["event.dataset"] = f"azure.{name}"
    return f"azure.{name.replace('_', '')}."


def _read_user(details: Document, fields: Fields) -> None:
    put_text("user.id", details.get("userId"), fields)
    put_text("user.full_name", details.get("userDisplayName"), fields)
    login = text(details.get("userPrincipalName"))
    put_text("user.email", login, fields)
    name, _, domain = login.partition("@")
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)
    put_text("user_agent.original", details.get("userAgent"), fields)


def _read_application(details: Document, fields: Fields) -> None:
    """Name the application or the managed identity that signed in by itself; both are service principals.

    Some records name it by its application alone.
    """
    if "user.id" in fields or "user.name" in fields:
        return
    put_text("user.id", details.get("servicePrincipalId") or details.get("appId"), fields)
    put_text("user.name", details.get("servicePrincipalName") or details.get("appDisplayName"), fields)


def _read_sign_in(category: str, document: Document, details: Document, fields: Fields) -> None:
    _read_user(details, fields)
    code = text(document.get("resultType")) or text(inner(details, "status").get("errorCode"))
    if code:
        fields["event.outcome"] = "success" if code == "0" else "failure"
    is_user = category in _USER_SIGN_INS
    if not is_user:
        _read_application(details, fields)
    fields["event.category"] = ("authentication",) if is_user else ("authentication", "iam")
    fields["event.type"] = ("start", "info")
    put_text("event.reason", inner(details, "status").get("failureReason"), fields)
    put_text("service.name", details.get("resourceDisplayName") or details.get("appDisplayName"), fields)
    duration = number(document.get("durationMs"))
    if duration is not None:
        fields["event.duration"] = duration * 1_000_000
    device = inner(details, "deviceDetail")
    put_text("host.name", device.get("displayName"), fields)


def _read_risk(details: Document, fields: Fields) -> None:
    _read_user(details, fields)
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ("iam", "authentication"), ("connection", "info")
    reason = details.get("riskEventType") or details.get("riskType")
    if text(reason):
        fields["event.reason"] = text(reason)
    additional = details.get("additionalInfo")
    try:
        pairs = orjson.loads(additional) if isinstance(additional, str) else additional
    except orjson.JSONDecodeError:
        pairs = None
    for pair in objects(pairs):
        if pair.get("Key") == "userAgent":
            put_text("user_agent.original", pair.get("Value"), fields)


def _read_graph_activity(details: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("iam", "web"), ("access",)
    put_text("user.id", details.get("userId") or details.get("UserPrincipalObjectID"), fields)
    put_text("user_agent.original", details.get("userAgent"), fields)
    put_text("http.request.method", details.get("requestMethod"), fields)
    put_text("url.original", details.get("requestUri"), fields)
    status = number(details.get("responseStatusCode"))
    if status is not None:
        fields["http.response.status_code"] = status
        fields["event.outcome"] = "failure" if status >= 400 else "success"

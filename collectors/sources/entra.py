"""Entra ID (Azure AD): sign-ins, directory audit, risk detections and Graph activity.

Forms: diagnostic settings (`{"records": [...]}` or one object with `category` and `properties`) and Microsoft Graph
(`auditLogs/signIns`, `auditLogs/directoryAudits`, `identityProtection/riskDetections`: `{"value": [...]}`).
Format: Microsoft Learn, "Microsoft Entra sign-in/audit log schema"; Graph resources signIn, directoryAudit and
riskDetection. Field names: Elastic's `azure.signinlogs`, `azure.auditlogs`, `azure.identityprotection`,
`azure.graphactivitylogs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_source, put_text, text
from collectors.identity.entra_diagnostic import is_diagnostic, read_diagnostic
from collectors.identity.entra_directory import read_directory_audit
from collectors.identity.entra_stamps import stamp
from collectors.json_fields import Json
from collectors.source import Options
from engine.events import Fields


def _is_graph_audit(document: Mapping[str, Json]) -> bool:
    return "activityDisplayName" in document and ("initiatedBy" in document or "targetResources" in document)


def _is_graph_sign_in(document: Mapping[str, Json]) -> bool:
    if "createdDateTime" not in document or "appId" not in document:
        return False
    return "conditionalAccessStatus" in document or ("servicePrincipalId" in document and "status" in document)


def _is_graph_risk(document: Mapping[str, Json]) -> bool:
    return "riskEventType" in document and "detectedDateTime" in document


def _owns(document: Mapping[str, Json]) -> bool:
    return (
        is_diagnostic(document) or _is_graph_audit(document) or _is_graph_sign_in(document) or _is_graph_risk(document)
    )


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any of the forms."""
    fields["cloud.provider"] = "azure"
    if is_diagnostic(document):
        read_diagnostic(document, fields, options)
    elif _is_graph_audit(document):
        _read_graph_audit(document, fields, options)
    else:
        _read_graph_sign_in(document, fields, options)


def _read_graph_audit(document: Document, fields: Fields, options: Options) -> None:
    fields["event.dataset"] = "azure.auditlogs"
    put_stamp(document, ("activityDateTime",), fields, options)
    put_text("trace.id", document.get("correlationId"), fields)
    put_text("event.provider", document.get("loggedByService"), fields)
    put_text("service.name", document.get("loggedByService"), fields)
    fields["cloud.service.name"] = "Azure EntraId"
    name = document.get("activityDisplayName")
    if isinstance(name, str) and name:
        fields["event.action"] = name
    read_directory_audit(document, fields, is_graph=True)
    spread("azure.auditlogs.properties.", document, fields, snaked=True)


def _read_graph_sign_in(document: Document, fields: Fields, options: Options) -> None:
    is_risk = _is_graph_risk(document)
    prefix = "azure.identityprotection" if is_risk else "azure.signinlogs"
    fields["event.dataset"] = "azure.identity_protection" if is_risk else prefix
    put_stamp(document, ("createdDateTime", "activityDateTime", "detectedDateTime"), fields, options)
    put_text("trace.id", document.get("correlationId"), fields)
    put_text("event.provider", document.get("resourceDisplayName") or document.get("source"), fields)
    put_text("service.name", document.get("appDisplayName"), fields)
    put_text("service.id", document.get("appId"), fields)
    fields["cloud.service.name"] = "Azure EntraId"
    put_text("user.id", document.get("userId"), fields)
    put_text("user.name", document.get("userDisplayName"), fields)
    put_text("user.email", document.get("userPrincipalName"), fields)
    if "user.id" not in fields:  # an application signed in by itself
        put_text("user.id", document.get("servicePrincipalId"), fields)
        put_text("user.name", document.get("servicePrincipalName"), fields)
    put_source(document.get("ipAddress"), fields, names=False)
    browser = inner(document, "deviceDetail").get("browser")
    put_text("user_agent.original", document.get("userAgent") or browser, fields)
    code = text(inner(document, "status").get("errorCode"))
    put_text("event.code", code, fields)
    put_text("event.reason", inner(document, "status").get("failureReason") or document.get("riskEventType"), fields)
    if code:
        fields["event.outcome"] = "success" if code == "0" else "failure"
    fields["event.category"] = ("iam", "authentication") if is_risk else ("authentication",)
    fields["event.type"] = ("info",) if is_risk else ("start", "info")
    if is_risk:
        fields["event.kind"] = "alert"
    put_text("event.action", "User Risk Detection" if is_risk else "Sign-in activity", fields)
    spread(prefix + ".properties.", document, fields, snaked=True)


def put_stamp(document: Document, names: tuple[str, ...], fields: Fields, options: Options) -> None:
    """Put the first instant that stands under one of the names into `@timestamp`."""
    moment = next((found for name in names if (found := stamp(document.get(name), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment


SOURCE: Final = JsonSource(
    name="entra",
    aliases=(
        *("azure_ad", "azuread", "entra_graph", "entra_id", "azure_signinlogs", "azure_auditlogs"),
        *("azure.signinlogs", "azure.auditlogs"),
    ),
    title="Entra ID sign-ins, audit, risk and Graph activity (diagnostic settings or Graph)",
    dataset="azure.auditlogs",
    owns=_owns,
    marks=(
        (b'"category"', b'"properties"', b'"operationName"', b'"conditionalAccessStatus"'),
        (b'"activityDisplayName"', b'"initiatedBy"'),
        (b'"createdDateTime"', b'"conditionalAccessStatus"', b'"appId"'),
    ),
    read=read,
)

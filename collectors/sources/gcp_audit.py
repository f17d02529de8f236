"""Google Cloud audit logs: admin activity, data access, system events, policy denials, and Workspace log-ins.

Forms: a LogEntry with `protoPayload` (Cloud Logging export, Pub/Sub, BigQuery-like JSON), one a record or in an array.
Format: Google Cloud documentation, "LogEntry" and "AuditLog" references. Field names: Elastic's `gcp.audit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import put, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_source, put_text, text
from collectors.json_fields import Json, as_json, to_instant
from collectors.source import Options
from engine.events import Fields

_P = "gcp.audit."
_AUDIT_TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"
_ACCOUNTS = ("affected_email_address", "affected_email", "email_address")
_VERBS = (
    (("delete", "remove", "destroy", "purge"), "deletion"),
    (("create", "insert", "add", "enroll"), "creation"),
    (("update", "patch", "set", "edit", "change", "modify", "enable", "disable", "write", "attach", "reset"), "change"),
    (("get", "list", "read", "watch", "search", "query", "describe"), "access"),
)
_REFUSALS = frozenset({7, 16})  # google.rpc.Code: PERMISSION_DENIED, UNAUTHENTICATED
_WHOLE = frozenset({"request", "response", "metadata", "serviceData"})
_LEFT = frozenset({"protoPayload", "timestamp", "resource"})


def _owns(document: Mapping[str, Json]) -> bool:
    payload = document.get("protoPayload")
    if not isinstance(payload, dict):
        return False
    return payload.get("@type") == _AUDIT_TYPE or ("methodName" in payload and "serviceName" in payload)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one audit LogEntry."""
    moment = to_instant(document.get("timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    payload = inner(document, "protoPayload")
    metadata = inner(payload, "requestMetadata")
    method = text(payload.get("methodName"))
    service = text(payload.get("serviceName"))
    put_text("event.action", method, fields)
    put_text("event.provider", service, fields)
    put_text("service.name", service, fields)
    put_text("log.level", document.get("severity"), fields)
    fields["event.category"], fields["event.type"] = _classify(service, method)
    fields["cloud.provider"] = "gcp"
    labels = inner(document, "resource", "labels")
    put_text("cloud.project.id", labels.get("project_id") or _project(text(document.get("logName"))), fields)
    put_source(metadata.get("callerIp"), fields, names=False)
    put_text("user_agent.original", metadata.get("callerSuppliedUserAgent"), fields)
    _read_account(payload, fields)
    _outcome(payload, fields)
    _vendor(document, payload, fields)


def _project(log_name: str) -> str:
    parts = log_name.split("/", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "projects" else ""


@lru_cache(maxsize=4096)
def _classify(service: str, method: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return category and types by the last part of the method's name (`google.iam.admin.v1.CreateRole`)."""
    verb = method.rpartition(".")[2]
    low = verb.lower()
    if service == "login.googleapis.com":
        is_session = low.startswith(("login", "logout", "suspiciouslogin", "riskysensitive"))
        categories = ("authentication", "session") if low == "logout" else ("authentication",)
        kind = "end" if low == "logout" else "start" if low == "loginsuccess" else "info"
        return (
            (categories, (kind,)) if is_session else (("iam",), ("user", "change" if "warning" not in low else "info"))
        )
    kinds = tuple(kind for words, kind in _VERBS if any(low.startswith(word) for word in words))[:1] or ("info",)
    if service in {"iam.googleapis.com", "admin.googleapis.com", "iamcredentials.googleapis.com"} or "iampolicy" in low:
        return ("iam",), kinds
    return (("configuration",) if kinds != ("access",) else ("network",)), kinds


def _read_account(payload: Document, fields: Fields) -> None:
    """Read who called: a mail address, or a name of the cluster's (`system:kube-scheduler`)."""
    authentication = inner(payload, "authenticationInfo")
    account = text(authentication.get("principalEmail")) or text(authentication.get("principalSubject"))
    if account:
        fields["user.name"] = account
        if "@" in account and ":" not in account:
            fields["user.email"] = account
    else:
        for event in objects(inner(payload, "metadata").get("event")):
            for parameter in objects(event.get("parameter")):
                if text(parameter.get("name")) in _ACCOUNTS:
                    put_text("user.email", parameter.get("value"), fields)


def _outcome(payload: Document, fields: Fields) -> None:
    status = inner(payload, "status")
    code = number(status.get("code"))
    refused = any(part.get("granted") is False for part in objects(payload.get("authorizationInfo")))
    failed = text(payload.get("methodName")).lower().endswith("loginfailure")
    if code:
        put_text("event.code", status.get("code"), fields)
        put_text("event.reason", status.get("message"), fields)
    fields["event.outcome"] = "failure" if code or refused or failed else "success"
    if code in _REFUSALS or refused or _is_violation(payload):
        kinds = fields["event.type"]
        fields["event.type"] = (*(kinds if isinstance(kinds, tuple) else ()), "denied")
        fields["event.outcome"] = "failure"


def _is_violation(payload: Document) -> bool:
    """Tell a call that an organisation's policy or a service perimeter refused."""
    metadata = inner(payload, "metadata")
    return bool(
        inner(payload, "policyViolationInfo")
        or metadata.get("violationReason")
        or text(metadata.get("@type")).endswith("VpcServiceControlAuditMetadata")
    )


def _vendor(document: Document, payload: Document, fields: Fields) -> None:
    spread(_P, payload, fields, snaked=True, skip=_WHOLE)
    for name in _WHOLE & payload.keys():
        value = payload[name]
        if isinstance(value, dict):
            spread(f"{_P}flattened.{name}.", value, fields)
        elif value is not None:
            put(f"{_P}{name}", value if isinstance(value, str) else as_json(value), fields)
    for event in objects(inner(payload, "metadata").get("event")):
        put_text("gcp.audit.event_name", event.get("eventName"), fields)
    resource = inner(document, "resource")
    put_text("gcp.audit.resource.type", resource.get("type"), fields)
    spread("gcp.audit.resource.labels.", inner(resource, "labels"), fields)
    spread(_P, document, fields, snaked=True, skip=_LEFT)


SOURCE: Final = JsonSource(
    name="gcp_audit",
    aliases=("gcp", "gcp.audit", "google_cloud_audit"),
    title="Google Cloud audit logs",
    dataset="gcp.audit",
    owns=_owns,
    marks=((b'"protoPayload"', b'"methodName"'), (b'"protoPayload"', b"google.cloud.audit.AuditLog")),
    read=read,
)

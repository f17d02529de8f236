"""Kubernetes audit events (`audit.k8s.io`) of any API server, and the cluster events of GKE in Cloud Logging.

Forms: the API server's log and webhook backends (one Event a line, or an EventList: `{"items": [...]}`); LogEntry
objects of GKE with `jsonPayload` or `textPayload` on a `k8s_*` resource. GKE's audit entries carry a `protoPayload`
and are Google Cloud audit logs.
Format: Kubernetes documentation, "kube-apiserver Audit Configuration (v1)"; Google Cloud, "GKE logs".
Field names: Elastic's `kubernetes.audit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_P = "kubernetes.audit."
_G = "kubernetes.gke."
_TYPES = {
    "create": "creation",
    "delete": "deletion",
    "deletecollection": "deletion",
    "update": "change",
    "patch": "change",
    "get": "access",
    "list": "access",
    "watch": "access",
}
_IAM = frozenset(
    (
        *("roles", "rolebindings", "clusterroles", "clusterrolebindings", "serviceaccounts"),
        *("tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "certificatesigningrequests"),
    )
)
_STAMPS = ("requestReceivedTimestamp", "stageTimestamp", "timestamp")
_OWN_STAMPS = frozenset({"timestamp"})


def _is_audit(document: Mapping[str, Json]) -> bool:
    if "auditID" in document and "verb" in document:
        return True
    version = document.get("apiVersion")
    return isinstance(version, str) and version.startswith("audit.k8s.io/")


def _owns(document: Mapping[str, Json]) -> bool:
    return _is_audit(document) or _is_gke(document)


def _is_gke(document: Mapping[str, Json]) -> bool:
    if "logName" not in document or not ("jsonPayload" in document or "textPayload" in document):
        return False
    resource = document.get("resource")
    kind = resource.get("type") if isinstance(resource, dict) else None
    return isinstance(kind, str) and kind.startswith(("k8s_", "gke_"))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one audit event, or one cluster event of GKE."""
    if _is_audit(document):
        _read_audit(document, fields, options)
    else:
        _read_gke(document, fields, options)


def _read_audit(document: Document, fields: Fields, options: Options) -> None:
    verb = text(document.get("verb"))
    put_text("event.action", verb, fields)
    put_text("event.code", document.get("auditID"), fields)
    received = to_instant(document.get("requestReceivedTimestamp"), options.zone)
    moment = next((found for name in _STAMPS if (found := to_instant(document.get(name), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    if received is not None:
        fields["event.start"] = received
    target = inner(document, "objectRef")
    is_iam = text(target.get("resource")) in _IAM
    fields["event.category"] = ("iam", "network") if is_iam else ("configuration", "network")
    fields["event.type"] = (_TYPES.get(verb, "info"),)
    _read_request(text(document.get("requestURI")), fields)
    put_text("user_agent.original", document.get("userAgent"), fields)
    addresses = document.get("sourceIPs")
    if isinstance(addresses, list) and addresses:
        put_source(addresses[0], fields, names=False)
    _read_account(document, fields)
    _read_object(target, fields)
    _outcome(document, fields)
    spread(_P, document, fields)


def _read_request(uri: str, fields: Fields) -> None:
    """Set the parts of what was asked for: `/api/v1/pods?limit=500` has a path and a query."""
    path, _, query = uri.partition("?")
    for name, value in (("url.original", uri), ("url.path", path), ("url.query", query)):
        put_text(name, value, fields)


def _read_account(document: Document, fields: Fields) -> None:
    """Read who authenticated, and for whom that account acted (`kubectl --as`, or a proxy that impersonates)."""
    for name, prefix in (("user", "user"), ("impersonatedUser", "user.effective")):
        user = inner(document, name)
        put_text(f"{prefix}.name", user.get("username"), fields)
        put_text(f"{prefix}.id", user.get("uid"), fields)
        groups = user.get("groups")
        if isinstance(groups, list) and (members := [found for group in groups if (found := text(group))]):
            fields[f"{prefix}.roles"] = members


def _read_object(target: Document, fields: Fields) -> None:
    """Set what the call is about; a subresource (`pods/exec`) is part of its kind."""
    kind = "/".join(part for name in ("resource", "subresource") if (part := text(target.get(name))))
    for field, value in (
        ("kubernetes.namespace", target.get("namespace")),
        ("orchestrator.namespace", target.get("namespace")),
        ("orchestrator.resource.type", kind),
        ("orchestrator.resource.name", target.get("name")),
    ):
        put_text(field, value, fields)


def _outcome(document: Document, fields: Fields) -> None:
    """`allow` and `forbid` are the authorizer's decision; the response tells whether the call went through."""
    status = number(inner(document, "responseStatus").get("code"))
    decision = text(inner(document, "annotations").get("authorization.k8s.io/decision"))
    if status is not None:
        fields["http.response.status_code"] = status
    if decision == "forbid" or (status is not None and status >= 400):
        fields["event.outcome"] = "failure"
    elif status is not None or decision == "allow":
        fields["event.outcome"] = "success"
    put_text("event.reason", inner(document, "responseStatus").get("message"), fields)


def _read_gke(document: Document, fields: Fields, options: Options) -> None:
    moment = to_instant(document.get("timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.dataset"] = "kubernetes.gke"
    payload = inner(document, "jsonPayload")
    resource = inner(document, "resource")
    labels = inner(resource, "labels")
    fields["event.category"], fields["event.type"] = ("process",), ("change",)
    fields["cloud.provider"], fields["orchestrator.type"] = "gcp", "kubernetes"
    put_text("cloud.project.id", labels.get("project_id"), fields)
    put_text("orchestrator.cluster.name", labels.get("cluster_name"), fields)
    put_text("event.reason", payload.get("message") or document.get("textPayload"), fields)
    put_text("log.level", document.get("severity"), fields)
    if payload:
        put_text("event.action", payload.get("reason"), fields)
        put_text("orchestrator.api_version", payload.get("apiVersion"), fields)
        space = inner(payload, "metadata").get("namespace") or labels.get("namespace_name")
        put_text("orchestrator.namespace", space, fields)
        put_text("orchestrator.resource.name", first(labels, ("pod_name",)), fields)
        put_text("orchestrator.resource.type", resource.get("type"), fields)
    spread(_G, document, fields, skip=_OWN_STAMPS)


SOURCE: Final = JsonSource(
    name="kubernetes_audit",
    aliases=("k8s_audit", "kubernetes", "kubernetes.audit_logs", "gke"),
    title="Kubernetes audit events, GKE cluster events",
    dataset="kubernetes.audit_logs",
    owns=_owns,
    marks=((b'"auditID"', b'"verb"'), (b'"audit.k8s.io/',), (b'"jsonPayload"', b'"involvedObject"')),
    read=read,
)

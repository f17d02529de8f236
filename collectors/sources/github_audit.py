"""GitHub audit log of an organization or enterprise: REST API, streaming, and exported JSON.

Format: GitHub documentation, "Audit log events for your organization/enterprise" and the REST endpoint
`/orgs/{org}/audit-log` (`@timestamp` and `created_at` in milliseconds). Field names: Elastic's `github.audit`
(`github.*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_source, put_text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_OPERATIONS = {
    "create": "creation",
    "remove": "deletion",
    "access": "access",
    "modify": "change",
    "restore": "change",
    "transfer": "change",
    "authentication": "start",
}
_VERBS = (  # words of an action's last part
    (frozenset({"create", "created", "add", "added", "invite", "generate", "generated", "register"}), "creation"),
    (frozenset({"destroy", "delete", "deleted", "remove", "removed", "revoke", "revoked", "purge"}), "deletion"),
    (frozenset({"accessed", "download", "clone", "fetch", "view", "request", "export"}), "access"),
    (frozenset({"block", "reject", "rejected", "deny", "denied"}), "denied"),
    (frozenset({"bypass", "override", "approve", "approved"}), "allowed"),
)
_STAMP = frozenset({"@timestamp"})
_SUBJECTS = (
    (frozenset({"user", "member", "collaborator", "admin", "owner", "invitation", "invite"}), "user"),
    (frozenset({"team", "group"}), "group"),
)
_IDENTITY = frozenset(  # areas whose actions are about who may do what
    (
        *("team", "user", "role", "organization_role", "enterprise_team", "external_group", "external_identity"),
        *("personal_access_token", "public_key", "security_key", "two_factor_authentication", "passkey"),
        *("oauth_access", "oauth_authorization", "org_credential_authorization", "ssh_certificate_authority"),
        *("repository_invitation", "staff"),
    )
)
_SIGN_INS = frozenset({"login", "failed_login", "sign_in", "sso_response", "logout"})
_HINTS = ("_document_id", "org", "business", "actor_id", "operation_type", "repo", "created_at", "actor_location")


def _owns(document: Mapping[str, Json]) -> bool:
    action = document.get("action")
    if not isinstance(action, str) or not ("." in action or "_" in action) or " " in action:
        return False
    if "actor" not in document and "_document_id" not in document:
        return False
    return sum(name in document for name in _HINTS) >= 2 and ("@timestamp" in document or "created_at" in document)


@lru_cache(maxsize=4096)
def _classify(action: str, operation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return category and types of an action (`org.add_member`) with the operation that the log names for it.

    The log holds changes of configuration made over the web, sign-ins, and the reading of code (`git.clone`).
    """
    area, _, verb = action.partition(".")
    words = frozenset(verb.split("_"))
    subjects = [kind for names, kind in _SUBJECTS if words & names or area in names]
    if verb in _SIGN_INS or operation == "authentication":
        return ("configuration", "web", "authentication"), ("end" if verb == "logout" else "start", "info", *subjects)
    kinds = [_OPERATIONS[operation]] if operation in _OPERATIONS and verb != "access" else []  # `access` is visibility
    kinds += [kind for names, kind in _VERBS if words & names]
    if "access" not in kinds:
        kinds.insert(0, "change")
    categories = ["configuration", "web"]
    if subjects or area in _IDENTITY:
        categories.append("iam")
    return tuple(categories), tuple(dict.fromkeys((*kinds, "info", *subjects)))


def _outcome(action: str, document: Document) -> str | None:
    """Return the outcome where the log says it: by the action's name, an answer's status, or a refusal."""
    status = document.get("status_code")
    if isinstance(status, int) and status >= 100:
        return "failure" if status >= 400 else "success"
    words = frozenset(action.rpartition(".")[2].split("_"))
    if words & {"failed", "failure", "rejected", "denied"} or document.get("actor_is_blocked") is True:
        return "failure"
    return "success" if action.endswith(".login") else None


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one audit record."""
    moment = to_instant(document.get("@timestamp"), options.zone) or to_instant(
        document.get("created_at"), options.zone
    )
    if moment is not None:
        fields["@timestamp"] = moment
    action = first(document, ("action",))
    put_text("event.action", action, fields)
    fields["event.category"], fields["event.type"] = _classify(action, first(document, ("operation_type",)))
    if (outcome := _outcome(action, document)) is not None:
        fields["event.outcome"] = outcome
    put_text("user.id", document.get("actor_id"), fields)
    put_text("user.name", document.get("actor"), fields)
    target = first(document, ("user", "blocked_user", "invitee"))
    if target and target != fields.get("user.name"):
        fields["user.target.name"] = target
    put_text("organization.id", document.get("org_id"), fields)
    if isinstance(document.get("org"), str):
        put_text("organization.name", document.get("org"), fields)
    put_text("group.name", document.get("team"), fields)
    if "user.target.name" in fields:
        put_text("user.target.group.name", document.get("team"), fields)
    put_text("event.reason", document.get("reason") or document.get("failure_reason"), fields)
    put_text("http.request.method", document.get("request_method"), fields)
    put_source(document.get("actor_ip"), fields, names=False)
    put_text("user_agent.original", document.get("user_agent"), fields)
    spread("github.", document, fields, skip=_STAMP)


SOURCE: Final = JsonSource(
    name="github_audit",
    aliases=("github", "github.audit"),
    title="GitHub audit log",
    dataset="github.audit",
    owns=_owns,
    marks=((b'"_document_id"', b'"action"', b'"actor"'),),
    read=read,
)

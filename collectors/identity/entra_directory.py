"""Directory audit records of Entra: who did it, to whom, and what changed."""

from __future__ import annotations

from collectors.cloud.documents import Document
from collectors.cloud.values import inner, objects, put_source, put_text, text
from collectors.json_fields import Json
from engine.events import Fields

_OPERATIONS = {
    "add": "creation",
    "create": "creation",
    "delete": "deletion",
    "remove": "deletion",
    "update": "change",
    "assign": "change",
    "unassign": "change",
    "get": "access",
    "read": "access",
}
_SUBJECTS = {"UserManagement": "user", "GroupManagement": "group"}


def read_directory_audit(document: Document, fields: Fields, *, is_graph: bool) -> None:
    """Read a directoryAudit resource; in diagnostic settings it stands under `properties`.

    Where an application acts, it is the user (`user.id` its service principal); in Graph's form, whose suite has it so,
    `user.email` is then the account it acted on.
    """
    result = text(document.get("result")).lower()
    if result:
        fields["event.outcome"] = {"success": "success", "failure": "failure"}.get(result, "unknown")
    put_text("event.reason", document.get("resultReason"), fields)
    kind = _OPERATIONS.get(text(document.get("operationType")).lower(), "")
    subject = _SUBJECTS.get(text(document.get("category")), "")
    fields["event.category"] = ("iam",)
    fields["event.type"] = tuple(part for part in (subject, kind) if part) or ("info",)
    user, app = inner(document, "initiatedBy", "user"), inner(document, "initiatedBy", "app")
    put_text("user.id", user.get("id") or (None if is_graph else app.get("servicePrincipalId")), fields)
    if is_graph:
        put_text("user.name", user.get("displayName"), fields)
        put_text("user.email", user.get("userPrincipalName"), fields)
    else:
        put_text("user.name", user.get("userPrincipalName") or user.get("displayName"), fields)
        put_text("user.name", app.get("displayName"), fields)
    put_source(user.get("ipAddress"), fields, names=False)
    for detail in objects(document.get("additionalDetails")):
        if detail.get("key") == "User-Agent" and not is_graph:
            put_text("user_agent.original", detail.get("value"), fields)
    _read_targets(document, user, fields, is_graph=is_graph)


def _read_targets(document: Document, user: Document, fields: Fields, *, is_graph: bool) -> None:
    targets = [
        (text(each.get("type")) or text(each.get("Type")), each) for each in objects(document.get("targetResources"))
    ]
    of_account = any(kind == "User" for kind, _ in targets)
    for kind, target in targets:
        account = target.get("userPrincipalName")
        if kind == "User" and is_graph and not user:
            put_text("user.email", account, fields)
        elif kind == "User" and not (user and target.get("id") == user.get("id")):
            put_text("user.target.id", target.get("id"), fields)
            put_text("user.target.name", account or target.get("displayName"), fields)
        elif kind == "Group" and of_account:  # which the account joined or left
            put_text("user.target.group.id", target.get("id"), fields)
            put_text("user.target.group.name", target.get("displayName"), fields)
        for changed in objects(target.get("modifiedProperties")):
            _read_group(changed, fields)


def _read_group(changed: Document, fields: Fields) -> None:
    name = {"Group.ObjectID": "id", "Group.DisplayName": "name"}.get(text(changed.get("displayName")))
    if name:
        put_text(f"user.target.group.{name}", _unquoted(changed.get("oldValue")), fields)
        put_text(f"user.changes.group.{name}", _unquoted(changed.get("newValue")), fields)


def _unquoted(value: Json) -> str:
    """Return the text that the log writes as JSON inside of its JSON."""
    return text(value).strip('"')

"""Keycloak's events: user events (`LOGIN_ERROR`) and admin events (`CREATE` of a `USER`), from text or from JSON.

Format: Keycloak server administration guide, "Configuring auditing to track events"; EventType, OperationType and
ResourceType of its API; the `jboss-logging` event listener. Field names: Elastic's `keycloak.log`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from collectors.cloud.flatten import put, snake
from collectors.cloud.values import inner, put_source, put_text, text
from collectors.json_fields import Json
from engine.events import Fields

# `type="LOGIN", realmId="x", ...` since version 22, `type=LOGIN, realmId=x, ...` before; a value ends at `, name=`
_PAIR = re.compile(
    r'([A-Za-z_][\w.\-]{0,63})=(?:"((?:[^"\\]|\\.)*+)"|([^,]*+(?:,(?! [A-Za-z_][\w.\-]{0,63}=)[^,]*+)*+))(?:, |$)'
)
_STARTS = ("type=", "operationType=")
_EVENT_FIELDS = frozenset({"type", "realmId", "realmName", "clientId", "userId", "ipAddress", "error", "username"})
_ADMIN_FIELDS = {"resourceType": "keycloak.admin.resource.type", "resourcePath": "keycloak.admin.resource.path"}
_CHANGES = ("UPDATE_", "REMOVE_", "RESET_", "VERIFY_", "FEDERATED_IDENTITY", "GRANT_", "REVOKE_", "EXECUTE_")
_OPERATIONS = {"CREATE": "creation", "UPDATE": "change", "DELETE": "deletion", "ACTION": "info"}
_IAM_RESOURCES = ("USER", "GROUP", "REALM_ROLE", "CLIENT_ROLE", "AUTHORIZATION", "CLIENT_SCOPE", "ORGANIZATION")
_STARTING = frozenset({"LOGIN", "LOGIN_ERROR", "IDENTITY_PROVIDER_LOGIN", "CLIENT_LOGIN", "IMPERSONATE"})


def pairs(message: str) -> dict[str, str] | None:
    """Return the names and values of a listener's message; None where it is none. The first of a name counts."""
    if not message.startswith(_STARTS):
        return None
    found: dict[str, str] = {}
    position = 0
    while match := _PAIR.match(message, position):
        value = match[2].replace('\\"', '"') if match[2] is not None else match[3]
        found.setdefault(match[1], value)
        if match.end() == position:
            break
        position = match.end()
    if position < len(message):
        found["unread"] = message[position:]
    return found


def read_event(event: Mapping[str, Json], fields: Fields) -> None:
    """Read one event, a user's or an administrator's."""
    if text(event.get("operationType")):
        _read_admin(event, fields)
    else:
        _read_user(event, fields)


def _shared(event: Mapping[str, Json], who: Mapping[str, Json], fields: Fields) -> None:
    put_text("keycloak.realm.id", event.get("realmId"), fields)
    put_text("keycloak.realm.name", event.get("realmName"), fields)
    put_text("keycloak.client.id", who.get("clientId"), fields)
    put_text("event.provider", who.get("clientId"), fields)
    put_text("user.id", who.get("userId"), fields)
    put_source(who.get("ipAddress"), fields, names=False)
    reason = text(event.get("error"))
    put_text("event.reason", reason, fields)
    failed = bool(reason) or str(fields.get("event.code", "")).endswith("_ERROR")
    fields["event.outcome"] = "failure" if failed else "success"


def _read_user(event: Mapping[str, Json], fields: Fields) -> None:
    kind = text(event.get("type"))
    put_text("event.code", kind, fields)
    put_text("event.action", kind.lower(), fields)
    fields["keycloak.event_type"] = "login"
    fields["event.category"], fields["event.type"] = _classify(kind)
    _shared(event, event, fields)
    details = inner(event, "details")
    put_text("user.name", event.get("username") or details.get("username"), fields)
    put_text("user.email", event.get("email") or details.get("email"), fields)
    put_text("url.original", event.get("redirect_uri") or details.get("redirect_uri"), fields)
    for name, value in (*event.items(), *details.items()):
        if name not in _EVENT_FIELDS and text(value):
            put_text(f"keycloak.login.{snake(name)}", value, fields)


def _classify(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if kind in _STARTING:
        return ("authentication",), ("start", "info")
    if kind.startswith("LOGOUT"):
        return ("authentication", "session"), ("end",)
    if kind.startswith("REGISTER"):
        return ("authentication", "iam"), ("creation", "user", "info")
    if kind.startswith("DELETE_ACCOUNT"):
        return ("authentication", "iam"), ("deletion", "user", "info")
    if kind.startswith(_CHANGES):
        return ("authentication", "iam"), ("change", "user", "info")
    return ("authentication",), ("info",)


def _read_admin(event: Mapping[str, Json], fields: Fields) -> None:
    operation = text(event.get("operationType")).removesuffix("_ERROR")
    resource = text(event.get("resourceType"))
    put_text("event.code", event.get("operationType"), fields)
    put_text("event.action", f"{operation}_{resource}".strip("_").lower(), fields)
    fields["keycloak.event_type"] = "admin"
    put_text("keycloak.admin.operation", operation, fields)
    for name, field in _ADMIN_FIELDS.items():
        put_text(field, event.get(name), fields)
    is_iam = resource.startswith(_IAM_RESOURCES)
    subject = "user" if resource.startswith("USER") else "group" if resource.startswith("GROUP") else ""
    fields["event.category"] = ("iam",) if is_iam else ("configuration",)
    kind = _OPERATIONS.get(operation, "info")
    fields["event.type"] = ("admin", kind, subject) if subject else ("admin", kind)
    who = inner(event, "authDetails") or event
    _shared(event, who, fields)
    parts = text(event.get("resourcePath")).split("/")
    if len(parts) > 1 and parts[0] == "users":
        put_text("user.target.id", parts[1], fields)
    shown = event.get("representation")
    if isinstance(shown, str) and shown:
        put("keycloak.admin.representation", shown, fields)

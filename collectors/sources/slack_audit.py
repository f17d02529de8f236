"""Slack's audit log of an organisation: log-ins, accounts and roles, files, channels, apps, settings.

Format: Slack, "Audit Logs API" (`actor`, `action`, `entity`, `context`), one JSON object an event. Field names:
Elastic's `slack.audit.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_LOG_INS: Final[Mapping[str, tuple[str, str]]] = {  # event.type, event.outcome
    "user_login": ("start", "success"),
    "user_login_failed": ("start", "failure"),
    "user_logout": ("end", "success"),
    "user_logout_compromised": ("end", "success"),
    "user_session_invalidated": ("end", "success"),
}
_ABOUT: Final = (  # an action's beginning, and the category of ECS
    ("anomaly", "intrusion_detection"),
    ("file_", "file"),
    ("user_", "iam"),
    ("role_", "iam"),
    ("owner_", "iam"),
    ("guest_", "iam"),
    ("idp_", "iam"),
    ("app_", "configuration"),
    ("pref.", "configuration"),
    ("workspace_", "configuration"),
    ("organization_", "configuration"),
    ("ekm_", "configuration"),
    ("emoji_", "configuration"),
)
_VERBS: Final = (
    ("delet", "deletion"),
    ("remov", "deletion"),
    ("deactivat", "deletion"),
    ("uninstall", "deletion"),
    ("revok", "deletion"),
    ("creat", "creation"),
    ("added", "creation"),
    ("install", "creation"),
    ("upload", "creation"),
    ("download", "access"),
    ("opened", "access"),
    ("chang", "change"),
    ("updat", "change"),
    ("renam", "change"),
    ("approv", "change"),
    ("converted", "change"),
    ("assign", "change"),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event."""
    action = text(document.get("action"))
    put_text("event.action", action, fields)
    put_text("event.id", document.get("id"), fields)
    moment = to_instant(document.get("date_create"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    actor, context = inner(document, "actor"), inner(document, "context")
    person = inner(actor, text(actor.get("type"))) or inner(actor, "user")
    put_text("user.id", person.get("id"), fields)
    put_text("user.email", person.get("email"), fields)
    put_text("user.full_name", person.get("name"), fields)
    put_end(fields, "source", context.get("ip_address"))
    put_text("user_agent.original", context.get("ua"), fields)
    if (log_in := _LOG_INS.get(action)) is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in[0],)
        fields["event.outcome"] = log_in[1]
        put_text("user.name", person.get("email") or person.get("name"), fields)
    else:
        _classify(action, document, fields)
    spread("slack.audit.", document, fields, skip=frozenset(("entity",)))
    _read_entity(inner(document, "entity"), fields)


def _classify(action: str, document: Document, fields: Fields) -> None:
    category = next((found for start, found in _ABOUT if action.startswith(start)), None)
    if category is not None:
        fields["event.category"] = (category,)
    if category == "intrusion_detection":
        fields["event.kind"] = "alert"
        put_text("event.reason", ", ".join(texts(inner(document, "details").get("reason"))), fields)
    fields["event.type"] = (next((kind for word, kind in _VERBS if word in action), "info"),)


def _read_entity(entity: Document, fields: Fields) -> None:
    """Read what it was done to; another person is the target."""
    kind = text(entity.get("type"))
    thing = inner(entity, kind)
    put_text("slack.audit.entity.entity_type", kind, fields)
    spread("slack.audit.entity.", thing, fields)
    if kind == "user" and thing.get("id") != fields.get("user.id"):
        for name, key in (("id", "id"), ("email", "email"), ("full_name", "name")):
            put_text(f"user.target.{name}", thing.get(key), fields)
    elif kind == "file":
        put_text("file.name", thing.get("name") or thing.get("title"), fields)


def _owns(document: Mapping[str, Json]) -> bool:
    return (
        {"action", "date_create", "actor", "entity"} <= document.keys()
        and isinstance(document.get("actor"), dict)
        and isinstance(document.get("entity"), dict)
    )


SOURCE: Final = JsonSource(
    name="slack_audit",
    aliases=("slack",),
    title="Slack audit log",
    dataset="slack.audit",
    owns=_owns,
    marks=((b'"date_create"', b'"actor"', b'"entity"'),),
    read=read,
)

"""GitLab on a server of one's own: requests, log-ins, changes of rights, and requests of its interface, as JSON.

Format: GitLab documentation, "Log system": `production_json.log`, `api_json.log`, `audit_json.log`, `auth_json.log`,
`application_json.log`, one object a record. Field names: Elastic's `gitlab.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its records have
    ("audit", {"author_id", "entity_id", "entity_type", "time"}),
    ("production", {"controller", "action", "status", "correlation_id"}),
    ("api", {"route", "path", "status", "correlation_id"}),
    ("auth", {"correlation_id", "remote_ip", "message", "severity"}),
    ("application", {"correlation_id", "severity", "message", "time"}),
)
_SIGN_IN: Final = ("/users/sign_in", "/oauth/token", "/users/auth/", "/ldap/", "/users/password")
_CHANGES: Final = ("add", "remove", "change", "custom_message", "with", "event_name")
_REFUSED: Final = frozenset({401, 403, 422, 429})


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    fields["event.dataset"] = f"gitlab.{kind}"
    if (moment := to_instant(document.get("time"), options.zone)) is not None:
        fields["@timestamp"] = moment
    put_end(fields, "source", first(document, ("remote_ip", "meta.remote_ip", "ip_address")))
    put_text("trace.id", document.get("correlation_id"), fields)
    put_text("log.level", text(document.get("severity")).lower(), fields)
    put_text("user.id", first(document, ("user_id", "author_id", "meta.user_id")), fields)
    put_text("user.name", first(document, ("username", "meta.user", "author_name")), fields)
    put_text("user_agent.original", first(document, ("ua", "user_agent")), fields)
    put_text("message", document.get("message"), fields)
    if kind == "audit":
        _read_audit(document, fields)
    elif kind == "application":
        fields["event.type"] = ("info",)
    else:
        _read_request(kind, document, fields)
    spread(f"gitlab.{kind}.", document, fields)


def _read_request(kind: str, document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("web",), ("access",)
    put_text("http.request.method", first(document, ("method", "request_method")), fields)
    put_count(fields, "http.response.status_code", document.get("status"))
    path = first(document, ("path", "fullpath"))
    if path:
        read_target(path, fields)
    put_text("event.action", ".".join(part for part in map(text, _what(document)) if part), fields)
    status = fields.get("http.response.status_code")
    if isinstance(status, int):
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    signs_in = any(mark in path for mark in _SIGN_IN) and text(document.get("method")) == "POST"
    if kind == "auth" or signs_in:
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
        if status in _REFUSED or kind == "auth":  # that log tells of what was throttled or refused
            fields["event.outcome"] = "failure"
    given = {text(each.get("key")): each for each in objects(document.get("params"))}
    user = inner(given.get("user", {}), "value")
    put_text("user.name", user.get("login") or given.get("username", {}).get("value"), fields)
    if signs_in and text(document.get("controller")) == "SessionsController":
        _read_sign_in(status, fields, code="otp_attempt" in user)
    elif text(document.get("action")) == "failure" and "Omniauth" in text(document.get("controller")):
        fields["event.outcome"] = "failure"


def _read_sign_in(status: object, fields: Fields, *, code: bool) -> None:
    """Tell how a log-in by the form ended: a redirect is success; the form again asks for the second factor, or the
    `code` of it was wrong; refused passwords have no status of their own (0).
    """
    if status == 200 and not code:
        del fields["event.outcome"]
    else:
        fields["event.outcome"] = "success" if status in {302, 303} else "failure"


def _what(document: Document) -> tuple[Json, Json]:
    return document.get("controller") or document.get("env"), document.get("action") or document.get("matched")


def _read_audit(document: Document, fields: Fields) -> None:
    """Read who changed what of which project, group or account."""
    entity = text(document.get("entity_type"))
    name = next((key for key in _CHANGES if document.get(key)), "")
    put_text("event.action", f"{name} {text(document.get(name))}".strip() if name else "", fields)
    kind = "creation" if name == "add" else "deletion" if name == "remove" else "change"
    fields["event.category"] = ("iam",) if entity in {"User", "Group"} or "access" in name else ("configuration",)
    fields["event.type"] = (kind,)
    fields["event.outcome"] = "success"
    if text(document.get("with")) or "failed_login" in document:
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
        fields["event.outcome"] = "failure" if "failed_login" in document else "success"
    put_text("user.target.name", document.get("target_details") if entity == "User" else None, fields)


SOURCE: Final = JsonSource(
    name="gitlab",
    aliases=("gitlab_json",),
    title="GitLab (self-managed): requests, log-ins, audit",
    dataset="gitlab.production",
    owns=_owns,
    marks=((b'"correlation_id"', b'"controller"', b'"remote_ip"'),),
    read=read,
    finish=finish,
)

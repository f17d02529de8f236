"""Mattermost's audit log: log-ins, accounts, channels and settings, and whether it was let.

Formats: Mattermost documentation, "Audit log JSON schema", in both of its forms: flat (`user_id`, `api_path`) and,
since version 7, with `actor`, `event` and `meta`. Field names: Elastic's `mattermost.audit.*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_OUTCOMES: Final = {"success": "success", "fail": "failure", "failure": "failure"}
_HUMP = re.compile(r"[A-Z]")
_VERBS: Final = {
    "create": "creation",
    "add": "creation",
    "upload": "creation",
    "delete": "deletion",
    "remove": "deletion",
    "revoke": "deletion",
    "permanent": "deletion",
    "get": "access",
    "download": "access",
    "view": "access",
}
_ACCOUNTS: Final = ("user", "role", "team", "group", "password", "mfa", "token", "session", "member")
_FILES: Final = ("file", "upload")


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event of either form."""
    actor, meta = inner(document, "actor"), inner(document, "meta")
    moment = to_instant(text(document.get("timestamp")).replace(" Z", "Z").replace(" +", "+"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    name = first(document, ("event_name",)) or text(document.get("event"))
    put_text("event.action", name, fields)
    outcome = _OUTCOMES.get(text(document.get("status")).lower())
    if outcome is not None:
        fields["event.outcome"] = outcome
    put_text("user.id", document.get("user_id") or actor.get("user_id"), fields)
    put_end(fields, "source", document.get("ip_address") or actor.get("ip_address"))
    put_text("user_agent.original", document.get("client") or actor.get("client"), fields)
    path = first(document, ("api_path",)) or text(meta.get("api_path"))
    if path:
        fields["url.original"] = path
        read_target(path, fields)
    put_text("error.message", inner(document, "error").get("description") or document.get("error"), fields)
    _classify(name, fields)
    spread("mattermost.audit.", document, fields)


def _classify(name: str, fields: Fields) -> None:
    """Tell what an event is by its name, whose first word is a verb (`updateConfig`)."""
    lowered = name.lower()
    if lowered in {"login", "loginwithdesktoptoken", "logout", "loginextended"} or lowered.startswith("loginsso"):
        fields["event.category"] = ("authentication",)
        fields["event.type"] = ("end",) if lowered == "logout" else ("start",)
        return
    verb = _HUMP.split(name, maxsplit=1)[0].lower()
    about = lowered.removeprefix(verb)
    if any(word in lowered for word in _FILES):
        fields["event.category"] = ("file",)
    else:
        fields["event.category"] = ("iam",) if any(word in about for word in _ACCOUNTS) else ("configuration",)
    fields["event.type"] = (_VERBS.get(verb, "change"),)


def _owns(document: Mapping[str, Json]) -> bool:
    keys = document.keys()
    if {"timestamp", "event", "status", "user_id", "session_id"} <= keys:
        return "api_path" in keys or "cluster_id" in keys
    return {"timestamp", "event_name", "status", "actor", "meta"} <= keys


SOURCE: Final = JsonSource(
    name="mattermost",
    aliases=("mattermost_audit",),
    title="Mattermost audit log",
    dataset="mattermost.audit",
    owns=_owns,
    marks=((b'"event_name"', b'"actor"', b'"meta"', b'"api_path"'),),
    read=read,
    finish=finish,
)

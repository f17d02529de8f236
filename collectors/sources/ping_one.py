"""PingOne's audit activities: log-ins, passwords and devices of persons, and who changed what.

Format: PingOne Platform API, "Audit activities" (`action.type`, `actors`, `resources`, `result`), one JSON object an
activity. Field names: Elastic's `ping_one.audit.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_OUTCOMES: Final = {"success": "success", "failed": "failure", "failure": "failure"}
_VERBS: Final = {
    "created": "creation",
    "deleted": "deletion",
    "updated": "change",
    "enabled": "change",
    "disabled": "change",
    "locked": "change",
    "unlocked": "change",
    "reset": "change",
    "set": "change",
    "read": "access",
    "accessed": "access",
}
_LOG_INS: Final = ("password.check", "authentication.", "session.", "flow.", "otp.check", "saml_assertion", "oidc")
_ENDS: Final = ("session.deleted", "session.ended", "session.expired")
_PEOPLE: Final = frozenset(
    ("user", "group", "population", "role", "role_assignment", "password", "device", "mfa_device")
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one activity."""
    action, result = inner(document, "action"), inner(document, "result")
    name = text(action.get("type")).lower()
    moment = to_instant(document.get("recordedAt") or document.get("createdAt"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("event.action", name, fields)
    put_text("event.id", document.get("id"), fields)
    put_text("event.reason", result.get("description"), fields)
    outcome = _OUTCOMES.get(text(result.get("status")).lower())
    if outcome is not None:
        fields["event.outcome"] = outcome
    _classify(name, fields)
    _read_actors(document, fields)
    resource = next(objects(document.get("resources")), {})
    if address := text(resource.get("href")):
        fields["url.original"] = address
        read_target(address, fields)
    if text(resource.get("type")).lower() == "user":
        put_text("user.target.id", resource.get("id"), fields)
        put_text("user.target.name", resource.get("name"), fields)
    spread("ping_one.audit.", document, fields, snaked=True)


def _classify(name: str, fields: Fields) -> None:
    if name.startswith(_LOG_INS):
        fields["event.category"] = ("authentication",)
        fields["event.type"] = ("end",) if name.startswith(_ENDS) else ("start",)
        if name.endswith(("failed", "failure")):
            fields["event.outcome"] = "failure"
        return
    thing, _, verb = name.partition(".")
    change = _VERBS.get(verb.rpartition(".")[2], "info")
    about = thing if thing in {"user", "group"} else ""
    fields["event.category"] = ("iam", "configuration") if thing in _PEOPLE else ("configuration",)
    fields["event.type"] = (change, about) if about else (change,)


def _read_actors(document: Document, fields: Fields) -> None:
    """Read the person and the program that did it; a log-in without an actor is of the person that it is about."""
    person, program = inner(document, "actors", "user"), inner(document, "actors", "client")
    put_text("user.id", person.get("id"), fields)
    put_text("user.name", first(person, ("name", "username")), fields)
    put_text("client.user.id", program.get("id"), fields)
    put_text("client.user.name", program.get("name"), fields)
    source = inner(document, "source")
    put_end(fields, "source", first(source, ("ipAddress", "ip")) or first(person, ("ipAddress", "ip")))
    put_text("user_agent.original", source.get("userAgent"), fields)
    if "user.name" not in fields and fields.get("event.category") == ("authentication",):
        about = next((each for each in objects(document.get("resources")) if text(each.get("type")) == "USER"), {})
        put_text("user.name", about.get("name"), fields)
        put_text("user.id", about.get("id"), fields)


def _owns(document: Mapping[str, Json]) -> bool:
    return {"action", "actors", "recordedAt", "result"} <= document.keys() and "type" in inner(document, "action")


SOURCE: Final = JsonSource(
    name="ping_one",
    aliases=("pingone",),
    title="PingOne audit activities",
    dataset="ping_one.audit",
    owns=_owns,
    marks=((b'"actors"', b'"recordedAt"', b'"result"'),),
    read=read,
    finish=finish,
)

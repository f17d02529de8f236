"""Cisco Duo: log-ins with a second factor, what administrators change, messages and calls, offline enrolments.

Format: Duo's Admin API, logs (`authentication`, `administrator`, `telephony`, `offline enrollment`), one JSON object a
record, as it stands or with `eventtype` and `host` as Duo's log sync writes them. An administrator's `description` is
text or JSON in text. Field names: Elastic's `cisco_duo.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = {
    "auth_log": "auth",
    "admin_log": "admin",
    "telephony_log": "telephony",
    "offline_log": "offline_enrollment",
}
_AUTH = frozenset(("access_device", "auth_device", "application", "factor"))
_TELEPHONY = frozenset(("context", "credits", "phone"))
_ADMIN = frozenset(("action", "description", "isotimestamp", "object", "username"))
_VERBS: Final = (  # in the name of an action, and the type of ECS
    ("create", "creation"),
    ("add", "creation"),
    ("provisioned", "creation"),
    ("delete", "deletion"),
    ("remove", "deletion"),
    ("deprovisioned", "deletion"),
)
_PERSONS = ("admin_", "user_", "group_", "o2fa_user_", "phone_", "hardtoken_", "u2ftoken_", "bypass_", "activation_")


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any of Duo's logs."""
    kind = _kind(document)
    fields["event.dataset"] = f"cisco_duo.{kind}"
    fields["event.kind"] = "event"
    fields["observer.vendor"], fields["observer.product"] = "Duo", "Duo Security"
    put_text("observer.hostname", document.get("host"), fields)
    moment = to_instant(_stamp(document), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    if kind == "auth":
        _read_log_in(document, fields)
    elif kind == "telephony":
        fields["event.category"], fields["event.type"] = ("authentication",), ("info",)
        put_text("event.reason", document.get("context"), fields)
    else:
        _read_action(document, fields)
    spread(f"cisco_duo.{kind}.", document, fields)


def _kind(document: Document) -> str:
    named = _KINDS.get(text(document.get("eventtype")))
    if named is not None and not (named == "admin" and text(document.get("action")).startswith("o2fa_")):
        return named
    if text(document.get("action")):
        return "offline_enrollment" if text(document.get("action")).startswith("o2fa_") else "admin"
    return "telephony" if document.keys() >= _TELEPHONY else "auth"


def _stamp(document: Document) -> Json:
    """Return the instant as the record has it: exact text before seconds."""
    told = text(document.get("isotimestamp")) or text(document.get("ts"))
    return told.replace(" ", "") if told else document.get("timestamp")


def _read_log_in(document: Document, fields: Fields) -> None:
    result, user, access = (
        text(document.get("result")).lower(),
        inner(document, "user"),
        inner(document, "access_device"),
    )
    if text(document.get("event_type")) == "enrollment":
        fields["event.category"], fields["event.type"] = ("iam",), ("user", "creation")
    else:
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
    if result:
        fields["event.outcome"] = "success" if result == "success" else "failure"
    if result == "fraud":  # whoever was asked says that it was not they
        fields["event.kind"] = "alert"
    put_text("event.reason", document.get("reason"), fields)
    put_text("user.name", user.get("name"), fields)
    put_text("user.id", user.get("key"), fields)
    put_text("user.email", document.get("email"), fields)
    groups = user.get("groups")
    if isinstance(groups, list) and (names := [name for each in groups if (name := text(each))]):
        fields["user.group.name"] = names
    put_text("service.name", inner(document, "application").get("name"), fields)
    put_source(access.get("ip"), fields, names=False)
    put_text("source.domain", access.get("hostname"), fields)
    for name, key in (("city_name", "city"), ("country_name", "country"), ("region_name", "state")):
        put_text(f"source.geo.{name}", inner(access, "location").get(key), fields)
    put_text("user_agent.name", access.get("browser"), fields)
    put_text("user_agent.version", access.get("browser_version"), fields)
    put_text("user_agent.os.name", access.get("os"), fields)
    put_text("user_agent.os.version", access.get("os_version"), fields)


def _read_action(document: Document, fields: Fields) -> None:
    action, said = text(document.get("action")), text(document.get("description"))
    told = _told(said)
    fields["event.action"] = action
    fields["event.outcome"] = "failure" if action.endswith(("_error", "_failed", "_fail")) else "success"
    put_text("event.reason", first(told, ("error", "reason")) if told else said, fields)
    put_text("user.name", document.get("username"), fields)
    put_text("user.email", told.get("email"), fields)
    put_source(told.get("ip_address"), fields, names=False)
    put_text("host.name", told.get("hostname"), fields)
    put_text("user_agent.original", told.get("user_agent"), fields)
    if action.startswith("admin_login"):
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
        return
    change = next((kind for verb, kind in reversed(_VERBS) if verb in action), "change")
    if action.startswith(_PERSONS):
        fields["event.category"] = ("iam",)
        fields["event.type"] = ("group" if action.startswith("group_") else "user", change)
        put_text("user.target.name", document.get("object") if action.startswith("user_") else None, fields)
    else:
        fields["event.category"], fields["event.type"] = ("configuration",), (change,)


def _told(said: str) -> dict[str, Json]:
    """Return the object that stands in a description, an empty one where it is mere text."""
    if not said.startswith("{"):
        return {}
    try:
        found = orjson.loads(said)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _owns(document: Mapping[str, Json]) -> bool:
    keys = document.keys()
    if keys >= _AUTH or keys >= _TELEPHONY:
        return "action" not in keys
    return keys >= _ADMIN or (text(document.get("eventtype")) in _KINDS and not keys.isdisjoint(("action", "phone")))


SOURCE: Final = JsonSource(
    name="duo",
    aliases=("cisco_duo", "duo_security"),
    title="Cisco Duo: log-ins with a second factor, administration, telephony",
    dataset="cisco_duo.auth",
    owns=_owns,
    marks=((b'"access_device"', b'"auth_device"', b'"factor"'),),
    read=read,
)

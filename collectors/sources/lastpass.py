"""LastPass for business: what people and administrators did, the accounts, and who may use shared folders.

Format: LastPass, "Enterprise API: event reporting, user data, shared folder data", one JSON object a record as
connectors store them. Stamps name no zone. Field names: Elastic's `lastpass.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its records have
    ("event_report", {"Action", "IP_Address", "Username"}),
    ("user", {"username", "mpstrength", "neverloggedin"}),
    ("detailed_shared_folder", {"sharedfoldername", "users"}),
)
_LOG_INS: Final = ("login", "log in", "logged in")
_FAILURES: Final = ("failed", "failure", "denied", "blocked")
_VERBS: Final = (
    ("delet", "deletion"),
    ("remov", "deletion"),
    ("creat", "creation"),
    ("added", "creation"),
    ("chang", "change"),
    ("updat", "change"),
    ("edit", "change"),
    ("reset", "change"),
    ("disabl", "change"),
)


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    fields["event.dataset"] = f"lastpass.{kind}"
    moment = to_instant(document.get("Time"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"lastpass.{kind}.", document, fields, snaked=True)


def _read_event(document: Document, fields: Fields) -> None:
    action, account = text(document.get("Action")), text(document.get("Username"))
    said = action.lower()
    put_text("event.action", action, fields)
    put_text("event.id", document.get("id"), fields)
    put_end(fields, "source", document.get("IP_Address"))
    put_text("user.email", account if "@" in account else None, fields)
    put_text("user.name", account, fields)
    if any(word in said for word in _LOG_INS):
        fields["event.category"], fields["event.type"] = ("authentication",), ("access", "start")
        fields["event.outcome"] = "failure" if any(word in said for word in _FAILURES) else "success"
        return
    change = next((kind for word, kind in _VERBS if word in said), None)
    fields["event.category"] = ("iam",)
    fields["event.type"] = (change,) if change is not None else ("access",)


def _read_user(document: Document, fields: Fields) -> None:
    fields["event.kind"], fields["event.category"], fields["event.type"] = "state", ("iam",), ("user",)
    put_text("user.id", document.get("id"), fields)
    put_text("user.email", document.get("username"), fields)
    put_text("user.full_name", document.get("fullname"), fields)
    if groups := texts(document.get("groups")):
        fields["user.group.name"] = groups


def _read_folder(document: Document, fields: Fields) -> None:
    fields["event.kind"], fields["event.type"] = "state", ("info",)
    put_text("user.email", inner(document, "users").get("username"), fields)


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "detailed_shared_folder": _read_folder,
    "event_report": _read_event,
    "user": _read_user,
}

SOURCE: Final = JsonSource(
    name="lastpass",
    aliases=("lastpass_events",),
    title="LastPass for business: events, accounts, shared folders",
    dataset="lastpass.event_report",
    owns=_owns,
    marks=((b'"IP_Address"', b'"Action"', b'"Username"'),),
    read=read,
    finish=finish,
)

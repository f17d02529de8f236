"""Alerts and automated investigations in the unified audit log: what stands in their `Data`, as JSON text.

Format: Microsoft Learn, "Office 365 Management Activity API schema", security and compliance alerts, automated
investigation and response; the short keys of `Data` (`f3u`, `trc`, `tsd`) are those that the service writes.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from collectors.cloud.documents import Document
from collectors.cloud.flatten import put
from collectors.cloud.values import objects, put_text, split_account, text
from collectors.json_fields import Json, to_instant
from engine.events import Fields

_ACCOUNT = ("f3u", "trc", "suid", "eid")  # the account that the alert is about: its own key, recipient, sender
_SUBJECTS = ("von", "ms")
_ADDRESSES = (
    ("tsd", "email.from.address"),
    ("mfrm", "email.from.address"),
    ("trc", "email.to.address"),
    ("to", "email.to.address"),
    ("cc", "email.cc.address"),
)


def data_of(document: Document) -> Document:
    """Return what stands in `Data`, whether it is an object or JSON text; an empty object where it is neither."""
    found = _parsed(document.get("Data"))
    return found if isinstance(found, dict) else {}


def _parsed(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        parsed: Json = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return parsed


def read_alert(document: Document, data: Document, fields: Fields) -> None:
    """Read an alert of Security & Compliance or Defender for Cloud Apps."""
    put_text("rule.id", document.get("PolicyId"), fields)
    put_text("rule.name", document.get("Name") or document.get("AlertDisplayName"), fields)
    put_text("rule.category", data.get("mat"), fields)
    put_text("rule.reference", data.get("plk"), fields)
    put_text("event.url", data.get("alk"), fields)
    put_text("event.reason", data.get("ad") or document.get("AlertDescription"), fields)
    put_text("log.level", document.get("Severity") or document.get("AlertSeverity"), fields)
    _times(data, "ts", "te", fields)
    read_account(next((found for key in _ACCOUNT if "@" in (found := text(data.get(key)))), ""), fields)
    if "alk" in data:
        put_text("source.user.email", data.get("f3u"), fields)
    for key in _SUBJECTS:
        put_text("email.subject", data.get(key), fields)
    put_text("email.message_id", text(data.get("imsgid")).strip("<>"), fields)
    for key, field in _ADDRESSES:
        members = [part.strip() for part in text(data.get(key)).split(",") if part.strip()]
        if members and field not in fields:
            fields[field] = members
    threat = text(data.get("zu"))
    if threat:
        fields["url.original"] = threat if "//" in threat else f"//{threat}"


def read_account(account: str, fields: Fields) -> None:
    """Put an account into `user.name`, and for `name@domain` into `user.domain` and `user.email`."""
    if not account:
        return
    fields["user.name"], domain = split_account(account)
    if domain:
        fields["user.domain"] = domain
        if "@" in account:
            fields["user.email"] = account


def _times(document: Document, start: str, end: str, fields: Fields) -> None:
    for name, field in ((start, "event.start"), (end, "event.end")):
        moment = to_instant(document.get(name))
        if moment is not None and field not in fields:
            fields[field] = moment


def read_investigation(document: Document, data: Document, fields: Fields) -> None:
    """Read an automated investigation: the messages, files and addresses that it is about."""
    if data.get("IsIncident") is True:
        fields["event.kind"] = "alert"
    put_text("rule.name", data.get("AlertDisplayName"), fields)
    put_text("log.level", data.get("Severity"), fields)
    _times(document, "StartTimeUtc", "EndTimeUtc", fields)
    for entity in (*_entities(data), *_action_entities(document)):
        _read_entity(entity, fields)


def _entities(data: Document) -> Iterator[Document]:
    yield from objects(data.get("Entities"))


def _action_entities(document: Document) -> Iterator[Document]:
    """Yield the entities of the actions; each action is JSON text."""
    actions = document.get("Actions")
    for action in actions if isinstance(actions, list) else ():
        found = _parsed(action)
        if isinstance(found, dict):
            yield from objects(found.get("Entities"))


def _read_entity(entity: Document, fields: Fields) -> None:
    urls = entity.get("Urls")
    if isinstance(urls, list) and urls:
        put_text("url.original", urls[0], fields)
    put_text("url.original", entity.get("Url"), fields)
    for key, field in (("Sender", "email.from.address"), ("Recipient", "email.to.address")):
        if (found := text(entity.get(key))) and field not in fields:
            fields[field] = [found]
    files = [entity, *objects(entity.get("Files"))] if entity.get("Type") == "file" else objects(entity.get("Files"))
    for file in files:
        if name := text(file.get("Name")):
            _add("email.attachments.file.name", name, fields)
        for digest in objects(file.get("FileHashes")):
            if digest.get("Algorithm") == "SHA256" and (found := text(digest.get("Value"))):
                _add("email.attachments.file.hash.sha256", found, fields)


def _add(name: str, value: str, fields: Fields) -> None:
    there = fields.get(name)
    if value != there and not (isinstance(there, list) and value in there):
        put(name, value, fields)

"""Proofpoint Targeted Attack Protection: mails with a threat, delivered or held back, and clicks on such links.

Format: Proofpoint, "SIEM API", one JSON object a record as connectors store them. Which of the API's four lists a
record was in does not stand in it: a mail was held back where a quarantine is named, of a click it can't be told. Field
names: Elastic's `proofpoint_tap.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import objects, put_text, put_texts, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_MAIL: Final = (
    ("email.subject", ("subject",)),
    ("email.x_mailer", ("xmailer",)),
    ("email.sender.address", ("sender",)),
    ("email.from.address", ("fromAddress",)),
    ("email.message_id", ("messageID",)),
    ("event.id", ("id",)),
)
_CLICK: Final = (
    ("email.from.address", ("sender",)),
    ("email.to.address", ("recipient",)),
    ("email.message_id", ("messageID",)),
    ("event.id", ("id",)),
    ("user_agent.original", ("userAgent",)),
)
_FILE: Final = (("name", "filename"), ("mime_type", "contentType"), ("hash.md5", "md5"), ("hash.sha256", "sha256"))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one mail or one click."""
    fields["event.category"] = ("email",)
    fields["observer.vendor"], fields["observer.product"] = "Proofpoint", "TAP"
    put_end(fields, "source", document.get("senderIP"))
    if "clickTime" in document:
        kind = "clicks"
        moment = to_instant(document.get("clickTime"), options.zone)
        _read_click(document, fields)
    else:
        kind = "message_blocked" if _is_held(document) else "message_delivered"
        moment = to_instant(document.get("messageTime"), options.zone)
        if moment is not None:
            fields["email.delivery_timestamp"] = moment
        _read_mail(document, fields)
        fields["event.type"] = ("denied",) if _is_held(document) else ("info",)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.dataset"] = f"proofpoint_tap.{kind}"
    spread(f"proofpoint_tap.{kind}.", document, fields, snaked=True)


def _is_held(document: Document) -> bool:
    return bool(text(document.get("quarantineFolder")) or text(document.get("quarantineRule")))


def _read_click(document: Document, fields: Fields) -> None:
    fields["event.type"] = ("info",)
    put_texts(_CLICK, document, fields)
    put_end(fields, "destination", document.get("clickIP"))
    if url := text(document.get("url")):
        fields["url.full"] = url
        read_target(url, fields)


def _read_mail(document: Document, fields: Fields) -> None:
    put_texts(_MAIL, document, fields)
    for name, keys in (
        ("to", ("toAddresses", "recipient")),
        ("cc", ("ccAddresses",)),
        ("reply_to", ("replyToAddress",)),
    ):
        listed = next((listed for key in keys if (listed := texts(document.get(key)))), None)
        if listed is not None:
            fields[f"email.{name}.address"] = listed
    parts = list(objects(document.get("messageParts")))
    for name, key in _FILE:
        if values := [value for part in parts if (value := text(part.get(key)))]:
            fields[f"email.attachments.file.{name}"] = values
    put_count(fields, "email.size", document.get("messageSize") or None)
    for threat in objects(document.get("threatsInfoMap")):
        put_text("event.reason", threat.get("classification"), fields)


def _owns(document: Mapping[str, Json]) -> bool:
    keys = document.keys()
    return "GUID" in keys and "senderIP" in keys and ("clickTime" in keys or {"messageTime", "threatsInfoMap"} <= keys)


SOURCE: Final = JsonSource(
    name="proofpoint_tap",
    aliases=("proofpoint",),
    title="Proofpoint TAP: mails with threats, clicks on their links",
    dataset="proofpoint_tap.message_delivered",
    owns=_owns,
    marks=((b'"GUID"', b'"threatsInfoMap"', b'"senderIP"'),),
    read=read,
    finish=finish,
)

"""Mail in the unified audit log: items of mailboxes, labelled messages, messages that a filter stopped."""

from __future__ import annotations

import re

from collectors.cloud.documents import Document
from collectors.cloud.flatten import put
from collectors.cloud.values import inner, objects, put_source, put_text, text
from collectors.json_fields import to_instant
from engine.events import Fields

_ATTACHMENT = re.compile(r"\((\d{1,15})b\)$", re.ASCII)  # `name (6438b)`


def read_items(document: Document, fields: Fields) -> None:
    """Read the message that a mailbox operation is about, and the attachments of one or many."""
    item = inner(document, "Item")
    put_text("email.subject", item.get("Subject"), fields)
    put_text("email.message_id", text(item.get("InternetMessageId")).strip("<>"), fields)
    for part in (item, *objects(document.get("AffectedItems"))):
        _attachments(text(part.get("Attachments")), fields)
    put_text("process.name", document.get("ClientProcessName"), fields)


def _attachments(listed: str, fields: Fields) -> None:
    for part in listed.split("; ") if listed else ():
        match = _ATTACHMENT.search(part)
        put("email.attachments.file.name", part[: match.start()].strip() if match else part.strip(), fields)
        if match:
            put("email.attachments.file.size", int(match[1]), fields)


def read_labelled(document: Document, fields: Fields) -> None:
    """Read the message or file whose sensitivity label was set (MipLabel)."""
    put_text("email.subject", document.get("ItemName"), fields)
    put_text("email.sender.address", document.get("Sender"), fields)
    _receivers(document, "Receivers", fields)


def _receivers(document: Document, name: str, fields: Fields) -> None:
    receivers = document.get(name)
    if isinstance(receivers, list) and (members := [found for each in receivers if (found := text(each))]):
        fields["email.to.address"] = members


def read_stopped(document: Document, fields: Fields) -> None:
    """Read a message that Defender for Office 365 found something in (TIMailData); the verdict is the action."""
    action = text(document.get("DeliveryAction"))
    if action:
        fields["event.action"] = action
    put_text("email.subject", document.get("Subject"), fields)
    put_text("email.message_id", text(document.get("InternetMessageId")).strip("<>"), fields)
    put_text("email.local_id", document.get("NetworkMessageId"), fields)
    moment = to_instant(document.get("MessageTime"))
    if moment is not None:
        fields["email.delivery_timestamp"] = moment
    for name, field in (("P2Sender", "email.from.address"), ("P1Sender", "email.reply_to.address")):
        if found := text(document.get(name)):
            fields[field] = [found]
    _receivers(document, "Recipients", fields)
    put_source(document.get("SenderIp"), fields, names=False)
    put_text("event.url", document.get("EventDeepLink"), fields)
    for attachment in objects(document.get("AttachmentData")):
        for name, field in (("FileName", "name"), ("FileType", "mime_type"), ("SHA256", "hash.sha256")):
            if found := text(attachment.get(name)):
                put(f"email.attachments.file.{field}", found, fields)

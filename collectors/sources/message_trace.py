"""Message traces of Exchange Online: rows of Get-MessageTrace and of its reporting service, as JSON.

Format: https://learn.microsoft.com/powershell/module/exchange/get-messagetrace (and Get-MessageTraceV2), and the
reporting web service's `MessageTrace`, whose times are `/Date(1658751973240)/`. Times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.source import JsonSource
from collectors.cloud.values import number, put_source, put_text, relate, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from collectors.web.address import endpoint
from engine.events import Fields

_DATE = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)
_FAILED = frozenset({"failed", "quarantined", "filteredasspam", "none", "pending"})
_ELASTIC = "microsoft_exchange_online_message_trace.log"


def _read(document: Document, fields: Fields, options: Options) -> None:
    moment = _instant(document.get("Received") or document.get("ReceivedTime"), options)
    if moment is not None:
        fields["@timestamp"] = fields["email.delivery_timestamp"] = moment
    end = _instant(document.get("EndDate"), options)
    if end is not None:
        fields["event.end"] = end
    status = text(document.get("Status"))
    fields["event.category"], fields["event.type"] = ["email"], ["info"]
    if status:
        fields["event.action"] = status
        fields["event.outcome"] = "failure" if status.lower() in _FAILED else "success"
    for name, field in (("MessageTraceId", "email.local_id"), ("MessageId", "email.message_id"),
                        ("Subject", "email.subject"), ("Organization", "organization.name")):  # fmt: skip
        put_text(field, document.get(name), fields)
    _people(document, fields)
    put_source(document.get("FromIP"), fields, names=False)
    to = endpoint(text(document.get("ToIP")))
    if to.ip is not None:
        fields["destination.ip"] = to.ip
    size = number(document.get("Size"))
    if size is not None:
        fields["email.attachments.file.size"] = size


def _people(document: Document, fields: Fields) -> None:
    for name, field, side in (("SenderAddress", "email.from.address", "source"),
                              ("RecipientAddress", "email.to.address", "destination")):  # fmt: skip
        address = text(document.get(name))
        if address:
            fields[field] = [address]
            if domain := address.rpartition("@")[2]:
                fields[f"{side}.domain"] = domain


def _instant(value: Json, options: Options) -> datetime | None:
    if isinstance(value, str) and (found := _DATE.fullmatch(value)):
        try:
            return datetime.fromtimestamp(int(found["ms"]) / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    return to_instant(value, options.zone)


def _owns(document: Mapping[str, Json]) -> bool:
    return "MessageTraceId" in document and ("SenderAddress" in document or "RecipientAddress" in document)


SOURCE: Final = JsonSource(
    name="o365_message_trace",
    aliases=("message_trace", "microsoft_exchange_online_message_trace", _ELASTIC, "messagetrace"),
    title="Exchange Online message traces (Get-MessageTrace, reporting service)",
    dataset=_ELASTIC,
    owns=_owns,
    marks=((b'"MessageTraceId"', b'"RecipientAddress"'),),
    read=_read,
    finish=relate,
)

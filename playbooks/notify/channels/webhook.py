"""A generic webhook: the whole message as JSON, signed with HMAC-SHA256 over time and body.

`X-Kulla-Signature: t=UNIX_SECONDS,v1=HEX` where HEX = HMAC-SHA256(secret, "UNIX_SECONDS." + body); the receiver
compares it, and refuses old times. `Idempotency-Key` is the message's key, the same at every repeated delivery.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.events import instant
from engine.tables import Table
from playbooks.notify.channel import Channel, House
from playbooks.notify.http import Endpoint, endpoint_of
from playbooks.notify.message import Message

KIND = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver of signed JSON. `secret` may be empty: then nothing is signed."""

    endpoint: Endpoint
    secret: bytes
    clock: Callable[[], float] = time.time

    def send(self, message: Message) -> None:
        """Post the document."""
        body = json.dumps(document(message), ensure_ascii=False, sort_keys=True).encode()
        headers = {"Idempotency-Key": message.key}
        if self.secret:
            headers["X-Kulla-Signature"] = signature(self.secret, int(self.clock()), body)
        self.endpoint.post(body, headers)


def signature(secret: bytes, at: int, body: bytes) -> str:
    """Return the header's value for a body sent at this time (seconds since 1970)."""
    return f"t={at},v1={hmac.digest(secret, b'%d.' % at + body, 'sha256').hex()}"


def document(message: Message) -> dict[str, object]:
    """Return the message for machines."""
    return {
        "key": message.key,
        "about": message.about,
        "subject": message.subject,
        "level": message.level.label,
        "title": message.title,
        "@timestamp": instant(message.at),
        "text": message.text(),
        "first_step": message.first_step,
        "link": message.link,
        "data": dict(message.data),
    }


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `url`, `secret` (for the signature), `ca`, `plain`."""
    secret = table.text("secret", "")
    return Webhook(endpoint=endpoint_of(table, house), secret=house.secret(secret).encode() if secret else b"")

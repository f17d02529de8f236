"""Slack through an incoming webhook: blocks of plain text, so that text from logs makes no link and mentions nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.tables import Table
from playbooks.notify.channel import Channel, House
from playbooks.notify.http import Endpoint, endpoint_of
from playbooks.notify.message import Message

KIND = "slack"
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A Slack channel."""

    endpoint: Endpoint

    def send(self, message: Message) -> None:
        """Post the blocks."""
        self.endpoint.post(json.dumps(blocks(message)).encode(), {"Idempotency-Key": message.key})


def blocks(message: Message) -> dict[str, object]:
    """Return what the webhook takes."""
    rows = [f"{label}: {value}" for label, value in message.facts]
    rows += [f"{message.first_step_label}: {message.first_step}"] if message.first_step else []
    parts: list[dict[str, object]] = [
        {"type": "header", "text": _plain(message.title, 150)},
        {"type": "section", "text": _plain("\n".join(rows), 3000)},
        {"type": "context", "elements": [_plain(message.key, 100)]},
    ]
    if message.link:
        button = {"type": "button", "text": _plain(message.link_label, 75), "url": message.link}
        parts.append({"type": "actions", "elements": [button]})
    fallback = message.title
    for letter, escaped in _ESCAPES:
        fallback = fallback.replace(letter, escaped)
    return {"text": fallback, "blocks": parts, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str, most: int) -> dict[str, object]:
    return {"type": "plain_text", "text": text[:most] or " ", "emoji": False}


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `url` (a secret), `ca`, `plain`."""
    return Slack(endpoint=endpoint_of(table, house))

"""Microsoft Teams through a Workflows webhook ("When a Teams webhook request is received"): an adaptive card.

The card is version 1.4 of the adaptive-card schema. Text from logs stands in `TextRun` elements, which know no
Markdown. Workflows gives no way to know a message again: a repeated delivery shows twice, with the same id at its end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.alerts import Level
from engine.tables import Table
from playbooks.notify.channel import Channel, House
from playbooks.notify.http import Endpoint, endpoint_of
from playbooks.notify.message import Message

KIND = "teams"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_COLOURS = {Level.CRITICAL: "attention", Level.HIGH: "attention", Level.MEDIUM: "warning"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """A Teams channel or chat."""

    endpoint: Endpoint

    def send(self, message: Message) -> None:
        """Post the card."""
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card(message),
        }
        body = json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()
        self.endpoint.post(body, {"Idempotency-Key": message.key})


def card(message: Message) -> dict[str, object]:
    """Return the adaptive card of a message."""
    colour = _COLOURS.get(message.level, "default")
    title = _line([_run(message.title, weight="bolder", size="medium", color=colour)])
    facts = [_line([_run(f"{label}: ", weight="bolder"), _run(value)]) for label, value in message.facts]
    step = [_line([_run(f"{message.first_step_label}: ", weight="bolder"), _run(message.first_step)])]
    mark = _line([_run(message.key, size="small", isSubtle=True)])
    found: dict[str, object] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": message.lang,
        "fallbackText": message.title,
        "msteams": {"width": "Full"},
        "body": [title, *facts, *(step if message.first_step else []), mark],
    }
    if message.link:
        found["actions"] = [{"type": "Action.OpenUrl", "title": message.link_label, "url": message.link}]
    return found


def _line(runs: list[dict[str, object]]) -> dict[str, object]:
    return {"type": "RichTextBlock", "spacing": "small", "inlines": runs}


def _run(text: str, **looks: object) -> dict[str, object]:
    return {"type": "TextRun", "text": text or " ", **looks}


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `url` (a secret), `ca` (certificates to trust), `plain` (http to a listed address)."""
    return Teams(endpoint=endpoint_of(table, house))

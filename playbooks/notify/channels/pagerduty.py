"""PagerDuty's Events API v2, and what speaks it (Opsgenie's and others' compatible endpoints): one event to trigger.

`dedup_key` is the message's key: a repeated delivery joins the incident that is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.alerts import Level
from engine.events import instant
from engine.tables import Table
from playbooks.notify.channel import Channel, House
from playbooks.notify.http import Endpoint
from playbooks.notify.message import Message

KIND = "pagerduty"
_URL = "https://events.pagerduty.com/v2/enqueue"
_SEVERITY = {Level.CRITICAL: "critical", Level.HIGH: "error", Level.MEDIUM: "warning"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """A service's integration; `routing` is its key."""

    endpoint: Endpoint
    routing: str

    def send(self, message: Message) -> None:
        """Trigger."""
        self.endpoint.post(json.dumps(event(message, self.routing)).encode(), {})


def event(message: Message, routing: str) -> dict[str, object]:
    """Return the event."""
    found: dict[str, object] = {
        "routing_key": routing,
        "event_action": "trigger",
        "dedup_key": message.key,
        "payload": {
            "summary": message.title[:1024],
            "source": "kulla",
            "severity": _SEVERITY.get(message.level, "info"),
            "timestamp": instant(message.at),
            "class": message.about,
            "custom_details": {
                **dict(message.facts),
                message.first_step_label: message.first_step,
                "id": message.subject,
            },
        },
    }
    if message.link:
        found["links"] = [{"href": message.link, "text": message.link_label}]
    return found


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `routing_key` (a secret), `url` (of a compatible service), `ca`, `plain`."""
    url = table.text("url", _URL)
    endpoint = Endpoint(
        url=house.secret(url), house=house, authority=table.text("ca", ""), plain=table.switch("plain", default=False)
    )
    return PagerDuty(endpoint=endpoint, routing=house.secret(table.text("routing_key")))

"""TheHive 5: an alert (`POST /api/v1/alert`). `sourceRef` is the key; that it is there already counts as taken."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.alerts import Level
from engine.tables import Table
from playbooks.notify.channel import Channel, DeliveryError, House
from playbooks.notify.http import Endpoint, endpoint_of
from playbooks.notify.markdown import fenced
from playbooks.notify.message import Message

KIND = "thehive"
_SEVERITY = {Level.CRITICAL: 4, Level.HIGH: 3, Level.MEDIUM: 2}
_TYPES = {
    "source.ip": "ip",
    "destination.ip": "ip",
    "host.name": "hostname",
    "url.original": "url",
    "url.domain": "domain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TheHive:
    """A TheHive server."""

    endpoint: Endpoint

    def send(self, message: Message) -> None:
        """Create the alert; one that is there already is what an earlier delivery made."""
        status, answer = self.endpoint.post(json.dumps(alert(message)).encode(), {}, taken=frozenset({400, 409}))
        if status >= 400 and b"already exist" not in answer:
            raise DeliveryError(f"refused with status {status}", again=False, where="thehive")


def alert(message: Message) -> dict[str, object]:
    """Return the alert; its description is Markdown, so that text from logs stands in a code block."""
    observables = [
        {"dataType": kind, "data": value[:500]}
        for name, kind in _TYPES.items()
        for value in _values(message.data.get(name))[:20]
    ]
    return {
        "type": "kulla",
        "source": "kulla",
        "sourceRef": message.key[:128],
        "externalLink": message.link or None,
        "title": message.title,
        "description": fenced(message.text()),
        "severity": _SEVERITY.get(message.level, 1),
        "date": int(message.at.timestamp() * 1000),
        "tags": ["kulla", f"about:{message.about}", *_values(message.data.get("rule.tags"))[:50]],
        "tlp": 2,
        "pap": 2,
        "observables": observables,
    }


def _values(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `url` (of the server), `api_key` (a secret), `organisation`, `ca`, `plain`."""
    headers = {"Authorization": f"Bearer {house.secret(table.text('api_key'))}"}
    organisation = table.text("organisation", "")
    if organisation:
        headers["X-Organisation"] = organisation
    return TheHive(endpoint=endpoint_of(table, house, path="/api/v1/alert", headers=headers))

"""DFIR-IRIS: an alert (`POST /alerts/add`). `alert_source_ref` is the key, by which repeated deliveries are known."""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.alerts import Level
from engine.tables import Table
from playbooks.notify.channel import Channel, House
from playbooks.notify.http import Endpoint, endpoint_of
from playbooks.notify.markdown import fenced
from playbooks.notify.message import Message

KIND = "iris"
_SEVERITY = {
    Level.CRITICAL: 6,
    Level.HIGH: 5,
    Level.MEDIUM: 4,
    Level.LOW: 3,
}  # ids of IRIS's own table; 2 informational
_NEW = 2  # id of the status "New"


@dataclass(frozen=True, slots=True, kw_only=True)
class Iris:
    """A DFIR-IRIS server and the customer that alerts belong to."""

    endpoint: Endpoint
    customer: int

    def send(self, message: Message) -> None:
        """Create the alert."""
        self.endpoint.post(json.dumps(alert(message, self.customer)).encode(), {})


def alert(message: Message, customer: int) -> dict[str, object]:
    """Return the alert."""
    return {
        "alert_title": message.title,
        "alert_description": fenced(message.text()),
        "alert_source": "kulla",
        "alert_source_ref": message.key,
        "alert_source_link": message.link,
        "alert_severity_id": _SEVERITY.get(message.level, 2),
        "alert_status_id": _NEW,
        "alert_customer_id": customer,
        "alert_source_event_time": message.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "alert_tags": f"kulla,{message.about}",
        "alert_source_content": dict(message.data),
    }


def open_channel(table: Table, house: House) -> Channel:
    """Return the channel: `url` (of the server), `api_key` (a secret), `customer` (its id), `ca`, `plain`."""
    headers = {"Authorization": f"Bearer {house.secret(table.text('api_key'))}"}
    customer = table.number("customer", 1, least=1)
    return Iris(endpoint=endpoint_of(table, house, path="/alerts/add", headers=headers), customer=customer)

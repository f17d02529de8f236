"""Cisco Meraki's alerts as its dashboard sends them to a web hook.

Format: Cisco Meraki documentation, "Webhooks, payload format" (version 0.1), one JSON object an alert. Field names:
Elastic's `cisco_meraki.events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.values import mac_of
from collectors.source import Options
from engine.events import Fields

_THREATS: Final = ("rogue", "ids", "ips", "malware", "amp_", "packet_flood", "spoof", "blocked")  # in an alert's type
_STARTS: Final = ("started", "_up", "connected", "came up")
_ENDS: Final = ("stopped", "_down", "disconnected", "went down")


def _owns(document: Mapping[str, Json]) -> bool:
    return {"alertType", "networkId", "organizationId", "occurredAt"} <= document.keys()


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert."""
    kind = text(document.get("alertTypeId"))
    said = f"{kind} {text(document.get('alertType'))}".lower()
    fields["observer.vendor"] = "Cisco"
    put_text("event.action", document.get("alertType"), fields)
    fields["event.category"], types = ("network",), ["info"]
    if any(word in kind for word in _THREATS):
        fields["event.kind"], fields["event.category"] = "alert", ("network", "intrusion_detection")
    elif "setting" in kind:
        fields["event.category"], types = ("configuration",), ["change"]
    elif any(word in said for word in _ENDS):
        types.append("end")
    elif any(word in said for word in _STARTS):
        types.append("start")
    fields["event.type"] = tuple(types)
    for key in ("occurredAt", "sentAt"):
        if (moment := to_instant(document.get(key), options.zone)) is not None:
            fields["@timestamp"] = moment
            break
    for name, key in (
        ("log.level", "alertLevel"),
        ("network.name", "networkName"),
        ("observer.name", "deviceName"),
        ("observer.product", "deviceModel"),
        ("observer.serial_number", "deviceSerial"),
        ("organization.id", "organizationId"),
        ("organization.name", "organizationName"),
    ):
        put_text(name, document.get(key), fields)
    if mac := mac_of(text(document.get("deviceMac"))):
        fields["observer.mac"] = mac
    _read_data(inner(document, "alertData"), fields)
    spread("cisco_meraki.event.", document, fields)


def _read_data(data: Document, fields: Fields) -> None:
    """Read whom the alert is about, where it says so."""
    put_end(fields, "client", first(data, ("clientIp", "ip")))
    if mac := mac_of(first(data, ("clientMac", "mac", "srcMac"))):
        fields["client.mac"] = mac
    put_text("client.domain", data.get("clientName"), fields)
    put_text("user.name", first(data, ("identity", "userName", "name")) if "userId" in data else None, fields)
    put_text("rule.name", first(data, ("signature", "message")), fields)


SOURCE: Final = JsonSource(
    name="cisco_meraki_webhook",
    aliases=("meraki_webhook", "cisco_meraki_events"),
    title="Cisco Meraki's alerts by web hook",
    dataset="cisco_meraki.events",
    owns=_owns,
    marks=((b'"alertTypeId"', b'"networkId"', b'"organizationId"'),),
    read=read,
    finish=finish,
)

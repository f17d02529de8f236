"""Cisco Meraki's alerts by web hook."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_BASE = {
    "alertType": "Cellular came up",
    "alertTypeId": "cellular_up",
    "alertLevel": "informational",
    "networkId": "N_1",
    "networkName": "Main office",
    "organizationId": "7",
    "deviceMac": "00:00:5e:00:53:01",
    "deviceName": "mx1",
    "occurredAt": "2024-03-05T09:12:44.5Z",
    "sharedSecret": "s3",
}


def seen(**more: object) -> dict[str, Any]:
    return one("cisco_meraki_webhook", json.dumps({**_BASE, **more}))


@pytest.mark.parametrize(
    ("kind", "told", "category", "types"),
    [
        ("cellular_up", "event", ("network",), ("info", "start")),
        ("rogue_ap", "alert", ("network", "intrusion_detection"), ("info",)),
        ("settings_changed", "event", ("configuration",), ("change",)),
        ("vpn_connectivity_down", "event", ("network",), ("info", "end")),
    ],
)
def test_an_alert(kind: str, told: str, category: object, types: object) -> None:
    fields = seen(alertTypeId=kind, alertType="x")
    assert (fields["event.kind"], fields["event.category"], fields["event.type"]) == (told, category, types)
    assert (fields["observer.mac"], fields["network.name"]) == ("00-00-5E-00-53-01", "Main office")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.5")


def test_it_names_the_client() -> None:
    fields = seen(alertData={"clientIp": "10.0.0.5", "clientMac": "00:00:5e:00:53:02", "signature": "1:2:3"})
    assert (fields["client.ip"], fields["client.mac"], fields["rule.name"]) == (
        "10.0.0.5",
        "00-00-5E-00-53-02",
        "1:2:3",
    )


def test_it_is_known_and_what_is_none_is_a_dead_letter() -> None:
    assert known_as(json.dumps(_BASE)) == "cisco_meraki_webhook"
    events, dead = read("cisco_meraki_webhook", json.dumps(_BASE) + '\n{"alertType": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)

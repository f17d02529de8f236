"""Infoblox BloxOne: leases, records and settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_LEASE = {
    "address": "192.0.2.7",
    "hardware": "00:00:5e:00:53:01",
    "starts": "2024-03-05T09:00:00Z",
    "ends": "2024-03-05T10:00:00Z",
    "last_updated": "2024-03-05T09:12:44Z",
    "host": "dhcp1",
    "hostname": "pc7",
    "state": "used",
    "protocol": "ip4",
    "client_id": "c7",
}
_RECORD = {
    "id": "r1",
    "rdata": {"address": "192.0.2.9"},
    "zone": "z1",
    "type": "A",
    "ttl": 300,
    "absolute_name_spec": "www.tax.example.",
    "dns_rdata": "192.0.2.9",
    "updated_at": "2024-03-05T09:12:44Z",
}
_SETTINGS = {"id": "s1", "forwarders": [], "dnssec_enabled": True, "forwarders_only": True, "created_at": "2024-03-05"}


def seen(document: object) -> dict[str, Any]:
    return one("infoblox_bloxone", json.dumps(document))


@pytest.mark.parametrize(("state", "kind"), [("used", "start"), ("free", "end"), ("expired", "end")])
def test_a_lease(state: str, kind: str) -> None:
    fields = seen({**_LEASE, "state": state})
    assert (fields["client.ip"], fields["client.mac"], fields["network.type"]) == (
        "192.0.2.7",
        "00-00-5E-00-53-01",
        "ipv4",
    )
    assert (fields["event.type"], fields["event.dataset"]) == (("protocol", kind), "infoblox_bloxone_ddi.dhcp_lease")
    assert (fields["@timestamp"], fields["event.end"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T10:00:00"))


def test_a_record_and_settings_are_states() -> None:
    record, settings = seen(_RECORD), seen(_SETTINGS)
    assert (record["event.kind"], record["dns.answers.data"], record["dns.answers.ttl"]) == (
        "state",
        ["192.0.2.9"],
        [300],
    )
    assert (settings["event.dataset"], settings["event.kind"]) == ("infoblox_bloxone_ddi.dns_config", "state")


@pytest.mark.parametrize("document", [_LEASE, _RECORD, _SETTINGS])
def test_each_is_known(document: object) -> None:
    assert known_as(json.dumps(document)) == "infoblox_bloxone"


def test_what_is_none_is_a_dead_letter() -> None:
    events, dead = read("infoblox_bloxone", json.dumps(_LEASE) + '\n{"address": "192.0.2.1"}\n')
    assert (len(events), len(dead)) == (1, 1)

"""Cisco Secure Endpoint: detections with computer, file, network and technique."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read


def event(kind: str = "Threat Detected", **more: object) -> dict[str, object]:
    return {
        "id": 1515298355162029000,
        "date": "2024-03-05T09:12:44+00:00",
        "event_type": kind,
        "event_type_id": 1090519054,
        "connector_guid": "g1",
        "computer": {
            "connector_guid": "g1",
            "hostname": "PC7",
            "user": "ana@MIN",
            "network_addresses": [{"ip": "192.0.2.7", "mac": "38:1e:eb:ba:2c:15"}],
        },
        **more,
    }


_FILE = {
    "file_name": "x.exe",
    "file_path": "\\\\?\\C:\\x.exe",
    "identity": {"sha256": "ab" * 32},
    "parent": {"file_name": "cmd.exe", "process_id": 12, "identity": {"sha256": "cd" * 32}},
}


def seen(document: object) -> dict[str, Any]:
    return one("cisco_secure_endpoint", json.dumps(document))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_detection_has_computer_file_and_process(wrapped: bool) -> None:
    document = event(severity="High", detection="W32.X", file=_FILE)
    fields = seen({"version": "v1.2.0", "metadata": {}, "data": document} if wrapped else document)
    assert (fields["event.kind"], fields["event.severity"], fields["event.reason"]) == ("alert", 3, "W32.X")
    assert fields["event.category"] == ("file", "malware")
    assert (fields["host.name"], fields["host.ip"], fields["host.mac"]) == ("PC7", ["192.0.2.7"], ["38-1E-EB-BA-2C-15"])
    assert (fields["file.name"], fields["file.hash.sha256"]) == ("x.exe", "ab" * 32)
    assert (fields["process.name"], fields["process.pid"], fields["process.hash.sha256"]) == ("cmd.exe", 12, "cd" * 32)
    assert (fields["user.name"], fields["@timestamp"]) == ("ana", at("2024-03-05T09:12:44"))


def test_a_connection_has_both_ends_and_the_link() -> None:
    network = {
        "dirty_url": "http://bad.example/x",
        "local_ip": "192.0.2.7",
        "local_port": 4711,
        "remote_ip": "198.51.100.9",
        "remote_port": 80,
        "nfm": {"direction": "Outgoing connection from", "protocol": "TCP"},
    }
    fields = seen(event("DFC Threat Detected", network_info=network))
    assert (fields["source.port"], fields["destination.ip"], fields["network.transport"]) == (
        4711,
        "198.51.100.9",
        "tcp",
    )
    assert (fields["network.direction"], fields["url.domain"]) == ("outbound", "bad.example")


def test_a_hunt_names_its_techniques() -> None:
    hunt = {
        "incident_title": "Valak",
        "techniques": [{"external_id": "T1053", "name": "Scheduled Task", "mitre_url": "https://attack.example/T1053"}],
        "tactics": [{"external_id": "TA0005", "name": "Defense Evasion"}],
    }
    fields = seen(event("SecureX Threat Hunting Incident", threat_hunting=hunt))
    assert (fields["threat.technique.id"], fields["threat.tactic.name"]) == (["T1053"], ["Defense Evasion"])
    assert (fields["event.reason"], fields["threat.technique.reference"]) == ("Valak", ["https://attack.example/T1053"])


def test_what_is_no_threat_is_no_alert() -> None:
    fields = seen(event("Policy Update Failed"))
    assert (fields["event.kind"], fields["event.category"], fields["event.outcome"]) == ("event", ("host",), "failure")


def test_it_is_known_and_the_rest_is_a_dead_letter() -> None:
    assert known_as(json.dumps(event())) == "cisco_secure_endpoint"
    events, dead = read("cisco_secure_endpoint", json.dumps(event()) + '\n{"event_type": "x"}\n')
    assert (len(events), len(dead)) == (1, 1)

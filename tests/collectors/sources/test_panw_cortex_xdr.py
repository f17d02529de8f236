"""Cortex XDR: an alert's host, process, file and network, and incidents."""

from __future__ import annotations

import json
from typing import Any

from tests.collectors.reading import at, known_as, one, read


def alert(events: object = None, **more: object) -> str:
    return json.dumps(
        {
            "alert_id": "1",
            "external_id": "e1",
            "detection_timestamp": 1709629964980,
            "endpoint_id": "d1",
            "host_name": "PC7",
            "agent_fqdn": "pc7.example",
            "host_ip": ["192.0.2.7", "none"],
            "mac_address": ["00:11:22:33:44:55"],
            "severity": "high",
            "action": "BLOCKED",
            "name": "Kernel Privilege Escalation",
            "description": "prevented",
            "mitre_tactic_id_and_name": ["TA0004 - Privilege Escalation"],
            "mitre_technique_id_and_name": [""],
            "events": events,
            **more,
        }
    )


_EVENT = {
    "actor_process_image_name": "x.exe",
    "actor_process_image_path": "c:\\tmp\\x.exe",
    "actor_process_command_line": "x -a",
    "actor_process_image_sha256": "ab" * 32,
    "actor_process_os_pid": 12,
    "os_actor_process_image_name": "cmd.exe",
    "action_local_ip": "192.0.2.7",
    "action_remote_ip": "198.51.100.1",
    "action_remote_port": 443,
    "user_name": "MIN\\ana",
}


def seen(text: str) -> dict[str, Any]:
    return one("panw_cortex_xdr", text)


def test_an_alert_has_host_severity_and_tactic() -> None:
    fields = seen(alert())
    assert (fields["event.kind"], fields["event.severity"], fields["event.id"]) == ("alert", 4, "e1")
    assert (fields["host.name"], fields["host.ip"], fields["host.mac"]) == ("PC7", ["192.0.2.7"], ["00-11-22-33-44-55"])
    assert (fields["threat.tactic.id"], fields["threat.tactic.name"]) == (["TA0004"], ["Privilege Escalation"])
    assert "threat.technique.id" not in fields
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.980")


def test_what_it_saw_is_read_from_an_object_and_from_a_list() -> None:
    for events in (_EVENT, [_EVENT, {"actor_process_image_name": "other"}]):
        fields = seen(alert(events))
        assert (fields["process.name"], fields["process.pid"], fields["process.parent.name"]) == (
            "x.exe",
            12,
            "cmd.exe",
        )
        assert (fields["process.executable"], fields["process.command_line"]) == ("c:\\tmp\\x.exe", "x -a")
        assert (fields["source.ip"], fields["destination.ip"]) == ("192.0.2.7", "198.51.100.1")
        assert (fields["destination.port"], fields["user.name"], fields["user.domain"]) == (443, "ana", "MIN")
        assert fields["related.hash"] == ["ab" * 32]


def test_an_incident_is_read() -> None:
    text = json.dumps({
        "incident_id": "7", "xdr_url": "https://xdr.example/7", "creation_time": 1709629964000, "severity": "low",
        "description": "two alerts", "mitre_techniques_ids_and_names": ["T1059 - Shell"],
    })  # fmt: skip
    fields = seen(text)
    assert (fields["event.dataset"], fields["event.id"]) == ("panw_cortex_xdr.incidents", "7")
    assert (fields["threat.technique.id"], fields["event.url"]) == (["T1059"], "https://xdr.example/7")
    assert known_as(text) == known_as(alert()) == "panw_cortex_xdr"


def test_what_is_neither_is_a_dead_letter() -> None:
    events, dead = read("panw_cortex_xdr", alert() + '\n{"alert_id": "1"}\n')
    assert (len(events), len(dead)) == (1, 1)

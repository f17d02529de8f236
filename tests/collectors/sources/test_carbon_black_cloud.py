"""Carbon Black: alerts, hits of watchlists, audit, and EDR's events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_ALERT = {
    "id": "a1",
    "org_key": "K",
    "type": "CB_ANALYTICS",
    "severity": 7,
    "alert_url": "https://cb.example/1",
    "create_time": "2024-03-05T09:12:44Z",
    "reason": "ran a tool",
    "device_id": 2,
    "device_name": "PC7",
    "device_os": "WINDOWS",
    "device_internal_ip": "192.0.2.7",
    "device_external_ip": "192.0.2.7",
    "device_username": "MIN\\ana",
    "threat_cause_threat_category": "NON_MALWARE",
}
_HIT = {
    "process_guid": "g2",
    "ioc_id": "i1",
    "report_id": "r1",
    "watchlists": [],
    "create_time": "2024-03-05T09:12:44.449Z",
    "process_path": "c:\\sc.exe",
    "process_cmdline": "sc query",
    "process_pid": 12,
    "parent_pid": 4,
    "process_hash": ["ab" * 16, "cd" * 32],
    "process_username": ["MIN\\ana"],
    "severity": 3,
}
_EDR = {
    "cb_server": "cb",
    "type": "ingress.event.procstart",
    "process_guid": "g3",
    "computer_name": "PC7",
    "path": "c:\\x.exe",
    "command_line": "x",
    "pid": 8,
    "timestamp": 1709629964,
    "username": "ana",
}
_FEED = {
    "cb_version": "7",
    "server_name": "cb",
    "feed_id": 7,
    "ioc_type": "md5",
    "ioc_value": "ab" * 16,
    "hostname": "PC7",
}


def audit(description: str) -> dict[str, object]:
    return {
        "eventId": "e1",
        "eventTime": 1709629964263,
        "loginName": "ana@example.org",
        "orgName": "gov",
        "clientIp": "192.0.2.9",
        "description": description,
    }


def seen(document: object) -> dict[str, Any]:
    return one("carbon_black_cloud", json.dumps(document))


def test_an_alert_has_host_account_and_severity() -> None:
    fields = seen(_ALERT)
    assert (fields["event.kind"], fields["event.severity"], fields["event.category"]) == (
        "alert",
        7,
        ("intrusion_detection",),
    )
    assert (fields["host.name"], fields["host.ip"], fields["user.name"]) == ("PC7", ["192.0.2.7"], "MIN\\ana")
    assert seen(_ALERT | {"threat_cause_threat_category": "MALWARE"})["event.category"] == ("malware",)


def test_a_hit_has_process_parent_and_hashes_by_their_length() -> None:
    fields = seen(_HIT)
    assert (fields["process.executable"], fields["process.pid"], fields["process.parent.pid"]) == ("c:\\sc.exe", 12, 4)
    assert (fields["process.hash.md5"], fields["process.hash.sha256"]) == ("ab" * 16, "cd" * 32)
    assert (fields["process.user.name"], fields["@timestamp"]) == ("MIN\\ana", at("2024-03-05T09:12:44.449"))


@pytest.mark.parametrize(
    ("said", "category", "kind", "outcome"),
    [
        ("Logged in successfully", "authentication", "start", "success"),
        ("Login failed: invalid password", "authentication", "start", "failure"),
        ("Deleted policy 7", "configuration", "deletion", "success"),
    ],
)
def test_audit_is_told_by_its_description(said: str, category: str, kind: str, outcome: str) -> None:
    fields = seen(audit(said))
    assert (fields["event.category"], fields["event.type"], fields["event.outcome"]) == ((category,), (kind,), outcome)
    assert (fields["source.ip"], fields["client.user.id"]) == ("192.0.2.9", "ana@example.org")


def test_edrs_events_are_read() -> None:
    started, hit = seen(_EDR), seen(_FEED)
    assert (started["event.category"], started["event.type"]) == (("process",), ("start",))
    assert (started["process.executable"], started["process.pid"], started["user.name"]) == ("c:\\x.exe", 8, "ana")
    assert (hit["threat.indicator.file.hash.md5"], hit["event.module"]) == ("ab" * 16, "carbonblack_edr")


def test_each_is_known_and_the_rest_is_a_dead_letter() -> None:
    for document in (_ALERT, _HIT, _EDR, _FEED, audit("x")):
        assert known_as(json.dumps(document)) == "carbon_black_cloud"
    events, dead = read("carbon_black_cloud", json.dumps(_HIT) + '\n{"org_key": "K"}\n')
    assert (len(events), len(dead)) == (1, 1)

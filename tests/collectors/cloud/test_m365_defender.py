"""Defender XDR: what an alert is about, and who acts on what in the rows of the hunting tables."""

from __future__ import annotations

import json
from typing import Any

from tests.collectors.cloud.samples import SAMPLES
from tests.collectors.reading import at, known_as, one

ALERT, LOGON = (json.loads(raw) for raw in SAMPLES["m365_defender"])


def row(table: str, **columns: Any) -> dict[str, Any]:
    record = {"time": LOGON["time"], "category": f"AdvancedHunting-{table}", "properties": columns}
    return one("m365_defender", json.dumps(record))


def test_an_alert_names_its_device_process_address_and_techniques() -> None:
    fields = one("m365_defender", json.dumps(ALERT))
    assert (fields["event.kind"], fields["event.severity"], fields["rule.name"]) == ("alert", 4, "Hidden file was run")
    assert (fields["host.name"], fields["host.ip"], fields["user.name"]) == ("pc7.gov.example", ["10.0.0.7"], "anna")
    assert (fields["process.executable"], fields["process.pid"]) == ("C:\\Temp\\x.exe", 4780)
    assert (fields["process.parent.pid"], fields["process.user.name"]) == (668, "SYSTEM")
    assert (fields["source.ip"], fields["url.domain"], fields["url.query"]) == ("203.0.113.9", "bad.example", "b=c")
    assert fields["threat.technique.id"] == ["T1059"]
    assert fields["threat.technique.subtechnique.id"] == ["T1564.001"]
    assert fields["related.hash"] == ["ab" * 32]


def test_an_address_in_evidence_that_is_none_is_no_address() -> None:
    piece = {"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "not-an-address"}
    fields = one("m365_defender", json.dumps(ALERT | {"evidence": [piece]}))
    assert "source.ip" not in fields


def test_an_incident_tells_what_its_first_alert_is_about() -> None:
    incident = {
        "id": "7",
        "incidentWebUrl": "https://security.example/7",
        "displayName": "Several stages",
        "determination": "unknown",
        "severity": "medium",
        "lastUpdateDateTime": "2025-03-05T05:06:07Z",
        "alerts": [ALERT],
    }
    assert known_as(json.dumps(incident)) == "m365_defender"
    fields = one("m365_defender", json.dumps(incident))
    assert (fields["message"], fields["event.severity"]) == ("Several stages", 3)
    assert (fields["@timestamp"], fields["host.id"]) == (at("2025-03-05T05:06:07"), "m7")


def test_a_log_on_that_failed_comes_from_the_remote_end() -> None:
    fields = one("m365_defender", json.dumps(LOGON))
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), "failure")
    assert (fields["source.ip"], fields["source.port"], fields["user.name"]) == ("203.0.113.9", 50111, "anna")
    assert fields["event.reason"] == "InvalidUserNameOrPassword"
    assert "destination.ip" not in fields


def test_the_process_that_was_started_and_the_one_that_started_it() -> None:
    fields = row(
        "DeviceProcessEvents",
        ActionType="ProcessCreated",
        FileName="cmd.exe",
        FolderPath="C:\\Windows\\cmd.exe",
        ProcessCommandLine="cmd /c whoami",
        ProcessId=9,
        InitiatingProcessFileName="winword.exe",
        InitiatingProcessId=8,
    )
    assert (fields["process.name"], fields["process.pid"], fields["process.parent.pid"]) == ("cmd.exe", 9, 8)
    assert (fields["process.parent.name"], fields["event.type"]) == ("winword.exe", ("start", "info"))
    assert "file.name" not in fields


def test_the_file_that_a_process_deleted() -> None:
    fields = row(
        "DeviceFileEvents", ActionType="FileDeleted", FileName="a.doc", InitiatingProcessFileName="x.exe", FileSize=5
    )
    assert (fields["file.name"], fields["process.name"], fields["file.size"]) == ("a.doc", "x.exe", 5)
    assert fields["event.type"] == ("deletion", "info")


def test_a_process_in_evidence_has_its_number_in_json_of_its_own() -> None:
    entity = {"ProcessId": "25976", "ParentProcess": {"ProcessId": "77", "CommandLine": "wscript x.vbs"}}
    fields = row("AlertEvidence", EntityType="Process", FileName="p.exe", AdditionalFields=json.dumps(entity))
    assert (fields["process.name"], fields["process.pid"], fields["process.parent.pid"]) == ("p.exe", 25976, 77)
    assert (fields["process.parent.command_line"], fields["event.kind"]) == ("wscript x.vbs", "enrichment")


def test_a_connection_that_was_accepted_goes_to_the_device() -> None:
    ends = {"LocalIP": "10.0.0.7", "LocalPort": 445, "RemoteIP": "10.0.0.9", "RemotePort": 50000}
    fields = row("DeviceNetworkEvents", ActionType="InboundConnectionAccepted", Protocol="Tcp", **ends)
    assert (fields["source.ip"], fields["destination.port"], fields["network.transport"]) == ("10.0.0.9", 445, "tcp")
    fields = row("DeviceNetworkEvents", ActionType="ConnectionSuccess", **ends)
    assert (fields["source.ip"], fields["destination.ip"]) == ("10.0.0.7", "10.0.0.9")

"""CrowdStrike Falcon: detections with their process, what people did in Falcon, and what its graph knows of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_STREAM = {"customerIDString": "c0ffee", "offset": 7, "eventCreationTime": 1709629964000, "version": "1.0"}


def message(kind: str, **event: object) -> str:
    return json.dumps({"metadata": {**_STREAM, "eventType": kind}, "event": event})


def vertex(what: str, **properties: object) -> str:
    metadata = {"detectionIdString": "ldt:a:1", "eventType": "Vertex", "severity": {"name": "High", "code": 4}}
    event = {
        "vertex_type": what,
        "timestamp": "2024-03-05T09:00:00Z",
        "device_id": "a1",
        "customer_id": "c0ffee",
        "properties": properties,
    }
    return json.dumps({"metadata": metadata, "event": event})


def seen(text: str) -> dict[str, Any]:
    return one("crowdstrike", text)


def test_a_detection_names_the_process_its_parent_and_the_technique() -> None:
    fields = seen(
        message(
            "DetectionSummaryEvent",
            ComputerName="PC7",
            UserName="ana",
            DetectName="Ransomware",
            Severity=5,
            FileName="x.exe",
            FilePath="\\Device\\HarddiskVolume2\\tmp",
            CommandLine="x.exe -a",
            ParentImageFileName="\\Device\\HarddiskVolume2\\cmd.exe",
            SHA256String="ab" * 32,
            Tactic="Impact",
            TechniqueId="T1486",
            LocalIP="192.0.2.7",
            ProcessStartTime=1709629900,
            ProcessEndTime=0,
            FalconHostLink="https://falcon.example/1",
        )
    )
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ("intrusion_detection",))
    assert (fields["host.name"], fields["user.name"], fields["rule.name"]) == ("PC7", "ana", "Ransomware")
    assert fields["process.executable"] == "\\Device\\HarddiskVolume2\\tmp\\x.exe"
    assert (fields["process.parent.name"], fields["threat.technique.id"]) == ("cmd.exe", "T1486")
    assert (fields["@timestamp"], fields["process.start"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T09:11:40"))
    assert "process.end" not in fields
    assert fields["event.url"] == "https://falcon.example/1"


@pytest.mark.parametrize(
    ("action", "success", "kind", "outcome"),
    [
        ("userAuthenticate", True, "start", "success"),
        ("userAuthenticate", False, "start", "failure"),
        ("userLogout", True, "end", "success"),
    ],
)
def test_log_ins_at_falcon(action: str, success: bool, kind: str, outcome: str) -> None:
    fields = seen(
        message(
            "AuthActivityAuditEvent",
            UserId="ana@portal.example",
            UserIp="198.51.100.7",
            OperationName=action,
            Success=success,
        )
    )
    assert "authentication" in fields["event.category"]
    assert (fields["event.type"], fields["event.outcome"]) == ((kind,), outcome)
    assert (fields["source.ip"], fields["user.name"], fields["user.email"]) == (
        "198.51.100.7",
        "ana",
        "ana@portal.example",
    )


def test_an_indicator_of_several_addresses_is_each_of_them() -> None:
    fields = seen(message("EppDetectionSummaryEvent", IOCType="ipv4", IOCValue="192.0.2.1,192.0.2.2"))
    assert fields["threat.indicator.ip"] == ["192.0.2.1", "192.0.2.2"]


def test_what_the_graph_knows() -> None:
    fields = seen(
        vertex(
            "process",
            ImageFileName="\\Device\\HarddiskVolume2\\a.exe",
            RawProcessId="42",
            ExitCode="0",
            UserSid="S-1-5-18",
            ProcessStartTime="133027667360825182",
            ProcessStartTime_formatted="2022-07-20T04:58:56.082518Z",
        )
    )
    assert (fields["process.name"], fields["process.pid"], fields["process.exit_code"]) == ("a.exe", 42, 0)
    assert (fields["event.category"], fields["event.severity"]) == (("process",), 4)
    assert (fields["@timestamp"], fields["process.start"].year) == (at("2024-03-05T09:00:00"), 2022)
    user = seen(vertex("user", UserName="ana", UserSid="S-1-5-21-1", LogonDomain="TAX"))
    assert (user["user.name"], user["user.id"], user["user.domain"]) == ("ana", "S-1-5-21-1", "TAX")


def test_it_is_recognised_and_odd_shapes_lose_nothing() -> None:
    assert known_as(message("DetectionSummaryEvent") + "\n") == "crowdstrike"
    assert known_as(vertex("device") + "\n") == "crowdstrike"
    assert known_as('{"metadata": {"name": "x"}, "event": {"a": 1}}\n') != "crowdstrike"
    lines = "\n".join([message("DetectionSummaryEvent", Severity="x", MitreAttack="no list"), '{"metadata": {"eve'])
    events, dead = read("crowdstrike", lines)
    assert (len(events), len(dead)) == (1, 1)

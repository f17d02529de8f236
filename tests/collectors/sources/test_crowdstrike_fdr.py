"""Falcon Data Replicator: processes, connections, questions, files, the registry, log-ins, hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_BASE = {"aid": "a1b2", "cid": "c0ffee", "aip": "203.0.113.9", "event_platform": "Win", "id": "e-1",
         "timestamp": "1709629965000", "ContextTimeStamp": "1709629964.250", "ConfigBuild": "1007.3"}  # fmt: skip


def record(kind: str, **more: str) -> str:
    return json.dumps({**_BASE, "event_simpleName": kind, **more})


def seen(kind: str, **more: str) -> dict[str, Any]:
    return one("crowdstrike_fdr", record(kind, **more))


def test_a_process_that_began() -> None:
    image = r"\Device\HarddiskVolume3\Windows\System32\cmd.exe"
    fields = seen(
        "ProcessRollup2",
        ImageFileName=image,
        CommandLine="cmd /c whoami",
        ParentBaseFileName="winword.exe",
        RawProcessId="4711",
        TargetProcessId="77",
        ParentProcessId="76",
        SHA256HashData="ab" * 32,
        MD5HashData="0" * 32,
        UserSid="S-1-5-18",
        UserName="ana",
        ProcessStartTime="1709629964.100",
    )
    assert (fields["event.category"], fields["event.type"]) == (("process",), ("start",))
    assert (fields["process.executable"], fields["process.name"], fields["process.pid"]) == (image, "cmd.exe", 4711)
    assert (fields["process.entity_id"], fields["process.parent.entity_id"]) == ("77", "76")
    assert (fields["crowdstrike.parent_image_end"], fields["user.name"]) == (r"\winword.exe", "ana")
    assert (fields["host.id"], fields["host.os.type"], fields["observer.ip"]) == ("a1b2", "windows", ["203.0.113.9"])
    assert (fields["process.hash.sha256"], "process.hash.md5" in fields) == ("ab" * 32, False)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44.250")


@pytest.mark.parametrize(
    ("kind", "source", "destination", "direction"),
    [
        ("NetworkConnectIP4", "10.0.0.5", "198.51.100.7", "egress"),
        ("NetworkReceiveAcceptIP4", "198.51.100.7", "10.0.0.5", "ingress"),
    ],
)
def test_a_connection_has_its_ends_by_who_began(kind: str, source: str, destination: str, direction: str) -> None:
    fields = seen(
        kind,
        LocalAddressIP4="10.0.0.5",
        RemoteAddressIP4="198.51.100.7",
        LocalPort="50000",
        RemotePort="443",
        Protocol="6",
        ContextBaseFileName="rundll32.exe",
    )
    assert (fields["source.ip"], fields["destination.ip"], fields["network.direction"]) == (
        source,
        destination,
        direction,
    )
    assert (fields["network.transport"], fields["crowdstrike.image_end"]) == ("tcp", r"\rundll32.exe")


def test_a_question_has_its_answers() -> None:
    fields = seen("DnsRequest", DomainName="evil.example", RequestType="1", IP4Records="192.0.2.1;192.0.2.2;")
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("evil.example", "A")
    assert fields["dns.resolved_ip"] == ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("PeFileWritten", "creation", "event"),
        ("NewExecutableRenamed", "change", "event"),
        ("FileDeleteInfo", "deletion", "event"),
        ("RansomwareOpenFile", "access", "alert"),
    ],
)
def test_a_file(kind: str, change: str, told: str) -> None:
    fields = seen(kind, TargetFileName=r"\Device\HarddiskVolume3\Temp\a.pptx", Status="0")
    assert (fields["event.category"], fields["event.type"]) == (("file",), (change,))
    assert (fields["event.kind"], fields["event.outcome"], fields["file.extension"]) == (told, "success", "pptx")
    assert (fields["file.name"], fields["file.directory"]) == ("a.pptx", r"\Device\HarddiskVolume3\Temp")


def test_a_value_of_the_registry() -> None:
    key = r"\REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
    fields = seen("AsepValueUpdate", RegObjectName=key, RegValueName="x", RegStringValue="c:\\x.exe")
    assert fields["registry.path"] == r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\x"
    assert (fields["registry.data.strings"], fields["event.type"]) == (["c:\\x.exe"], ("change",))


@pytest.mark.parametrize(("kind", "outcome"), [("UserLogon", "success"), ("UserLogonFailed2", "failure")])
def test_a_log_in(kind: str, outcome: str) -> None:
    fields = seen(kind, UserName="TAX\\ana", RemoteAddressIP4="198.51.100.7", LogonType="10")
    assert (fields["event.category"], fields["event.outcome"]) == (("authentication",), outcome)
    assert (fields["user.name"], fields["user.domain"], fields["source.ip"]) == ("ana", "TAX", "198.51.100.7")


def test_a_host_is_described() -> None:
    fields = one(
        "crowdstrike_fdr",
        json.dumps({"aid": "a1b2", "cid": "c", "AgentVersion": "7.1", "ComputerName": "PC7", "Time": "1709629964.0"}),
    )
    assert (fields["host.name"], fields["observer.version"], fields["event.category"]) == ("PC7", "7.1", ("host",))


def test_it_is_known_and_what_is_none_is_a_dead_letter() -> None:
    line = record("SensorHeartbeat")
    assert known_as(line) == "crowdstrike_fdr"
    events, dead = read("crowdstrike_fdr", f'{line}\n{{"aid": "x"}}\n')
    assert (len(events), len(dead)) == (1, 1)


def test_the_secondary_feed_is_the_event_streams() -> None:
    line = json.dumps(
        {
            "EventType": "Event_ExternalApiEvent",
            "ExternalApiType": "Event_AuthActivityAuditEvent",
            "OperationName": "userAuthenticate",
            "UTCTimestamp": 1709629964000,
            "UserId": "ana@example.org",
            "UserIp": "198.51.100.7",
            "Success": False,
        }
    )
    assert known_as(line) == "crowdstrike"
    fields = one("crowdstrike", line)
    assert (fields["event.outcome"], fields["source.ip"], fields["user.name"]) == ("failure", "198.51.100.7", "ana")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")

"""SentinelOne: what was found on which host, by which rule and process, and who logged in to the console."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_SHA1 = "356a192b7913b04c54574d18c28d46e6395428ab"
_MOMENT = "2024-03-05T09:12:44.500000Z"


def activity(number: object, said: str, data: object = None, **more: object) -> str:
    record: dict[str, Any] = {
        "activityType": number,
        "agentId": None,
        "createdAt": _MOMENT,
        "data": {"username": "ana@portal.example", "ipAddress": "198.51.100.7"} if data is None else data,
        "id": "77",
        "primaryDescription": said,
        "secondaryDescription": None,
        "threatId": None,
        "userId": "u1",
    }
    return json.dumps(record | more)


def threat(**more: object) -> str:
    record: dict[str, Any] = {
        "threatId": "t1",
        "threatName": "mimi.exe",
        "detectionEngines": [{"key": "static", "title": "On-Write Static AI"}],
        "originatorProcess": "explorer.exe",
        "processUser": "PORTAL\\ana",
        "filePath": "\\Device\\x\\mimi.exe",
        "fileExtension": "EXE",
        "fileSize": 900,
        "sha1": _SHA1.upper(),
        "createdAt": "2024-03-05T09:00:00Z",
        "updatedAt": _MOMENT,
    }
    interface = {
        "inet": ["192.0.2.10"],
        "inet6": ["2001:db8::10"],
        "physical": "00:00:5e:00:53:01",
        "gatewayIp": "192.0.2.1",
    }
    agent = {"agentId": "a1", "agentComputerName": "pc7", "agentOsType": "windows", "networkInterfaces": [interface]}
    found = {"externalIp": "198.51.100.7", "agentDomain": "PORTAL", "agentVersion": "23.1"}
    return json.dumps({"threatInfo": record | more, "agentRealtimeInfo": agent, "agentDetectionInfo": found})


def alert(**more: object) -> str:
    record: dict[str, Any] = {
        "alertId": "al1",
        "createdAt": _MOMENT,
        "srcIp": "198.51.100.7",
        "srcPort": "50112",
        "dstIp": "192.0.2.10",
        "dstPort": 443,
        "netEventDirection": "OUTGOING",
        "dnsRequest": "bad.example",
        "registryKeyPath": "MACHINE\\Run",
    }
    process = {"name": "powershell.exe", "commandline": "powershell -enc AAAA", "pid": "42", "fileHashSha1": _SHA1}
    rule = {"id": "r1", "name": "encoded command", "severity": "High"}
    parent = {"name": "winword.exe", "pid": 7, "user": "PORTAL\\ana"}
    agent = {"name": "pc7", "uuid": "abc", "version": "23.1", "osName": "Windows 11"}
    body = {"alertInfo": record | more, "agentDetectionInfo": agent, "ruleInfo": rule}
    return json.dumps(body | {"sourceProcessInfo": process, "sourceParentProcessInfo": parent})


def agent() -> str:
    record = {
        "agentVersion": "23.1",
        "computerName": "pc7",
        "domain": "PORTAL",
        "externalIp": "198.51.100.7",
        "id": "a1",
    }
    return json.dumps(
        record | {"isDecommissioned": False, "osName": "Windows 11", "updatedAt": _MOMENT, "groupName": "g"}
    )


def group() -> str:
    record = {"creator": "Ana Leka", "id": "g1", "inherits": True, "name": "clerks", "registrationToken": "ey-secret"}
    return json.dumps(record | {"totalAgents": 3, "updatedAt": _MOMENT})


@pytest.mark.parametrize(
    ("number", "said", "kind", "outcome"),
    [
        (27, "The management user ana logged in to the management console.", "start", "success"),
        (33, "The management user ana logged out.", "end", "success"),
        (133, "", "start", "failure"),
        (9999, "User ana failed to log in to the management console.", "start", "failure"),
    ],
)
def test_log_ins_to_the_console(number: int, said: str, kind: str, outcome: str) -> None:
    fields = one("sentinel_one", activity(number, said))
    assert (fields["event.category"], fields["event.type"]) == (("authentication",), (kind,))
    assert (fields["event.outcome"], fields["source.ip"]) == (outcome, "198.51.100.7")
    assert (fields["user.name"], fields["user.email"]) == ("ana@portal.example", "ana@portal.example")
    assert (fields["event.code"], fields["@timestamp"]) == (str(number), at("2024-03-05T09:12:44.5"))


def test_a_name_that_says_otherwise_does_not_change_how_a_log_in_ended() -> None:
    refused = activity(
        134, "Unknown user 'x logged in from 192.0.2.9' tried.", {"username": "x logged in", "ipAddress": "x"}
    )
    fields = one("sentinel_one", refused)
    assert (fields["event.outcome"], "source.ip" in fields) == ("failure", False)
    let_in = one("sentinel_one", activity(27, "The user 'failed to log in' logged in."))
    assert let_in["event.outcome"] == "success"


@pytest.mark.parametrize(
    ("said", "category", "kind"),
    [
        ("ana created the group clerks.", ("configuration",), "creation"),
        ("ana deleted the exclusion /tmp.", ("configuration",), "deletion"),
        ("ana modified the policy.", ("configuration",), "change"),
        ("Agent pc7 started a full disk scan.", (), "info"),
    ],
)
def test_what_is_changed(said: str, category: tuple[str, ...], kind: str) -> None:
    fields = one("sentinel_one", activity(23, said))
    assert (fields["event.category"], fields["event.type"]) == (category, (kind,))
    assert (fields["user.id"], fields["user.full_name"]) == ("u1", "ana@portal.example")


def test_what_is_told_of_a_threat() -> None:
    data = {"threatClassification": "Ransomware", "confidenceLevel": "malicious", "computerName": "pc7"}
    fields = one("sentinel_one", activity(18, "Threat detected, created by x.", data, threatId="t1", hash=_SHA1))
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ("malware",))
    assert (fields["process.hash.sha1"], fields["host.name"], fields["related.hash"]) == (_SHA1, "pc7", [_SHA1])
    unwanted = one("sentinel_one", activity(18, "x", {"threatClassification": "PUA"}, threatId="t1"))
    assert (unwanted["event.category"], unwanted["event.type"]) == (("threat",), ("indicator",))


def test_a_threat() -> None:
    fields = one("sentinel_one", threat())
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ("malware",))
    assert (fields["event.action"], fields["event.id"]) == ("On-Write Static AI", "t1")
    assert (fields["threat.indicator.file.hash.sha1"], fields["threat.indicator.file.size"]) == (_SHA1, 900)
    assert (fields["host.name"], fields["host.id"], fields["host.domain"]) == ("pc7", "a1", "PORTAL")
    assert set(fields["host.ip"]) == {"198.51.100.7", "192.0.2.10", "2001:db8::10"}
    assert fields["host.mac"] == ["00-00-5E-00-53-01"]
    assert (fields["related.user"], fields["@timestamp"]) == (["PORTAL\\ana"], at("2024-03-05T09:12:44.5"))


def test_an_alert_of_a_custom_rule() -> None:
    fields = one("sentinel_one", alert())
    assert (fields["event.kind"], fields["rule.name"], fields["event.severity"]) == ("alert", "encoded command", 4)
    assert (fields["process.name"], fields["process.pid"], fields["process.hash.sha1"]) == ("powershell.exe", 42, _SHA1)
    assert (fields["process.command_line"], fields["process.parent.name"]) == ("powershell -enc AAAA", "winword.exe")
    assert (fields["source.ip"], fields["source.port"], fields["destination.port"]) == ("198.51.100.7", 50112, 443)
    assert (fields["network.direction"], fields["dns.question.name"]) == ("outbound", "bad.example")
    assert (fields["registry.key"], fields["host.name"], fields["related.user"]) == (
        "MACHINE\\Run",
        "pc7",
        ["PORTAL\\ana"],
    )


def test_agents_and_groups() -> None:
    fields = one("sentinel_one", agent())
    assert (fields["event.category"], fields["host.name"], fields["host.id"]) == (("host",), "pc7", "a1")
    fields = one("sentinel_one", group())
    assert (fields["event.category"], fields["group.name"], fields["related.user"]) == (
        ("iam",),
        "clerks",
        ["Ana Leka"],
    )


def test_a_token_that_registers_agents_is_in_no_field() -> None:
    assert "ey-secret" not in [
        value for name, value in one("sentinel_one", group()).items() if name != "event.original"
    ]


@pytest.mark.parametrize("line", [activity(27, "x"), threat(), alert(), agent(), group()])
def test_each_kind_is_recognised(line: str) -> None:
    assert known_as(line + "\n") == "sentinel_one"
    assert known_as(json.dumps({"data": [json.loads(line)]}) + "\n") != "cloudflare"


@pytest.mark.parametrize(
    "document",
    [{"computerName": "pc7", "id": "1"}, {"activityType": 3}, {"alertInfo": {}}, {"threatInfo": {"sha1": _SHA1}}],
)
def test_records_of_others_are_not_taken(document: dict[str, object]) -> None:
    assert known_as(json.dumps(document) + "\n") != "sentinel_one"


def test_odd_shapes_lose_nothing_and_damage_is_told() -> None:
    odd = [
        activity("27", "x", ["no", "object"], hash=[1], threatId={"a": 1}),
        activity(27, "x", {"username": ["a"], "ipAddress": 7, "byUser": {"a": 1}}),
        threat(detectionEngines="one", fileSize="big", sha1=7, processUser=[{}]),
        alert(srcPort="string", dstIp="no address", createdAt="never"),
        json.dumps({"threatInfo": None, "agentRealtimeInfo": []}),
    ]
    events, dead = read("sentinel_one", "\n".join([*odd, '{"activityType": 2', '{"other": 1}']))
    assert (len(events), len(dead)) == (len(odd), 2)
    assert all(letter.reason for letter in dead)
    assert "source.port" not in events[3]

"""Trend Micro Vision One: alerts, detections and audit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_ALERT = {
    "id": "WB-1",
    "model": "Possible APT Attack",
    "severity": "critical",
    "score": 63,
    "workbenchLink": "https://wb.example/1",
    "createdDateTime": "2024-03-05T09:00:00Z",
    "updatedDateTime": "2024-03-05T09:12:44Z",
    "description": "a tool was run",
    "impactScope": {
        "entities": [
            {"entityType": "host", "entityValue": {"guid": "g1", "name": "pc7", "ips": ["192.0.2.7"]}},
            {"entityType": "account", "entityValue": "MIN\\ana"},
        ]
    },
    "matchedRules": [{"matchedFilters": [{"mitreTechniqueIds": ["T1059"]}, {"mitreTechniqueIds": ["T1059", "T1003"]}]}],
}
_DETECTION = {
    "eventName": "MALWARE_DETECTION",
    "productCode": "sao",
    "eventTime": 1709629964000,
    "eventId": "100117",
    "act": ["Clean", "Quarantine"],
    "endpointHostName": "pc7",
    "endpointIp": ["192.0.2.7"],
    "src": "192.0.2.7",
    "spt": 4711,
    "dst": ["198.51.100.9"],
    "dpt": 443,
    "fileName": ["a.exe"],
    "malName": "Eicar",
    "mitreMapping": ["T1090 (TA0005)"],
    "tacticId": ["TA0005"],
    "processFilePath": "C:\\b.exe",
    "app": "HTTP",
    "request": "https://bad.example/x",
}


def audit(category: str, result: str = "Successful") -> dict[str, object]:
    return {
        "category": category,
        "activity": "Something",
        "loggedDateTime": "2024-03-05T09:12:44Z",
        "loggedUser": "ana",
        "loggedRole": "Master",
        "result": result,
    }


def seen(document: object) -> dict[str, Any]:
    return one("trend_micro_vision_one", json.dumps(document))


def test_an_alert_names_host_account_and_techniques_once() -> None:
    fields = seen(_ALERT)
    assert (fields["event.kind"], fields["event.id"], fields["event.severity"]) == ("alert", "WB-1", 63)
    assert (fields["host.name"], fields["host.ip"], fields["user.name"]) == ("pc7", ["192.0.2.7"], "MIN\\ana")
    assert fields["threat.technique.id"] == ["T1059", "T1003"]
    assert (fields["@timestamp"], fields["rule.name"]) == (at("2024-03-05T09:12:44"), "Possible APT Attack")


def test_a_detection_has_ends_file_process_and_technique() -> None:
    fields = seen(_DETECTION)
    assert (fields["source.port"], fields["destination.ip"], fields["destination.port"]) == (4711, "198.51.100.9", 443)
    assert (fields["file.name"], fields["process.executable"]) == (["a.exe"], "C:\\b.exe")
    assert (fields["threat.technique.id"], fields["threat.tactic.id"]) == (["T1090"], ["TA0005"])
    assert (fields["event.action"], fields["event.reason"], fields["network.protocol"]) == (
        "clean quarantine",
        "Eicar",
        "http",
    )
    assert fields["url.domain"] == "bad.example"


@pytest.mark.parametrize(
    ("document", "category", "outcome"),
    [
        (audit("Logon and Logoff", "Unsuccessful"), "authentication", "failure"),
        (audit("Account Management"), "iam", "success"),
        (audit("Search"), "configuration", "success"),
    ],
)
def test_audit_says_what_and_whether_it_worked(document: object, category: str, outcome: str) -> None:
    fields = seen(document)
    assert (fields["event.category"], fields["event.outcome"]) == ((category,), outcome)
    assert (fields["user.name"], fields["source.user.name"]) == ("ana", "ana")


def test_each_is_known_and_the_rest_is_a_dead_letter() -> None:
    for document in (_ALERT, _DETECTION, audit("Search")):
        assert known_as(json.dumps(document)) == "trend_micro_vision_one"
    events, dead = read("trend_micro_vision_one", json.dumps(_ALERT) + '\n{"severity": "low"}\n')
    assert (len(events), len(dead)) == (1, 1)

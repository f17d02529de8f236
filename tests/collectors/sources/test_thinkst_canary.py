"""Thinkst Canary: who touched the decoy, log-ins at it, and that tried passwords go nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_EVENT = {
    "incident_id": "incident:sshlogin:00000000aa:198.51.100.7:1709629964",
    "event_type": "event",
    "created": "1709629960",
    "timestamp": 1709629964,
    "description": "SSH Login Attempt",
    "logtype": "4002",
    "src_host": "198.51.100.7",
    "src_port": "4711",
    "src_host_reverse": "pc.bad.example",
    "dst_host": "192.0.2.22",
    "dst_port": "22",
    "USERNAME": "root",
    "PASSWORD": "hunter2-tried",
    "name": "decoy1",
    "node_id": "n1",
}
_OPEN = {
    "dst_host": "192.0.2.22",
    "dst_port": 22,
    "local_time": "2024-03-05 09:12:44.000000",
    "utc_time": "2024-03-05 09:12:44.000000",
    "logdata": {"USERNAME": "root", "PASSWORD": "hunter2-tried"},
    "logtype": 4002,
    "node_id": "opencanary-1",
    "src_host": "198.51.100.7",
    "src_port": 4711,
}
_HOOK = {
    "AlertType": "CanaryIncident",
    "CanaryID": "n1",
    "CanaryName": "decoy1",
    "CanaryIP": "192.0.2.22",
    "CanaryPort": 22,
    "Description": "SSH Login Attempt",
    "ReverseDNS": "",
    "SourceIP": "198.51.100.7",
    "Timestamp": "2024-03-05 09:12:44 (UTC)",
    "AdditionalDetails": [["Username", "root"], ["Password", "hunter2-tried"]],
}


def seen(document: dict[str, Any], **more: object) -> dict[str, Any]:
    return one("thinkst_canary", json.dumps(document | more))


@pytest.mark.parametrize("document", [_EVENT, _OPEN, _HOOK])
def test_a_log_in_at_a_decoy_is_an_alert_and_a_failed_log_in(document: dict[str, Any]) -> None:
    fields = seen(document)
    assert (fields["event.kind"], fields["event.outcome"]) == ("alert", "failure")
    assert "authentication" in fields["event.category"]
    assert (fields["source.ip"], fields["destination.ip"], fields["destination.port"]) == (
        "198.51.100.7",
        "192.0.2.22",
        22,
    )
    assert fields["user.name"] == "root"
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert known_as(json.dumps(document)) == "thinkst_canary"


@pytest.mark.parametrize("document", [_EVENT, _OPEN, _HOOK])
def test_a_tried_password_is_in_no_field(document: dict[str, Any]) -> None:
    fields = seen(document)
    assert not [name for name, value in fields.items() if "hunter2" in str(value) and name != "event.original"]


def test_an_incident_names_its_source() -> None:
    incident = {"event_type": "incident", "summary": "Canarytoken triggered", "timestamp": "1709629964"}
    fields = seen(incident, incident_id="incident:canarytoken:aa:198.51.100.7:1709629964")
    assert (fields["source.ip"], fields["event.reason"]) == ("198.51.100.7", "Canarytoken triggered")
    assert "authentication" not in fields["event.category"]
    fields = seen(incident, incident_id="incident:canarytoken:aa:2001:db8::7:1709629964")
    assert fields["source.ip"] == "2001:db8::7"


def test_what_was_asked_of_a_decoy() -> None:
    http = {"METHOD": "POST", "PATH": "/a", "USERAGENT": "curl/8", "RESPONSE": 200, "HOSTNAME": "web.tax.example"}
    fields = seen(_EVENT | http, description="HTTP API Request", logtype="3005")
    assert (fields["http.request.method"], fields["url.path"], fields["http.response.status_code"]) == (
        "POST",
        "/a",
        200,
    )
    assert (fields["user_agent.original"], fields["destination.domain"]) == ("curl/8", "web.tax.example")
    ldap = seen(_EVENT, DN="uid=eva,ou=people,dc=tax,dc=example", USERNAME="")
    assert (ldap["user.name"], ldap["user.domain"]) == ("eva", "tax.example")


def test_other_documents_are_dead_letters() -> None:
    events, dead = read("thinkst_canary", '{"a": 1}\n')
    assert not events
    assert dead[0].reason
    assert known_as('{"logtype": 1, "node_id": "x"}\n') != "thinkst_canary"

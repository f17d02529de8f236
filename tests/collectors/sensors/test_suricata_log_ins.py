"""Suricata: which protocols' records are log-ins, and how these ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import one


def record(kind: str, **parts: Any) -> dict[str, Any]:
    eve = {
        "timestamp": "2024-03-03T14:05:06.123456+0000",
        "flow_id": 1,
        "event_type": kind,
        "src_ip": "198.51.100.7",
        "dest_ip": "10.0.0.4",
        "proto": "TCP",
        **parts,
    }
    return one("suricata", json.dumps(eve))


SMB = "SMB2_COMMAND_SESSION_SETUP"


@pytest.mark.parametrize(
    ("kind", "part", "outcome"),
    [
        ("smb", {"command": SMB, "ntlmssp": {"user": "eva"}, "status_code": "0xc000006d"}, "failure"),
        ("smb", {"command": SMB, "status_code": "0xc0000016"}, "unknown"),
        ("smb", {"command": SMB, "ntlmssp": {"user": "eva"}, "status_code": "0x0"}, "success"),
        ("krb5", {"msg_type": "KRB_ERROR", "cname": "eva", "error_code": "KDC_ERR_PREAUTH_FAILED"}, "failure"),
        ("krb5", {"msg_type": "KRB_ERROR", "cname": "eva", "error_code": "KDC_ERR_PREAUTH_REQUIRED"}, "unknown"),
        ("krb5", {"msg_type": "KRB_AS_REP", "cname": "eva"}, "success"),
        ("rfb", {"authentication": {"security_type": 2, "vnc": {}, "security_result": "FAIL"}}, "failure"),
        ("rfb", {"authentication": {"security_type": 2, "vnc": {}, "security_result": "OK"}}, "success"),
        ("mqtt", {"connect": {"username": "eva"}, "connack": {"return_code": 5}}, "failure"),
        ("mqtt", {"connect": {"username": "eva"}, "connack": {"return_code": 0}}, "success"),
        ("ftp", {"command": "PASS", "completion_code": ["530"]}, "failure"),
        ("ftp", {"command": "PASS", "completion_code": ["230"]}, "success"),
        ("ike", {"notify": ["AUTHENTICATION_FAILED"]}, "failure"),
        ("pgsql", {"request": {"startup_parameters": {"user": "eva"}}, "response": {"code": "28P01"}}, "failure"),
        (
            "ldap",
            {
                "request": {"operation": "bind_request", "bind_request": {"name": "cn=eva,dc=x"}},
                "responses": [{"operation": "bind_response", "bind_response": {"result_code": "invalid_credentials"}}],
            },
            "failure",
        ),
    ],
)
def test_a_log_in_and_how_it_ended(kind: str, part: dict[str, Any], outcome: str) -> None:
    fields = record(kind, **{kind: part})
    assert "authentication" in fields["event.category"]
    assert "start" in fields["event.type"]
    assert fields["event.outcome"] == outcome


@pytest.mark.parametrize(
    ("kind", "part", "action"),
    [
        ("smb", {"command": "SMB2_COMMAND_READ", "status_code": "0xc0000022"}, "SMB2_COMMAND_READ"),
        ("ftp", {"command": "RETR", "command_data": "a.txt", "completion_code": ["550"]}, "RETR"),
        ("nfs", {"procedure": "READ", "filename": "a.txt", "status": "ERR_ACCES"}, "READ"),
        ("sip", {"method": "INVITE", "uri": "sip:eva@x", "code": "403"}, "INVITE"),
        ("bittorrent_dht", {"request_type": "ping", "error": {"num": 201, "msg": "x"}}, "ping"),
    ],
)
def test_what_was_refused_without_a_log_in(kind: str, part: dict[str, Any], action: str) -> None:
    fields = record(kind, **{kind: part})
    assert (fields["event.action"], fields["event.outcome"]) == (action, "failure")
    assert "authentication" not in fields["event.category"]


@pytest.mark.parametrize(
    ("kind", "part", "action"),
    [
        ("dcerpc", {"request": "REQUEST", "response": "RESPONSE"}, "REQUEST"),
        ("modbus", {"request": {"function_code": "WrSingleCoil"}}, "WrSingleCoil"),
        ("dnp3", {"request": {"type": "request"}}, "request"),
        ("tftp", {"packet": "write", "file": "a"}, "write"),
        ("websocket", {"opcode": "text"}, "text"),
        ("sip", {"method": "REGISTER", "code": "401"}, "REGISTER"),
    ],
)
def test_what_was_asked_for(kind: str, part: dict[str, Any], action: str) -> None:
    fields = record(kind, **{kind: part})
    assert fields["event.action"] == action
    assert "event.outcome" not in fields


def test_an_alert_about_a_log_in_stays_an_alert() -> None:
    fields = record("alert", alert={"signature": "x", "signature_id": 1}, krb5={"msg_type": "KRB_AS_REP"})
    assert fields["event.category"] == ["network", "intrusion_detection"]


@pytest.mark.parametrize("status", ["0x", "0xzz", "0x123456789", "c000006d", ""])
def test_a_status_that_is_none_has_no_outcome(status: str) -> None:
    assert "event.outcome" not in record("smb", smb={"command": SMB, "status_code": status})

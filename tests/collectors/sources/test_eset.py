"""ESET PROTECT: what happened on whose machine, who logged in at the console, and heartbeats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_BASE = {
    "ipv4": "192.0.2.7",
    "hostname": "pc7.tax.example",
    "source_uuid": "5dbe31ae-0000-0000-0000-000000000001",
    "occured": "05-Mar-2024 09:12:44",
    "severity": "Warning",
}


def event(kind: str, **more: object) -> str:
    return json.dumps({"event_type": kind, **_BASE, **more})


def seen(kind: str, **more: object) -> dict[str, Any]:
    return one("eset", event(kind, **more))


def test_a_detection() -> None:
    fields = seen(
        "Threat_Event",
        threat_name="Win32/X",
        action_taken="Cleaned",
        object_type="File",
        object_uri="file:///C:/tmp/x.exe",
        hash="ADC83B19E793491B1C6EA0FD8B46CD9F32E592FC",
        username="TAX\\eva",
        processname="C:\\Windows\\explorer.exe",
    )
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["malware"])
    assert (fields["file.path"], fields["process.name"]) == ("C:/tmp/x.exe", "explorer.exe")
    assert fields["file.hash.sha1"] == "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc"
    assert (fields["user.name"], fields["user.domain"], fields["host.name"]) == ("eva", "TAX", "pc7.tax.example")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert seen("Threat_Event", occured=None, occurred="06-Mar-2024 01:02:03")["@timestamp"] == at(
        "2024-03-06T01:02:03"
    )


def test_a_connection_that_was_blocked() -> None:
    fields = seen(
        "FirewallAggregated_Event",
        event="Port scan",
        source_address="198.51.100.7",
        source_port=4711,
        target_address="192.0.2.7",
        target_port=445,
        protocol="TCP",
        action="Blocked",
        inbound=True,
    )
    assert (fields["source.ip"], fields["source.port"]) == ("198.51.100.7", 4711)
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.7", 445)
    assert (fields["event.type"], fields["network.transport"]) == (["denied"], "tcp")
    assert fields["network.direction"] == "inbound"


def test_whether_a_program_was_run_or_did_something_itself() -> None:
    more = {"application": "C:\\a.exe", "target": "C:\\b.exe", "action": "blocked", "rule_id": "r"}
    ran = seen("HipsAggregated_Event", operation="Attempt to run a suspicious object", **more)
    assert (ran["process.executable"], ran["process.parent.executable"]) == ("C:\\b.exe", "C:\\a.exe")
    changed = seen("HipsAggregated_Event", operation="Modify registry key", **more)
    assert changed["process.executable"] == "C:\\a.exe"
    assert "process.parent.executable" not in changed


@pytest.mark.parametrize(("result", "outcome"), [("Success", "success"), ("Failure", "failure")])
def test_log_ins_at_the_console(result: str, outcome: str) -> None:
    detail = "Authenticating native user 'root'."
    fields = seen("Audit_Event", domain="Native user", action="Login attempt", detail=detail, user="", result=result)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], outcome)
    assert fields["user.name"] == "root"
    assert seen("Audit_Event", domain="Policy", action="Modify", result=result)["event.category"] == ["configuration"]


def test_a_site_that_was_filtered() -> None:
    more = {"event": "An attempt to connect to URL", "object_uri": "https://bad.example/x", "action_taken": "blocked"}
    fields = seen("FilteredWebsites_Event", target_address="203.0.113.9", **more)
    assert (fields["event.category"], fields["url.domain"]) == (["web"], "bad.example")
    assert (fields["destination.ip"], fields["event.type"]) == ("203.0.113.9", ["denied"])


def test_it_lives_behind_syslog_and_says_so() -> None:
    head = "<14>1 2024-03-05T09:12:44.5Z eset1 ERAServer 1 - - "
    assert known_as(f"{head}{event('Threat_Event')}\n") == "eset"
    assert known_as(event("Threat_Event")) == "eset"
    assert known_as('{"event_type": "alert", "hostname": "x"}\n') != "eset"
    fields = one("eset", f"{head}HEARTBEAT")
    assert (fields["event.action"], fields["host.name"]) == ("heartbeat", "eset1")


def test_a_cut_object_is_a_dead_letter() -> None:
    events, dead = read("eset", event("Threat_Event")[:-9] + "\n")
    assert not events
    assert dead[0].reason

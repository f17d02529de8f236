"""Symantec Endpoint Protection Manager: each kind of record, with and without a syslog header."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEADER = "<54>Mar  5 09:12:45 sepm1 SymantecServer: "
_RISK = (
    "Virus found,IP Address: 192.0.2.7,Computer name: PC7,Source: Real Time Scan,Risk name: Trojan.X,Occurrences: 1,"
    "File path: C:\\tmp\\a.exe,Description: ,Actual action: Cleaned by deletion,Requested action: Cleaned,"
    "Event time: 2024-03-05 09:12:44,Inserted: 2024-03-05 09:12:45,End: 2024-03-05 09:12:44,Domain: Default,"
    f"Server: sepm1,User: ana,Source computer: ,Source IP: 192.0.2.8,Application hash: {'ab' * 32},"
    "File size (bytes): 34"
)
_TRAFFIC = (
    "PC7,Local Host IP: 192.0.2.7,Local Port: 80,Remote Host IP: 198.51.100.9,Remote Port: 4711,TCP,Inbound,"
    "Begin: 2024-03-05 09:12:40,End: 2024-03-05 09:12:44,Occurrences: 1,Application: C:/x.exe,Rule: Block all,"
    "Location: Default,User Name: ana,Domain Name: MIN,Action: Blocked"
)
_ATTACK = (
    "PC7,Event Description: [SID: 30067] Web Attack,Local Host IP: 192.0.2.7,Remote Host IP: 198.51.100.9,Outbound,TCP,"
    "Begin: 2024-03-05 09:12:40,End: 2024-03-05 09:12:44,Application: C:/x.exe,User: ana,Domain: MIN,Remote Port: 443,"
    "CIDS Signature ID: 30067,CIDS Signature string: Web Attack: X,Intrusion URL: bad.example/x"
)
_ADMIN = "Site: S1,Server: sepm1,Domain: Default,Admin: eva,Administrator  log on failed"
_SCAN = (
    "Scan ID: 1,Begin: 2024-03-05 09:00:00,End: 2024-03-05 09:12:44,Completed,Duration (seconds): 3,User1: ana,"
    "Computer: PC7,IP Address: 192.0.2.7"
)
_BEHAVIOUR = (
    "PC7,Policy 1,Blocked,call rejected,System,Begin: 2024-03-05 09:12:44,End: 2024-03-05 09:12:44,Rule: R1,User: ana,"
    "Action Type: 55"
)


def seen(text: str) -> dict[str, Any]:
    return one("symantec_endpoint", text)


@pytest.mark.parametrize("header", ["", _HEADER])
def test_a_risk_has_computer_file_and_what_was_done(header: str) -> None:
    fields = seen(header + _RISK)
    assert (fields["event.kind"], fields["event.category"], fields["event.reason"]) == (
        "alert",
        ("malware",),
        "Virus found",
    )
    assert (fields["host.name"], fields["host.ip"], fields["user.name"]) == ("PC7", ["192.0.2.7"], "ana")
    assert (fields["rule.name"], fields["event.action"]) == ("Trojan.X", "Cleaned by deletion")
    assert (fields["file.path"], fields["file.size"], fields["file.hash.sha256"]) == ("C:\\tmp\\a.exe", 34, "ab" * 32)
    assert (fields["source.ip"], fields["@timestamp"]) == ("192.0.2.8", at("2024-03-05T09:12:44"))
    assert fields.get("observer.hostname") == ("sepm1" if header else None)


def test_traffic_has_its_ends_by_who_began() -> None:
    fields = seen(_TRAFFIC)
    assert (fields["source.ip"], fields["source.port"]) == ("198.51.100.9", 4711)
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.7", 80)
    assert (fields["event.type"], fields["rule.name"]) == (("connection", "denied"), "Block all")
    assert (fields["network.direction"], fields["network.transport"], fields["host.name"]) == ("inbound", "tcp", "PC7")


def test_an_attack_is_an_alert_with_its_signature() -> None:
    fields = seen(_ATTACK)
    assert (fields["event.kind"], fields["rule.name"], fields["rule.id"]) == ("alert", "Web Attack: X", "30067")
    assert (fields["source.ip"], fields["destination.port"], fields["url.domain"]) == ("192.0.2.7", 443, "bad.example")


@pytest.mark.parametrize(
    ("said", "category", "kind", "outcome"),
    [
        ("Administrator  log on failed", "authentication", "start", "failure"),
        ("Administrator log on succeeded", "authentication", "start", "success"),
        ("Policy has been deleted: P1", "configuration", "deletion", None),
    ],
)
def test_what_administrators_do_is_told(said: str, category: str, kind: str, outcome: str | None) -> None:
    fields = seen(_ADMIN.replace("Administrator  log on failed", said))
    assert (fields["event.category"], fields["event.type"]) == ((category,), (kind,))
    assert (fields["user.name"], fields.get("event.outcome")) == ("eva", outcome)


def test_scans_and_rejected_calls_are_read() -> None:
    scan, call = seen(_SCAN), seen(_BEHAVIOUR)
    assert (scan["host.name"], scan["event.action"], scan["user.name"]) == ("PC7", "Completed", "ana")
    assert (call["event.type"], call["rule.name"], call["host.name"]) == (("denied",), "R1", "PC7")


def test_a_name_that_comes_again_in_a_later_value_changes_nothing() -> None:
    fields = seen(_RISK + ",Computer name: OTHER,IP Address: 203.0.113.66")
    assert (fields["host.name"], fields["host.ip"]) == ("PC7", ["192.0.2.7"])


@pytest.mark.parametrize("text", [_RISK, _HEADER + _RISK, _TRAFFIC, _ATTACK, _ADMIN, _SCAN, _BEHAVIOUR])
def test_each_kind_is_known(text: str) -> None:
    assert known_as(text + "\n") == "symantec_endpoint"


@pytest.mark.parametrize("text", ["a,b,c", _HEADER + "Something: else,x", "Site: S1"])
def test_what_is_no_record_is_a_dead_letter(text: str) -> None:
    events, dead = read("symantec_endpoint", text)
    assert (len(events), len(dead)) == (0, 1)

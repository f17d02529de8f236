"""Kaspersky Endpoint Security: findings, attacks from the network, updates; what is none of its events."""

from __future__ import annotations

from tests.collectors.reading import at, known_as, one, read

_FOUND = (
    r"Result description: Deleted\r\nType: Trojan\r\nName: Trojan.Win32.Agent\r\nUser: GOV\eva (Initiator)\r\n"
    r"Object: C:\Users\eva\new\report.exe\r\nReason: Databases\r\nMD5: 44D88612FEA8A8F36DE82E1278ABB02F"
)


def test_malware_is_an_alert() -> None:
    fields = one("kaspersky", f"<13>Mar  5 09:12:44 pc7 {_FOUND}")
    assert (fields["event.kind"], fields["event.category"]) == ("alert", ["malware"])
    assert (fields["event.action"], fields["event.reason"]) == ("Deleted", "Databases")
    assert (fields["threat.software.name"], fields["file.hash.md5"]) == (
        "Trojan.Win32.Agent",
        "44D88612FEA8A8F36DE82E1278ABB02F",
    )
    assert (fields["user.domain"], fields["user.name"]) == ("GOV", "eva")
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_path_is_whole() -> None:
    assert one("kaspersky", _FOUND)["file.path"] == r"C:\Users\eva\new\report.exe"
    fields = one("kaspersky", r"Result description: Blocked\r\nType: Virus\r\nName: X\r\nObject: C:\tmp\a.zip//b.exe")
    assert (fields["file.path"], fields["file.name"]) == (r"C:\tmp\a.zip", "a.zip")


def test_an_attack_from_the_network() -> None:
    line = (
        r"Event type: Network attack detected\r\nName: Intrusion.Win.MS17-010.o\r\n"
        r"Object: TCP from 198.51.100.7 at 192.0.2.10:445"
    )
    fields = one("kaspersky", line)
    assert fields["event.category"] == ["intrusion_detection"]
    assert (fields["source.ip"], fields["destination.ip"], fields["destination.port"]) == (
        "198.51.100.7",
        "192.0.2.10",
        445,
    )
    assert fields["rule.name"] == "Intrusion.Win.MS17-010.o"


def test_an_update_that_failed() -> None:
    fields = one(
        "kaspersky",
        r"Event type: Update\r\nResult description: Error\r\nError: No server\r\nUser: GOV\eva (Active user)",
    )
    assert (fields["event.action"], fields["event.reason"], fields["error.message"]) == (
        "Error",
        "No server",
        "No server",
    )
    assert fields["event.kind"] == "event"


def test_what_stands_twice_is_nobody_s() -> None:
    fields = one("kaspersky", r"Result description: Deleted\r\nUser: GOV\eva\r\nUser: GOV\other\r\nObject: C:\x")
    assert "user.name" not in fields


def test_other_text_is_a_dead_letter() -> None:
    events, dead = read("kaspersky", "Dear colleague: hello\n")
    assert (events, len(dead)) == ([], 1)
    assert "Kaspersky" in dead[0].reason


def test_events_are_recognised() -> None:
    assert known_as(_FOUND) == "kaspersky"
    assert known_as("Type: letter\\nName: x\nUser: me\n") is None

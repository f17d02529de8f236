"""FortiEDR: what a process did on whose machine, and log-ins at the console."""

from __future__ import annotations

from tests.collectors.reading import at, known_as, one, read

_EVENT = (
    "<133>1 2024-03-05T09:12:44.000Z 192.0.2.1 enSilo - - - Organization: Tax;Organization ID: 1;Event ID: 42; Raw "
    "Data ID: 7;Device Name: PC7;Operating System: Windows 10; Process Name: x.exe;Process Path: \\Device\\x.exe; "
    "Severity: Critical;Classification: Malicious; First Seen: 05-Mar-2024, 09:00:00;Last Seen: 05-Mar-2024, 09:10:00;"
    "Action: Blocked;Rules List: Ransomware;Users: PC7\\eva; MAC Address: 00-00-5E-00-53-01;Script Path: N/A"
)


def test_a_security_event() -> None:
    fields = one("fortiedr", _EVENT)
    assert (fields["event.kind"], fields["event.category"], fields["event.type"]) == ("alert", ["malware"], ["denied"])
    assert (fields["host.name"], fields["process.executable"], fields["rule.name"]) == (
        "PC7",
        "\\Device\\x.exe",
        "Ransomware",
    )
    assert (fields["user.name"], fields["user.domain"]) == ("eva", "PC7")
    assert (fields["@timestamp"], fields["event.start"]) == (at("2024-03-05T09:12:44"), at("2024-03-05T09:00:00"))
    assert "file.path" not in fields


def test_a_log_in_at_the_console() -> None:
    line = (
        "<133>1 2024-03-05T09:12:44.000Z 192.0.2.1 enSilo - - - Organization: Tax;User Name: eva;Source IP: "
        "198.51.100.7;Description: User failed to log in;Severity: High"
    )
    fields = one("fortiedr", line)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "failure")
    assert (fields["user.name"], fields["source.ip"]) == ("eva", "198.51.100.7")


def test_a_file_with_keys_in_its_name_forges_no_user() -> None:
    fields = one("fortiedr", _EVENT.replace("x.exe;Process Path", "x.exe;Users: PC7\\root;Process Path"))
    assert fields["process.executable"] == "\\Device\\x.exe"
    assert "user.name" not in fields


def test_it_is_recognised_and_refuses_others() -> None:
    assert known_as(f"{_EVENT}\n") == "fortiedr"
    events, dead = read("fortiedr", "Organization: x\n")
    assert not events
    assert "FortiEDR" in str(dead[0].reason)

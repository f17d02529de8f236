"""Cylance: threats, exploits, scripts, what administrators did, and names that forge no field."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read

_HEAD = "<44>1 2024-03-05T09:12:44.000Z console CylancePROTECT - - - [0a1b2c3d-4e5f] "
_THREAT = (
    f"{_HEAD}Event Type: Threat, Event Name: threat_quarantined, Device Name: PC7, IP Address: (192.0.2.7, 10.0.0.7), "
    "File Name: a.exe, Path: c:\\temp\\, File Owner: PC7\\ana, SHA256: " + "AB" * 32 + ", MD5: " + "CD" * 16 + ", "
    "Status: Quarantined, Cylance Score: 100, Zone Names: (Office), Threat Classification: Trojan"
)


def test_a_threat() -> None:
    fields = one("cylance", _THREAT)
    assert (fields["event.kind"], fields["event.category"], fields["event.type"]) == (
        "alert",
        ["malware", "file"],
        ["denied"],
    )
    assert (fields["host.name"], fields["host.ip"], fields["file.path"]) == (
        "PC7",
        ["192.0.2.7", "10.0.0.7"],
        "c:\\temp\\a.exe",
    )
    assert (fields["file.hash.sha256"], fields["rule.name"], fields["host.id"]) == (
        "AB" * 32,
        "Trojan",
        "0a1b2c3d-4e5f",
    )
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")


def test_a_name_that_holds_another_field_forges_none() -> None:
    fields = one("cylance", _THREAT.replace("a.exe", "a.exe, Device Name: DC1"))
    assert fields.get("host.name") != "DC1"


def test_an_exploit_names_the_process() -> None:
    fields = one(
        "cylance",
        f"{_HEAD}Event Type: ExploitAttempt, Event Name: blocked, Device Name: PC7, IP Address: (), Action: Blocked, "
        "Process ID: 72, Process Name: C:\\a\\b.exe, User Name: ana, Violation Type: Stack Pivot",
    )
    assert (fields["process.pid"], fields["process.executable"], fields["rule.name"]) == (
        72,
        "C:\\a\\b.exe",
        "Stack Pivot",
    )
    assert (fields["event.type"], fields["user.name"]) == (["denied"], "ana")


@pytest.mark.parametrize(
    ("name", "category", "kind", "outcome"),
    [
        ("LoginSuccess", "authentication", "start", "success"),
        ("LoginFailure", "authentication", "start", "failure"),
        ("ZoneAdd", "configuration", "creation", None),
        ("DeviceRemove", "configuration", "deletion", None),
        ("PolicyEdit", "configuration", "change", None),
    ],
)
def test_what_administrators_did(name: str, category: str, kind: str, outcome: str | None) -> None:
    fields = one(
        "cylance",
        f"{_HEAD}Event Type: AuditLog, Event Name: {name}, Message: x, Source IP: 198.51.100.7, "
        "User: Ana Hoxha (ana@example.org)",
    )
    assert (fields["event.category"], fields["event.type"], fields.get("event.outcome")) == (
        [category],
        [kind],
        outcome,
    )
    assert (fields["user.full_name"], fields["user.email"], fields["source.ip"]) == (
        "Ana Hoxha",
        "ana@example.org",
        "198.51.100.7",
    )


def test_it_is_known_and_what_is_none_is_a_dead_letter() -> None:
    assert known_as(_THREAT) == "cylance"
    events, dead = read("cylance", f"{_THREAT}\nsomething else\n")
    assert (len(events), len(dead)) == (1, 1)

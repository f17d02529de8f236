"""Imperva's gateway uses the keys of CEF as CEF means them, unlike the cloud service of the same maker."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one

LINE = (
    "CEF:0|Imperva Inc.|SecureSphere|13.0|SQL injection|SQL injection|High|act=Block dst=10.0.0.80 dpt=443 "
    "duser=anna src=198.51.100.7 spt=40000 proto=TCP rt=Mar 05 2024 09:12:44 cat=Alert cs1=web cs1Label=Policy"
)


def test_an_alert_of_the_gateway_has_both_ends_and_its_policy() -> None:
    fields = one("imperva_waf", LINE)
    assert fields["@timestamp"] == at("2024-03-05T09:12:44")
    assert (fields["source.ip"], fields["source.port"]) == ("198.51.100.7", 40000)
    assert (fields["destination.ip"], fields["destination.port"]) == ("10.0.0.80", 443)
    assert (fields["rule.name"], fields["rule.description"]) == ("web", "SQL injection")
    assert (fields["event.kind"], fields["event.type"], fields["event.action"]) == ("alert", ["denied"], "Block")
    assert known_as(LINE) == "imperva_waf"


def test_an_audited_log_in_at_a_database_is_no_alert() -> None:
    line = (
        "CEF:0|Imperva Inc.|SecureSphere|14.7.0|Login|Login|Informative|dst=192.0.2.5 dpt=1521 duser=eva "
        "src=198.51.100.7 spt=40000 proto=TCP rt=Mar 05 2024 09:12:44 cat=Audit cs1=all logins cs1Label=Policy "
        "cs8=False cs8Label=UserAuthenticated cs15=select 1 cs15Label=RawQuery cs18=ORA-01017 cs18Label=SQLError"
    )
    fields = one("imperva_waf", line)
    assert (fields["event.kind"], fields["event.type"]) == ("event", ["start"])
    assert fields["event.category"] == ["authentication", "database"]
    assert (fields["event.outcome"], fields["error.message"]) == ("failure", "ORA-01017")
    assert (fields["user.name"], fields["event.action"], fields["rule.name"]) == ("eva", "Login", "all logins")
    assert fields["cef.labelled.RawQuery"] == "select 1"
    assert "rule.id" not in fields


@pytest.mark.parametrize(
    ("words", "text", "wanted"),
    [
        ("User logged in", "User eva logged in from 192.0.2.9", (["authentication"], ["start"], "success")),
        ("Login failed", "User eva failed to login", (["authentication"], ["start"], "failure")),
        ("User logged out", "User eva logged out", (["authentication"], ["end"], "success")),
        ("User created", "User tom was created", (["iam"], ["user", "creation"], None)),
        ("Policy update", "Policy web was updated", (["configuration"], ["change"], None)),
        ("Gateway", "Gateway gw1 is running", (["configuration"], ["info"], None)),
    ],
)
def test_what_happens_to_the_gateway_itself_is_no_alert(
    words: str, text: str, wanted: tuple[list[str], list[str], str | None]
) -> None:
    line = (
        f"CEF:0|Imperva Inc.|SecureSphere|14.7.0|{words}|{text}|Informative|suser=eva rt=Mar 05 2024 09:12:44 "
        "cat=SystemEvent"
    )
    fields = one("imperva_waf", line)
    assert (fields["event.category"], fields["event.type"], fields.get("event.outcome")) == wanted
    assert (fields["event.kind"], fields["user.name"], fields["message"]) == ("event", "eva", text)
    assert fields["event.dataset"] == "imperva_securesphere.system"

"""Imperva's gateway uses the keys of CEF as CEF means them, unlike the cloud service of the same maker."""

from __future__ import annotations

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

"""BIND and Unbound about other servers: whose header a line has, what went well, and who is given a zone."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one

HEAD = "Mar  5 09:12:44 ns1 named[100]: "


def test_the_header_of_a_line_about_resolving_is_not_its_text() -> None:
    fields = one("bind", HEAD + "lame server resolving 'bad.example' (in 'bad.example'?): 198.51.100.53#53")
    assert (fields["@timestamp"], fields["host.name"]) == (at("2024-03-05T09:12:44"), "ns1")
    assert fields["event.reason"].startswith("lame server resolving")
    assert (fields["dns.question.name"], fields["source.ip"]) == ("bad.example", "198.51.100.53")
    assert fields["event.outcome"] == "failure"


def test_what_resolved_in_the_end_is_a_success() -> None:
    fields = one("bind", HEAD + "success resolving 'www.example.org/A' after disabling qname minimization")
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("www.example.org", "A")
    assert fields["event.outcome"] == "success"


def test_a_zone_that_a_client_is_given_is_named() -> None:
    text = "client @0x7f1 203.0.113.66#40000 (gov.example): transfer of 'gov.example/IN': AXFR started (serial 7)"
    fields = one("bind", HEAD + text)
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("gov.example", "AXFR")
    assert (fields["event.action"], fields["source.ip"]) == ("zone-transfer-out", "203.0.113.66")


@pytest.mark.parametrize(
    ("zone", "name", "record_class", "view"),
    [
        ("gov.example/IN", "gov.example", "IN", None),
        ("gov.example/IN/internal", "gov.example", "IN", "internal"),
        ("0/25.2.0.192.in-addr.arpa/IN", "0/25.2.0.192.in-addr.arpa", "IN", None),
        ("0/25.2.0.192.in-addr.arpa/CH/outside", "0/25.2.0.192.in-addr.arpa", "CH", "outside"),
        ("gov.example", "gov.example", None, None),
    ],
)
def test_a_zone_ends_at_its_class_and_may_have_a_view(
    zone: str, name: str, record_class: str | None, view: str | None
) -> None:
    fields = one("bind", HEAD + f"client @0x7f1 203.0.113.66#40000: transfer of '{zone}': AXFR-style IXFR started")
    assert (fields["dns.question.name"], fields.get("dns.question.class")) == (name, record_class)
    assert (fields.get("bind.view"), fields["dns.question.type"]) == (view, "AXFR")


def test_a_port_that_is_none_is_left_out() -> None:
    text = "transfer of 'gov.example/IN' from 203.0.113.66#70000: failed while receiving responses: REFUSED"
    fields = one("bind", HEAD + text)
    assert (fields["source.ip"], fields.get("source.port")) == ("203.0.113.66", None)


def test_unbound_names_what_it_resolves_and_whom_it_asks() -> None:
    fields = one("unbound", "[1709629964] unbound[100:0] info: resolving www.example.org. AAAA IN")
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("www.example.org", "AAAA")
    fields = one("unbound", "[1709629964] unbound[100:0] info: reply from <example.org.> 198.51.100.53#53")
    assert (fields["destination.ip"], fields["destination.port"]) == ("198.51.100.53", 53)


def test_what_infoblox_stopped_says_who_asked_for_what() -> None:
    rewrite = "rpz QNAME NXDOMAIN rewrite evil.example [A] via evil.example.rpz"
    cef = f'CEF:0|Infoblox|NIOS|8.5.3|RPZ-QNAME|NXDOMAIN|7|app=DNS dst=10.0.0.53 src=10.0.0.4 spt=40000 msg="{rewrite}"'
    fields = one("infoblox", HEAD + cef)
    assert (fields["source.ip"], fields["source.port"], fields["destination.ip"]) == ("10.0.0.4", 40000, "10.0.0.53")
    assert (fields["dns.question.name"], fields["event.kind"]) == ("evil.example", "alert")
    cef = "CEF:0|Infoblox|NIOS Threat|8|12|DNS flood|8|src=198.51.100.7 dst=10.0.0.53 act=DROP query_fqdn=example.org"
    fields = one("infoblox", "Mar  5 09:12:44 ns1 threat-protect-log[7]: " + cef)
    assert (fields["source.ip"], fields["event.type"]) == ("198.51.100.7", ["denied"])
    assert fields["dns.question.name"] == "example.org"


def test_who_may_log_in_at_infoblox_has_authenticated() -> None:
    text = "2024-03-05 09:12:44.123Z [admin]: Login_Allowed - - to=AdminConnector ip=10.0.0.9 auth=LOCAL group=admins"
    fields = one("infoblox", "Mar  5 09:12:44 ib1 httpd[7]: " + text)
    assert (fields["event.category"], fields["event.outcome"]) == (["authentication"], "success")


def test_what_a_policy_zone_of_infoblox_stopped_is_infobloxs() -> None:
    line = (
        "<27>Mar  5 09:12:44 10.0.0.2 named[1]: CEF:0|Infoblox|NIOS|8.4|RPZ-QNAME|NXDOMAIN|7|app=DNS dst=10.0.0.2"
        ' src=10.1.1.7 spt=5353 view=_default qtype=A msg="rpz QNAME NXDOMAIN rewrite bad.example [A] via bad.rpz"'
    )
    assert known_as(f"{line}\n{line}\n") == "infoblox"
    fields = one("infoblox", line)
    assert (fields["source.ip"], fields["event.kind"], fields["dns.question.name"]) == (
        "10.1.1.7",
        "alert",
        "bad.example",
    )

"""BIND and Unbound about other servers: whose header a line has, what went well, and who is given a zone."""

from __future__ import annotations

from tests.collectors.reading import at, one

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


def test_unbound_names_what_it_resolves_and_whom_it_asks() -> None:
    fields = one("unbound", "[1709629964] unbound[100:0] info: resolving www.example.org. AAAA IN")
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("www.example.org", "AAAA")
    fields = one("unbound", "[1709629964] unbound[100:0] info: reply from <example.org.> 198.51.100.53#53")
    assert (fields["destination.ip"], fields["destination.port"]) == ("198.51.100.53", 53)

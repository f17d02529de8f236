"""EfficientIP SOLIDserver: its own forms beside those of BIND and dhcpd, and what tells it from them."""

from __future__ import annotations

import pytest

from tests.collectors.reading import known_as, one, read

_QUERY = "client 192.0.2.7#40000: query: docs.tax.example IN TYPE65 (192.0.2.53)"
_BIND = "client @0x7f01 192.0.2.7#40000 (docs.tax.example): query: docs.tax.example IN A +E(0)K (192.0.2.53)"


def test_a_question_names_its_client_and_its_server() -> None:
    fields = one("efficientip", _QUERY)
    assert (fields["client.ip"], fields["client.port"], fields["server.ip"]) == ("192.0.2.7", 40000, "192.0.2.53")
    assert (fields["dns.question.name"], fields["dns.question.type"], fields["dns.type"]) == (
        "docs.tax.example",
        "TYPE65",
        "query",
    )
    assert "dns.header_flags" not in fields


def test_flags_tell_recursion_checking_and_transport() -> None:
    fields = one("efficientip", _BIND.replace("+E(0)K", "+E(0)TCK"))
    assert fields["dns.header_flags"] == ["RD", "CD"]
    assert fields["network.transport"] == "tcp"
    assert "dns.header_flags" not in one("efficientip", _BIND.replace("+E(0)K", "-E(0)DK"))


def test_records_of_an_answer_are_parted_where_the_next_begins() -> None:
    records = "60 CNAME edge.example.net. 60 RRSIG CNAME 13 3 300 20240823013134 20240820003134 2 example.net. aGk= "
    line = f"client 192.0.2.7#5 (x.example): answer: x.example IN A (192.0.2.53) -> NOERROR {records}20 A 192.0.2.80"
    fields = one("efficientip", line)
    assert fields["dns.answers.type"] == ["CNAME", "RRSIG", "A"]
    assert fields["dns.answers.ttl"] == [60, 60, 20]
    assert fields["dns.answers.data"][0::2] == ["edge.example.net.", "192.0.2.80"]
    assert fields["dns.resolved_ip"] == ["192.0.2.80"]
    assert (fields["dns.response_code"], fields["dns.type"]) == ("NOERROR", "answer")


def test_records_with_names_in_front_keep_them() -> None:
    line = (
        "client @0x1 192.0.2.7#5 (x.example): answer: x.example IN A +EDC (192.0.2.53) -> NOERROR x.example. 9 CNAME "
        "y.example. y.example. 8 A 192.0.2.81"
    )
    fields = one("efficientip", line)
    assert fields["dns.answers.name"] == ["x.example", "y.example"]
    assert fields["dns.answers.data"] == ["y.example.", "192.0.2.81"]


def test_lists_and_tags_that_matched_are_an_alert() -> None:
    line = "List Matched 192.0.2.7#46937: query: bad.example IN A (192.0.2.53) {threats,inside} [phishing,active30]"
    fields = one("efficientip", line)
    assert fields["event.kind"] == "alert"
    assert fields["efficientip.list_names"] == ["threats", "inside"]
    assert fields["efficientip.tag_names"] == ["phishing", "active30"]
    assert fields["dns.question.name"] == "bad.example"


@pytest.mark.parametrize(("verb", "kind"), [("ARMING", "alert"), ("DISARMING", "event")])
def test_a_trigger_tells_the_client_and_what_was_done(verb: str, kind: str) -> None:
    line = f"{verb} trigger on 192.0.2.7.00:00:5e:00:53:01.x (action:QUARANTINE) (DNS tunnel)"
    fields = one("efficientip", line)
    assert (fields["client.ip"], fields["event.action"], fields["event.kind"]) == ("192.0.2.7", "quarantine", kind)
    assert fields["rule.name"] == "DNS tunnel"


def test_dhcp_names_the_client_and_its_relay() -> None:
    fields = one("efficientip", "DHCPNAK on 192.0.2.8 to 00:00:5e:00:53:01 via 192.0.2.1")
    assert (fields["client.ip"], fields["client.mac"]) == ("192.0.2.8", "00-00-5E-00-53-01")
    assert fields["efficientip.dhcp.interface.ip"] == "192.0.2.1"
    assert fields["event.outcome"] == "failure"
    assert "dns.type" not in fields
    assert "source.ip" not in fields


def test_zones_name_the_other_server() -> None:
    fields = one("efficientip", "zone tax.example/IN/outside: refused notify from non-master: 2001:db8::1#53")
    assert (fields["event.action"], fields["source.ip"]) == ("refused notify", "2001:db8::1")
    assert (fields["efficientip.rpz.domain"], fields["efficientip.rpz.view"]) == ("tax.example", "outside")
    fields = one("efficientip", "connection refused resolving 'tax.example/A/IN': 192.0.2.99#53")
    assert (fields["server.ip"], fields["event.outcome"]) == ("192.0.2.99", "failure")
    assert fields["event.reason"] == "connection refused"


def test_its_own_words_tell_it_from_bind_and_dhcpd() -> None:
    dhcp = "DHCPACK on 192.0.2.8 to 00:00:5e:00:53:01 via eth0"
    assert known_as(f"{_BIND}\n{dhcp}\n{_QUERY}\n") == "efficientip"
    assert known_as(f"Mar  5 09:12:44 ns1 named[7]: {_QUERY}\n") == "efficientip"
    assert known_as(f"{_BIND}\n" * 3) == "bind"
    assert known_as(f"{dhcp}\n" * 3) == "isc_dhcp"


def test_who_asks_for_a_name_forges_no_client() -> None:
    line = f"client 192.0.2.7#5: query: client\\0328.8.8.8#9:query:x IN A (192.0.2.53) {{{_QUERY}}}"
    assert one("efficientip", line)["client.ip"] == "192.0.2.7"


def test_another_text_is_a_dead_letter() -> None:
    events, dead = read("efficientip", "once upon a time\n")
    assert not events
    assert "SOLIDserver" in str(dead[0].reason)

"""AWS Route 53's questions to public zones."""

from __future__ import annotations

import pytest

from tests.collectors.reading import at, known_as, one, read


def line(*, name: str = "www.example.al", code: str = "NOERROR", by: str = "198.51.100.7", network: str = "-") -> str:
    return f"1.0 2024-03-05T09:12:44.250Z Z0123ABCDEF {name} AAAA {code} UDP VIE50-C1 {by} {network}"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("NOERROR", "success"), ("NXDOMAIN", "success"), ("SERVFAIL", "failure"), ("REFUSED", "failure")],
)
def test_a_question_has_name_answer_and_who_asked(code: str, outcome: str) -> None:
    fields = one("aws_route53_public", line(code=code))
    assert (fields["dns.question.name"], fields["dns.question.type"]) == ("www.example.al", "AAAA")
    assert (fields["dns.response_code"], fields["event.outcome"]) == (code, outcome)
    assert (fields["source.ip"], fields["network.transport"]) == ("198.51.100.7", "udp")
    assert (fields["@timestamp"], fields["aws.route53.edge_location"]) == (at("2024-03-05T09:12:44.250000"), "VIE50-C1")
    assert "aws.route53.edns_client_subnet" not in fields


def test_the_clients_network_is_kept_and_is_no_address_of_the_asker() -> None:
    fields = one("aws_route53_public", line(by="2001:db8::5", network="203.0.113.0/24"))
    assert (fields["source.ip"], fields["aws.route53.edns_client_subnet"]) == ("2001:db8::5", "203.0.113.0/24")
    assert fields["related.ip"] == ["2001:db8::5"]


def test_a_name_that_looks_like_an_answer_stays_a_name() -> None:
    fields = one("aws_route53_public", line(name=r"a\040A\040NOERROR\040192.0.2.9.example.al"))
    assert (fields["source.ip"], fields["dns.response_code"]) == ("198.51.100.7", "NOERROR")


@pytest.mark.parametrize("damaged", [line()[:60], line(by="999.1.1.1"), line().replace("UDP", "XXX"), line() + " x"])
def test_a_damaged_line_is_kept_with_the_reason(damaged: str) -> None:
    events, dead = read("aws_route53_public", damaged)
    assert (events, len(dead)) == ([], 1)
    assert "no question to Route 53" in dead[0].reason


def test_it_is_recognised_by_its_lines_alone() -> None:
    assert known_as(line() + "\n" + line(code="NXDOMAIN") + "\n") == "aws_route53_public"
    assert known_as("1.0 2024-03-05T09:12:44Z something else\n") != "aws_route53_public"

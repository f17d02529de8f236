"""AWS beyond its trail: findings, refused requests and names, flows, load balancers, buckets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.cloud.samples import SAMPLES
from tests.collectors.reading import at, known_as, one, read

FLOW = "2 123456789012 eni-0f06a40fc9be596f6 203.0.113.9 10.0.0.4 50111 22 6 3 180 1741064700 1741064767 REJECT OK"
ALB = (
    "https 2025-03-04T05:06:07.186641Z app/portal/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.4:80 0.000 0.001 0.000 403"
    ' 403 34 366 "GET https://portal.gov.example:443/a?b=1 HTTP/1.1" "curl/8" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2'
    ' arn:aws:t "Root=1-2" "portal.gov.example" "arn:c" 0 2025-03-04T05:06:06.364000Z "waf" "-" "-" "-" "-" "-" "-"'
)
CLASSIC = (
    "2025-03-04T05:06:07.186641Z portal 203.0.113.9:2817 10.0.0.4:80 0.000073 0.001048 0.000057 200 200 0 29"
    ' "GET http://portal.gov.example:80/ HTTP/1.1" "curl/8" - -'
)
NLB = (
    "tls 2.0 2025-03-04T05:06:07 net/portal/c6e77e28c25b2234 g3d4b5e8bb8464cd 203.0.113.9:51341 10.0.0.4:443 5 2 98 246"
    " - arn:aws:acm:c - ECDHE-RSA-AES128-SHA tlsv12 - portal.gov.example - - - 2025-03-04T05:06:00"
)
OBJECT = (
    "36c1f05b76016b78528454e6e0c60e2b7ff7aa20c0a5e4c748276e5b0a2debd2 archive [04/Mar/2025:05:06:07 +0000] 203.0.113.9"
    " arn:aws:iam::123456789012:user/eva 44EE8651683CB4DA REST.DELETE.OBJECT a%20b.pdf"
    ' "DELETE /archive/a%20b.pdf HTTP/1.1" 403 AccessDenied 243 - 17 - "-" "aws-cli/2" - HOST= SigV4'
    " ECDHE-RSA-AES128-SHA AuthHeader archive.s3.example.com TLSv1.2 - -"
)


def sample(name: str, **changed: Any) -> dict[str, Any]:
    return one(name, json.dumps(json.loads(SAMPLES[name][0]) | changed))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("aws_vpcflow", FLOW),
        ("aws_elb", ALB),
        ("aws_elb", CLASSIC),
        ("aws_elb", NLB),
        ("aws_s3access", OBJECT),
    ],
)
def test_a_line_is_recognised(name: str, line: str) -> None:
    assert known_as(f"{line}\n{line}\n") == name


def test_a_finding_is_an_alert_about_the_remote_end() -> None:
    fields = sample("aws_guardduty")
    assert (fields["event.kind"], fields["event.action"]) == ("alert", "UnauthorizedAccess")
    assert (fields["source.ip"], fields["destination.port"], fields["event.severity"]) == ("203.0.113.9", 22, 5)
    assert (fields["threat.group.name"], fields["cloud.instance.id"]) == ("SSHBruteForce", "i-1")


def test_a_finding_of_the_interface_with_capitals_is_the_same() -> None:
    def large(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[:1].upper() + key[1:]: large(item) for key, item in value.items()}
        return value

    plain = json.loads(SAMPLES["aws_guardduty"][0])
    assert known_as(json.dumps(large(plain))) == "aws_guardduty"
    fields, other = one("aws_guardduty", json.dumps(large(plain))), sample("aws_guardduty")
    names = ("source.ip", "destination.ip", "event.action", "@timestamp", "cloud.account.id", "rule.name")
    assert [fields[name] for name in names] == [other[name] for name in names]


def test_a_blocked_request_names_its_client_and_no_other_address() -> None:
    fields = sample("aws_waf")
    assert (fields["event.type"], fields["rule.id"]) == (("access", "denied"), "no-sqli")
    assert (fields["source.ip"], fields["url.path"], fields["url.query"]) == ("203.0.113.9", "/login", "u=1%27or")
    assert (fields["http.version"], fields["user_agent.original"]) == ("2.0", "curl/8")
    assert fields["related.ip"] == ["203.0.113.9"]  # the host is what the client wrote
    assert "destination.ip" not in fields
    assert sample("aws_waf", action="ALLOW")["event.type"] == ("access", "allowed")


def test_a_name_that_the_resolver_blocked() -> None:
    fields = sample("aws_route53_resolver")
    assert (fields["dns.question.name"], fields["dns.resolved_ip"]) == ("bad.example", ["198.51.100.7"])
    assert (fields["event.type"], fields["rule.id"]) == (("protocol", "denied"), "g1")
    assert sample("aws_route53_resolver", firewall_rule_action="ALERT")["event.type"] == ("protocol",)
    assert sample("aws_route53_resolver", rcode="SERVFAIL")["event.outcome"] == "failure"


def test_a_finding_of_the_hub() -> None:
    fields = sample("aws_securityhub")
    assert (fields["event.category"], fields["event.severity"]) == (("intrusion_detection",), 70)
    assert (fields["source.ip"], fields["destination.port"], fields["process.pid"]) == ("203.0.113.9", 22, 7)
    assert fields["@timestamp"] == at("2025-03-04T05:06:07.123")
    weak = sample("aws_securityhub", Types=["Software and Configuration Checks/Vulnerabilities/CVE"])
    assert weak["event.category"] == ("vulnerability",)


def test_a_refused_flow() -> None:
    fields = one("aws_vpcflow", FLOW)
    assert (fields["source.ip"], fields["source.port"]) == ("203.0.113.9", 50111)
    assert (fields["destination.ip"], fields["destination.port"], fields["network.transport"]) == (
        "10.0.0.4",
        22,
        "tcp",
    )
    assert (fields["event.type"], fields["event.outcome"]) == (["connection", "denied"], "failure")
    assert (fields["source.packets"], fields["source.bytes"], fields["cloud.account.id"]) == (3, 180, "123456789012")
    assert fields["event.duration"] == 67_000_000_000


def test_a_time_without_traffic_has_no_ends() -> None:
    fields = one("aws_vpcflow", "2 123456789012 eni-0f06a40fc9be596f6 - - - - - - - 1741064700 1741064767 - NODATA")
    assert not {"source.ip", "destination.ip", "source.bytes", "event.outcome"} & fields.keys()
    assert fields["@timestamp"] == at("2025-03-04T05:06:07")


def test_the_first_line_may_name_the_fields() -> None:
    log = (
        "version srcaddr dstaddr pkt-srcaddr pkt-dstaddr action flow-direction end\n"
        "5 10.0.0.9 10.0.0.4 203.0.113.9 10.0.0.4 ACCEPT ingress 1741064767\n"
    )
    assert known_as(log) == "aws_vpcflow"
    events, dead = read("aws_vpcflow", log)
    assert (len(events), dead) == (1, [])
    assert (events[0]["source.ip"], events[0]["source.nat.ip"]) == ("10.0.0.9", "203.0.113.9")
    assert "destination.nat.ip" not in events[0]
    assert events[0]["network.direction"] == "inbound"


def test_longer_records_are_told_by_their_words() -> None:
    fields = one(
        "aws_vpcflow", f"{FLOW} vpc-1 subnet-1 i-1 2 IPv4 203.0.113.9 10.0.0.4 eu-south-1 az2 - - - - ingress 1"
    )
    assert (fields["cloud.region"], fields["cloud.instance.id"]) == ("eu-south-1", "i-1")
    assert fields["network.direction"] == "inbound"


def test_a_flow_of_no_layout_is_a_dead_letter() -> None:
    events, dead = read("aws_vpcflow", f"{FLOW}\n1 2 3\n{FLOW} x\n{FLOW.replace('REJECT', 'WHAT')}\n")
    assert (len(events), len(dead)) == (2, 2)


def test_a_request_that_the_firewall_stopped_before_the_target() -> None:
    fields = one("aws_elb", ALB)
    assert (fields["source.ip"], fields["source.port"], fields["destination.ip"]) == ("203.0.113.9", 2817, "10.0.0.4")
    assert (fields["http.response.status_code"], fields["event.type"]) == (403, ["access", "denied"])
    assert (fields["url.domain"], fields["url.query"], fields["tls.version"]) == ("portal.gov.example", "b=1", "1.2")
    assert (fields["trace.id"], fields["event.start"]) == ("Root=1-2", at("2025-03-04T05:06:06.364"))


def test_what_a_client_wrote_moves_no_field() -> None:
    forged = ALB.replace('"curl/8"', '"x 192.0.2.9:1 10.9.9.9:2 \\" - - arn"')
    fields = one("aws_elb", forged)
    assert (fields["source.ip"], fields["destination.ip"]) == ("203.0.113.9", "10.0.0.4")
    assert "192.0.2.9" not in fields["related.ip"]
    events, _ = read("aws_elb", ALB.replace("a?b=1", 'a" "192.0.2.9:1" '))
    assert events[0]["source.ip"] == "203.0.113.9"


def test_a_request_without_an_answer_and_one_that_no_client_finished() -> None:
    fields = one("aws_elb", ALB.replace(" 403 403 ", " 460 - ").replace("10.0.0.4:80", "-"))
    assert (fields["http.response.status_code"], fields["event.outcome"]) == (460, "failure")
    assert "destination.ip" not in fields
    assert "url.original" not in one(
        "aws_elb", ALB.replace("GET https://portal.gov.example:443/a?b=1 HTTP/1.1", "- - - ")
    )


def test_the_older_balancers() -> None:
    fields = one("aws_elb", CLASSIC)
    assert (fields["source.ip"], fields["http.response.body.bytes"]) == ("203.0.113.9", 29)
    fields = one("aws_elb", NLB)
    assert (fields["event.category"], fields["tls.client.server_name"]) == (["network"], "portal.gov.example")
    assert (fields["source.bytes"], fields["tls.version"], fields["event.duration"]) == (98, "1.2", 5_000_000)


def test_an_object_that_somebody_tried_to_delete() -> None:
    fields = one("aws_s3access", OBJECT)
    assert (fields["event.action"], fields["event.outcome"]) == ("REST.DELETE.OBJECT", "failure")
    assert fields["event.type"] == ["access", "deletion", "denied"]
    assert (fields["client.ip"], fields["client.user.id"]) == ("203.0.113.9", "arn:aws:iam::123456789012:user/eva")
    assert (fields["error.code"], fields["aws.s3access.bucket"]) == ("AccessDenied", "archive")
    assert (fields["@timestamp"], fields["tls.version"]) == (at("2025-03-04T05:06:07"), "1.2")


def test_an_object_request_with_quotes_inside_keeps_its_client() -> None:
    fields = one("aws_s3access", OBJECT.replace('"aws-cli/2"', '"x" 192.0.2.9 "y"'))
    assert (fields["client.ip"], fields["source.ip"]) == ("203.0.113.9", "203.0.113.9")

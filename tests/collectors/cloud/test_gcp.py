"""Google Cloud: refused calls, and the logs of its network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collectors.cloud.samples import SAMPLES
from tests.collectors.reading import at, known_as, one

FIREWALL, DNS, BALANCED = (json.loads(raw) for raw in SAMPLES["gcp_network"])


def call(**payload: Any) -> dict[str, Any]:
    whole = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "storage.googleapis.com",
        "methodName": "storage.objects.get",
        "authenticationInfo": {"principalEmail": "eva@gov.example"},
        **payload,
    }
    return one("gcp_audit", json.dumps({"logName": "projects/p/logs/x", "protoPayload": whole}))


@pytest.mark.parametrize(
    "payload",
    [
        {"status": {"code": 7, "message": "PERMISSION_DENIED"}},
        {"status": {"code": 16}},
        {"authorizationInfo": [{"granted": True}, {"granted": False, "permission": "storage.objects.get"}]},
        {"policyViolationInfo": {"orgPolicyViolationInfo": {"violationInfo": [{"constraint": "c"}]}}},
        {"metadata": {"@type": "type.googleapis.com/google.cloud.audit.VpcServiceControlAuditMetadata"}},
    ],
)
def test_a_refused_call_is_denied(payload: dict[str, Any]) -> None:
    fields = call(**payload)
    assert (fields["event.type"], fields["event.outcome"]) == (("access", "denied"), "failure")


def test_a_call_that_failed_otherwise_is_not_denied() -> None:
    fields = call(status={"code": 5, "message": "NOT_FOUND"}, authorizationInfo=[{"granted": True}])
    assert (fields["event.type"], fields["event.outcome"]) == (("access",), "failure")
    assert call()["event.outcome"] == "success"


def test_a_packet_that_the_firewall_refused() -> None:
    fields = one("gcp_network", json.dumps(FIREWALL))
    assert (fields["source.ip"], fields["destination.port"], fields["network.transport"]) == (
        "203.0.113.9",
        3389,
        "tcp",
    )
    assert (fields["event.type"], fields["network.direction"]) == (("connection", "denied"), "inbound")
    assert (fields["destination.domain"], fields["rule.name"]) == ("web1", "network:v/firewall:no-rdp")
    assert fields["event.dataset"] == "gcp.firewall"


def test_a_flow_has_its_counts_and_its_span() -> None:
    flow = {
        "connection": FIREWALL["jsonPayload"]["connection"],
        "bytes_sent": "173663",
        "packets_sent": "68",
        "reporter": "DEST",
        "start_time": "2025-03-04T05:00:00Z",
        "end_time": "2025-03-04T05:00:02Z",
        "dest_instance": {"vm_name": "web1", "zone": "z1"},
        "dest_vpc": {"vpc_name": "v"},
    }
    record = json.dumps(FIREWALL | {"jsonPayload": flow})
    assert known_as(record) == "gcp_network"
    fields = one("gcp_network", record)
    assert (fields["source.bytes"], fields["source.packets"]) == (173663, 68)
    assert (fields["event.start"], fields["event.duration"]) == (at("2025-03-04T05:00:00"), 2_000_000_000)
    assert (fields["network.direction"], fields["network.name"]) == ("inbound", "v")


def test_a_question_to_the_names_service_with_its_answer() -> None:
    fields = one("gcp_network", json.dumps(DNS))
    assert (fields["dns.question.name"], fields["dns.resolved_ip"]) == ("mail.gov.example", ["198.51.100.7"])
    assert (fields["dns.answers.ttl"], fields["event.outcome"]) == ([300], "success")


def test_a_request_that_the_policy_refused() -> None:
    fields = one("gcp_network", json.dumps(BALANCED))
    assert (fields["event.type"], fields["event.outcome"]) == (("access", "denied"), "failure")
    assert (fields["source.ip"], fields["source.port"], fields["rule.name"]) == ("203.0.113.9", 9989, "armor")
    assert fields["destination.ip"] == "10.0.0.4"  # the URL's host is what the client wrote
